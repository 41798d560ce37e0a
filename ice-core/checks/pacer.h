// SPDX-License-Identifier: LGPL-2.1-or-later
// Ta and RTO (RFC 8445 14): when the next new transaction may begin, and how long it waits before it repeats itself.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "ice-core/base/types.h"

namespace ice {

/// Spaces new gathering transactions and connectivity checks over the whole agent, at least Ta apart.
class Pacer {
 public:
  static constexpr Duration kMinimumTa = std::chrono::milliseconds(5);  // RFC 8445 14.2
  static constexpr Duration kMaximumTa = std::chrono::seconds(10);
  static constexpr Duration kDefaultPeerTa = std::chrono::milliseconds(50);  // for a peer that proposes none
  static constexpr Duration kMinimumRto = std::chrono::milliseconds(500);    // RFC 8445 14.3

  explicit Pacer(Duration proposed) : ours_(proposed) {}

  void set_ours(Duration proposed) { ours_ = proposed; }
  [[nodiscard]] Duration ours() const { return ours_; }
  /// What the peer's description proposed, at most kMaximumTa of it; nothing = 50 ms counts.
  void set_peer(std::optional<Duration> proposed);

  /// The negotiated Ta: the higher of both proposals (RFC 8839 5.5).
  [[nodiscard]] Duration ta() const;
  /// The earliest moment for a new transaction.
  [[nodiscard]] TimePoint next_slot() const { return last_ ? *last_ + ta() : TimePoint::min(); }
  /// The same for a gathering transaction: until the peer has spoken there is nothing to agree on, and our own Ta
  /// counts.
  [[nodiscard]] TimePoint next_gathering_slot(bool peer_known) const {
    return last_ ? *last_ + (peer_known ? ta() : std::max(ours_, kMinimumTa)) : TimePoint::min();
  }
  /// A new transaction begins now.
  void take(TimePoint now) { last_ = now; }

  /// RTO of a check: max(500 ms, Ta · N · (waiting + in-progress)), N the number of running checklists (RFC 8445 14.3,
  /// read as RFC 5245 16.2 does).
  [[nodiscard]] Duration check_rto(std::size_t running_checklists, std::size_t waiting_and_in_progress) const;
  /// RTO of a gathering transaction: max(500 ms, Ta · transactions) (RFC 8445 14.3).
  [[nodiscard]] Duration gathering_rto(std::size_t transactions) const;

 private:
  Duration ours_;
  std::optional<Duration> peer_;
  std::optional<TimePoint> last_;
};

}  // namespace ice
