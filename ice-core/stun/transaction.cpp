// SPDX-License-Identifier: LGPL-2.1-or-later
// The timetable of a request over UDP: sent at 0, 1, 3, 7, 15, 31 and 63 RTO, given up at 79 (RFC 8489 6.2.1).
#include "ice-core/stun/transaction.h"

#include <algorithm>
#include <utility>

namespace ice {

StunTransaction::StunTransaction(TransactionId id, Bytes request, TimePoint now, Duration rto)
    : id_(id),
      request_(std::move(request)),
      started_(now),
      next_(now + rto),
      end_(now + rto * ((1 << (kRc - 1)) - 1 + kRm)),
      rto_(rto) {}

std::optional<TimePoint> StunTransaction::next_timeout() const {
  if (done_) return std::nullopt;
  return retransmit_ && sends_ < kRc ? std::min(next_, end_) : end_;
}

StunTransaction::Step StunTransaction::handle_timeout(TimePoint now) {
  if (done_) return Step::nothing;
  if (now >= end_) {
    done_ = true;
    return Step::timed_out;
  }
  if (!retransmit_ || sends_ >= kRc || now < next_) return Step::nothing;
  const Duration interval = rto_ * (1 << sends_);
  ++sends_;
  // Counted from when it was due, so that small delays do not add up; but a caller that overslept sends once, not all
  // that it missed.
  next_ += interval;
  if (next_ <= now) next_ = now + interval;
  return Step::retransmit;
}

void StunTransaction::stop_retransmitting() {
  retransmit_ = false;
}

std::optional<Duration> StunTransaction::round_trip(TimePoint now) const {
  if (sends_ != 1) return std::nullopt;
  return now - started_;
}

}  // namespace ice
