// SPDX-License-Identifier: LGPL-2.1-or-later
// The session's STUN and TURN servers: what is known of each, and what it said.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ice-core/base/result.h"
#include "ice-core/gathering/server.h"

namespace ice {

struct Server {
  enum class Kind { stun, turn };

  Kind kind = Kind::stun;
  ServerAddress at;
  // TURN only
  std::string username;
  std::string password;
  RelayFamilies families = RelayFamilies::both;

  bool resolving = false;  ///< its addresses are not known yet
  TimePoint added{};
  std::size_t order = 0;       ///< in which it was added, among its kind
  bool asked = false;          ///< some base asks, or has asked
  bool answered = false;       ///< and was given what it asked for
  std::size_t candidates = 0;  ///< found by it
  std::string trouble;         ///< the latest reason why something failed, empty when nothing did
  std::string remark;          ///< what was less than asked for, though it worked
  std::optional<Duration> round_trip_time;

  /// "TURN turn.example.org:3478"
  [[nodiscard]] std::string title() const;
  /// The first address of this family.
  [[nodiscard]] std::optional<Address> address(Family family) const;
};

class ServerTable {
 public:
  Result<Server*> add(TimePoint now, StunServer server);
  Result<Server*> add(TimePoint now, TurnServer server);
  /// Nothing when the id is unknown, or not waiting for an answer.
  Server* resolved(ServerId id, std::vector<Address> addresses);
  Server* failed(ServerId id, std::string_view reason);

  [[nodiscard]] Server* find(ServerId id);
  [[nodiscard]] const Server* find(ServerId id) const;
  [[nodiscard]] const std::map<ServerId, Server>& all() const { return servers_; }
  [[nodiscard]] std::map<ServerId, Server>& all() { return servers_; }
  /// Some server that was added after `since` has no address yet.
  [[nodiscard]] bool resolving(TimePoint since) const;
  /// When the next of those added after `since` has been without address for `patience`.
  [[nodiscard]] std::optional<TimePoint> next_silence(TimePoint since, Duration patience) const;
  [[nodiscard]] bool empty() const { return servers_.empty(); }

 private:
  Result<Server*> add(TimePoint now, Server server);

  std::map<ServerId, Server> servers_;
};

/// Whether a server at this address can be asked from this base: the same family; loopback and link-local bases only
/// reach their like.
[[nodiscard]] bool can_ask(const Address& base, const Address& server);

}  // namespace ice
