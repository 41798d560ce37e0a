// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/agent/agent.h"

#include <algorithm>

#include "ice-core/agent/connection_state.h"
#include "ice-core/agent/context.h"
#include "ice-core/agent/limits.h"
#include "ice-core/agent/remote_candidates.h"
#include "ice-core/base/felt_time.h"
#include "ice-core/checks/checklist_set.h"
#include "ice-core/checks/incoming_checks.h"
#include "ice-core/checks/outgoing_checks.h"
#include "ice-core/checks/path_selection.h"
#include "ice-core/gathering/host_gathering.h"
#include "ice-core/gathering/local_candidates.h"
#include "ice-core/gathering/stun_gathering.h"
#include "ice-core/turn/relays.h"

namespace ice {

struct Agent::Parts {
  Parts(AgentConfig config, RandomSource& random) : context(std::move(config), random) { context.relays = &relays; }

  AgentContext context;
  ChecklistSet checklists{context};
  PathSelection paths{context};
  OutgoingChecks outgoing{context, checklists, paths};
  IncomingChecks incoming{context, checklists, paths, outgoing};
  LocalCandidates candidates{context, checklists};
  HostGathering gathering{context, candidates};
  StunGathering stun{context, candidates};
  Relays relays{context, candidates};
  RemoteCandidates remotes{context, checklists};

  std::optional<TimePoint> checks_possible_since;
  FeltTime time;
  TimePoint last_seen{};       ///< of the latest call
  bool gathered_last = false;  ///< the latest slot of Ta went to gathering
  std::optional<TimePoint> farewell_ends;
  bool finished = false;

  [[nodiscard]] bool gathering_wants_slot() const {
    return context.gathering && (stun.wants_slot() || relays.wants_slot());
  }
  void use_gathering_slot(TimePoint now);
  void update_gathering(TimePoint now);
  void say_farewell(TimePoint now);

  [[nodiscard]] bool over() const {
    return context.state == ConnectionState::closed || context.state == ConnectionState::failed;
  }
  [[nodiscard]] bool closed() const { return context.state == ConnectionState::closed; }
};

Agent::Agent(AgentConfig config, RandomSource& random) {
  config.pacing = std::max(config.pacing, Pacer::kMinimumTa);
  parts_ = std::make_unique<Parts>(std::move(config), random);
}

Agent::~Agent() = default;

// ---- the application's side ----

Result<> Agent::add_component(TimePoint now, StreamId stream_id, ComponentId component_id) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  if (parts_->closed()) return Error{"the agent is closed"};
  if (stream_id.value > kMaxStreamId) return Error{"stream " + std::to_string(stream_id.value) + " is above 255"};
  if (component_id.value < 1 || component_id.value > kMaxComponentId) {
    return Error{"component " + std::to_string(component_id.value) + " is not within 1 to 256"};
  }
  const bool new_stream = !context.streams.contains(stream_id);
  Stream& stream = context.streams[stream_id];
  stream.id = stream_id;
  if (stream.components.contains(component_id)) {
    return Error{"stream " + std::to_string(stream_id.value) + " has component " + std::to_string(component_id.value) +
                 " already"};
  }
  stream.components[component_id].id = component_id;
  stream.components[component_id].added = now;
  if (new_stream) parts_->remotes.adopt(stream);
  if (context.gathering) parts_->gathering.gather(stream, component_id);
  settle(now);
  return Ok{};
}

void Agent::release_component(Stream& stream, ComponentId component_id) {
  const auto component = stream.components.find(component_id);
  if (component == stream.components.end()) return;
  parts_->paths.revoke(stream, component->second);
  parts_->outgoing.forget(stream.id, component_id);
  std::vector<PairId> pairs;
  for (const auto& pair : stream.checklist.pairs()) {
    if (pair->component == component_id) pairs.push_back(pair->id);
  }
  for (const PairId id : pairs) stream.checklist.remove(id);
  parts_->relays.release_component(parts_->last_seen, stream.id, component_id);
  lose_relays(parts_->last_seen);
  parts_->gathering.release(stream, component_id);
  stream.components.erase(component);
}

void Agent::remove_component(TimePoint now, StreamId stream_id, ComponentId component_id) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  Stream* stream = context.find_stream(stream_id);
  if (stream == nullptr || !stream->components.contains(component_id)) return;
  parts_->last_seen = now;
  release_component(*stream, component_id);
  if (stream->components.empty()) context.streams.erase(stream_id);
  context.emit(LocalDescriptionChanged{});
  settle(now);
}

void Agent::set_local_addresses(std::vector<GatheringAddress> addresses) {
  parts_->gathering.set_addresses(std::move(addresses));
}

Result<> Agent::set_local_credentials(const Credentials& credentials) {
  AgentContext& context = parts_->context;
  if (context.gathering) return Error{"local credentials cannot change once gathering has begun"};
  if (!credentials.ufrag.empty()) {
    if (auto checked = check_local_ufrag(credentials.ufrag); !checked) return checked;
  }
  if (!credentials.pwd.empty()) {
    if (auto checked = check_local_pwd(credentials.pwd); !checked) return checked;
  }
  if (!credentials.ufrag.empty()) context.local.ufrag = credentials.ufrag;
  if (!credentials.pwd.empty()) context.local.pwd = credentials.pwd;
  return Ok{};
}

Result<> Agent::set_role(Role role) {
  AgentContext& context = parts_->context;
  if (context.role == role) return Ok{};
  if (parts_->checks_possible_since) return Error{"the role cannot be set once checks have begun"};
  context.role = role;
  parts_->checklists.recompute_priorities();
  return Ok{};
}

Result<> Agent::set_pacing(Duration pacing) {
  if (pacing < Pacer::kMinimumTa || pacing > Pacer::kMaximumTa) {
    return Error{"pacing must be between 5 and 10000 milliseconds"};
  }
  parts_->context.pacer.set_ours(pacing);
  return Ok{};
}

Result<> Agent::set_transport_policy(TransportPolicy policy) {
  AgentContext& context = parts_->context;
  if (context.gathering && policy != context.config.policy) {
    return Error{"the transport policy cannot change once gathering has begun"};
  }
  context.config.policy = policy;
  return Ok{};
}

Result<> Agent::add_stun_server(TimePoint now, StunServer server) {
  now = parts_->time.felt(now);
  if (parts_->closed()) return Error{"the agent is closed"};
  const auto added = parts_->context.servers.add(now, std::move(server));
  if (!added) return added.error();
  settle(now);
  return Ok{};
}

Result<> Agent::add_turn_server(TimePoint now, TurnServer server) {
  now = parts_->time.felt(now);
  if (parts_->closed()) return Error{"the agent is closed"};
  const auto added = parts_->context.servers.add(now, std::move(server));
  if (!added) return added.error();
  settle(now);
  return Ok{};
}

void Agent::gather(TimePoint now) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  if (parts_->closed() || context.gathering) return;
  context.gathering = true;
  if (!parts_->gathering.has_addresses()) {
    context.emit(Warning{"no usable network address to gather candidates on"});
  }
  for (auto& [stream_id, stream] : context.streams) {
    for (auto& [component_id, component] : stream.components) parts_->gathering.gather(stream, component_id);
  }
  settle(now);
}

Result<> Agent::set_remote_description(TimePoint now, const Description& description) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  if (parts_->closed()) return Error{"the agent is closed"};

  std::map<StreamId, Credentials> before;
  for (const auto& [id, stream] : context.streams) before.emplace(id, context.remote_of(stream));
  std::optional<Credentials> session = description.credentials;
  // A fragment about some streams of the generation that is known begins no other.
  const bool goes_on = context.remote.complete() &&
                       std::any_of(description.streams.begin(), description.streams.end(), [&](const auto& stream) {
                         const auto known = before.find(stream.stream);
                         return stream.credentials && known != before.end() && known->second == *stream.credentials;
                       });
  if (!session && goes_on) session = context.remote;
  // Where only the streams have credentials, and all the same, they are the session's.
  if (!session) {
    for (const StreamDescription& stream : description.streams) {
      if (!stream.credentials) continue;
      if (session && *session != *stream.credentials) break;
      session = stream.credentials;
    }
  }
  if (session) {
    // A fragment that only adds candidates need not say the pacing again.
    if (description.pacing_ms) {
      context.pacer.set_peer(std::chrono::milliseconds(*description.pacing_ms));
    } else if (*session != context.remote) {
      context.pacer.set_peer(std::nullopt);
    }
    // RFC 8445 6.1.1: of a full and a lite agent the full one controls.
    if (description.lite && context.role == Role::controlled) parts_->outgoing.switch_role(now);
    apply_remote_credentials(now, *session);
    context.remote_lite = description.lite;
  }
  for (const StreamDescription& stream : description.streams) {
    if (!stream.credentials) continue;
    // New credentials of one stream are a new generation of that stream alone.
    Stream* known = context.find_stream(stream.stream);
    if (known != nullptr && before[stream.stream].complete() && before[stream.stream] != *stream.credentials) {
      forget_remote(*known);
    }
    if (stream.credentials != session) parts_->remotes.set_stream_credentials(stream.stream, *stream.credentials);
  }
  if (session) remote_credentials_known(now);
  for (const StreamDescription& stream : description.streams) {
    parts_->remotes.mention(stream.stream);
    for (const Candidate& candidate : stream.candidates) {
      if (const auto added = parts_->remotes.add(stream.stream, candidate); !added) {
        context.emit(Warning{added.error().message});
      }
    }
    if (stream.end_of_candidates) parts_->remotes.end(stream.stream);
  }
  settle(now);
  return Ok{};
}

Result<> Agent::set_remote_credentials(TimePoint now, const Credentials& credentials) {
  now = parts_->time.felt(now);
  if (parts_->closed()) return Error{"the agent is closed"};
  if (auto checked = check_remote_ufrag(credentials.ufrag); !checked) return checked;
  if (auto checked = check_remote_pwd(credentials.pwd); !checked) return checked;
  apply_remote_credentials(now, credentials);
  remote_credentials_known(now);
  settle(now);
  return Ok{};
}

void Agent::apply_remote_credentials(TimePoint, const Credentials& credentials) {
  AgentContext& context = parts_->context;
  if (context.remote == credentials) return;
  if (context.remote.complete()) {
    context.trace([&] { return std::string("the peer has new credentials: a new generation of its candidates"); });
    forget_remote(true);
  }
  context.remote = credentials;
}

void Agent::remote_credentials_known(TimePoint now) {
  for (auto& [id, stream] : parts_->context.streams) parts_->remotes.drop_other_generations(stream);
  parts_->incoming.replay_early_checks(now);
}

void Agent::forget_remote(Stream& stream) {
  AgentContext& context = parts_->context;
  for (auto& [component_id, component] : stream.components) {
    parts_->outgoing.forget(stream.id, component_id);
    parts_->paths.revoke(stream, component);
    component.had_path = false;
  }
  stream.checklist.clear();
  stream.remote_candidates.clear();
  stream.remote_credentials.reset();
  stream.remote_ended = false;
  stream.remote_mentioned = false;
  // With the pairs gone, so may be what only a peer's answers had shown of us, and what nobody can use any more.
  std::erase_if(stream.local_candidates, [](const LocalCandidate& local) {
    return local.gone || local.candidate.type == CandidateType::peer_reflexive;
  });
  for (auto& [id, transport] : context.transports) {
    if (transport.stream != stream.id) continue;
    for (const Address& remote : transport.validated) context.emit(SourceRevoked{id, remote, {}});
    transport.validated.clear();
  }
}

void Agent::forget_remote(bool keep_early_checks) {
  AgentContext& context = parts_->context;
  parts_->outgoing.forget_all();
  for (auto& [stream_id, stream] : context.streams) forget_remote(stream);
  parts_->remotes.clear();
  if (!keep_early_checks) context.early_checks.clear();
  context.remote = {};
  context.remote_lite = false;
  parts_->checks_possible_since.reset();
  if (context.state != ConnectionState::fresh && context.state != ConnectionState::closed) {
    context.state = ConnectionState::fresh;
    context.emit(ConnectionStateChanged{context.state, {}});
  }
}

Result<> Agent::add_remote_candidate(TimePoint now, StreamId stream, const Candidate& candidate) {
  now = parts_->time.felt(now);
  if (parts_->over()) return Ok{};
  auto added = parts_->remotes.add(stream, candidate);
  if (added) settle(now);
  return added;
}

void Agent::end_remote_candidates(TimePoint now, StreamId stream) {
  now = parts_->time.felt(now);
  if (parts_->over()) return;
  parts_->remotes.end(stream);
  settle(now);
}

void Agent::new_generation(TimePoint now) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  if (parts_->closed()) return;
  forget_remote(false);
  context.pacer.set_peer(std::nullopt);
  context.local = random_credentials(context.random);
  context.tie_breaker = context.random.next_u64();
  parts_->gathering.announce_again();
  settle(now);
}

void Agent::stop(ConnectionState state, std::string reason) {
  AgentContext& context = parts_->context;
  parts_->outgoing.forget_all();
  for (auto& [stream_id, stream] : context.streams) {
    stream.checklist.triggered().clear();
    for (auto& [component_id, component] : stream.components) parts_->paths.revoke(stream, component);
  }
  for (auto& [id, transport] : context.transports) {
    for (const Address& remote : transport.validated) context.emit(SourceRevoked{id, remote, {}});
    transport.validated.clear();
  }
  context.out.transmits.clear();
  context.early_checks.clear();
  context.state = state;
  context.emit(ConnectionStateChanged{state, std::move(reason)});
}

void Agent::close(TimePoint now) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  if (parts_->closed()) return;
  parts_->last_seen = now;
  stop(ConnectionState::closed, {});
  for (auto& [stream_id, stream] : context.streams) {
    for (const auto& [component_id, component] : stream.components) {
      parts_->relays.release_component(now, stream_id, component_id);
      parts_->gathering.release(stream, component_id);
    }
  }
  context.streams.clear();
  lose_relays(now);
  parts_->farewell_ends = now + kFarewell;
  parts_->say_farewell(now);
}

void Agent::Parts::say_farewell(TimePoint now) {
  if (finished) return;
  relays.advance(now);
  if (now >= *farewell_ends) relays.abandon();
  if (!relays.idle()) return;
  finished = true;
  for (const auto& [id, transport] : context.transports) context.emit(CloseTransport{id});
  context.transports.clear();
  context.emit(Finished{});
}

// ---- the driver's side ----

void Agent::transport_ready(TimePoint now, TransportId id, const Address& local) {
  now = parts_->time.felt(now);
  const auto found = parts_->context.transports.find(id);
  if (parts_->closed() || found == parts_->context.transports.end()) return;
  if (found->second.kind == Transport::Kind::server) {
    parts_->relays.transport_ready(now, id, local);
  } else {
    parts_->gathering.ready(id, local);
  }
  settle(now);
}

void Agent::transport_failed(TimePoint now, TransportId id, std::string_view reason) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  const auto found = context.transports.find(id);
  if (found == context.transports.end()) return;
  if (found->second.kind == Transport::Kind::server) {
    parts_->relays.transport_failed(now, id, reason);
  } else if (found->second.kind == Transport::Kind::host) {
    parts_->relays.base_failed(id);
    if (found->second.state == Transport::State::leaving) {
      context.transports.erase(found);
      context.emit(CloseTransport{id});
    } else {
      context.emit(Warning{std::string(reason)});
      parts_->gathering.failed(id);
      lose_transport(now, id, "its local socket failed");
    }
  }
  settle(now);
}

void Agent::lose_transport(TimePoint now, TransportId id, const std::string& why) {
  AgentContext& context = parts_->context;
  const auto found = context.transports.find(id);
  if (found == context.transports.end()) return;
  parts_->outgoing.forget(id);
  Stream* stream = context.find_stream(found->second.stream);
  std::vector<PairId> broken;
  if (stream != nullptr) {
    for (const auto& pair : stream->checklist.pairs()) {
      if (pair->transport == id) broken.push_back(pair->id);
    }
  }
  for (const PairId pair_id : broken) {
    CandidatePair* pair = stream->checklist.find(pair_id);
    if (pair == nullptr) continue;
    stream->checklist.triggered().remove(pair_id);
    if (parts_->over()) {
      stream->checklist.remove(pair_id);  // nothing is chosen in its place any more
    } else {
      parts_->paths.lost(now, *stream, *pair, why);
    }
  }
  for (const Address& remote : found->second.validated) context.emit(SourceRevoked{id, remote, {}});
  found->second.validated.clear();
}

void Agent::lose_relays(TimePoint now) {
  for (const Relays::Lost& lost : parts_->relays.take_lost()) {
    parts_->candidates.remove(lost.relayed);
    lose_transport(now, lost.relayed, lost.why);
    parts_->context.transports.erase(lost.relayed);
  }
}

void Agent::server_resolved(TimePoint now, ServerId id, std::vector<Address> addresses) {
  now = parts_->time.felt(now);
  if (parts_->closed() || parts_->context.servers.resolved(id, std::move(addresses)) == nullptr) return;
  settle(now);
}

void Agent::server_failed(TimePoint now, ServerId id, std::string_view reason) {
  now = parts_->time.felt(now);
  if (parts_->closed() || parts_->context.servers.failed(id, reason) == nullptr) return;
  settle(now);
}

void Agent::handle_stream(TimePoint clock, TransportId id, ByteView bytes, const MediaSink& media) {
  const TimePoint now = parts_->time.felt(clock);
  const auto server = parts_->relays.server_of(id);
  if (!server) return;
  const bool sound = parts_->relays.take_stream(now, id, bytes, [&](ByteView message) {
    const Disposition what = handle_datagram(clock, id, *server, message);
    const auto* const found = std::get_if<Media>(&what);
    if (found != nullptr && media) {
      media(found->stream, found->component, message.subspan(found->offset, found->length));
    }
  });
  if (sound) return;
  parts_->relays.transport_failed(now, id, "what comes from it is not STUN");
  settle(now);
}

Disposition Agent::handle_datagram(TimePoint now, TransportId transport_id, const Address& remote, ByteView datagram) {
  now = parts_->time.felt(now);
  AgentContext& context = parts_->context;
  const auto found = context.transports.find(transport_id);
  if (found == context.transports.end()) return Stranger{};
  const Transport& transport = found->second;
  const bool ready = transport.state == Transport::State::ready;
  if ((!ready && transport.state != Transport::State::leaving) || transport.kind == Transport::Kind::relayed) {
    return Stranger{};
  }
  Relays::Payload payload;
  switch (parts_->relays.take(now, transport_id, remote, datagram, payload)) {
    case Relays::Taken::payload: {
      Disposition what =
          handle_payload(now, payload.relayed, payload.peer, datagram.subspan(payload.offset, payload.length));
      if (auto* media = std::get_if<Media>(&what)) media->offset += payload.offset;
      return what;
    }
    case Relays::Taken::consumed:
      settle(now);
      return Consumed{};
    case Relays::Taken::discarded:
      ++context.counters.discarded_stun;
      return Consumed{};
    case Relays::Taken::not_ours:
      break;
  }
  // What leads to a server carries nothing but what the server relays.
  if (!ready || transport.kind != Transport::Kind::host) return Stranger{};
  return handle_payload(now, transport_id, remote, datagram);
}

Disposition Agent::handle_payload(TimePoint now, TransportId transport_id, const Address& remote, ByteView datagram) {
  AgentContext& context = parts_->context;
  const Transport& transport = context.transports.at(transport_id);
  if (!looks_like_stun(datagram)) {
    if (std::find(transport.validated.begin(), transport.validated.end(), remote) != transport.validated.end()) {
      return Media{transport.stream, transport.component, 0, datagram.size()};
    }
    ++context.counters.discarded_strangers;
    return Stranger{};
  }
  // A failed agent answers nothing: the peer must not believe in a connection that we have given up.
  if (parts_->over()) return Consumed{};
  const bool hidden = context.config.policy == TransportPolicy::relay && transport.kind != Transport::Kind::relayed;
  const auto message = StunMessage::parse(datagram);
  bool accepted = false;
  if (message && message->method() == StunMethod::binding) {
    switch (message->message_class()) {
      case StunClass::request:
        // Who answers shows where it is.
        if (hidden) break;
        accepted = parts_->incoming.handle_request(now, transport_id, remote, *message);
        break;
      case StunClass::success:
      case StunClass::error:
        accepted = parts_->stun.handle_response(now, transport_id, remote, *message) ||
                   parts_->outgoing.handle_response(now, transport_id, remote, *message);
        break;
      case StunClass::indication:
        accepted = true;  // a keepalive (RFC 8445 11): it has done its work in the NATs on its way
        break;
    }
  }
  if (!accepted) {
    ++context.counters.discarded_stun;
    return Consumed{};
  }
  settle(now);
  return Consumed{};
}

void Agent::handle_timeout(TimePoint now) {
  now = parts_->time.felt(now);
  settle(now);
}

void Agent::settle(TimePoint now) {
  AgentContext& context = parts_->context;
  parts_->last_seen = now;
  if (parts_->closed()) {
    parts_->say_farewell(now);
    return;
  }
  parts_->update_gathering(now);
  lose_relays(now);
  if (context.state == ConnectionState::failed) return;

  if (context.gathering && !parts_->checks_possible_since) {
    const bool known = std::any_of(context.streams.begin(), context.streams.end(),
                                   [&](const auto& entry) { return context.remote_of(entry.second).complete(); });
    if (known) parts_->checks_possible_since = now;
  }
  // The checks and gathering share the slots of Ta, in turn where both want one.
  const bool checks_want = parts_->checks_possible_since && parts_->checklists.has_next(now);
  if (!checks_want || !parts_->gathered_last) parts_->use_gathering_slot(now);
  if (parts_->checks_possible_since) {
    if (checks_want) parts_->gathered_last = false;
    parts_->outgoing.advance(now);
  }
  parts_->use_gathering_slot(now);
  // What the checks have changed may give the servers something to do at once, and the reverse.
  parts_->stun.advance(now);
  parts_->relays.advance(now);
  if (parts_->relays.has_lost()) {
    lose_relays(now);
    if (parts_->checks_possible_since) parts_->outgoing.advance(now);
  }

  ConnectionVerdict verdict = judge_connection(context, now, parts_->checks_possible_since);
  if (verdict.state == context.state) return;
  if (verdict.state == ConnectionState::failed) {
    stop(verdict.state, verdict.reason + explain_servers(context));
    parts_->relays.release_all(now);
    lose_relays(now);
    // Whoever waits for all candidates before describing itself shall not wait for servers that nobody asks any more.
    parts_->update_gathering(now);
    return;
  }
  context.state = verdict.state;
  context.emit(ConnectionStateChanged{verdict.state, std::move(verdict.reason)});
}

void Agent::Parts::update_gathering(TimePoint now) {
  if (context.gathering && !over()) {
    stun.update(now);
    relays.update(now);
  }
  if (!over()) stun.advance(now);
  relays.advance(now);
  gathering.update_state([&](StreamId stream) {
    return !over() && (stun.holds_back(stream, now) || relays.holds_back(stream, now) ||
                       context.servers.resolving(now - kServerSilence));
  });
}

void Agent::Parts::use_gathering_slot(TimePoint now) {
  const bool peer_known = context.remote.complete();
  if (over() || !gathering_wants_slot() || now < context.pacer.next_gathering_slot(peer_known)) return;
  context.pacer.take(now);
  gathered_last = true;
  const Duration rto = context.pacer.gathering_rto(stun.unfinished() + relays.unfinished());
  if (stun.wants_slot()) {
    stun.begin_next(now, rto);
  } else {
    relays.begin_next(now, rto);
  }
}

std::optional<TimePoint> Agent::next_timeout() const {
  const auto next = next_deadline();
  return next ? std::optional(parts_->time.outside(*next)) : std::nullopt;
}

std::optional<TimePoint> Agent::next_deadline() const {
  const TimePoint last = parts_->last_seen;
  if (parts_->finished) return std::nullopt;
  std::optional<TimePoint> next = parts_->relays.next_timeout(last);
  const auto consider = [&](std::optional<TimePoint> time) {
    if (time) next = std::min(next.value_or(*time), *time);
  };
  if (parts_->closed()) consider(parts_->farewell_ends);
  if (parts_->over()) return next;
  const AgentContext& context = parts_->context;
  consider(parts_->stun.next_timeout(last));
  if (parts_->gathering_wants_slot()) {
    consider(std::max(context.pacer.next_gathering_slot(context.remote.complete()), last));
  }
  if (context.gathering) consider(context.servers.next_silence(last - kServerSilence, kServerSilence));
  if (!parts_->checks_possible_since) return next;
  consider(parts_->outgoing.next_timeout(last));
  const ConnectionState state = context.state;
  if (state != ConnectionState::checking && state != ConnectionState::disconnected) return next;
  const auto consider_end = [&](TimePoint end) {
    if (last < end) consider(end);
  };
  consider_end(*parts_->checks_possible_since + kPatience);
  for (const auto& [id, stream] : context.streams) {
    for (const auto& [component_id, component] : stream.components) {
      consider_end(patience_ends(component, *parts_->checks_possible_since));
    }
  }
  return next;
}

std::optional<Transmit> Agent::poll_transmit() {
  auto& transmits = parts_->context.out.transmits;
  while (!transmits.empty()) {
    Transmit first = std::move(transmits.front());
    transmits.pop_front();
    if (auto sent = parts_->relays.outbound(parts_->last_seen, std::move(first))) return sent;
  }
  return std::nullopt;
}

std::optional<Event> Agent::poll_event() {
  auto& events = parts_->context.out.events;
  while (!events.empty()) {
    Event first = std::move(events.front());
    events.pop_front();
    if (auto told = parts_->relays.outbound(parts_->last_seen, std::move(first))) return told;
  }
  return std::nullopt;
}

// ---- looking in ----

Role Agent::role() const {
  return parts_->context.role;
}
GatheringState Agent::gathering_state() const {
  return parts_->gathering.state();
}
ConnectionState Agent::connection_state() const {
  return parts_->context.state;
}
bool Agent::finished() const {
  return parts_->finished;
}
const Credentials& Agent::local_credentials() const {
  return parts_->context.local;
}
const Credentials& Agent::remote_credentials() const {
  return parts_->context.remote;
}
AgentCounters Agent::counters() const {
  return parts_->context.counters;
}

Description Agent::local_description() const {
  const AgentContext& context = parts_->context;
  Description description;
  description.credentials = context.local;
  description.options = {"ice2"};
  if (context.config.trickle) description.options.emplace_back("trickle");
  description.pacing_ms =
      static_cast<unsigned>(std::chrono::duration_cast<std::chrono::milliseconds>(context.pacer.ours()).count());
  for (const auto& [id, stream] : context.streams) {
    StreamDescription& part = description.streams.emplace_back();
    part.stream = id;
    for (const LocalCandidate& local : stream.local_candidates) {
      // Peer-reflexive candidates are never signaled (RFC 8445 5.3).
      if (!local.gone && local.told && local.candidate.type != CandidateType::peer_reflexive) {
        part.candidates.push_back(local.candidate);
      }
    }
    part.end_of_candidates = context.gathering && stream.local_ended;
  }
  return description;
}

std::optional<SelectedPair> Agent::selected_pair(StreamId stream_id, ComponentId component_id) const {
  const Stream* stream = std::as_const(parts_->context).find_stream(stream_id);
  if (stream == nullptr) return std::nullopt;
  const auto component = stream->components.find(component_id);
  if (component == stream->components.end() || !component->second.selected) return std::nullopt;
  const CandidatePair* pair = stream->checklist.find(*component->second.selected);
  if (pair == nullptr) return std::nullopt;
  return SelectedPair{stream->local(pair->local).candidate, stream->remote(pair->remote).candidate,
                      parts_->relays.carrier(pair->transport), pair->nominated, pair->round_trip_time};
}

Snapshot Agent::snapshot() const {
  const AgentContext& context = parts_->context;
  Snapshot snapshot;
  snapshot.role = context.role;
  snapshot.counters = context.counters;
  for (const auto& [id, stream] : context.streams) {
    for (const LocalCandidate& local : stream.local_candidates) {
      if (!local.gone) snapshot.local_candidates.emplace_back(id, local.candidate);
    }
    for (const RemoteCandidate& remote : stream.remote_candidates) {
      snapshot.remote_candidates.emplace_back(id, remote.candidate);
    }
    for (const auto& pair : stream.checklist.pairs()) {
      PairSnapshot& shown = snapshot.pairs.emplace_back();
      shown.stream = id;
      shown.component = pair->component;
      shown.local = stream.local(pair->local).candidate;
      shown.remote = stream.remote(pair->remote).candidate;
      shown.state = pair->state;
      shown.priority = pair->priority;
      shown.valid = pair->valid;
      shown.nominated = pair->nominated;
      const auto component = stream.components.find(pair->component);
      shown.selected = component != stream.components.end() && component->second.selected == pair->id;
      shown.requests_sent = pair->requests_sent;
      shown.responses_received = pair->responses_received;
      shown.round_trip_time = pair->round_trip_time;
      shown.failure = pair->failure;
    }
  }
  for (const auto& [id, server] : context.servers.all()) {
    snapshot.servers.push_back(ServerSnapshot{id, server.title(), explain_server(server), server.candidates,
                                              parts_->relays.held(id), server.round_trip_time});
  }
  return snapshot;
}

std::string Agent::explain() const {
  const AgentContext& context = parts_->context;
  if (parts_->closed()) return "closed";
  if (!context.gathering) return "gathering has not begun";
  std::string text;
  for (const auto& [id, stream] : context.streams) {
    for (const auto& [component_id, component] : stream.components) {
      if (!text.empty()) text += "; ";
      text += explain_component(context, stream, component);
    }
  }
  return text + explain_servers(context);
}

std::string pair_text(const Stream& stream, const CandidatePair& pair) {
  return stream.local(pair.local).candidate.address.text() + " -> " + pair.remote_address.text();
}

}  // namespace ice
