// SPDX-License-Identifier: LGPL-2.1-or-later
// When the controlling agent nominates, and what (RFC 8445 8.1.1, regular nomination): a pure function over pairs.
// To change nomination, change this file; ice-core/checks/path_selection.* only obeys.
#pragma once

#include <optional>

#include "ice-core/base/types.h"
#include "ice-core/checks/checklist.h"

namespace ice {

struct NominationVerdict {
  /// Nominate this valid pair now.
  CandidatePair* nominate = nullptr;
  /// Or ask again at this time: a better pair is still likely until then.
  std::optional<TimePoint> ask_again;
};

/// The best valid pair of the component is nominated as soon as nothing better is still likely. Better and likely is
/// what has a higher priority and is either next in the queue (Waiting), or was asked so recently that its answer may
/// still be on the way: twice the round trip of the best valid pair, and one Ta. No clock decides alone.
/// Gives neither when there is no valid pair, or a nomination of this component is under way or done.
[[nodiscard]] NominationVerdict judge_nomination(const Checklist& checklist, ComponentId component, TimePoint now,
                                                 Duration ta);

}  // namespace ice
