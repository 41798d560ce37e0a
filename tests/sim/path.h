// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a datagram between two networks: one direction, one state.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "ice-core/base/types.h"
#include "tests/sim/seeded_random.h"

namespace sim {

struct PathConditions {
  bool up = true;                                       ///< off: the networks cannot reach each other this way
  ice::Duration delay = std::chrono::milliseconds(10);  ///< one way
  ice::Duration jitter{};                               ///< up to so much more; alone it never changes the order
  double loss = 0;                                      ///< of each datagram, independently
  double burst = 0;                                     ///< chance that a datagram begins a burst of losses
  ice::Duration burst_length{};                         ///< everything in that time is lost
  double duplicate = 0;                                 ///< chance to arrive twice
  double reorder = 0;                                   ///< chance to be held back by reorder_delay, others overtaking
  ice::Duration reorder_delay{};
  std::size_t mtu = 1472;  ///< largest UDP payload; longer ones vanish
};

enum class Loss { none, unreachable, too_long, by_chance, in_burst };
const char* text(Loss loss);

/// When a datagram arrives: never, once or twice.
struct Fate {
  Loss loss = Loss::none;
  std::array<std::optional<ice::TimePoint>, 2> arrivals;
};

class Path {
 public:
  Path(PathConditions initial, SeededRandom random) : conditions(initial), random_(random) {}

  /// May be changed at any time; what is under way is not touched.
  PathConditions conditions;

  Fate carry(ice::TimePoint now, std::size_t size);

 private:
  ice::TimePoint arrival(ice::TimePoint now);

  SeededRandom random_;
  ice::TimePoint burst_until_{};
  ice::TimePoint latest_in_order_{};
};

}  // namespace sim
