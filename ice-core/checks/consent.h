// SPDX-License-Identifier: LGPL-2.1-or-later
// Consent freshness of the pair that media uses (RFC 7675): when to ask, and when consent is gone.
#pragma once

#include <optional>

#include "ice-core/base/random.h"
#include "ice-core/base/types.h"

namespace ice {

/// A pair's failure when its consent is gone.
inline constexpr const char* kConsentExpired = "consent expired";

/// The timers of one component's consent. The checks themselves are sent by whoever owns it.
class Consent {
 public:
  static constexpr Duration kLifetime = std::chrono::seconds(30);  // RFC 7675 5.1
  static constexpr Duration kInterval = std::chrono::seconds(5);   // × 0.8 to 1.2
  /// With nothing answered for this long, checks follow each other faster: under heavy loss six in thirty seconds are
  /// too few to tell a bad network from a peer that is gone.
  static constexpr Duration kHurryAfter = std::chrono::seconds(15);
  static constexpr Duration kHurryInterval = std::chrono::seconds(1);
  /// Answers missing for this long make the connection `disconnected`.
  static constexpr Duration kDoubtAfter = std::chrono::seconds(12);

  [[nodiscard]] bool running() const { return running_; }
  /// The pair is in use from now on; its latest valid answer came at `answered`.
  void start(TimePoint now, TimePoint answered, RandomSource& random);
  void stop() { running_ = false; }
  /// A valid answer of the pair arrived.
  void answered(TimePoint now, RandomSource& random);
  /// A consent check is sent now; the next one is planned.
  void sent(TimePoint now, RandomSource& random);

  [[nodiscard]] bool due(TimePoint now) const { return running_ && now >= next_; }
  [[nodiscard]] bool expired(TimePoint now) const { return running_ && now >= answered_ + kLifetime; }
  [[nodiscard]] bool doubtful(TimePoint now) const { return running_ && now >= answered_ + kDoubtAfter; }
  /// When due(), doubtful() or expired() changes next.
  [[nodiscard]] std::optional<TimePoint> next_timeout(TimePoint now) const;
  [[nodiscard]] TimePoint last_answer() const { return answered_; }

 private:
  bool running_ = false;
  TimePoint answered_{};
  TimePoint next_{};
  bool hurried_ = false;  ///< next_ was planned in a hurry
};

}  // namespace ice
