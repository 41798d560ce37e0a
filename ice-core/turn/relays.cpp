// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes to and from relays, and the permissions and channels that they need (RFC 8656 9, 11, 12).
#include "ice-core/turn/relays.h"

#include <algorithm>
#include <set>

#include "ice-core/agent/connection_state.h"
#include "ice-core/gathering/stun_gathering.h"

namespace ice {

// ---- finding ----

Relays::Relay* Relays::relay_at(TransportId transport, const Address& server) {
  const auto found = std::find_if(relays_.begin(), relays_.end(), [&](const auto& relay) {
    return relay->transport == transport && relay->address == server &&
           (relay->phase == Relay::Phase::working || relay->phase == Relay::Phase::leaving);
  });
  return found == relays_.end() ? nullptr : found->get();
}

const Relays::Relay* Relays::relay_of(TransportId relayed) const {
  const auto found = std::find_if(relays_.begin(), relays_.end(), [&](const auto& relay) {
    return std::find(relay->relayed.begin(), relay->relayed.end(), relayed) != relay->relayed.end();
  });
  return found == relays_.end() ? nullptr : found->get();
}

std::optional<Address> Relays::server_of(TransportId transport) const {
  const auto found = std::find_if(relays_.begin(), relays_.end(),
                                  [&](const auto& relay) { return relay->transport == transport && relay->live(); });
  return found == relays_.end() ? std::nullopt : std::optional((*found)->address);
}

std::optional<RelayPath> Relays::path(TransportId relayed, const Address& peer) const {
  const auto route = routes_.find(relayed);
  if (route == routes_.end()) return std::nullopt;
  RelayPath path = route->second.path;
  path.peer = peer;
  if (const Relay* relay = relay_of(relayed)) path.channel = relay->allocation->channel_of(peer, now_);
  return path;
}

TransportId Relays::carrier(TransportId transport) const {
  const auto route = routes_.find(transport);
  return route == routes_.end() ? transport : route->second.transport;
}

bool Relays::may_check(TransportId transport, const Address& remote) const {
  if (!routes_.contains(transport)) return true;
  const Relay* relay = relay_of(transport);
  return relay != nullptr && relay->allocation->permits(remote, now_);
}

// ---- in ----

Relays::Taken Relays::take(TimePoint now, TransportId transport, const Address& source, ByteView datagram,
                           Payload& payload) {
  now_ = now;
  Relay* relay = relay_at(transport, source);
  if (relay == nullptr) return Taken::not_ours;
  if (const auto relayed = relay_unwrap(datagram)) {
    const auto peer = relayed->channel ? relay->allocation->peer_of(*relayed->channel) : relayed->peer;
    // Media may begin as ChannelData does, so a number that is none of ours says nothing.
    if (!peer) return Taken::not_ours;
    for (const TransportId id : relay->relayed) {
      if (context_.transports.at(id).bound.family() != peer->family()) continue;
      payload = Payload{id, *peer, relayed->offset, relayed->length};
      return Taken::payload;
    }
    return Taken::discarded;
  }
  if (!looks_like_stun(datagram)) return Taken::not_ours;
  const auto message = StunMessage::parse(datagram);
  if (!message || message->method() == StunMethod::binding) return Taken::not_ours;
  const bool accepted = relay->allocation->handle_response(now, *message);
  flush(*relay);
  return accepted ? Taken::consumed : Taken::discarded;
}

bool Relays::take_stream(TimePoint now, TransportId transport, ByteView bytes,
                         const std::function<void(ByteView)>& message) {
  now_ = now;
  const auto found = std::find_if(relays_.begin(), relays_.end(), [&](const auto& relay) {
    return relay->transport == transport && relay->own_transport() && is_stream(relay->protocol) &&
           (relay->phase == Relay::Phase::working || relay->phase == Relay::Phase::leaving);
  });
  if (found == relays_.end()) return true;
  return (*found)->framing.take(bytes, message);
}

// ---- out ----

void Relays::flush(Relay& relay) {
  context_.counters.server_requests_sent += relay.allocation->take_unpaced_count();
  for (Bytes& bytes : relay.allocation->take_outgoing())
    context_.send(relay.transport, relay.address, std::move(bytes));
}

std::optional<Transmit> Relays::outbound(TimePoint now, Transmit transmit) {
  now_ = now;
  if (!routes_.contains(transmit.transport)) return transmit;
  const Relay* relay = relay_of(transmit.transport);
  if (relay == nullptr || transmit.bytes.size() > kMaxRelayPayload) return std::nullopt;
  const auto wrapped = path(transmit.transport, transmit.remote);
  return Transmit{relay->transport, relay->address, relay_wrap(*wrapped, transmit.bytes, context_.random)};
}

std::optional<Event> Relays::outbound(TimePoint now, Event event) {
  now_ = now;
  const auto redirect = [&](auto& named) {
    const auto route = routes_.find(named.transport);
    if (route == routes_.end()) return;
    named.relay = path(named.transport, named.remote);
    named.transport = route->second.transport;
  };
  if (auto* validated = std::get_if<SourceValidated>(&event)) redirect(*validated);
  if (auto* revoked = std::get_if<SourceRevoked>(&event)) redirect(*revoked);
  if (auto* changed = std::get_if<PathChanged>(&event); changed != nullptr && changed->path) redirect(*changed->path);
  if (const auto* closed = std::get_if<CloseTransport>(&event); closed != nullptr && routes_.contains(closed->id)) {
    return std::nullopt;
  }
  return event;
}

// ---- permissions and channels ----

void Relays::want_peers(Relay& relay) {
  std::set<Address> ips;
  std::set<Address> peers;
  const Stream* stream = context_.find_stream(relay.stream);
  if (stream != nullptr) {
    const auto ours = [&](TransportId id) {
      return std::find(relay.relayed.begin(), relay.relayed.end(), id) != relay.relayed.end();
    };
    for (const auto& pair : stream->checklist.pairs()) {
      if (pair->state != PairState::failed && ours(pair->transport)) ips.insert(pair->remote_address.with_port(0));
    }
    for (const auto& [id, component] : stream->components) {
      const CandidatePair* selected = component.selected ? stream->checklist.find(*component.selected) : nullptr;
      if (selected != nullptr && ours(selected->transport)) peers.insert(selected->remote_address);
    }
  }
  relay.allocation->want_permissions(ips);
  relay.allocation->want_channels(peers);
}

void Relays::fail_forbidden(Relay& relay) {
  Stream* stream = context_.find_stream(relay.stream);
  if (stream == nullptr) return;
  for (const auto& pair : stream->checklist.pairs()) {
    if (pair->state != PairState::waiting && pair->state != PairState::frozen) continue;
    if (std::find(relay.relayed.begin(), relay.relayed.end(), pair->transport) == relay.relayed.end()) continue;
    const std::string* why = relay.allocation->forbidden(pair->remote_address);
    if (why == nullptr) continue;
    pair->state = PairState::failed;
    pair->failure = "its TURN server does not relay there: " + *why;
    stream->checklist.triggered().remove(pair->id);
    context_.trace([&] { return "failed " + pair_text(*stream, *pair) + ": " + pair->failure; });
  }
}

void Relays::tell_channels(Relay& relay) {
  const Stream* stream = context_.find_stream(relay.stream);
  if (stream == nullptr) return;
  for (const auto& [id, component] : stream->components) {
    const CandidatePair* pair = component.selected ? stream->checklist.find(*component.selected) : nullptr;
    if (pair == nullptr) continue;
    const auto& own = relay.relayed;
    if (std::find(own.begin(), own.end(), pair->transport) == own.end()) continue;
    const std::uint16_t number = relay.allocation->channel_of(pair->remote_address, now_).value_or(0);
    std::uint16_t& told = told_channels_[{pair->transport, pair->remote_address}];
    if (told == number) continue;
    told = number;
    // The way is the same, its wrapping another.
    context_.emit(PathChanged{stream->id, id,
                              PathChanged::Path{pair->transport,
                                                pair->remote_address,
                                                stream->local(pair->local).candidate,
                                                stream->remote(pair->remote).candidate,
                                                pair->nominated,
                                                {}}});
    const Transport& transport = context_.transports.at(pair->transport);
    if (std::find(transport.validated.begin(), transport.validated.end(), pair->remote_address) !=
        transport.validated.end()) {
      context_.emit(SourceValidated{pair->transport, pair->remote_address, stream->id, id, {}});
    }
  }
}

// ---- time ----

void Relays::advance(TimePoint now) {
  settle(now);
  free_unused(now);
  for (const auto& relay : relays_) {
    if (relay->phase != Relay::Phase::working && relay->phase != Relay::Phase::leaving) continue;
    if (relay->granted) want_peers(*relay);
    relay->allocation->advance(now);
    flush(*relay);
    if (relay->granted && relay->phase == Relay::Phase::working) {
      fail_forbidden(*relay);
      tell_channels(*relay);
    }
  }
  settle(now);
  // What names a lost relay has been drained.
  if (context_.out.events.empty() && context_.out.transmits.empty()) {
    std::erase_if(routes_, [&](const auto& route) { return !context_.transports.contains(route.first); });
    std::erase_if(told_channels_, [&](const auto& told) { return !routes_.contains(told.first.first); });
  }
}

std::optional<TimePoint> Relays::next_timeout(TimePoint now) const {
  std::optional<TimePoint> next;
  const auto consider = [&](std::optional<TimePoint> time) {
    if (time) next = std::min(next.value_or(*time), *time);
  };
  for (const auto& relay : relays_) {
    if (!relay->live()) continue;
    if (!relay->granted && relay->phase != Relay::Phase::leaving) {
      for (const Duration step : {kServerSilence, kPatience}) {
        if (relay->since + step > now && relay->since != TimePoint{}) consider(relay->since + step);
      }
    }
    if (relay->phase != Relay::Phase::connecting) consider(relay->allocation->next_timeout(now));
  }
  if (!idle()) {
    for (const auto& [key, settled] : settled_) {
      if (settled.since + kFreeAfter > now) consider(settled.since + kFreeAfter);
    }
  }
  return next;
}

}  // namespace ice
