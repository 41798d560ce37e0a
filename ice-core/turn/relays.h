// SPDX-License-Identifier: LGPL-2.1-or-later
// The agent's allocations, and the relayed transports that they make: to the checks each relayed candidate's base looks
// like a socket; here it becomes messages to and from a TURN server.
//
//   checks ── Transmit(relayed) ──▶ outbound() ──▶ Send indication or ChannelData ──▶ the server's transport
//   the server's transport ──▶ take() ──▶ Payload(relayed, peer) ──▶ checks, or Media
//
// Where allocations come from: relay_gathering.cpp. Where their bytes go: relays.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/agent/context.h"
#include "ice-core/gathering/local_candidates.h"
#include "ice-core/turn/stream_framing.h"
#include "ice-core/turn/turn_allocation.h"

namespace ice {

class Relays final : public RelayAccess {
 public:
  /// A relay that the selected pair does not use is given back so long after the nomination (RFC 8445 8.3).
  static constexpr Duration kFreeAfter = std::chrono::seconds(3);

  Relays(AgentContext& context, LocalCandidates& candidates) : context_(context), candidates_(candidates) {}

  // ---- gathering (relay_gathering.cpp) ----

  /// Sees to it that every base has, or is on the way to, an allocation on every server of its family.
  void update(TimePoint now);
  [[nodiscard]] bool wants_slot() const;
  /// Begins the next transaction: an Allocate, or a connection to a server.
  void begin_next(TimePoint now, Duration rto);
  [[nodiscard]] std::size_t unfinished() const;
  [[nodiscard]] bool holds_back(StreamId stream, TimePoint now) const;
  /// A transport that leads to a server.
  void transport_ready(TimePoint now, TransportId id, const Address& local);
  void transport_failed(TimePoint now, TransportId id, std::string_view reason);
  /// A host transport broke: nothing can be said to the servers by it any more.
  void base_failed(TransportId base);
  /// The component goes: its allocations are released. Host transports that this needs are left open, in the state
  /// `leaving`, and closed when it is done.
  void release_component(TimePoint now, StreamId stream, ComponentId component);
  /// The session has failed: everything is given back, and asked for anew when it begins again.
  void release_all(TimePoint now);
  /// Nothing is held, asked for or being released.
  [[nodiscard]] bool idle() const;
  /// Gives up on releases that the servers did not confirm.
  void abandon();

  // ---- use (relays.cpp) ----

  /// Retransmits, renews, asks for the permissions and channels that the pairs need.
  void advance(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_timeout(TimePoint now) const;
  [[nodiscard]] bool may_check(TransportId transport, const Address& remote) const override;

  /// Payload that a relay delivered.
  struct Payload {
    TransportId relayed;
    Address peer;
    std::size_t offset = 0;  ///< its place in the datagram
    std::size_t length = 0;
  };
  enum class Taken { not_ours, consumed, discarded, payload };
  /// A datagram, or a message out of a stream, from `source` on a transport that the driver knows.
  Taken take(TimePoint now, TransportId transport, const Address& source, ByteView datagram, Payload& payload);
  /// Bytes of a stream that leads to a server; calls `message` for each whole message in it. False: it makes no sense,
  /// the connection is given up.
  bool take_stream(TimePoint now, TransportId transport, ByteView bytes, const std::function<void(ByteView)>& message);
  [[nodiscard]] std::optional<Address> server_of(TransportId transport) const;

  /// What the checks sent on a relayed transport, as the driver sends it; nothing when the relay is gone. Others pass.
  [[nodiscard]] std::optional<Transmit> outbound(TimePoint now, Transmit transmit);
  /// The same for events that name relayed transports; nothing for those that the driver has no use for.
  [[nodiscard]] std::optional<Event> outbound(TimePoint now, Event event);

  /// The transport that the driver knows: what leads to the server, for a relayed one.
  [[nodiscard]] TransportId carrier(TransportId transport) const;

  /// Relayed transports that are lost, and why: their pairs can be used no more. Each is told once.
  struct Lost {
    TransportId relayed;
    std::string why;
  };
  [[nodiscard]] bool has_lost() const { return !lost_.empty(); }
  [[nodiscard]] std::vector<Lost> take_lost() { return std::exchange(lost_, {}); }

  [[nodiscard]] std::size_t held(ServerId server) const;

 private:
  /// One allocation, from the wish for it until the server has forgotten it.
  struct Relay {
    enum class Phase {
      connecting,  ///< waits for a transport of its own, asked for or not: see `opening`
      working,     ///< it has an allocation, or is asking for one
      leaving,     ///< the server is being told that it is wanted no more
      done,        ///< failed, lost or released: only remembered, so that it is not tried over and over
    };

    ServerId server;
    StreamId stream;
    ComponentId component;
    std::string ufrag;      ///< of the generation that asked
    TransportId base;       ///< the host transport that it was gathered from
    TransportId transport;  ///< what leads to the server: the base, or one of its own
    Phase phase = Phase::working;
    bool opening = false;  ///< connecting: the driver was asked
    Address address;       ///< of the server
    TransportProtocol protocol = TransportProtocol::udp;
    std::vector<Address> asked;  ///< addresses so far, redirections included
    unsigned mismatches = 0;
    TimePoint since{};  ///< the present step began
    std::unique_ptr<TurnAllocation> allocation;
    StreamFraming framing;
    std::vector<TransportId> relayed;
    bool granted = false;  ///< the allocation's addresses have become candidates

    [[nodiscard]] bool own_transport() const { return transport != base; }
    [[nodiscard]] bool live() const { return phase != Phase::done; }
  };
  /// Where a relayed transport leads, remembered until what names it has been drained.
  struct Route {
    TransportId transport;
    RelayPath path;  ///< without peer and channel
  };

  // relay_gathering.cpp
  void add(const Server& server, TransportId base, const Transport& transport);
  void start(Relay& relay, const Address& address, bool own_socket);
  void open_transport(TimePoint now, Relay& relay);
  /// Sees what the allocations have come to.
  void settle(TimePoint now);
  void granted(Relay& relay);
  void ended(Relay& relay);
  void give_back_unknown(Relay& relay);
  [[nodiscard]] bool may_go_to(const Relay& relay, const Address& address) const;
  bool try_elsewhere(Relay& relay);
  void give_up(Relay& relay, const std::string& why);
  void leave(TimePoint now, Relay& relay, const std::string& why);
  /// Its relayed transports are lost.
  void lose(Relay& relay, const std::string& why);
  void done(Relay& relay);
  void close_transport(TransportId id);
  void free_unused(TimePoint now);
  // relays.cpp
  void flush(Relay& relay);
  void want_peers(Relay& relay);
  void fail_forbidden(Relay& relay);
  void tell_channels(Relay& relay);
  [[nodiscard]] Relay* relay_at(TransportId transport, const Address& server);
  [[nodiscard]] const Relay* relay_of(TransportId relayed) const;
  [[nodiscard]] std::optional<RelayPath> path(TransportId relayed, const Address& peer) const;

  AgentContext& context_;
  LocalCandidates& candidates_;
  std::vector<std::unique_ptr<Relay>> relays_;
  std::vector<std::unique_ptr<Relay>> unknown_;  ///< to be added to them
  std::map<TransportId, Route> routes_;
  std::vector<Lost> lost_;
  /// Since when each component's nominated pair is the selected one.
  struct Settled {
    PairId pair;
    TimePoint since;
  };
  std::map<std::pair<StreamId, ComponentId>, Settled> settled_;
  std::map<std::pair<TransportId, Address>, std::uint16_t> told_channels_;
  TimePoint now_{};  ///< of the latest call: may_check() and events in the outbox are judged by it
};

}  // namespace ice
