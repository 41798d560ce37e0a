// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/consent.h"

#include <algorithm>

namespace ice {

namespace {
// RFC 7675 5.1: 0.8 to 1.2 of the interval, so never under 4 s.
Duration random_interval(RandomSource& random) {
  constexpr auto kLow = Consent::kInterval * 8 / 10;
  constexpr auto kSpread = Consent::kInterval * 4 / 10;
  return kLow + Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(kSpread.count()) + 1)));
}
}  // namespace

void Consent::start(TimePoint now, TimePoint answered, RandomSource& random) {
  running_ = true;
  answered_ = answered;
  // A pair that was valid long before it is selected is asked at once: nobody has asked on it since.
  hurried_ = now >= answered_ + kInterval * 12 / 10;
  next_ = hurried_ ? now : now + random_interval(random);
}

void Consent::sent(TimePoint now, RandomSource& random) {
  hurried_ = now >= answered_ + kHurryAfter;
  next_ = now + (hurried_ ? kHurryInterval : random_interval(random));
}

void Consent::answered(TimePoint now, RandomSource& random) {
  answered_ = now;
  // The hurry is over: no further check before its usual time (RFC 7675 5.1: never under 4 s).
  if (hurried_) next_ = now + random_interval(random);
  hurried_ = false;
}

std::optional<TimePoint> Consent::next_timeout(TimePoint now) const {
  if (!running_) return std::nullopt;
  TimePoint next = std::min(next_, answered_ + kLifetime);
  if (!doubtful(now)) next = std::min(next, answered_ + kDoubtAfter);
  return next;
}

}  // namespace ice
