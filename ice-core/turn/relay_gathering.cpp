// SPDX-License-Identifier: LGPL-2.1-or-later
// Where allocations come from and go to: one for each base and TURN server, over the base's own socket or a connection
// (RFC 8445 5.1.1.2; RFC 8656 6, 7).
#include <algorithm>

#include "ice-core/agent/connection_state.h"
#include "ice-core/gathering/stun_gathering.h"
#include "ice-core/turn/relays.h"

namespace ice {

namespace {

/// Addresses tried for one allocation, redirections included (RFC 8489 10).
constexpr std::size_t kMaxAsked = 4;
/// New sockets after 437 (Allocation Mismatch).
constexpr unsigned kMaxMismatches = 2;

bool decided(const AgentContext& context, StreamId stream_id, ComponentId component_id) {
  const Stream* stream = context.find_stream(stream_id);
  if (stream == nullptr) return true;
  const auto component = stream->components.find(component_id);
  return component == stream->components.end() || component->second.nominated;
}

}  // namespace

// ---- beginning ----

void Relays::update(TimePoint now) {
  now_ = now;
  // Records of an earlier generation: what failed then is tried again (RFC 8445 9), what works goes on.
  std::erase_if(relays_, [&](const auto& relay) {
    if (relay->live()) {
      if (relay->phase != Relay::Phase::leaving) relay->ufrag = context_.local.ufrag;
      return false;
    }
    return relay->ufrag != context_.local.ufrag || !context_.transports.contains(relay->base);
  });
  for (const auto& [server_id, server] : context_.servers.all()) {
    if (server.kind != Server::Kind::turn || server.at.addresses.empty()) continue;
    for (const auto& [id, transport] : context_.transports) {
      if (transport.kind != Transport::Kind::host || transport.state != Transport::State::ready) continue;
      if (decided(context_, transport.stream, transport.component)) continue;
      const bool known = std::any_of(relays_.begin(), relays_.end(), [&, base = id, asked = server_id](const auto& r) {
        return r->base == base && r->server == asked;
      });
      if (!known) add(server, id, transport);
    }
  }
}

void Relays::add(const Server& server, TransportId base, const Transport& transport) {
  for (const Address& address : server.at.addresses) {
    if (!can_ask(transport.bound, address)) continue;
    auto relay = std::make_unique<Relay>();
    relay->server = server.at.id;
    relay->stream = transport.stream;
    relay->component = transport.component;
    relay->ufrag = context_.local.ufrag;
    relay->base = base;
    relay->protocol = server.at.protocol;
    context_.streams.at(transport.stream).local_ended = false;
    start(*relay, address, relay->protocol != TransportProtocol::udp);
    relays_.push_back(std::move(relay));
    return;
  }
}

void Relays::start(Relay& relay, const Address& address, bool own_socket) {
  const Server& server = *context_.servers.find(relay.server);
  relay.address = address;
  relay.asked.push_back(address);
  relay.transport = relay.base;
  relay.phase = own_socket ? Relay::Phase::connecting : Relay::Phase::working;
  relay.opening = false;
  relay.granted = false;
  relay.framing = StreamFraming();
  TurnAllocationConfig config;
  config.user = server.username;
  config.password = server.password;
  config.families = server.families;
  config.stream = is_stream(relay.protocol);
  config.software = context_.config.software;
  relay.allocation = std::make_unique<TurnAllocation>(std::move(config), context_.random);
}

bool Relays::wants_slot() const {
  return std::any_of(relays_.begin(), relays_.end(), [](const auto& relay) {
    if (relay->phase == Relay::Phase::connecting) return !relay->opening;
    return relay->phase == Relay::Phase::working && relay->allocation->wants_slot();
  });
}

void Relays::begin_next(TimePoint now, Duration rto) {
  now_ = now;
  for (const auto& relay : relays_) {
    if (relay->phase == Relay::Phase::connecting && !relay->opening) {
      context_.servers.find(relay->server)->asked = true;
      open_transport(now, *relay);
      return;
    }
    if (relay->phase == Relay::Phase::working && relay->allocation->wants_slot()) {
      relay->since = now;
      context_.servers.find(relay->server)->asked = true;
      ++context_.counters.gathering_requests_sent;
      relay->allocation->ask(now, rto);
      flush(*relay);
      return;
    }
  }
}

void Relays::open_transport(TimePoint now, Relay& relay) {
  const Transport& base = context_.transports.at(relay.base);
  relay.opening = true;
  relay.since = now;
  relay.transport = TransportId(context_.next_transport_id++);
  Transport transport;
  transport.kind = Transport::Kind::server;
  transport.stream = relay.stream;
  transport.component = relay.component;
  transport.local = base.local;
  transport.local_preference = base.local_preference;
  const LocalAddress local = base.local;
  context_.transports.emplace(relay.transport, std::move(transport));
  context_.emit(OpenTransport{relay.transport, relay.stream, relay.component, local, relay.protocol, relay.address,
                              context_.servers.find(relay.server)->at.tls_name});
}

std::size_t Relays::unfinished() const {
  return static_cast<std::size_t>(std::count_if(relays_.begin(), relays_.end(), [](const auto& relay) {
    return relay->phase == Relay::Phase::connecting || (relay->phase == Relay::Phase::working && !relay->granted);
  }));
}

bool Relays::holds_back(StreamId stream, TimePoint now) const {
  return std::any_of(relays_.begin(), relays_.end(), [&](const auto& relay) {
    if (relay->stream != stream || relay->granted) return false;
    switch (relay->phase) {
      case Relay::Phase::connecting:
        if (!relay->opening) return true;
        break;
      case Relay::Phase::working:
        if (relay->allocation->wants_slot()) return true;
        break;
      case Relay::Phase::leaving:
      case Relay::Phase::done:
        return false;
    }
    if (now < relay->since + kServerSilence) return true;
    // With nothing to offer at all there is nothing that could be ended.
    const Stream& data = context_.streams.at(stream);
    return std::none_of(data.local_candidates.begin(), data.local_candidates.end(), [&](const LocalCandidate& local) {
      return !local.gone && local.candidate.component == relay->component;
    });
  });
}

void Relays::transport_ready(TimePoint now, TransportId id, const Address& local) {
  now_ = now;
  const auto transport = context_.transports.find(id);
  if (transport == context_.transports.end() || transport->second.state != Transport::State::opening) return;
  for (const auto& relay : relays_) {
    if (relay->transport != id || relay->phase != Relay::Phase::connecting) continue;
    transport->second.state = Transport::State::ready;
    transport->second.bound = local;
    relay->phase = Relay::Phase::working;
    return;
  }
}

void Relays::transport_failed(TimePoint now, TransportId id, std::string_view reason) {
  now_ = now;
  for (const auto& relay : relays_) {
    if (relay->transport != id || !relay->live()) continue;
    lose(*relay, "the connection to its TURN server failed");
    if (relay->phase == Relay::Phase::leaving) {
      done(*relay);
      return;
    }
    const std::string why = "cannot be reached: " + std::string(reason);
    context_.servers.find(relay->server)->trouble = why;
    close_transport(id);
    if (relay->granted || !try_elsewhere(*relay)) give_up(*relay, why);
    return;
  }
}

// ---- what comes of it ----

void Relays::settle(TimePoint now) {
  now_ = now;
  for (const auto& relay : relays_) {
    if (relay->phase == Relay::Phase::connecting && relay->opening && now >= relay->since + kPatience) {
      close_transport(relay->transport);
      if (!try_elsewhere(*relay)) give_up(*relay, "cannot be reached: no connection within 40 seconds");
    }
    if (relay->phase != Relay::Phase::working && relay->phase != Relay::Phase::leaving) continue;
    if (relay->allocation->state() == TurnAllocation::State::over) {
      ended(*relay);
    } else if (relay->phase == Relay::Phase::working && !relay->granted &&
               relay->allocation->state() == TurnAllocation::State::held) {
      granted(*relay);
    }
  }
  for (auto& unknown : std::exchange(unknown_, {})) relays_.push_back(std::move(unknown));
  // A host transport that was only kept for this can go.
  std::vector<TransportId> unused;
  for (const auto& [id, transport] : context_.transports) {
    if (transport.state != Transport::State::leaving) continue;
    const bool used = std::any_of(relays_.begin(), relays_.end(),
                                  [link = id](const auto& relay) { return relay->live() && relay->transport == link; });
    if (!used) unused.push_back(id);
  }
  for (const TransportId id : unused) close_transport(id);
}

void Relays::granted(Relay& relay) {
  relay.granted = true;
  Server& server = *context_.servers.find(relay.server);
  const TurnAllocation& allocation = *relay.allocation;
  server.trouble.clear();
  server.answered = true;
  server.remark = allocation.remark();
  if (allocation.round_trip_time()) server.round_trip_time = allocation.round_trip_time();
  context_.emit(RelayOpened{relay.transport, relay.address});
  Stream& stream = context_.streams.at(relay.stream);
  const Transport base = context_.transports.at(relay.base);
  const bool all = context_.config.policy == TransportPolicy::all;
  // From the base's own socket the server has seen what a STUN server would have (RFC 8445 5.1.1.2).
  if (all && !relay.own_transport() && allocation.mapped() && allocation.mapped()->family() == base.bound.family()) {
    const bool added =
        candidates_.add(stream, relay.component,
                        FoundCandidate{CandidateType::server_reflexive, relay.base, base.bound, *allocation.mapped(),
                                       relay.address, base.bound, base.local_preference});
    if (added) ++server.candidates;
  }
  for (const Address& address : allocation.relayed()) {
    const TransportId id(context_.next_transport_id++);
    Transport transport;
    transport.kind = Transport::Kind::relayed;
    transport.stream = relay.stream;
    transport.component = relay.component;
    transport.local = base.local;
    transport.local_preference = base.local_preference;
    transport.state = Transport::State::ready;
    transport.bound = address;
    context_.transports.emplace(id, std::move(transport));
    routes_.emplace(id, Route{relay.transport, RelayPath{relay.address, {}, std::nullopt, is_stream(relay.protocol)}});
    relay.relayed.push_back(id);
    const bool added =
        candidates_.add(stream, relay.component,
                        FoundCandidate{CandidateType::relayed, id, address, address, relay.address,
                                       allocation.mapped() ? allocation.mapped() : std::optional(base.bound),
                                       relayed_preference(base.local_preference, relay.protocol)});
    if (added) ++server.candidates;
  }
}

void Relays::ended(Relay& relay) {
  const TurnAllocation::Ending ending = relay.allocation->ending();
  const std::string why = relay.allocation->why();
  if (relay.granted) {
    if (ending == TurnAllocation::Ending::lost) context_.servers.find(relay.server)->trouble = why;
    lose(relay, context_.servers.find(relay.server)->title() + " " + why);
    done(relay);
    return;
  }
  if (relay.phase == Relay::Phase::leaving || ending == TurnAllocation::Ending::released) {
    done(relay);
    return;
  }
  const std::optional<Address> alternate = relay.allocation->alternate();
  const bool had_own = relay.own_transport();
  if (ending == TurnAllocation::Ending::mismatch) {
    // RFC 8656 7.4: this socket has an allocation already, of another life perhaps, or the answer that granted it was
    // lost. It is given back, and another socket has none.
    give_back_unknown(relay);
    if (relay.mismatches++ < kMaxMismatches) {
      start(relay, relay.address, true);
      return;
    }
  } else if (had_own) {
    close_transport(relay.transport);
  }
  if (ending == TurnAllocation::Ending::elsewhere && alternate && may_go_to(relay, *alternate)) {
    context_.trace([&] { return context_.servers.find(relay.server)->title() + " sends us to " + alternate->text(); });
    start(relay, *alternate, had_own);
    return;
  }
  context_.servers.find(relay.server)->trouble = why;
  // Another address of the same server helps where this one is down, not where it has said no.
  if (ending == TurnAllocation::Ending::silent && try_elsewhere(relay)) return;
  give_up(relay, why);
}

void Relays::give_back_unknown(Relay& relay) {
  auto unknown = std::make_unique<Relay>();
  unknown->server = relay.server;
  unknown->stream = relay.stream;
  unknown->component = relay.component;
  unknown->base = relay.base;
  unknown->transport = relay.transport;
  unknown->protocol = relay.protocol;
  unknown->address = relay.address;
  unknown->phase = Relay::Phase::leaving;
  unknown->allocation = std::move(relay.allocation);
  unknown->framing = std::move(relay.framing);
  relay.transport = relay.base;
  unknown->allocation->release(now_);
  flush(*unknown);
  unknown_.push_back(std::move(unknown));
}

bool Relays::may_go_to(const Relay& relay, const Address& address) const {
  return relay.asked.size() < kMaxAsked && address.port() != 0 && !address.is_unspecified() &&
         !address.is_multicast() && can_ask(context_.transports.at(relay.base).bound, address) &&
         address.is_loopback() == relay.address.is_loopback() &&
         std::find(relay.asked.begin(), relay.asked.end(), address) == relay.asked.end();
}

bool Relays::try_elsewhere(Relay& relay) {
  for (const Address& address : context_.servers.find(relay.server)->at.addresses) {
    if (!may_go_to(relay, address)) continue;
    start(relay, address, relay.protocol != TransportProtocol::udp);
    return true;
  }
  return false;
}

void Relays::give_up(Relay& relay, const std::string& why) {
  Server& server = *context_.servers.find(relay.server);
  server.trouble = why;
  context_.trace([&] { return server.title() + " " + why; });
  done(relay);
}

// ---- ending ----

void Relays::lose(Relay& relay, const std::string& why) {
  for (const TransportId id : relay.relayed) lost_.push_back(Lost{id, why});
  if (!relay.relayed.empty()) context_.emit(RelayClosed{relay.transport, relay.address});
  relay.relayed.clear();
}

void Relays::leave(TimePoint now, Relay& relay, const std::string& why) {
  lose(relay, why);
  switch (relay.phase) {
    case Relay::Phase::connecting:
      if (relay.opening) close_transport(relay.transport);
      done(relay);
      break;
    case Relay::Phase::working:
      relay.phase = Relay::Phase::leaving;
      relay.allocation->release(now);
      flush(relay);
      if (relay.allocation->state() == TurnAllocation::State::over) done(relay);
      break;
    case Relay::Phase::leaving:
    case Relay::Phase::done:
      break;
  }
}

void Relays::done(Relay& relay) {
  relay.phase = Relay::Phase::done;
  relay.allocation.reset();
  if (relay.own_transport()) close_transport(relay.transport);
}

void Relays::close_transport(TransportId id) {
  if (context_.transports.erase(id) > 0) context_.emit(CloseTransport{id});
}

void Relays::base_failed(TransportId base) {
  for (const auto& relay : relays_) {
    if (!relay->live() || relay->base != base) continue;
    if (relay->own_transport() && relay->phase != Relay::Phase::connecting) continue;  // its own still works
    lose(*relay, "its local socket failed");
    if (relay->opening) close_transport(relay->transport);
    done(*relay);
  }
}

void Relays::release_component(TimePoint now, StreamId stream, ComponentId component) {
  now_ = now;
  for (const auto& relay : relays_) {
    if (relay->stream == stream && relay->component == component) leave(now, *relay, "its component was removed");
  }
  for (const auto& relay : relays_) {
    if (relay->phase != Relay::Phase::leaving || relay->stream != stream || relay->component != component) continue;
    const auto base = context_.transports.find(relay->transport);
    if (base != context_.transports.end() && base->second.kind == Transport::Kind::host) {
      base->second.state = Transport::State::leaving;
    }
  }
}

void Relays::release_all(TimePoint now) {
  now_ = now;
  for (const auto& relay : relays_) {
    leave(now, *relay, "the session is over");
    relay->ufrag.clear();  // none of a generation: asked for again when the session begins again
  }
}

bool Relays::idle() const {
  return std::none_of(relays_.begin(), relays_.end(), [](const auto& relay) { return relay->live(); });
}

void Relays::abandon() {
  for (const auto& relay : relays_) {
    if (relay->live()) done(*relay);
  }
}

void Relays::free_unused(TimePoint now) {
  for (auto& [stream_id, stream] : context_.streams) {
    for (const auto& [component_id, component] : stream.components) {
      const std::pair key(stream_id, component_id);
      if (!component.nominated || !component.selected) {
        settled_.erase(key);
        continue;
      }
      const auto [settled, is_new] = settled_.try_emplace(key, Settled{*component.selected, now});
      if (settled->second.pair != *component.selected) settled->second = Settled{*component.selected, now};
      if (now < settled->second.since + kFreeAfter) continue;
      const CandidatePair* selected = stream.checklist.find(*component.selected);
      for (const auto& relay : relays_) {
        if (relay->stream != stream_id || relay->component != component_id) continue;
        const auto& own = relay->relayed;
        if (selected != nullptr && std::find(own.begin(), own.end(), selected->transport) != own.end()) continue;
        leave(now, *relay, "given back after the selection");
      }
    }
  }
}

std::size_t Relays::held(ServerId server) const {
  return static_cast<std::size_t>(std::count_if(relays_.begin(), relays_.end(), [&](const auto& relay) {
    return relay->server == server && relay->live() && relay->granted && !relay->relayed.empty();
  }));
}

}  // namespace ice
