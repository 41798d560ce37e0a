// SPDX-License-Identifier: LGPL-2.1-or-later
// TCP as the simulator has it: segments arrive once and in order. What the path loses is sent again, each time after
// twice the wait, and given up like a connection that timed out.
#include <algorithm>

#include "tests/sim/observer.h"
#include "tests/sim/world.h"

namespace sim {

namespace {
constexpr ice::Duration kFirstRetransmission = std::chrono::milliseconds(200);
constexpr unsigned kAttempts = 9;  // 100 s
}  // namespace

void World::pump_tcp(const std::pair<ice::Address, ice::Address>& ends) {
  TcpFlow& flow = tcp_flows_[ends];
  while (!flow.unsent.empty()) {
    const auto& [from, network, datagram] = flow.unsent.front();
    const auto [target, where] = route(network, datagram.destination);
    Fate fate;
    if (target == nullptr || (target == from && is_private(network))) {
      fate.loss = Loss::unreachable;
    } else {
      // TCP finds out what fits.
      Path& way = path(network, where);
      fate = way.carry(now_, std::min(datagram.bytes.size(), way.conditions.mtu));
    }
    for (Observer* observer : observers_) observer->sent(*from, network, datagram, fate);
    if (!fate.arrivals[0] && flow.attempts + 1 < kAttempts) {
      const ice::Duration wait = kFirstRetransmission * (1U << flow.attempts++);
      after(wait, [this, ends] { pump_tcp(ends); });
      return;
    }
    flow.attempts = 0;
    if (fate.arrivals[0]) {
      flow.latest = std::max(flow.latest, *fate.arrivals[0]);
      plan(flow.latest, Delivery{where, std::move(flow.unsent.front().datagram)});
    }
    flow.unsent.pop_front();
  }
}

}  // namespace sim
