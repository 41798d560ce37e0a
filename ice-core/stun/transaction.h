// SPDX-License-Identifier: LGPL-2.1-or-later
// One request over UDP and its retransmissions (RFC 8489 6.2.1).
#pragma once

#include <optional>

#include "ice-core/base/types.h"
#include "ice-core/stun/message.h"

namespace ice {

/// When to send a request again and when to give up. Holds the request's bytes; sends nothing itself.
class StunTransaction {
 public:
  /// RFC 8489 6.2.1: seven sends, and sixteen RTO of patience after the last.
  static constexpr int kRc = 7;
  static constexpr int kRm = 16;

  enum class Step { nothing, retransmit, timed_out };

  /// The first send happens at `now`, by the caller. `rto` > 0.
  StunTransaction(TransactionId id, Bytes request, TimePoint now, Duration rto);

  [[nodiscard]] const TransactionId& id() const { return id_; }
  [[nodiscard]] ByteView request() const { return request_; }
  [[nodiscard]] TimePoint started() const { return started_; }
  [[nodiscard]] int sends() const { return sends_; }

  /// The moment handle_timeout() has something to do; nothing when it never will.
  [[nodiscard]] std::optional<TimePoint> next_timeout() const;
  /// Called at any time; says whether the request is to be sent once more now, or has failed.
  Step handle_timeout(TimePoint now);
  /// No further retransmissions, but a response is still waited for until the same end (RFC 8445 7.2.6, 8.1.2).
  void stop_retransmitting();
  [[nodiscard]] bool retransmitting() const { return retransmit_; }

  /// The time from the first send to `now`, when only one send was made; else nothing, since it cannot be told which
  /// send was answered (Karn's rule).
  [[nodiscard]] std::optional<Duration> round_trip(TimePoint now) const;

 private:
  TransactionId id_;
  Bytes request_;
  TimePoint started_;
  TimePoint next_;
  TimePoint end_;
  Duration rto_;
  int sends_ = 1;
  bool retransmit_ = true;
  bool done_ = false;
};

}  // namespace ice
