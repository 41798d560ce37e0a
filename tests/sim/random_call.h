// SPDX-License-Identifier: LGPL-2.1-or-later
// One random call: a plan drawn from a seed, and its life from the first description to close().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "ice-core/agent/agent.h"
#include "tests/sim/agent_host.h"
#include "tests/sim/path.h"
#include "tests/sim/signaling.h"

namespace sim {

/// One side of a call.
struct SidePlan {
  ice::Role role = ice::Role::controlling;
  ice::Duration pacing{};
  ice::Duration start_delay{};
  ice::Duration open_delay{};
  unsigned addresses_v4 = 1;
  unsigned addresses_v6 = 0;
  bool first_interface_broken = false;
  SignalingConditions signaling;
};

/// Everything that is decided about a call before it begins. Plain data: it can be printed, and later shrunk.
struct CallPlan {
  std::uint64_t seed = 0;
  std::array<SidePlan, 2> sides;
  std::vector<Flow> flows;
  /// Between the interfaces of the two sides, each on a network of its own: [a][b], both directions.
  std::vector<std::vector<PathConditions>> there;
  std::vector<std::vector<PathConditions>> back;
  /// After the end of the checks, so long on quiet paths: consent at work.
  ice::Duration talk{};
};

CallPlan random_plan(std::uint64_t seed);
std::string describe(const CallPlan& plan);

/// Some pair of addresses of one family reaches each other, both ways.
bool can_connect(const CallPlan& plan);
/// The worst loss of any path; a transaction of seven sends fails by chance when it is heavy.
double worst_loss(const CallPlan& plan);

struct CallResult {
  std::optional<std::string> breach;
  bool completed = false;
  bool possible = false;
  /// Possible, and not completed, on paths where heavy loss explains it.
  bool unlucky = false;
  std::optional<ice::Duration> to_first_path;  ///< from the moment both knew a description
  std::optional<ice::Duration> to_completed;
  std::uint64_t steps = 0;
};

/// Lives the call through. `story`: where to tell it, or nullptr.
CallResult run_call(const CallPlan& plan, std::ostream* story = nullptr);

}  // namespace sim
