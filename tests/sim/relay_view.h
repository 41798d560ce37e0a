// SPDX-License-Identifier: LGPL-2.1-or-later
// What a datagram of an agent is to whoever knows where the agent's servers are: a request to a server, an answer of
// one, or something between the peers, with what TURN wraps around it taken off. For the invariants and the story.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "ice-core/stun/message.h"
#include "tests/sim/agent_host.h"

namespace sim {

/// One end of a datagram's way, as an agent sees it.
struct Way {
  ice::TransportId transport;
  ice::Address remote;   ///< the peer
  bool relayed = false;  ///< by a TURN server that `transport` leads to
  auto operator<=>(const Way&) const = default;
};

Way way_of(const ice::PathChanged::Path& path);
/// "10.0.1.1:50000 to 10.0.2.1:50000", for a person
std::string way_text(const AgentHost& host, const Way& way);

struct Seen {
  Way way;
  ice::ByteView payload;                    ///< without its envelope
  std::optional<ice::StunMessage> message;  ///< when the payload is STUN
  bool with_server = false;                 ///< a request to, or an answer of, a STUN or TURN server
};

class RelayView {
 public:
  /// The servers that the agent was told of.
  void know(const HostOptions& options);
  void know(const ice::Address& server) { servers_.insert(server); }
  [[nodiscard]] Seen sent(ice::TransportId transport, const ice::Address& remote, ice::ByteView bytes);
  [[nodiscard]] Seen received(ice::TransportId transport, const ice::Address& source, ice::ByteView bytes);
  [[nodiscard]] bool is_server(const ice::Address& address) const { return servers_.contains(address); }

 private:
  [[nodiscard]] Seen look(ice::TransportId transport, const ice::Address& remote, ice::ByteView bytes) const;

  std::set<ice::Address> servers_;
  std::map<std::pair<ice::TransportId, std::uint16_t>, ice::Address> channels_;
};

}  // namespace sim
