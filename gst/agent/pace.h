// SPDX-License-Identifier: LGPL-2.1-or-later
// How often something may happen.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace gstice {

/// At most one in an interval. What is asked for within it is done at its end, and once for all who asked.
class Pace {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  explicit Pace(std::chrono::milliseconds interval) : interval_(interval) {}

  /// When it is to be done; nothing when that is under way already.
  std::optional<TimePoint> ask(TimePoint now) {
    if (due_ && *due_ > now) return std::nullopt;
    due_ = due_ ? std::max(now, *due_ + interval_) : now;
    return due_;
  }

 private:
  std::chrono::milliseconds interval_;
  std::optional<TimePoint> due_;
};

}  // namespace gstice
