// SPDX-License-Identifier: LGPL-2.1-or-later
// A rate with a burst; time is an argument.
#pragma once

#include <algorithm>
#include <chrono>

namespace gstice::rendezvous {

/// Holds at most `burst` tokens, full at first, and gains `per_second` of them each second.
class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  TokenBucket(double per_second, double burst, TimePoint now)
      : per_second_(per_second), burst_(burst), tokens_(burst), updated_(now) {}

  /// Takes `amount` when there is so much; else takes nothing.
  bool take(TimePoint now, double amount = 1) {
    if (available(now) < amount) return false;
    tokens_ -= amount;
    return true;
  }

  /// Until there are `amount`, if nobody takes any.
  [[nodiscard]] std::chrono::milliseconds time_until(TimePoint now, double amount) {
    const double missing = std::max(0.0, std::min(amount, burst_) - available(now));
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(missing / per_second_));
  }

  [[nodiscard]] double available(TimePoint now) {
    if (now > updated_) {
      tokens_ = std::min(burst_, tokens_ + per_second_ * std::chrono::duration<double>(now - updated_).count());
      updated_ = now;
    }
    return tokens_;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  TimePoint updated_;
};

}  // namespace gstice::rendezvous
