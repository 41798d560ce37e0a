// SPDX-License-Identifier: LGPL-2.1-or-later
// STUN and TURN servers as the application names them. Resolving names is the driver's work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"

namespace ice {

/// Chosen by whoever adds the server; unique within an agent, over both kinds.
using ServerId = StrongId<struct ServerTag, std::uint32_t>;

/// Which candidates are told to the peer and used (W3C RTCIceTransportPolicy). relay: only relayed ones, and neither a
/// related address nor an answer tells where we are.
enum class TransportPolicy : std::uint8_t { all, relay };

/// Where a server is.
struct ServerAddress {
  ServerId id;
  /// What a person calls it, "turn.example.org:3478": for explanations only.
  std::string name;
  /// What it is spoken to over. STUN servers: UDP only.
  TransportProtocol protocol = TransportProtocol::udp;
  /// Already resolved, with the port, best first. Empty: Agent::server_resolved() or server_failed() will say.
  std::vector<Address> addresses;
  /// The name that its certificate must carry (TLS and DTLS).
  std::string tls_name;
};

struct StunServer {
  ServerAddress at;
};

/// Which relayed addresses are asked for (RFC 8656 7.1). `both` takes what the server has: an old one gives IPv4 alone.
enum class RelayFamilies : std::uint8_t { ipv4, ipv6, both };

struct TurnServer {
  ServerAddress at;
  std::string username;
  std::string password;  ///< a secret: never logged, never in any message
  RelayFamilies families = RelayFamilies::both;
};

}  // namespace ice
