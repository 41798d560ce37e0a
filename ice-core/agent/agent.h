// SPDX-License-Identifier: LGPL-2.1-or-later
// The ICE agent (RFC 8445). It does no I/O, reads no clock and starts no thread. To drive it:
//
//   1. make an Agent, add_component() for each flow, set_local_addresses(), gather();
//   2. after every call into it, drain poll_transmit() and send each datagram, drain poll_event() and obey or pass on;
//   3. call handle_timeout() when next_timeout() has come (it changes with every call);
//   4. hand every datagram received to handle_datagram(), what a TCP or TLS connection delivers to handle_stream();
//   what
//      they call media goes to the component they name;
//   5. hand the peer's description and candidates to it as they come; send media on the path that PathChanged names;
//   6. after close(), go on with 2 to 4 until Finished comes (at once where there is no TURN allocation, else within
//      kFarewell): the servers are told. An agent that is destroyed sooner leaves that to their clocks.
//
// `now` may go back: the agent's own time does not, and goes on from where it was.
// Not thread-safe; calls are quick. All methods may be called in any state; the application's do nothing after close().
#pragma once

#include <cstdint>
#include <functional>
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
#include "ice-core/gathering/server.h"

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
  TransportPolicy policy = TransportPolicy::all;
};

/// How long after close() the agent still asks TURN servers to release its allocations.
inline constexpr Duration kFarewell = std::chrono::seconds(4);

/// A datagram to send now; on a TCP or TLS connection, bytes to append to its stream.
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
  /// The payload's place in the datagram: all of it, but for what a relay delivered.
  std::size_t offset = 0;
  std::size_t length = 0;
};                   ///< media of this component: hand it on
struct Stranger {};  ///< from nobody validated: dropped and counted
using Disposition = std::variant<Consumed, Media, Stranger>;

/// Receives media that handle_stream() found; the bytes are valid during the call only.
using MediaSink = std::function<void(StreamId, ComponentId, ByteView)>;

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
  /// Before gather() only.
  Result<> set_transport_policy(TransportPolicy policy);
  /// At any time; with gathering under way the server is asked at once. Error: an id that is taken, a STUN server over
  /// anything but UDP, an address that no server can have, a TURN server without username or password.
  Result<> add_stun_server(TimePoint now, StunServer server);
  Result<> add_turn_server(TimePoint now, TurnServer server);
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
  /// A server's name was looked up (once): its addresses with the port, best first, or why there are none.
  void server_resolved(TimePoint now, ServerId id, std::vector<Address> addresses);
  void server_failed(TimePoint now, ServerId id, std::string_view reason);
  /// A datagram that arrived on a transport; what its source is, for a connected one (DTLS): the server.
  Disposition handle_datagram(TimePoint now, TransportId transport, const Address& remote, ByteView datagram);
  /// What a TCP or TLS connection delivered, in any pieces. Media in it goes to `media`, during the call.
  void handle_stream(TimePoint now, TransportId transport, ByteView bytes, const MediaSink& media);
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
  /// After close(): nothing more is wanted (Finished was emitted).
  [[nodiscard]] bool finished() const;
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
  /// next_timeout(), by the time that the agent feels.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  void apply_remote_credentials(TimePoint now, const Credentials& credentials);
  void remote_credentials_known(TimePoint now);
  void forget_remote(bool keep_early_checks);
  void forget_remote(Stream& stream);
  void release_component(Stream& stream, ComponentId component);
  /// What arrived, without a relay's wrapping.
  Disposition handle_payload(TimePoint now, TransportId transport, const Address& remote, ByteView datagram);
  /// Its pairs can be used no more.
  void lose_transport(TimePoint now, TransportId id, const std::string& why);
  void lose_relays(TimePoint now);
  void stop(ConnectionState state, std::string reason);

  std::unique_ptr<Parts> parts_;
};

}  // namespace ice
