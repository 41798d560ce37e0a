// SPDX-License-Identifier: LGPL-2.1-or-later
// Time that never goes back, whatever the caller's clock does.
#pragma once

#include <algorithm>

#include "ice-core/base/types.h"

namespace ice {

/// A clock that is set back (a virtual machine that was restored, a driver with a clock of its own) must not make the
/// agent wait until it has caught up: its timers go on from where they were, by what the clock counts from then on.
class FeltTime {
 public:
  /// The caller's clock says `now`.
  TimePoint felt(TimePoint now) {
    if (now < latest_) behind_ += latest_ - now;
    latest_ = now;
    return now + behind_;
  }
  /// When the caller's clock will say so, as far as it goes on from here.
  [[nodiscard]] TimePoint outside(TimePoint felt) const {
    return felt < TimePoint::min() + behind_ ? TimePoint::min() : felt - behind_;
  }

 private:
  TimePoint latest_ = TimePoint::min();
  Duration behind_{};
};

}  // namespace ice
