// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan of one random call: everything that is decided before it begins. Plain data: it can be printed, and shrunk.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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
  /// A flow that the other side has and this one has not.
  std::optional<Flow> without;
  SignalingConditions signaling;
};

/// Something that happens in the middle of a call.
struct Disturbance {
  enum class Kind {
    cut,             ///< all paths are down for `length`
    new_generation,  ///< a side begins a new generation, and both describe themselves again
    close,           ///< a side closes and says nothing
  };
  Kind kind = Kind::cut;
  ice::Duration at{};
  ice::Duration length{};
  std::size_t side = 0;
};
const char* text(Disturbance::Kind kind);

struct CallPlan {
  std::uint64_t seed = 0;
  std::array<SidePlan, 2> sides;
  std::vector<Flow> flows;
  /// Between the interfaces of the two sides, each on a network of its own: [a][b], there and back.
  std::vector<std::vector<PathConditions>> there;
  std::vector<std::vector<PathConditions>> back;
  std::vector<Disturbance> disturbances;
  /// An attacker on the path alters and replays what he sees.
  bool attacked = false;
  /// After the end of the checks, so long on quiet paths: consent at work.
  ice::Duration talk{};
};

CallPlan random_plan(std::uint64_t seed);
std::string describe(const CallPlan& plan);

/// The interfaces of side 0 or 1, IPv6 first: the order is all that matters here. Networks are left open.
std::vector<HostInterface> interfaces_of(const CallPlan& plan, std::size_t side);
/// The flows that a side has.
std::vector<Flow> flows_of(const CallPlan& plan, std::size_t side);
/// Some pair of addresses of one family reaches each other, both ways, and nobody closes.
bool can_connect(const CallPlan& plan);
bool somebody_closes(const CallPlan& plan);

/// Above it a nomination may fail by chance alone: seven sends at 15% both ways fail in 3 of 10,000 cases.
inline constexpr double kHeavyLoss = 0.15;
/// The worst loss of any path; bursts count as heavy.
double worst_loss(const CallPlan& plan);

}  // namespace sim
