// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells a plan, and what is in it.
#include "tests/sim/call_plan.h"

#include <algorithm>
#include <sstream>

namespace sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

const char* text(Disturbance::Kind kind) {
  switch (kind) {
    case Disturbance::Kind::cut:
      return "all paths are cut";
    case Disturbance::Kind::new_generation:
      return "a new generation begins";
    case Disturbance::Kind::close:
      return "closes";
    case Disturbance::Kind::clock_forward:
      return "has its clock set forward";
    case Disturbance::Kind::clock_back:
      return "has its clock set back";
    case Disturbance::Kind::sleep:
      return "falls asleep";
    case Disturbance::Kind::rebirth:
      return "dies and begins anew";
    case Disturbance::Kind::interface_lost:
      return "loses its first interface";
    case Disturbance::Kind::new_address:
      return "has another address on its first interface";
    case Disturbance::Kind::nat_reboot:
      return "has its NATs rebooted";
    case Disturbance::Kind::server_restart:
      return "sees the TURN server restarted";
    case Disturbance::Kind::stale_nonces:
      return "sees the TURN server's nonces go stale";
  }
  return "";
}

std::vector<HostInterface> interfaces_of(const CallPlan& plan, std::size_t which) {
  const SidePlan& side = plan.sides[which];
  std::vector<HostInterface> interfaces;
  const unsigned total = side.addresses_v4 + side.addresses_v6;
  for (unsigned i = 0; i < total; ++i) {
    HostInterface interface;
    const bool v6 = i < side.addresses_v6;
    interface.name = "eth" + std::to_string(i);
    const auto host = static_cast<std::uint8_t>(which + 1);
    const auto net = static_cast<std::uint8_t>(i + 1);
    interface.address = v6 ? ice::Address::v6({0x20, 0x01, 0x0d, 0xb8, 0, net, 0, 0, 0, 0, 0, 0, 0, 0, 0, host}, 0)
                           : ice::Address::v4({10, net, host, 1}, 0);
    interface.local_preference = static_cast<std::uint16_t>(65535 - i * 100);
    interfaces.push_back(interface);
  }
  return interfaces;
}

unsigned address_count(const SidePlan& side) {
  return side.addresses_v4 + side.addresses_v6;
}

bool has(const CallPlan& plan, Disturbance::Kind kind) {
  return std::any_of(plan.disturbances.begin(), plan.disturbances.end(),
                     [&](const Disturbance& each) { return each.kind == kind; });
}

std::vector<Flow> flows_of(const CallPlan& plan, std::size_t side) {
  std::vector<Flow> flows = plan.flows;
  if (plan.sides[side].without) std::erase(flows, *plan.sides[side].without);
  return flows;
}

std::string describe(const CallPlan& plan) {
  std::ostringstream out;
  const auto ms = [](ice::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
  out << "seed " << plan.seed << ": " << plan.flows.size() << " flows, "
      << (can_connect(plan) ? "a path exists" : "no path exists") << ", talk " << ms(plan.talk) << " ms\n";
  const char* names[] = {"alice", "bob"};
  for (std::size_t i = 0; i < 2; ++i) {
    const SidePlan& side = plan.sides[i];
    const SignalingConditions& signaling = side.signaling;
    out << "  " << names[i] << ": " << (side.role == ice::Role::controlling ? "controlling" : "controlled") << ", Ta "
        << ms(side.pacing) << ", starts " << ms(side.start_delay) << ", opens in " << ms(side.open_delay) << ", "
        << side.addresses_v4 << " IPv4, " << side.addresses_v6 << " IPv6"
        << (side.first_interface_broken ? ", the first broken" : "") << "\n    signaling "
        << (signaling.full ? "full" : "trickle") << " delay " << ms(signaling.delay) << " jitter "
        << ms(signaling.jitter) << " description +" << ms(signaling.description_delay) << " end +"
        << ms(signaling.end_delay) << (signaling.end_overtakes ? " overtaking" : "")
        << (signaling.end_in_band ? "" : " never") << " late " << signaling.late_candidate << " by "
        << ms(signaling.late_candidate_delay) << " repeat " << signaling.repeat_description
        << (signaling.without_pacing ? " no pacing" : "") << "\n";
    out << "    " << text(side.access);
    for (const NatBehaviour& nat : side.access.nats) out << " (" << text(nat) << ")";
    out << (side.stun ? ", STUN" : "")
        << (side.turn ? (side.turn_over_tcp ? ", TURN over TCP" : ", TURN over UDP") : "")
        << (side.policy == ice::TransportPolicy::relay ? ", only relayed" : "") << "\n";
    if (side.without) {
      out << "    without flow " << side.without->first.value << "/" << side.without->second.value << "\n";
    }
  }
  if (plan.common_nat) out << "  a common NAT: " << text(*plan.common_nat) << "\n";
  if (plan.sides[0].stun || plan.sides[1].stun || plan.sides[0].turn || plan.sides[1].turn) {
    out << "  servers: STUN " << text(plan.servers.stun.kind) << ", TURN " << text(plan.servers.turn.kind)
        << ", nonces live " << ms(plan.servers.nonce_lifetime) << (plan.servers.sha256 ? ", SHA-256" : "")
        << (plan.servers.ipv6_relay ? ", an IPv6 relay" : "") << ", delay " << ms(plan.servers.path.delay) << " loss "
        << plan.servers.path.loss << "\n";
  }
  for (std::size_t a = 0; a < plan.there.size(); ++a) {
    for (std::size_t b = 0; b < plan.there[a].size(); ++b) {
      for (const PathConditions* path : {&plan.there[a][b], &plan.back[a][b]}) {
        out << "  a" << a << (path == &plan.there[a][b] ? " -> b" : " <- b") << b << ": ";
        if (!path->up) {
          out << "unreachable\n";
          continue;
        }
        out << "delay " << ms(path->delay) << " jitter " << ms(path->jitter) << " loss " << path->loss << " burst "
            << path->burst << "/" << ms(path->burst_length) << " duplicate " << path->duplicate << " reorder "
            << path->reorder << "/" << ms(path->reorder_delay) << " mtu " << path->mtu << "\n";
      }
    }
  }
  for (const Disturbance& each : plan.disturbances) {
    out << "  at " << ms(each.at) << ": " << (each.kind == Disturbance::Kind::cut ? "" : names[each.side]) << " "
        << text(each.kind)
        << (each.length > ice::Duration::zero() ? " (" + std::to_string(ms(each.length)) + " ms)" : "") << "\n";
  }
  if (plan.attacked) out << "  attacked\n";
  return out.str();
}

}  // namespace sim
