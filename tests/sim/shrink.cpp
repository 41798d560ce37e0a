// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/shrink.h"

#include <functional>
#include <vector>

namespace sim {

namespace {

using Change = std::function<void(CallPlan&)>;

/// One address less, and the paths from and to it.
void remove_interface(CallPlan& plan, std::size_t side, std::size_t which) {
  SidePlan& of = plan.sides[side];
  if (which >= address_count(of) || address_count(of) == 1) return;
  (which < of.addresses_v6 ? of.addresses_v6 : of.addresses_v4) -= 1;
  const auto at = static_cast<std::ptrdiff_t>(which);
  for (auto* direction : {&plan.there, &plan.back}) {
    if (side == 0) {
      direction->erase(direction->begin() + at);
    } else {
      for (auto& row : *direction) row.erase(row.begin() + at);
    }
  }
}

void plain_path(PathConditions& path) {
  const bool up = path.up;
  path = {};
  path.up = up;
}

/// Everything that can be left out, the largest pieces first.
std::vector<Change> changes(const CallPlan& plan) {
  std::vector<Change> all;
  for (std::size_t i = 0; i < plan.disturbances.size(); ++i) {
    all.emplace_back([i](CallPlan& p) {
      if (i < p.disturbances.size()) p.disturbances.erase(p.disturbances.begin() + static_cast<std::ptrdiff_t>(i));
    });
  }
  all.emplace_back([](CallPlan& p) { p.attacked = false; });
  all.emplace_back([](CallPlan& p) { p.talk = {}; });
  all.emplace_back([](CallPlan& p) { p.common_nat.reset(); });
  all.emplace_back([](CallPlan& p) { p.servers = {}; });
  for (std::size_t i = plan.flows.size(); i-- > 1;) {
    all.emplace_back([i](CallPlan& p) {
      if (i < p.flows.size()) p.flows.erase(p.flows.begin() + static_cast<std::ptrdiff_t>(i));
    });
  }
  for (std::size_t side = 0; side < 2; ++side) {
    for (std::size_t i = address_count(plan.sides[side]); i-- > 0;) {
      all.emplace_back([side, i](CallPlan& p) { remove_interface(p, side, i); });
    }
    const auto of = [&](const std::function<void(SidePlan&)>& change) {
      all.emplace_back([side, change](CallPlan& p) { change(p.sides[side]); });
    };
    of([](SidePlan& s) { s.signaling = {}; });
    of([](SidePlan& s) { s.access = {}; });
    of([](SidePlan& s) { s.access.firewall.reset(); });
    of([](SidePlan& s) {
      if (!s.access.nats.empty()) s.access.nats.pop_back();
    });
    of([](SidePlan& s) {
      for (NatBehaviour& nat : s.access.nats) nat = {.mapping = nat.mapping, .filtering = nat.filtering};
    });
    of([](SidePlan& s) { s.stun = false; });
    of([](SidePlan& s) { s.turn = false; });
    of([](SidePlan& s) { s.turn_over_tcp = false; });
    of([](SidePlan& s) { s.policy = ice::TransportPolicy::all; });
    of([](SidePlan& s) { s.without.reset(); });
    of([](SidePlan& s) { s.first_interface_broken = false; });
    of([](SidePlan& s) { s.start_delay = s.open_delay = {}; });
    of([](SidePlan& s) { s.pacing = std::chrono::milliseconds(10); });
    of([](SidePlan& s) { s.signaling.jitter = s.signaling.description_delay = s.signaling.end_delay = {}; });
    of([](SidePlan& s) { s.signaling.late_candidate = s.signaling.repeat_description = 0; });
  }
  all.emplace_back([](CallPlan& p) {
    for (auto* direction : {&p.there, &p.back}) {
      for (auto& row : *direction) {
        for (PathConditions& path : row) plain_path(path);
      }
    }
  });
  all.emplace_back([](CallPlan& p) { plain_path(p.servers.path); });
  for (std::size_t a = 0; a < plan.there.size(); ++a) {
    for (std::size_t b = 0; b < plan.there[a].size(); ++b) {
      all.emplace_back([a, b](CallPlan& p) {
        if (a >= p.there.size() || b >= p.there[a].size()) return;
        plain_path(p.there[a][b]);
        plain_path(p.back[a][b]);
      });
    }
  }
  return all;
}

}  // namespace

CallPlan shrink(const CallPlan& plan) {
  const auto breaks = [](const CallPlan& tried) {
    const CallResult result = run_call(tried);
    return result.breach ? std::optional(result.breach->invariant) : std::nullopt;
  };
  const auto wanted = breaks(plan);
  if (!wanted) return plan;
  CallPlan best = plan;
  std::string shortest = describe(best);
  for (bool better = true; better;) {
    better = false;
    for (const Change& change : changes(best)) {
      CallPlan tried = best;
      change(tried);
      const std::string words = describe(tried);
      if (words == shortest || breaks(tried) != wanted) continue;
      best = std::move(tried);
      shortest = words;
      better = true;
    }
  }
  return best;
}

}  // namespace sim
