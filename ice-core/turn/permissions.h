// SPDX-License-Identifier: LGPL-2.1-or-later
// Which peers a relay lets through (RFC 8656 9): one permission per IP, asked for together, renewed before it ends.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"

namespace ice {

/// The timers of one allocation's permissions; the requests are sent by whoever owns it. IPs have port 0.
class Permissions {
 public:
  static constexpr Duration kLifetime = std::chrono::seconds(300);  // RFC 8656 9
  /// Renewed so long before the end that a whole transaction (39.5 s) may still fail and be repeated.
  static constexpr Duration kRenewAfter = std::chrono::seconds(200);
  /// Most IPs in one CreatePermission: the message stays under any MTU.
  static constexpr std::size_t kMaxInRequest = 40;

  /// These peers, and no others, are wanted from now on. What is wanted no more is not renewed.
  void want(const std::set<Address>& ips);
  /// What to ask for now in one request; empty when nothing. They count as asked for until granted() or refused().
  [[nodiscard]] std::vector<Address> take_due(TimePoint now);
  void granted(TimePoint now, const std::vector<Address>& ips);
  /// One that was asked for alone is forbidden, `why`; of several each is asked for alone, since the server does not
  /// say which of them it minds.
  void refused(TimePoint now, const std::vector<Address>& ips, const std::string& why);
  /// No answer: those never granted are given up, the others asked for again.
  void timed_out(TimePoint now, const std::vector<Address>& ips, const std::string& why);

  [[nodiscard]] bool has(const Address& ip, TimePoint now) const;
  /// Why the server does not let this peer through; nothing while it may.
  [[nodiscard]] const std::string* forbidden(const Address& ip) const;
  [[nodiscard]] std::optional<TimePoint> next_timeout() const;

 private:
  struct Entry {
    bool wanted = false;
    bool asked = false;
    bool alone = false;
    std::optional<TimePoint> ends;  ///< granted until then
    TimePoint due{};                ///< when to ask, when wanted and not asked
    std::string forbidden;
  };
  std::map<Address, Entry> entries_;
};

}  // namespace ice
