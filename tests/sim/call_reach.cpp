// SPDX-License-Identifier: LGPL-2.1-or-later
// What a plan lets one expect: whether the two can meet, and what nobody is to blame for.
#include <algorithm>

#include "tests/sim/call_plan.h"
#include "tests/sim/reach_oracle.h"

namespace sim {

using Kind = Disturbance::Kind;

bool somebody_closes(const CallPlan& plan) {
  return has(plan, Kind::close);
}

bool may_end(const CallPlan& plan) {
  return has(plan, Kind::sleep) || has(plan, Kind::clock_forward) || has(plan, Kind::interface_lost) ||
         has(plan, Kind::new_address) || has(plan, Kind::nat_reboot) || has(plan, Kind::server_restart);
}

bool may_leak(const CallPlan& plan) {
  return may_end(plan) || has(plan, Kind::rebirth) || has(plan, Kind::cut) || plan.servers.turn.kind != Trouble::none;
}

namespace {

/// TURN works for this side as soon as it asks.
bool has_relay(const CallPlan& plan, std::size_t which) {
  const SidePlan& side = plan.sides[which];
  if (!side.turn || plan.servers.turn.kind != Trouble::none) return false;
  return side.turn_over_tcp ? side.access.tcp() : side.access.udp();
}

bool is_v6(const SidePlan& side, std::size_t interface) {
  return interface < side.addresses_v6;
}

/// An address through which a side reaches the servers, which are IPv4.
bool reaches_servers(const CallPlan& plan, std::size_t which) {
  const SidePlan& side = plan.sides[which];
  unsigned usable = side.addresses_v4;
  if (side.first_interface_broken && !is_v6(side, 0)) --usable;
  return usable > 0;
}

/// The two meet by these two interfaces, without a relay.
bool meet_directly(const CallPlan& plan, std::size_t a, std::size_t b) {
  const bool v6 = is_v6(plan.sides[0], a);
  if (v6 != is_v6(plan.sides[1], b)) return false;
  if (!plan.there[a][b].up || !plan.back[a][b].up) return false;
  const auto limited = [](const SidePlan& side) { return side.policy == ice::TransportPolicy::relay; };
  if (limited(plan.sides[0]) || limited(plan.sides[1])) return false;
  ReachQuestion question{plan.sides[0].access, plan.sides[1].access, true, false, false};
  if (v6) question.alice.nats.clear(), question.bob.nats.clear();
  // The oracle knows nothing of NATs that both have in common: there it is only certain where there are no others.
  if (plan.common_nat) return question.alice.nats.empty() && question.bob.nats.empty();
  const bool stun = plan.sides[0].stun && plan.sides[1].stun && plan.servers.stun.kind == Trouble::none;
  question.stun = stun;
  return best_reach(question) > Reach::relayed;
}

}  // namespace

bool can_connect(const CallPlan& plan) {
  if (somebody_closes(plan) || may_end(plan)) return false;
  const std::size_t first = address_count(plan.sides[0]);
  const std::size_t second = address_count(plan.sides[1]);
  for (std::size_t a = plan.sides[0].first_interface_broken ? 1 : 0; a < first; ++a) {
    for (std::size_t b = plan.sides[1].first_interface_broken ? 1 : 0; b < second; ++b) {
      if (meet_directly(plan, a, b)) return true;
    }
  }
  // By a relay on either side, or both; a peer without one needs UDP to reach the other's.
  const bool here = has_relay(plan, 0) && reaches_servers(plan, 0);
  const bool there = has_relay(plan, 1) && reaches_servers(plan, 1);
  if (here && there) return true;
  const auto comes_to_relay = [&](std::size_t which) {
    return reaches_servers(plan, which) && plan.sides[which].access.udp() &&
           plan.sides[which].policy == ice::TransportPolicy::all;
  };
  return (here && comes_to_relay(1)) || (there && comes_to_relay(0));
}

double worst_loss(const CallPlan& plan) {
  double worst = 0;
  const auto look = [&](const PathConditions& path) {
    worst = std::max({worst, path.loss, path.burst > 0 ? kHeavyLoss : 0.0});
  };
  for (const auto* direction : {&plan.there, &plan.back}) {
    for (const auto& row : *direction) {
      for (const PathConditions& path : row) look(path);
    }
  }
  if (plan.sides[0].turn || plan.sides[1].turn || plan.sides[0].stun || plan.sides[1].stun) look(plan.servers.path);
  return worst;
}

}  // namespace sim
