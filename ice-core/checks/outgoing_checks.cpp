// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/outgoing_checks.h"

#include <algorithm>

#include "ice-core/agent/limits.h"
#include "ice-core/candidates/priority.h"
#include "ice-core/checks/check_messages.h"

namespace ice {

namespace {

/// At most so many sources are trusted on one transport; an authenticated peer has no use for more.
constexpr std::size_t kMaxValidatedSources = 64;

/// A conflict is over after one 487, or a few where both sides' cross; a pair that only ever gets more is no use.
constexpr unsigned kMaxRoleConflicts = 20;

void keep_earliest(std::optional<TimePoint>& earliest, std::optional<TimePoint> other) {
  if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

void OutgoingChecks::trigger(TimePoint now, Stream& stream, CandidatePair& pair) {
  if (pair.state == PairState::succeeded) return;
  if (pair.state == PairState::in_progress) {
    // RFC 8445 7.3.1.4 cancels the check in progress and begins another, which opens NATs sooner. Once is enough: a
    // peer that repeats its own check must not make us begin a new transaction each time.
    if (pair.check_triggered && now < pair.check_started + Pacer::kMinimumRto) return;
    for (Pending& pending : pending_) {
      if (pending.pair == pair.id) pending.transaction.stop_retransmitting();
    }
  }
  pair.state = PairState::waiting;
  pair.failure.clear();
  stream.checklist.triggered().push(pair.id);
}

void OutgoingChecks::validate_source(TransportId transport_id, const Address& remote) {
  const auto found = context_.transports.find(transport_id);
  if (found == context_.transports.end()) return;
  Transport& transport = found->second;
  if (std::find(transport.validated.begin(), transport.validated.end(), remote) != transport.validated.end()) return;
  if (transport.validated.size() >= kMaxValidatedSources) {
    // A check can be replayed from anywhere: the oldest source that never answered a check of ours makes room.
    const Stream& stream = context_.streams.at(transport.stream);
    const auto oldest = std::find_if(transport.validated.begin(), transport.validated.end(), [&](const Address& known) {
      const CandidatePair* pair = stream.checklist.find_listed(transport_id, known);
      return pair == nullptr || !pair->valid_pair;
    });
    if (oldest == transport.validated.end()) return;
    context_.emit(SourceRevoked{transport_id, *oldest, {}});
    transport.validated.erase(oldest);
  }
  transport.validated.push_back(remote);
  context_.emit(SourceValidated{transport_id, remote, transport.stream, transport.component, {}});
}

void OutgoingChecks::send_request(TimePoint now, Stream& stream, CandidatePair& pair, Purpose purpose,
                                  bool use_candidate, Duration rto) {
  const LocalCandidate& local = stream.local(pair.local);
  CheckRequest request;
  request.id = TransactionId::random(context_.random);
  request.local = context_.local;
  request.remote = context_.remote_of(stream);
  request.priority = candidate_priority(CandidateType::peer_reflexive, local.local_preference, pair.component);
  request.role = context_.role;
  request.tie_breaker = context_.tie_breaker;
  request.use_candidate = use_candidate;
  request.software = context_.config.software;
  Bytes bytes = build_check_request(request, context_.keys.of(request.remote.pwd));
  context_.send(pair.transport, pair.remote_address, bytes);
  ++pair.requests_sent;
  pending_.push_back(Pending{StunTransaction(request.id, std::move(bytes), now, rto), purpose, stream.id, pair.id,
                             pair.component, pair.transport, pair.remote_address, context_.role, request.priority});
  if (purpose == Purpose::consent) pending_.back().transaction.stop_retransmitting();
}

void OutgoingChecks::begin_check(TimePoint now, const ChecklistSet::Next& next) {
  Stream& stream = *next.stream;
  CandidatePair& pair = *next.pair;
  const bool nominating = pair.nomination == NominationStep::queued && context_.role == Role::controlling;
  if (nominating) {
    pair.nomination = NominationStep::in_flight;
  } else {
    pair.state = PairState::in_progress;
    pair.check_started = now;
    pair.check_triggered = next.triggered;
  }
  const std::size_t running = std::max<std::size_t>(1, checklists_.running_checklists());
  const Duration rto = context_.pacer.check_rto(running, stream.checklist.count_waiting_and_in_progress());
  context_.pacer.take(now);
  ++context_.counters.requests_sent;
  context_.trace([&] {
    return std::string(nominating       ? "nominating check "
                       : next.triggered ? "triggered check "
                                        : "check ") +
           pair_text(stream, pair);
  });
  send_request(now, stream, pair, nominating ? Purpose::nomination : Purpose::check, nominating, rto);
}

void OutgoingChecks::begin_consent_check(TimePoint now, Stream& stream, Component& component, CandidatePair& pair) {
  component.consent.sent(now, context_.random);
  ++context_.counters.consent_requests_sent;
  // Lite servers want to see the nomination on the consent checks too.
  const bool use_candidate = context_.role == Role::controlling && pair.nominated;
  send_request(now, stream, pair, Purpose::consent, use_candidate, Pacer::kMinimumRto);
}

bool OutgoingChecks::handle_response(TimePoint now, TransportId transport, const Address& source,
                                     const StunMessage& response) {
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& pending) {
    return pending.transaction.id() == response.transaction_id();
  });
  if (found == pending_.end()) return false;
  Stream* stream = context_.find_stream(found->stream);
  CandidatePair* pair = stream != nullptr ? stream->checklist.find(found->pair) : nullptr;
  if (pair == nullptr) {
    pending_.erase(found);
    return false;
  }
  // Nothing unsigned is believed, an error least of all.
  if (!response.verify_integrity(context_.keys.of(context_.remote_of(*stream).pwd))) return false;
  // RFC 8489 6.3.3: what we do not understand we cannot obey.
  if (!response.unknown_required().empty()) return false;

  const bool symmetric = source == found->remote && transport == found->transport;
  // A pair that has been answered from the right address is symmetric: this is a copy, sent by somebody on the path
  // (RFC 8445 19). It takes down nothing, and the true answer may still come.
  if (!symmetric && (pair->valid || pair->valid_pair)) return false;

  const Pending pending = std::move(*found);
  pending_.erase(found);
  ++context_.counters.responses_received;
  ++pair->responses_received;
  const auto refusal = response.error_code();
  // RFC 8445 7.2.5.1 comes before 7.2.5.2.1: a role conflict is resolved wherever the 487 came from, for it is signed.
  // Behind some NATs the peer can be asked at an address that it does not answer from, and learns of us so.
  const bool conflict = refusal && refusal->code == 487;
  if (!symmetric && !conflict) {
    // RFC 8445 7.2.5.2.1: an asymmetric answer fails the pair.
    fail(now, *stream, *pair, "answered from " + source.text() + " instead of " + pending.remote.text());
    return true;
  }
  if (response.message_class() == StunClass::success) {
    handle_success(now, *stream, *pair, pending, response);
  } else {
    handle_error(now, *stream, *pair, pending, response);
  }
  return true;
}

CandidatePair& OutgoingChecks::valid_pair_for(Stream& stream, CandidatePair& checked, const Address& mapped,
                                              Priority priority) {
  if (stream.local(checked.local).candidate.address == mapped) return checked;
  // RFC 8445 7.2.5.3.1: a mapped address that is no candidate of ours is a peer-reflexive one.
  std::optional<LocalIndex> local;
  for (std::size_t i = 0; i < stream.local_candidates.size(); ++i) {
    const LocalCandidate& known = stream.local_candidates[i];
    if (!known.gone && known.candidate.address == mapped && known.candidate.component == checked.component &&
        known.candidate.protocol == CandidateProtocol::udp) {
      local = LocalIndex(i);
      break;
    }
  }
  if (!local) {
    // A peer that names another address in each answer is believed only so often.
    if (stream.local_candidates.size() >= kMaxLocalCandidates) return checked;
    const LocalCandidate& base = stream.local(checked.local);
    LocalCandidate reflexive = base;
    reflexive.candidate.type = CandidateType::peer_reflexive;
    reflexive.candidate.address = mapped;
    reflexive.candidate.related = base.candidate.address;
    reflexive.candidate.priority = priority;
    reflexive.candidate.foundation = context_.foundations.foundation(
        CandidateType::peer_reflexive, CandidateProtocol::udp, base.candidate.address.with_port(0));
    stream.local_candidates.push_back(std::move(reflexive));
    local = LocalIndex(stream.local_candidates.size() - 1);
  }
  // RFC 8445 7.2.5.3.2: the valid pair is the mapped address and where the request went.
  if (CandidatePair* known = stream.checklist.find(*local, checked.remote)) return *known;
  CandidatePair* added = checklists_.add_valid_pair(stream, *local, checked.remote, checked.id);
  return added != nullptr ? *added : checked;
}

void OutgoingChecks::handle_success(TimePoint now, Stream& stream, CandidatePair& pair, const Pending& pending,
                                    const StunMessage& response) {
  const auto round_trip = pending.transaction.round_trip(now);
  if (round_trip) pair.round_trip_time = round_trip;
  pair.last_response = now;
  if (pending.purpose == Purpose::consent) {
    if (pair.valid) {
      auto& component = stream.components.at(pair.component);
      if (component.selected == pair.id) component.consent.answered(now, context_.random);
    }
    return;
  }
  const auto mapped = response.mapped_address();
  if (!mapped) {
    fail(now, stream, pair, "answered without a mapped address");
    return;
  }
  // Before room is made for another pair: this one stays.
  pair.state = PairState::succeeded;
  CandidatePair& valid = valid_pair_for(stream, pair, *mapped, pending.priority);
  const bool newly_valid = !valid.valid;
  valid.valid = true;
  valid.last_response = now;
  if (round_trip) valid.round_trip_time = round_trip;
  if (valid.id != pair.id && !valid.checked_pair) valid.checked_pair = pair.id;
  pair.valid_pair = valid.id;
  // A second check of the pair may be answered while its nomination waits in the queue: that one stays.
  if (pair.nomination != NominationStep::queued) stream.checklist.triggered().remove(pair.id);
  if (newly_valid) {
    context_.trace([&] { return "valid " + pair_text(stream, valid); });
  }
  validate_source(pending.transport, pending.remote);
  checklists_.unfreeze(pair.foundation);
  if (auto& component = stream.components.at(pair.component); component.selected == valid.id) {
    component.consent.answered(now, context_.random);
  }

  const bool our_nomination = pending.purpose == Purpose::nomination && context_.role == Role::controlling;
  const bool peers_nomination = pair.nominate_on_success && context_.role == Role::controlled;
  if (our_nomination) pair.nomination = NominationStep::none;
  if (our_nomination || peers_nomination) {
    paths_.nominated(now, stream, valid);
  } else {
    paths_.choose(now, stream, valid.component);
  }
}

void OutgoingChecks::handle_error(TimePoint now, Stream& stream, CandidatePair& pair, const Pending& pending,
                                  const StunMessage& response) {
  const auto error = response.error_code();
  if (error && error->code == 487) {
    // RFC 8445 7.2.5.1. A 487 to a request in a role that we have given up meanwhile is stale: it changes no role.
    if (pending.role == context_.role) {
      switch_role(now);
      context_.tie_breaker = context_.random.next_u64();  // RFC 8445 16.1; RFC 5245 kept it
    }
    if (pending.purpose != Purpose::consent && pair.state != PairState::succeeded) {
      if (++pair.role_conflicts > kMaxRoleConflicts) {
        fail(now, stream, pair, "answered with 487 (Role Conflict) without end");
        return;
      }
      pair.state = PairState::waiting;
      stream.checklist.triggered().push(pair.id);
    }
    return;
  }
  if (pending.purpose == Purpose::consent) return;
  fail(now, stream, pair, "answered with " + (error ? std::to_string(error->code) : std::string("an error")));
}

void OutgoingChecks::fail(TimePoint now, Stream& stream, CandidatePair& pair, std::string why) {
  context_.trace([&] { return "failed " + pair_text(stream, pair) + ": " + why; });
  stream.checklist.triggered().remove(pair.id);
  const auto valid_id = pair.valid_pair;
  pair.state = PairState::failed;
  pair.nomination = NominationStep::none;
  pair.failure = why;
  if (CandidatePair* valid = valid_id ? stream.checklist.find(*valid_id) : nullptr; valid != nullptr) {
    paths_.lost(now, stream, *valid, why);
  }
}

void OutgoingChecks::handle_time_out(TimePoint now, const Pending& pending) {
  Stream* stream = context_.find_stream(pending.stream);
  CandidatePair* pair = stream != nullptr ? stream->checklist.find(pending.pair) : nullptr;
  if (pair == nullptr || pending.purpose == Purpose::consent) return;
  if (pending.purpose == Purpose::nomination) {
    // Heavy loss makes one nomination a coin toss: the best valid pair is nominated anew for as long as there is one.
    // It need not be this one, which may have died while another took its place.
    if (pair->nomination == NominationStep::in_flight) pair->nomination = NominationStep::none;
    return;
  }
  if (pair->state != PairState::in_progress) return;
  // A triggered check replaced this one and may still be answered.
  const bool another = std::any_of(pending_.begin(), pending_.end(), [&](const Pending& other) {
    return other.pair == pair->id && other.transaction.id() != pending.transaction.id() &&
           other.purpose == Purpose::check;
  });
  if (!another) fail(now, *stream, *pair, "no answer");
}

void OutgoingChecks::switch_role(TimePoint) {
  context_.role = context_.role == Role::controlling ? Role::controlled : Role::controlling;
  checklists_.recompute_priorities();
  for (auto& [id, stream] : context_.streams) {
    for (const auto& pair : stream.checklist.pairs()) pair->nomination = NominationStep::none;
  }
  context_.trace([&] {
    return std::string("role conflict: now ") + (context_.role == Role::controlling ? "controlling" : "controlled");
  });
  context_.emit(RoleChanged{context_.role});
}

void OutgoingChecks::keep_consent(TimePoint now) {
  for (auto& [stream_id, stream] : context_.streams) {
    for (auto& [component_id, component] : stream.components) {
      // What takes the place of a lost pair may have to be asked at once.
      while (component.consent.running() && component.selected && component.consent.expired(now)) {
        drop_without_consent(now, stream, component);
      }
      if (!component.selected || !component.consent.due(now)) continue;
      if (CandidatePair* pair = stream.checklist.find(*component.selected); pair != nullptr) {
        begin_consent_check(now, stream, component, *pair);
      }
    }
  }
}

void OutgoingChecks::drop_without_consent(TimePoint now, Stream& stream, const Component& component) {
  // RFC 7675 5.1: nothing more is sent there. Valid pairs that were not asked meanwhile have no consent either; the one
  // in use is the last to go, so that no other of them takes its place.
  const std::optional<PairId> selected = component.selected;
  std::vector<PairId> stale;
  for (const auto& pair : stream.checklist.pairs()) {
    const bool old = now >= pair->last_response + Consent::kLifetime;
    if (pair->component == component.id && pair->valid && old && pair->id != selected) stale.push_back(pair->id);
  }
  if (stream.checklist.find(*selected) == nullptr) {
    paths_.revoke(stream, stream.components.at(component.id));  // never so, or else this would never end
    return;
  }
  give_up_silent_checks(now, stream, component.id);
  stale.push_back(*selected);
  for (const PairId id : stale) {
    if (CandidatePair* pair = stream.checklist.find(id)) paths_.lost(now, stream, *pair, kConsentExpired);
  }
}

void OutgoingChecks::give_up_silent_checks(TimePoint now, Stream& stream, ComponentId component) {
  // A check from before the doubt was repeated at most until the nomination (RFC 8445 8.1.2) or has met the same
  // silence since: no other way that is being tried, for which the peer's end would have to wait.
  std::vector<PairId> silent;
  for (const auto& pair : stream.checklist.pairs()) {
    const bool before = pair->check_started + (Consent::kLifetime - Consent::kDoubtAfter) <= now;
    if (pair->component == component && pair->state == PairState::in_progress && before) silent.push_back(pair->id);
  }
  for (const PairId id : silent) {
    std::erase_if(pending_, [&](const Pending& check) { return check.pair == id && check.purpose == Purpose::check; });
    if (CandidatePair* pair = stream.checklist.find(id)) fail(now, stream, *pair, "no answer");
  }
}

void OutgoingChecks::stop_decided_checks() {
  // RFC 8445 8.1.2: once a component is nominated, the checks of its other pairs are not repeated.
  for (Pending& pending : pending_) {
    if (pending.purpose != Purpose::check || !pending.transaction.retransmitting()) continue;
    const Stream* stream = context_.find_stream(pending.stream);
    if (stream == nullptr) continue;
    const auto component = stream->components.find(pending.component);
    if (component == stream->components.end() || !component->second.nominated) continue;
    const CandidatePair* pair = stream->checklist.find(pending.pair);
    // A check that the peer has asked for since the nomination is finished: an RFC 5245 peer may nominate once more.
    if (pair != nullptr && pair->check_triggered) continue;
    pending.transaction.stop_retransmitting();
  }
}

void OutgoingChecks::advance(TimePoint now) {
  // What times out may begin, but never ends, other transactions.
  std::vector<Pending> timed_out;
  for (std::size_t i = 0; i < pending_.size();) {
    Pending& pending = pending_[i];
    const auto step = pending.transaction.handle_timeout(now);
    if (step == StunTransaction::Step::retransmit) {
      // A pair that made room for a better one is not asked again.
      const Stream* stream = context_.find_stream(pending.stream);
      if (stream == nullptr || stream->checklist.find(pending.pair) == nullptr) {
        pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
    }
    if (step == StunTransaction::Step::retransmit) {
      ++context_.counters.retransmissions_sent;
      const ByteView request = pending.transaction.request();
      context_.send(pending.transport, pending.remote, Bytes(request.begin(), request.end()));
    }
    if (step == StunTransaction::Step::timed_out) {
      timed_out.push_back(std::move(pending));
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  for (const Pending& pending : timed_out) handle_time_out(now, pending);

  keep_consent(now);
  paths_.nominate_where_due(now);
  if (now >= context_.pacer.next_slot()) {
    if (const auto next = checklists_.next_check(now); next.pair != nullptr) begin_check(now, next);
  }
  stop_decided_checks();
}

std::optional<TimePoint> OutgoingChecks::next_timeout(TimePoint now) const {
  std::optional<TimePoint> earliest;
  for (const Pending& pending : pending_) keep_earliest(earliest, pending.transaction.next_timeout());
  for (const auto& [stream_id, stream] : context_.streams) {
    for (const auto& [component_id, component] : stream.components) {
      keep_earliest(earliest, component.consent.next_timeout(now));
    }
  }
  keep_earliest(earliest, paths_.next_timeout());
  if (checklists_.has_next(now)) keep_earliest(earliest, std::max(context_.pacer.next_slot(), now));
  keep_earliest(earliest, checklists_.next_thaw(now));
  return earliest;
}

void OutgoingChecks::forget(StreamId stream, ComponentId component) {
  std::erase_if(pending_,
                [&](const Pending& pending) { return pending.stream == stream && pending.component == component; });
}

void OutgoingChecks::forget(TransportId transport) {
  std::erase_if(pending_, [&](const Pending& pending) { return pending.transport == transport; });
}

}  // namespace ice
