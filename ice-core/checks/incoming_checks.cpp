// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/incoming_checks.h"

#include <algorithm>

#include "ice-core/agent/limits.h"
#include "ice-core/checks/check_messages.h"
#include "ice-core/checks/consent.h"
#include "ice-core/checks/role_conflict.h"

namespace ice {

namespace {
/// See kMaxCrowd.
constexpr Duration kCrowdInterval = std::chrono::seconds(5);
}  // namespace

bool IncomingChecks::handle_request(TimePoint now, TransportId transport_id, const Address& source,
                                    const StunMessage& request) {
  const auto found = context_.transports.find(transport_id);
  if (found == context_.transports.end()) return false;
  const Transport& transport = found->second;
  const auto username = request.username();
  const auto halves = username ? split_username(*username) : std::nullopt;
  if (!halves || halves->receiver != context_.local.ufrag) return false;
  const IntegrityKey& own_key = context_.keys.of(context_.local.pwd);
  if (!request.verify_integrity(own_key)) return false;
  ++context_.counters.requests_received;

  const AnswerKey key{own_key, !request.has(StunAttribute::message_integrity)};
  const auto answer = [&](Bytes bytes) {
    ++context_.counters.responses_sent;
    context_.send(transport_id, source, std::move(bytes));
  };
  if (!request.unknown_required().empty()) {
    answer(build_unknown_attributes_response(request, key));
    return true;
  }
  const auto priority = request.priority();
  if (!priority || *priority == 0) {
    answer(build_error_response(request, 400, "PRIORITY is missing", key));
    return true;
  }
  // RFC 8445 7.3.1.1, on every request and before anything else: a peer that ignores our 487 is given way to as well.
  switch (judge_roles(context_.role, context_.tie_breaker, request.ice_controlling(), request.ice_controlled())) {
    case RoleVerdict::answer_487:
      answer(build_error_response(request, 487, "Role Conflict", key));
      return true;
    case RoleVerdict::switch_role:
      outgoing_.switch_role(now);
      break;
    case RoleVerdict::no_conflict:
      break;
  }
  answer(build_success_response(request, source, key));
  outgoing_.validate_source(transport_id, source);

  EarlyCheck check{transport_id, source, std::string(halves->sender), Priority(*priority), request.use_candidate()};
  const Stream* stream = context_.find_stream(transport.stream);
  if (stream != nullptr && context_.remote_of(*stream).complete() &&
      context_.remote_of(*stream).ufrag == halves->sender) {
    learn(now, check);
  } else {
    remember(std::move(check));
  }
  return true;
}

void IncomingChecks::remember(EarlyCheck check) {
  for (EarlyCheck& known : context_.early_checks) {
    if (known.transport == check.transport && known.remote == check.remote && known.ufrag == check.ufrag) {
      known.use_candidate = known.use_candidate || check.use_candidate;
      known.priority = check.priority;
      return;
    }
  }
  if (context_.early_checks.size() >= kMaxEarlyChecks) return;
  context_.trace([&] { return "early check from " + check.remote.text(); });
  context_.early_checks.push_back(std::move(check));
}

void IncomingChecks::replay_early_checks(TimePoint now) {
  std::vector<EarlyCheck> early;
  early.swap(context_.early_checks);
  for (EarlyCheck& check : early) {
    const auto transport = context_.transports.find(check.transport);
    if (transport == context_.transports.end()) continue;
    const Stream* stream = context_.find_stream(transport->second.stream);
    if (stream == nullptr) continue;
    const Credentials& remote = context_.remote_of(*stream);
    if (!remote.complete()) {
      context_.early_checks.push_back(std::move(check));
    } else if (remote.ufrag == check.ufrag) {
      learn(now, check);
    }
  }
}

std::optional<RemoteIndex> IncomingChecks::remote_candidate(TimePoint now, Stream& stream, const EarlyCheck& check,
                                                            ComponentId component) {
  for (std::size_t i = 0; i < stream.remote_candidates.size(); ++i) {
    const Candidate& known = stream.remote_candidates[i].candidate;
    if (known.component == component && known.protocol == CandidateProtocol::udp && known.address == check.remote) {
      return RemoteIndex(i);
    }
  }
  const auto room = room_for_learned(now, stream, check);
  if (!room) return std::nullopt;
  // RFC 8445 7.3.1.3: its priority is what the request says, its foundation unlike every other.
  Candidate candidate;
  candidate.component = component;
  candidate.type = CandidateType::peer_reflexive;
  candidate.address = check.remote;
  candidate.priority = check.priority;
  candidate.foundation = "prflx" + std::to_string(next_learned_++);
  context_.trace([&] { return "peer-reflexive candidate " + check.remote.text(); });
  RemoteCandidate learned{std::move(candidate), false, now, check.transport};
  if (room->value == stream.remote_candidates.size()) {
    stream.remote_candidates.push_back(std::move(learned));
  } else {
    stream.remote_candidates[room->value] = std::move(learned);
  }
  return room;
}

std::optional<RemoteIndex> IncomingChecks::room_for_learned(TimePoint now, Stream& stream, const EarlyCheck& check) {
  std::size_t crowd = 0;
  std::size_t learned = 0;
  for (const RemoteCandidate& known : stream.remote_candidates) {
    if (known.signaled) continue;
    ++learned;
    const bool lately = now < known.learned + kCrowdInterval;
    if (lately && known.learned_on == check.transport && known.candidate.address.same_ip(check.remote)) ++crowd;
  }
  if (crowd >= kMaxCrowd) return std::nullopt;
  if (learned < kMaxLearnedCandidates && stream.remote_candidates.size() < kMaxRemoteCandidates) {
    return RemoteIndex(stream.remote_candidates.size());
  }
  const auto in_use = [&](std::size_t index) {
    const auto& pairs = stream.checklist.pairs();
    return std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
      return pair->remote.value == index && (pair->valid || pair->valid_pair || pair->unfinished());
    });
  };
  std::optional<std::size_t> oldest;
  for (std::size_t i = 0; i < stream.remote_candidates.size(); ++i) {
    const RemoteCandidate& known = stream.remote_candidates[i];
    if (known.signaled || in_use(i)) continue;
    if (!oldest || known.learned < stream.remote_candidates[*oldest].learned) oldest = i;
  }
  if (!oldest) return std::nullopt;
  std::vector<PairId> of_it;
  for (const auto& pair : stream.checklist.pairs()) {
    if (pair->remote.value == *oldest) of_it.push_back(pair->id);
  }
  for (const PairId id : of_it) stream.checklist.remove(id);
  return RemoteIndex(*oldest);
}

void IncomingChecks::learn(TimePoint now, const EarlyCheck& check) {
  const auto found = context_.transports.find(check.transport);
  if (found == context_.transports.end() || found->second.state != Transport::State::ready) return;
  const Transport& transport = found->second;
  Stream& stream = context_.streams.at(transport.stream);

  CandidatePair* pair = stream.checklist.find_listed(check.transport, check.remote);
  if (pair == nullptr) {
    const auto remote = remote_candidate(now, stream, check, transport.component);
    if (!remote) return;
    for (std::size_t i = 0; i < stream.local_candidates.size() && pair == nullptr; ++i) {
      const LocalCandidate& local = stream.local_candidates[i];
      if (local.gone || local.transport != check.transport || !is_base(local.candidate)) continue;
      pair = checklists_.add_pair(stream, LocalIndex(i), *remote);
    }
    if (pair == nullptr) return;
  }
  if (check.use_candidate && context_.role == Role::controlled) {
    // RFC 8445 7.3.1.5: now, or when our own check of the pair has succeeded. At any time, in any number.
    CandidatePair* valid = pair->valid_pair ? stream.checklist.find(*pair->valid_pair) : nullptr;
    pair->nominate_on_success = true;
    if (pair->state == PairState::succeeded && valid != nullptr) {
      if (now < valid->last_response + Consent::kLifetime) {
        if (!valid->nominated) paths_.nominated(now, stream, *valid);
        return;
      }
      // RFC 7675 5.1: a pair that was valid, and on which nothing was asked for 30 s, has no consent to be used. It has
      // to succeed once more before the nomination counts.
      pair->state = PairState::waiting;
    }
  }
  outgoing_.trigger(now, stream, *pair);
}

}  // namespace ice
