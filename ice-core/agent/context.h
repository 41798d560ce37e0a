// SPDX-License-Identifier: LGPL-2.1-or-later
// What the parts of one agent share: the streams, the role, the credentials, and the way out.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/agent/agent.h"
#include "ice-core/agent/stream.h"
#include "ice-core/candidates/foundation.h"
#include "ice-core/checks/pacer.h"
#include "ice-core/gathering/servers.h"
#include "ice-core/stun/integrity_keys.h"

namespace ice {

/// A socket that the driver opened for a component, or what stands for one.
struct Transport {
  enum class State {
    opening,
    ready,
    failed,
    leaving,  ///< its component is gone; it is only open until TURN servers have released what was theirs
  };
  enum class Kind {
    host,     ///< the base of a host candidate; STUN and TURN servers over UDP are asked from it, too
    server,   ///< leads to one TURN server and nowhere else
    relayed,  ///< the base of a relayed candidate: an allocation, unknown to the driver (turn/relays.h)
  };

  Kind kind = Kind::host;
  StreamId stream;
  ComponentId component;
  LocalAddress local;
  std::uint16_t local_preference = 0;
  State state = State::opening;
  Address bound;
  /// Who proved by a check to be the peer: media from there is accepted.
  std::vector<Address> validated;
};

/// A request that was answered before the peer's credentials were known (RFC 8445 7.3).
struct EarlyCheck {
  TransportId transport;
  Address remote;
  std::string ufrag;
  Priority priority;
  bool use_candidate = false;
};

/// What waits for the driver.
struct Outbox {
  std::deque<Transmit> transmits;
  std::deque<Event> events;
};

/// What the checks need to know of relayed transports.
class RelayAccess {
 public:
  virtual ~RelayAccess() = default;
  /// Whether the relay lets a check to `remote` through by now (RFC 8656 9). True for all other transports.
  [[nodiscard]] virtual bool may_check(TransportId transport, const Address& remote) const = 0;
};

struct AgentContext {
  AgentContext(AgentConfig c, RandomSource& r) : config(std::move(c)), random(r), pacer(config.pacing) {
    role = config.role;
    local = random_credentials(random);
    tie_breaker = random.next_u64();
  }

  AgentConfig config;
  RandomSource& random;
  Outbox out;

  Role role;
  std::uint64_t tie_breaker;
  Credentials local;
  Credentials remote;  ///< the session's; a stream may have its own
  bool remote_lite = false;

  std::map<StreamId, Stream> streams;
  std::map<TransportId, Transport> transports;
  std::vector<EarlyCheck> early_checks;
  ServerTable servers;
  const RelayAccess* relays = nullptr;
  FoundationTable foundations;
  Pacer pacer;
  IntegrityKeys keys;  ///< of `local`, `remote` and the streams' own, ready to sign and verify with
  AgentCounters counters;
  std::uint64_t next_pair_id = 1;
  std::uint64_t next_transport_id = 1;
  bool gathering = false;  ///< gather() was called
  ConnectionState state = ConnectionState::fresh;

  void emit(Event event) { out.events.push_back(std::move(event)); }
  /// `text` is only made when traces are wanted.
  template <typename MakeText>
  void trace(MakeText&& make_text) {
    if (config.trace) emit(Trace{make_text()});
  }
  void send(TransportId transport, const Address& remote_address, Bytes bytes) {
    out.transmits.push_back(Transmit{transport, remote_address, std::move(bytes)});
  }

  /// The credentials that checks of this stream use; incomplete while unknown.
  [[nodiscard]] const Credentials& remote_of(const Stream& stream) const {
    return stream.remote_credentials ? *stream.remote_credentials : remote;
  }
  [[nodiscard]] Stream* find_stream(StreamId id) {
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const Stream* find_stream(StreamId id) const {
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : &found->second;
  }
};

/// "192.0.2.1:5000 → 198.51.100.1:6000", for traces.
[[nodiscard]] std::string pair_text(const Stream& stream, const CandidatePair& pair);

}  // namespace ice
