// SPDX-License-Identifier: LGPL-2.1-or-later
// What the agent tells the driver and the application. Drained with Agent::poll_event() until empty.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"
#include "ice-core/candidates/candidate.h"
#include "ice-core/gathering/local_addresses.h"
#include "ice-core/turn/relay_path.h"

namespace ice {

/// W3C RTCIceGatheringState.
enum class GatheringState { fresh, gathering, complete };

/// W3C RTCIceTransportState, for the whole session: connected = every component has a valid pair and media flows;
/// completed = every component's pair is nominated.
enum class ConnectionState { fresh, checking, connected, completed, disconnected, failed, closed };

[[nodiscard]] const char* text(GatheringState state);   ///< "new", "gathering", "complete"
[[nodiscard]] const char* text(ConnectionState state);  ///< "new", "checking", …

// ---- for the driver ----

/// Open a UDP socket for this component on this address, or a connection from it to `remote`; then call
/// Agent::transport_ready() or transport_failed().
struct OpenTransport {
  TransportId id;
  StreamId stream;
  ComponentId component;
  LocalAddress local;  ///< which interface and IP to bind to; the driver chooses the port
  TransportProtocol protocol = TransportProtocol::udp;
  /// The TURN server to connect to: always with tcp, tls and dtls (ready means connected, with the handshake done), and
  /// with a UDP socket that is used towards this server alone.
  std::optional<Address> remote;
  std::string tls_name;  ///< the name that the server's certificate must carry; empty: its address
};

/// Nothing is sent or received on this transport any more; release it.
struct CloseTransport {
  TransportId id;
};

/// From now on, datagrams that are not STUN and come from `remote` on `transport` are media of this component. With
/// `relay`: what `relay->server` delivers on `transport` as coming from `relay->peer` (== remote), by ChannelData of
/// `relay->channel` or by Data indications; told again when the channel is bound.
struct SourceValidated {
  TransportId transport;
  Address remote;
  StreamId stream;
  ComponentId component;
  std::optional<RelayPath> relay;
};

/// No longer.
struct SourceRevoked {
  TransportId transport;
  Address remote;
  std::optional<RelayPath> relay;
};

/// There is an allocation for this transport on the server: everything that comes from `server` on `transport` belongs
/// to Agent::handle_datagram() (or handle_stream()), whatever it looks like; ChannelData is looked for nowhere else.
struct RelayOpened {
  TransportId transport;
  Address server;
};

/// No longer.
struct RelayClosed {
  TransportId transport;
  Address server;
};

/// After close(): the last allocation is released, or was given up on. The agent wants nothing more.
struct Finished {};

/// The pair that media of this component is sent on, or that there is none (consent gone, new generation, closed).
/// Comes at once when the first pair is valid, again whenever a better one is, and when one is nominated.
struct PathChanged {
  struct Path {
    TransportId transport;  ///< what to send on: the host socket, or what leads to the TURN server
    Address remote;         ///< the peer
    Candidate local_candidate;
    Candidate remote_candidate;
    bool nominated = false;
    /// Set: wrap media so, and send it to `relay->server` instead of `remote`. Comes again when the channel is bound.
    std::optional<RelayPath> relay;
  };
  StreamId stream;
  ComponentId component;
  std::optional<Path> path;
};

// ---- for the application ----

/// A local candidate to hand to the peer; `candidate.ufrag` is filled in.
struct LocalCandidateFound {
  StreamId stream;
  Candidate candidate;
};

/// No more local candidates of this stream in this generation.
struct LocalCandidatesEnded {
  StreamId stream;
};

/// What Agent::local_description() returns is no longer what it was.
struct LocalDescriptionChanged {};

struct GatheringStateChanged {
  GatheringState state;
};

struct ConnectionStateChanged {
  ConnectionState state;
  /// For `failed` and `disconnected`: what was tried and why each kind failed, in plain words. Else empty.
  std::string reason;
};

/// After a role conflict (RFC 8445 7.3.1.1).
struct RoleChanged {
  Role role;
};

/// Something was refused or skipped that a user should know of.
struct Warning {
  std::string text;
};

/// One line of what the agent does, for a DEBUG log that tells the story of a call. Holds no secret.
struct Trace {
  std::string text;
};

using Event = std::variant<OpenTransport, CloseTransport, SourceValidated, SourceRevoked, RelayOpened, RelayClosed,
                           Finished, PathChanged, LocalCandidateFound, LocalCandidatesEnded, LocalDescriptionChanged,
                           GatheringStateChanged, ConnectionStateChanged, RoleChanged, Warning, Trace>;

}  // namespace ice
