// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/gathering/stun_gathering.h"

#include <algorithm>

#include "ice-core/turn/turn_messages.h"

namespace ice {

namespace {

/// Redirections and addresses tried for one query.
constexpr std::size_t kMaxAsked = 4;

bool usable_mapping(const Address& mapped, const Address& base) {
  return mapped.family() == base.family() && !mapped.is_unspecified() && !mapped.is_multicast() && mapped.port() != 0;
}

}  // namespace

void StunGathering::add(const Server& server, TransportId base, const Transport& transport) {
  for (const Address& address : server.at.addresses) {
    if (!can_ask(transport.bound, address)) continue;
    Query query;
    query.server = server.at.id;
    query.base = base;
    query.stream = transport.stream;
    query.component = transport.component;
    query.ufrag = context_.local.ufrag;
    query.address = address;
    queries_.push_back(std::move(query));
    context_.streams.at(transport.stream).local_ended = false;
    return;
  }
}

void StunGathering::update(TimePoint) {
  std::erase_if(queries_, [&](const Query& query) {
    const auto base = context_.transports.find(query.base);
    return base == context_.transports.end() || base->second.state != Transport::State::ready;
  });
  // A new generation gathers anew (RFC 8445 9): a mapping may be another by now.
  for (Query& query : queries_) {
    if (query.ufrag == context_.local.ufrag) continue;
    query.ufrag = context_.local.ufrag;
    if (query.state == Query::State::queued || (query.state == Query::State::asking && !query.keepalive)) continue;
    query.state = Query::State::queued;
    query.keepalive = false;
    query.transaction.reset();
    query.asked.clear();
    context_.streams.at(query.stream).local_ended = false;
  }
  if (context_.config.policy == TransportPolicy::relay) return;
  for (const auto& [server_id, server] : context_.servers.all()) {
    if (server.kind != Server::Kind::stun || server.at.addresses.empty()) continue;
    for (const auto& [id, transport] : context_.transports) {
      if (transport.kind != Transport::Kind::host || transport.state != Transport::State::ready) continue;
      if (!context_.streams.contains(transport.stream)) continue;
      const bool known =
          std::any_of(queries_.begin(), queries_.end(),
                      [&, base = id, asked = server_id](const auto& q) { return q.base == base && q.server == asked; });
      if (!known) add(server, id, transport);
    }
  }
}

bool StunGathering::wants_slot() const {
  return std::any_of(queries_.begin(), queries_.end(), [](const Query& q) { return q.state == Query::State::queued; });
}

std::size_t StunGathering::unfinished() const {
  return static_cast<std::size_t>(std::count_if(queries_.begin(), queries_.end(), [](const Query& q) {
    return q.state == Query::State::queued || q.state == Query::State::asking;
  }));
}

bool StunGathering::holds_back(StreamId stream, TimePoint now) const {
  return std::any_of(queries_.begin(), queries_.end(), [&](const Query& query) {
    if (query.stream != stream) return false;
    if (query.state == Query::State::queued) return true;
    return query.state == Query::State::asking && now < query.transaction->started() + kServerSilence;
  });
}

void StunGathering::send(TimePoint now, Query& query, Duration rto) {
  const TransactionId id = TransactionId::random(context_.random);
  StunBuilder request(StunClass::request, StunMethod::binding, id);
  if (!context_.config.software.empty()) request.text(StunAttribute::software, context_.config.software);
  Bytes bytes = request.fingerprint().build();
  context_.send(query.base, query.address, bytes);
  query.transaction.emplace(id, std::move(bytes), now, rto);
}

void StunGathering::begin_next(TimePoint now, Duration rto) {
  const auto next = std::find_if(queries_.begin(), queries_.end(),
                                 [](const Query& query) { return query.state == Query::State::queued; });
  if (next == queries_.end()) return;
  next->state = Query::State::asking;
  next->keepalive = false;
  next->asked.push_back(next->address);
  context_.servers.find(next->server)->asked = true;
  ++context_.counters.gathering_requests_sent;
  send(now, *next, rto);
}

bool StunGathering::handle_response(TimePoint now, TransportId transport, const Address& source,
                                    const StunMessage& response) {
  const auto query = std::find_if(queries_.begin(), queries_.end(), [&](const Query& each) {
    return each.transaction && each.transaction->id() == response.transaction_id();
  });
  // An answer from elsewhere is none: whoever saw the request could send it (RFC 8489 6.3.3).
  if (query == queries_.end() || query->base != transport || query->address != source) return false;
  if (!response.unknown_required().empty()) return false;
  if (response.message_class() == StunClass::success) {
    found(now, *query, response);
  } else {
    rejected(*query, response);
  }
  return true;
}

void StunGathering::found(TimePoint now, Query& query, const StunMessage& response) {
  Server& server = *context_.servers.find(query.server);
  if (const auto round_trip = query.transaction->round_trip(now)) server.round_trip_time = round_trip;
  query.transaction.reset();
  query.keepalive = false;
  query.keepalive_at = now + kKeepalive;
  const Transport& base = context_.transports.at(query.base);
  const auto mapped = response.mapped_address();
  if (!mapped || !usable_mapping(*mapped, base.bound)) {
    try_elsewhere(query, "answered without a usable address of ours");
    return;
  }
  query.state = Query::State::found;
  server.trouble.clear();
  server.answered = true;
  if (query.mapped == mapped) return;
  Stream& stream = context_.streams.at(query.stream);
  // The NAT has given the binding up, or the network has changed.
  if (query.mapped) candidates_.remove_reflexive(stream, query.base, *query.mapped);
  query.mapped = mapped;
  const bool added = candidates_.add(stream, query.component,
                                     FoundCandidate{CandidateType::server_reflexive, query.base, base.bound, *mapped,
                                                    query.address, base.bound, base.local_preference});
  if (added) ++server.candidates;
}

void StunGathering::rejected(Query& query, const StunMessage& response) {
  query.transaction.reset();
  if (query.keepalive) {
    query.keepalive = false;
    return;
  }
  const auto error = response.error_code();
  const auto alternate = response.alternate_server();
  const bool redirected = error && error->code == 300 && alternate && query.asked.size() < kMaxAsked &&
                          can_ask(context_.transports.at(query.base).bound, *alternate) && alternate->port() != 0 &&
                          alternate->is_loopback() == query.address.is_loopback() &&
                          std::find(query.asked.begin(), query.asked.end(), *alternate) == query.asked.end();
  if (redirected) {
    query.address = *alternate;
    query.state = Query::State::queued;
    return;
  }
  try_elsewhere(query, error ? said(*error) : "answered with an error");
}

void StunGathering::timed_out(Query& query) {
  query.transaction.reset();
  if (!query.keepalive) try_elsewhere(query, "gives no answer");
  query.keepalive = false;
}

void StunGathering::try_elsewhere(Query& query, const std::string& why) {
  Server& server = *context_.servers.find(query.server);
  server.trouble = why;
  for (const Address& address : server.at.addresses) {
    if (query.asked.size() >= kMaxAsked || !can_ask(context_.transports.at(query.base).bound, address)) continue;
    if (std::find(query.asked.begin(), query.asked.end(), address) != query.asked.end()) continue;
    query.address = address;
    query.state = Query::State::queued;
    return;
  }
  query.state = Query::State::failed;
  context_.trace([&] { return server.title() + " " + why; });
}

bool StunGathering::kept_alive(const Query& query) const {
  if (query.state != Query::State::found || context_.state == ConnectionState::failed) return false;
  // RFC 8445 5.1.1.4: until ICE is done; then the checks of consent keep what is in use.
  const Stream* stream = context_.find_stream(query.stream);
  if (stream == nullptr) return false;
  const auto component = stream->components.find(query.component);
  return component != stream->components.end() && !component->second.nominated;
}

void StunGathering::advance(TimePoint now) {
  for (Query& query : queries_) {
    if (query.transaction) {
      switch (query.transaction->handle_timeout(now)) {
        case StunTransaction::Step::retransmit: {
          const ByteView request = query.transaction->request();
          context_.send(query.base, query.address, Bytes(request.begin(), request.end()));
          break;
        }
        case StunTransaction::Step::timed_out:
          timed_out(query);
          break;
        case StunTransaction::Step::nothing:
          break;
      }
    }
    if (kept_alive(query) && now >= query.keepalive_at) {
      query.keepalive = true;
      query.keepalive_at = now + kKeepalive;
      ++context_.counters.server_requests_sent;
      send(now, query, Pacer::kMinimumRto);
      query.transaction->stop_retransmitting();  // the next one comes soon enough
    }
  }
}

std::optional<TimePoint> StunGathering::next_timeout(TimePoint now) const {
  std::optional<TimePoint> next;
  const auto consider = [&](std::optional<TimePoint> time) {
    if (time) next = std::min(next.value_or(*time), *time);
  };
  for (const Query& query : queries_) {
    if (query.transaction) consider(query.transaction->next_timeout());
    if (query.state == Query::State::asking) {
      const TimePoint silent = query.transaction->started() + kServerSilence;
      if (silent > now) consider(silent);
    }
    // What the loss of a path has just made wanted again may be overdue: it is asked in the next step.
    if (kept_alive(query)) consider(std::max(query.keepalive_at, now + std::chrono::milliseconds(1)));
  }
  return next;
}

}  // namespace ice
