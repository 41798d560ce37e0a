// SPDX-License-Identifier: LGPL-2.1-or-later
// What a TURN server remembers of one allocation (RFC 8656 3.2). Data only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/stun/message.h"
#include "tests/sim/world.h"

namespace sim {

/// A client as the server sees it: the 5-tuple.
struct TurnClient {
  ice::Address remote;
  ice::Address local;
  bool tcp = false;
  auto operator<=>(const TurnClient&) const = default;
};

struct TurnAllocation {
  TurnClient client;
  std::string username;
  ice::TransactionId made_by;         ///< a retransmission of it gets the same answer
  std::vector<ice::Address> relayed;  ///< one of each family that was given
  ice::TimePoint expires;
  std::map<ice::Address, ice::TimePoint> permissions;  ///< by IP, until when
  struct Channel {
    ice::Address peer;
    ice::TimePoint expires;
  };
  std::map<std::uint16_t, Channel> channels;

  [[nodiscard]] std::optional<ice::Address> relayed_of(ice::Family family) const {
    for (const ice::Address& each : relayed) {
      if (each.family() == family) return each;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool permits(const ice::Address& peer, ice::TimePoint now) const {
    const auto found = permissions.find(peer.with_port(0));
    return found != permissions.end() && now < found->second;
  }
};

}  // namespace sim
