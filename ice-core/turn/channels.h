// SPDX-License-Identifier: LGPL-2.1-or-later
// Channel numbers of one allocation (RFC 8656 12): which peer has which, when to bind it again, when a number is free.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"
#include "ice-core/turn/relay_path.h"

namespace ice {

class Channels {
 public:
  static constexpr Duration kLifetime = std::chrono::seconds(600);  // RFC 8656 12
  static constexpr Duration kRenewAfter = std::chrono::seconds(450);
  /// So long after its end neither the number nor the peer is bound to another (12).
  static constexpr Duration kQuarantine = std::chrono::seconds(300);
  /// A server that refused is asked again after this; payload goes by Send indications meanwhile.
  static constexpr Duration kRetryAfter = std::chrono::seconds(60);

  /// These peers, and no others, are worth a channel from now on. What is wanted no more is not renewed.
  void want(const std::set<Address>& peers) { wanted_ = peers; }

  struct Binding {
    std::uint16_t number = 0;
    Address peer;
  };
  /// A binding to ask the server for now; it counts as asked for until bound() or refused().
  [[nodiscard]] std::optional<Binding> take_due(TimePoint now);
  void bound(TimePoint now, std::uint16_t number);
  void refused(TimePoint now, std::uint16_t number);

  /// The number to send with, when it is bound for sure.
  [[nodiscard]] std::optional<std::uint16_t> number_of(const Address& peer, TimePoint now) const;
  /// Whose payload comes with this number: also while the answer to the binding is still on its way.
  [[nodiscard]] std::optional<Address> peer_of(std::uint16_t number) const;
  [[nodiscard]] std::optional<TimePoint> next_timeout(TimePoint now) const;

 private:
  struct Entry {
    Address peer;
    bool asked = false;
    std::optional<TimePoint> ends;  ///< bound until then
    TimePoint due{};
    /// The server may hold it bound until then, whatever it answered.
    std::optional<TimePoint> free_at;
  };
  [[nodiscard]] std::optional<std::uint16_t> free_number(TimePoint now);

  std::map<std::uint16_t, Entry> entries_;
  std::set<Address> wanted_;
  std::uint16_t next_ = kFirstChannel;
};

}  // namespace ice
