// SPDX-License-Identifier: LGPL-2.1-or-later
// How fast datagrams come, and how long it pays to let them gather before the next read.
#pragma once

#include <chrono>
#include <cstddef>

namespace gstice {

/// Fed with each round of reading. Reads no clock. Slow traffic is never made to wait; fast traffic waits for as long
/// as brings some 32 KiB (a socket's default buffer holds three times that in datagrams of 1200 bytes), at most 50 µs.
class ArrivalRate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::nanoseconds kLongestPause{50'000};
  static constexpr std::chrono::nanoseconds kShortestPause{5'000};
  static constexpr std::size_t kGatheredBytes = 32 * 1024;

  /// A round of reading ended at `now` and gave so many bytes.
  void note(TimePoint now, std::size_t bytes);
  /// How long to wait before the next round, which could begin at `now`; 0 for not at all.
  [[nodiscard]] std::chrono::nanoseconds pause(TimePoint now) const;

 private:
  TimePoint last_{};
  double bytes_per_nanosecond_ = 0;
};

}  // namespace gstice
