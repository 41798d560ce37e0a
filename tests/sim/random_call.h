// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of one planned call, from the first description to close().
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "tests/sim/call_plan.h"
#include "tests/sim/invariants.h"

namespace sim {

struct CallResult {
  std::optional<Breach> breach;
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
