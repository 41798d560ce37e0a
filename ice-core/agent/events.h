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

namespace ice {

/// W3C RTCIceGatheringState.
enum class GatheringState { fresh, gathering, complete };

/// W3C RTCIceTransportState, for the whole session: connected = every component has a valid pair and media flows;
/// completed = every component's pair is nominated.
enum class ConnectionState { fresh, checking, connected, completed, disconnected, failed, closed };

[[nodiscard]] const char* text(GatheringState state);   ///< "new", "gathering", "complete"
[[nodiscard]] const char* text(ConnectionState state);  ///< "new", "checking", …

// ---- for the driver ----

/// Open a UDP socket for this component on this address, then call Agent::transport_ready() or transport_failed().
struct OpenTransport {
  TransportId id;
  StreamId stream;
  ComponentId component;
  LocalAddress local;  ///< which interface and IP to bind to; the driver chooses the port
};

/// Nothing is sent or received on this transport any more; release it.
struct CloseTransport {
  TransportId id;
};

/// From now on, datagrams that are not STUN and come from `remote` on `transport` are media of this component.
struct SourceValidated {
  TransportId transport;
  Address remote;
  StreamId stream;
  ComponentId component;
};

/// No longer.
struct SourceRevoked {
  TransportId transport;
  Address remote;
};

/// The pair that media of this component is sent on, or that there is none (consent gone, new generation, closed).
/// Comes at once when the first pair is valid, again whenever a better one is, and when one is nominated.
struct PathChanged {
  struct Path {
    TransportId transport;
    Address remote;
    Candidate local_candidate;
    Candidate remote_candidate;
    bool nominated = false;
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

using Event = std::variant<OpenTransport, CloseTransport, SourceValidated, SourceRevoked, PathChanged,
                           LocalCandidateFound, LocalCandidatesEnded, LocalDescriptionChanged, GatheringStateChanged,
                           ConnectionStateChanged, RoleChanged, Warning, Trace>;

}  // namespace ice
