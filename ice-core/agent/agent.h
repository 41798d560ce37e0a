// SPDX-License-Identifier: LGPL-2.1-or-later
// The ICE agent (RFC 8445). It does no I/O, reads no clock and starts no thread. To drive it:
//
//   1. make an Agent, add_component() for each flow, set_local_addresses(), gather();
//   2. after every call into it, drain poll_transmit() and send each datagram, drain poll_event() and obey or pass on;
//   3. call handle_timeout() when next_timeout() has come (it changes with every call);
//   4. hand every datagram received to handle_datagram(); what it calls media goes to the component it names;
//   5. hand the peer's description and candidates to it as they come; send media on the path that PathChanged names.
//
// Not thread-safe; calls are quick. All methods may be called in any state; after close() they do nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ice-core/agent/events.h"
#include "ice-core/agent/snapshot.h"
#include "ice-core/base/random.h"
#include "ice-core/base/result.h"
#include "ice-core/base/types.h"
#include "ice-core/candidates/credentials.h"
#include "ice-core/candidates/description.h"
#include "ice-core/gathering/local_addresses.h"

namespace ice {

struct Stream;

struct AgentConfig {
  Role role = Role::controlling;
  /// Ta that we propose (RFC 8445 14.2, RFC 8839 5.5); at least 5 ms.
  Duration pacing = std::chrono::milliseconds(10);
  /// Offer `trickle` in a=ice-options. Off: the description is only complete when gathering is.
  bool trickle = true;
  /// SOFTWARE attribute of our requests; empty for none.
  std::string software;
  /// Emit Trace events.
  bool trace = false;
};

/// A datagram to send now.
struct Transmit {
  TransportId transport;
  Address remote;
  Bytes bytes;
};

/// What a received datagram was.
struct Consumed {};  ///< STUN, dealt with
struct Media {
  StreamId stream;
  ComponentId component;
};                   ///< media of this component: hand it on
struct Stranger {};  ///< from nobody validated: dropped and counted
using Disposition = std::variant<Consumed, Media, Stranger>;

class Agent {
 public:
  /// `random` must outlive the agent.
  Agent(AgentConfig config, RandomSource& random);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // ---- the application's side ----

  /// Adds a component, and its stream when it is new; after gather() it is gathered for at once. Error: component 0 or
  /// above 256, stream above 255, or already there.
  Result<> add_component(TimePoint now, StreamId stream, ComponentId component);
  /// Releases a component's transports; the stream goes with its last component.
  void remove_component(TimePoint now, StreamId stream, ComponentId component);

  /// The addresses to gather on (see gathering_addresses()). Only what is set when gather() runs counts for now.
  void set_local_addresses(std::vector<GatheringAddress> addresses);
  /// Fixed credentials of the first generation instead of random ones; before gather() only. Either may be empty =
  /// keep the random one. Error: illegal or too late.
  Result<> set_local_credentials(const Credentials& credentials);
  /// The initial role; error when checks have begun.
  Result<> set_role(Role role);
  /// Our Ta; error when under 5 ms or above 10 s. Takes effect with the next check.
  Result<> set_pacing(Duration pacing);
  /// Starts gathering. A second call does nothing.
  void gather(TimePoint now);

  /// A description from the peer: credentials, options, candidates, as much of it as is there; may be called again with
  /// more. Different credentials than those known begin a new remote generation: old remote candidates and pairs are
  /// dropped. Candidates for streams that we do not have are kept (bounded) until the stream is added.
  /// Skipped parts come out as Warning events.
  Result<> set_remote_description(TimePoint now, const Description& description);
  /// The peer's credentials, alone: the session's.
  Result<> set_remote_credentials(TimePoint now, const Credentials& credentials);
  /// A trickled candidate. One whose `ufrag` is of another generation is dropped with a Trace. Error: not of any kind
  /// that we can use (names the part).
  Result<> add_remote_candidate(TimePoint now, StreamId stream, const Candidate& candidate);
  /// The peer has no more candidates for this stream (RFC 8838 13).
  void end_remote_candidates(TimePoint now, StreamId stream);

  /// A new peer: new local credentials, all pairs, remote candidates and paths dropped; transports and host candidates
  /// are kept and announced again. State returns to `fresh`.
  void new_generation(TimePoint now);

  /// Ends everything: paths revoked, transports closed, state `closed`. The peer is told nothing (ICE has no goodbye).
  void close(TimePoint now);

  // ---- the driver's side ----

  /// An OpenTransport was done; `local` is the address bound (with its port).
  void transport_ready(TimePoint now, TransportId id, const Address& local);
  /// It could not be done, or the transport broke later. `reason` for a person.
  void transport_failed(TimePoint now, TransportId id, std::string_view reason);
  /// A datagram that arrived on a transport.
  Disposition handle_datagram(TimePoint now, TransportId transport, const Address& remote, ByteView datagram);
  /// Time has passed.
  void handle_timeout(TimePoint now);
  /// When handle_timeout() is next wanted; nothing when only input can change anything.
  [[nodiscard]] std::optional<TimePoint> next_timeout() const;
  /// The next datagram to send; nothing when there is none.
  std::optional<Transmit> poll_transmit();
  /// The next event; nothing when there is none.
  std::optional<Event> poll_event();

  // ---- looking in ----

  [[nodiscard]] Role role() const;
  [[nodiscard]] GatheringState gathering_state() const;
  [[nodiscard]] ConnectionState connection_state() const;
  [[nodiscard]] const Credentials& local_credentials() const;
  /// The session's remote credentials; empty strings while unknown.
  [[nodiscard]] const Credentials& remote_credentials() const;
  [[nodiscard]] Description local_description() const;
  /// What media of this component uses now, and since when; nothing without a valid pair.
  [[nodiscard]] std::optional<SelectedPair> selected_pair(StreamId stream, ComponentId component) const;
  /// Counters of the whole session.
  [[nodiscard]] AgentCounters counters() const;
  /// Every candidate and pair, their states and counts.
  [[nodiscard]] Snapshot snapshot() const;
  /// Why it failed, or what it waits for, in one or two plain sentences.
  [[nodiscard]] std::string explain() const;

 private:
  struct Parts;

  /// Called at the end of everything that may have changed something.
  void settle(TimePoint now);
  void apply_remote_credentials(TimePoint now, const Credentials& credentials);
  void remote_credentials_known(TimePoint now);
  void forget_remote(bool keep_early_checks);
  void forget_remote(Stream& stream);
  void release_component(Stream& stream, ComponentId component);
  void stop(ConnectionState state, std::string reason);

  std::unique_ptr<Parts> parts_;
};

}  // namespace ice
