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
  return may_end(plan) || has(plan, Kind::rebirth) || has(plan, Kind::cut) || plan.servers.turn.kind != Trouble::none ||
         plan.servers.path.loss >= kHeavyLoss;
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

/// What the two can reach by these two interfaces.
Reaches meet(const CallPlan& plan, std::size_t a, std::size_t b) {
  const auto limited = [](const SidePlan& side) { return side.policy == ice::TransportPolicy::relay; };
  const bool v6 = is_v6(plan.sides[0], a);
  const bool no_stun = plan.servers.stun.kind != Trouble::none;
  ReachQuestion question;
  question.alice = plan.sides[0].access;
  question.bob = plan.sides[1].access;
  question.alices_stun = plan.sides[0].stun && !no_stun && !limited(plan.sides[0]);
  question.bobs_stun = plan.sides[1].stun && !no_stun && !limited(plan.sides[1]);
  if (!v6) {
    question.alices_turn = has_relay(plan, 0);
    question.bobs_turn = has_relay(plan, 1);
  } else {
    question.alice.nats.clear();
    question.bob.nats.clear();
  }
  Reaches result = reaches(question);
  // The oracle knows nothing of NATs that both have in common: there it is only certain where there are no others.
  if (plan.common_nat) {
    result.reflexive = false;
    result.host = question.alice.nats.empty() && question.bob.nats.empty();
  }
  if (!plan.there[a][b].up || !plan.back[a][b].up || limited(plan.sides[0]) || limited(plan.sides[1])) {
    result.reflexive = result.host = false;
  }
  // Who shows only a relay needs the other's, or its address.
  if ((limited(plan.sides[0]) || limited(plan.sides[1])) && !(question.alices_turn && question.bobs_turn)) {
    result.relayed = false;
  }
  return result;
}

}  // namespace

/// The judge is not sure: see docs/simulator.md, "What the judge lets pass".
bool doubtful(const CallPlan& plan) {
  const bool plain = plan.sides[0].access == AccessPlan{} && plan.sides[1].access == AccessPlan{};
  const bool asks = plan.sides[0].stun || plan.sides[1].stun || plan.sides[0].turn || plan.sides[1].turn;
  // Unsigned errors of servers can be forged by whoever sees the requests.
  if (plan.attacked && asks) return true;
  // A cut while servers are asked may outlast them.
  if (has(plan, Kind::cut) && (asks || !plain)) return true;
  // Beyond a hundred pairs the good ones may be among those dropped (RFC 8445 6.1.2.5).
  const std::size_t pairs = address_count(plan.sides[0]) * address_count(plan.sides[1]) * plan.flows.size();
  return !plain && pairs * 4 > 100;
}

bool can_connect(const CallPlan& plan) {
  if (somebody_closes(plan) || may_end(plan) || doubtful(plan)) return false;
  const std::size_t first = address_count(plan.sides[0]);
  const std::size_t second = address_count(plan.sides[1]);
  for (std::size_t a = plan.sides[0].first_interface_broken ? 1 : 0; a < first; ++a) {
    for (std::size_t b = plan.sides[1].first_interface_broken ? 1 : 0; b < second; ++b) {
      if (is_v6(plan.sides[0], a) == is_v6(plan.sides[1], b) && meet(plan, a, b).best() != Reach::none) return true;
    }
  }
  return false;
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
