// SPDX-License-Identifier: LGPL-2.1-or-later
// See arrival_rate.h.
#include "gst/net/arrival_rate.h"

#include <algorithm>

namespace gstice {

void ArrivalRate::note(TimePoint now, std::size_t bytes) {
  const auto elapsed = std::max<std::chrono::nanoseconds>(now - last_, std::chrono::nanoseconds(1));
  const double latest = static_cast<double>(bytes) / static_cast<double>(elapsed.count());
  // Half of the old: it follows a burst within a few rounds and forgets it as fast.
  bytes_per_nanosecond_ = (bytes_per_nanosecond_ + latest) / 2;
  last_ = now;
}

std::chrono::nanoseconds ArrivalRate::pause(TimePoint now) const {
  const std::chrono::nanoseconds since = now - last_;
  if (bytes_per_nanosecond_ <= 0 || since >= kLongestPause) return std::chrono::nanoseconds(0);
  const double wanted = static_cast<double>(kGatheredBytes) / bytes_per_nanosecond_;
  const auto capped = static_cast<long long>(std::min(wanted, static_cast<double>(kLongestPause.count())));
  const std::chrono::nanoseconds pause = std::chrono::nanoseconds(capped) - since;
  return pause < kShortestPause ? std::chrono::nanoseconds(0) : pause;
}

}  // namespace gstice
