// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/checklist_set.h"

#include <algorithm>
#include <utility>

#include "ice-core/candidates/priority.h"

namespace ice {

bool is_base(const Candidate& local) {
  return local.type == CandidateType::host || local.type == CandidateType::relayed;
}

bool can_pair(const Candidate& local, const Candidate& remote) {
  if (local.component != remote.component) return false;
  if (local.protocol != CandidateProtocol::udp || remote.protocol != CandidateProtocol::udp) return false;
  if (!remote.name.empty()) return false;
  if (local.address.family() != remote.address.family()) return false;
  if (local.address.is_loopback() != remote.address.is_loopback()) return false;
  if (local.address.family() == Family::ipv6 && local.address.is_link_local() != remote.address.is_link_local()) {
    return false;
  }
  return true;
}

PairPriority ChecklistSet::priority(const Stream& stream, LocalIndex local, RemoteIndex remote) const {
  return pair_priority(context_.role, stream.local(local).candidate.priority, stream.remote(remote).candidate.priority);
}

CandidatePair ChecklistSet::make_pair(const Stream& stream, LocalIndex local, RemoteIndex remote) {
  CandidatePair pair;
  pair.id = PairId(context_.next_pair_id++);
  pair.component = stream.local(local).candidate.component;
  pair.local = local;
  pair.remote = remote;
  pair.transport = stream.local(local).transport;
  pair.remote_address = stream.remote(remote).candidate.address;
  pair.foundation = stream.local(local).candidate.foundation + ":" + stream.remote(remote).candidate.foundation;
  pair.priority = priority(stream, local, remote);
  return pair;
}

bool ChecklistSet::decided(const Stream& stream, ComponentId component) const {
  const auto found = stream.components.find(component);
  return found != stream.components.end() && found->second.nominated;
}

void ChecklistSet::pair_local(Stream& stream, LocalIndex local) {
  if (decided(stream, stream.local(local).candidate.component)) return;
  for (std::size_t i = 0; i < stream.remote_candidates.size(); ++i) {
    if (can_pair(stream.local(local).candidate, stream.remote_candidates[i].candidate)) {
      add_pair(stream, local, RemoteIndex(i));
    }
  }
}

void ChecklistSet::pair_remote(Stream& stream, RemoteIndex remote) {
  if (decided(stream, stream.remote(remote).candidate.component)) return;
  for (std::size_t i = 0; i < stream.local_candidates.size(); ++i) {
    const LocalCandidate& local = stream.local_candidates[i];
    // Peer-reflexive and server-reflexive candidates are sent from their base, so only bases are paired (6.1.2.4).
    if (local.gone || !is_base(local.candidate)) continue;
    if (can_pair(local.candidate, stream.remote(remote).candidate)) add_pair(stream, LocalIndex(i), remote);
  }
}

CandidatePair* ChecklistSet::add_pair(Stream& stream, LocalIndex local, RemoteIndex remote) {
  CandidatePair pair = make_pair(stream, local, remote);
  if (CandidatePair* known = stream.checklist.find_listed(pair.transport, pair.remote_address)) return known;
  if (!make_room(pair.priority)) return nullptr;
  CandidatePair& added = stream.checklist.add(std::move(pair));
  // RFC 8838 12: a new foundation, or one that has already worked, need not wait for anybody.
  if (foundation_succeeded(added.foundation) || !busy_until(added.foundation)) added.state = PairState::waiting;
  return &added;
}

CandidatePair* ChecklistSet::add_valid_pair(Stream& stream, LocalIndex local, RemoteIndex remote, PairId checked) {
  CandidatePair pair = make_pair(stream, local, remote);
  pair.listed = false;
  pair.state = PairState::succeeded;
  pair.checked_pair = checked;
  if (!make_room(pair.priority)) return nullptr;
  return &stream.checklist.add(std::move(pair));
}

bool ChecklistSet::make_room(PairPriority for_priority) {
  if (pair_count() < kMaxPairs) return true;
  // What failed goes first, then the lowest priority; what is under way last, and only for something better; what
  // succeeded stays.
  const auto rank = [](const CandidatePair& pair) {
    if (pair.state == PairState::failed) return 0;
    return pair.state == PairState::in_progress ? 2 : 1;
  };
  Stream* victim_stream = nullptr;
  const CandidatePair* victim = nullptr;
  for (auto& [id, stream] : context_.streams) {
    for (const auto& pair : stream.checklist.pairs()) {
      if (pair->valid || pair->state == PairState::succeeded) continue;
      if (victim != nullptr && std::pair(rank(*pair), pair->priority) >= std::pair(rank(*victim), victim->priority)) {
        continue;
      }
      victim = pair.get();
      victim_stream = &stream;
    }
  }
  if (victim == nullptr) return false;
  if (victim->state != PairState::failed && victim->priority >= for_priority) return false;
  victim_stream->checklist.remove(victim->id);
  return true;
}

std::optional<TimePoint> ChecklistSet::busy_until(const std::string& foundation) const {
  std::optional<TimePoint> until;
  for (const auto& [id, stream] : context_.streams) {
    for (const auto& pair : stream.checklist.pairs()) {
      if (!pair->listed || pair->foundation != foundation) continue;
      if (pair->state == PairState::waiting) return TimePoint::max();
      if (pair->state != PairState::in_progress) continue;
      until = std::max(until.value_or(TimePoint::min()), pair->check_started + kFreeze);
    }
  }
  return until;
}

bool ChecklistSet::foundation_busy(TimePoint now, const std::string& foundation) const {
  const auto until = busy_until(foundation);
  return until && now < *until;
}

std::optional<TimePoint> ChecklistSet::next_thaw(TimePoint now) const {
  std::optional<TimePoint> next;
  for (const auto& [id, stream] : context_.streams) {
    if (!checkable(stream)) continue;
    for (const auto& pair : stream.checklist.pairs()) {
      if (!pair->listed || pair->state != PairState::frozen) continue;
      const auto until = busy_until(pair->foundation);
      if (until && *until > now && *until < TimePoint::max()) next = std::min(next.value_or(*until), *until);
    }
  }
  return next;
}

bool ChecklistSet::foundation_succeeded(const std::string& foundation) const {
  for (const auto& [id, stream] : context_.streams) {
    for (const auto& pair : stream.checklist.pairs()) {
      if (pair->listed && pair->foundation == foundation && pair->state == PairState::succeeded) return true;
    }
  }
  return false;
}

void ChecklistSet::unfreeze(const std::string& foundation) {
  for (auto& [id, stream] : context_.streams) {
    for (const auto& pair : stream.checklist.pairs()) {
      if (pair->listed && pair->state == PairState::frozen && pair->foundation == foundation) {
        pair->state = PairState::waiting;
      }
    }
  }
}

bool ChecklistSet::checkable(const Stream& stream) const {
  return context_.remote_of(stream).complete();
}

bool ChecklistSet::ready(const CandidatePair& pair) const {
  if (!pair.listed || pair.state != PairState::waiting) return false;
  return context_.relays == nullptr || context_.relays->may_check(pair.transport, pair.remote_address);
}

CandidatePair* ChecklistSet::first_ready(const Stream& stream) const {
  for (const auto& pair : stream.checklist.pairs()) {
    if (ready(*pair)) return pair.get();
  }
  return nullptr;
}

void ChecklistSet::thaw(TimePoint now, Stream& stream) {
  for (const auto& pair : stream.checklist.pairs()) {
    if (pair->listed && pair->state == PairState::frozen && !foundation_busy(now, pair->foundation)) {
      pair->state = PairState::waiting;
    }
  }
}

ChecklistSet::Next ChecklistSet::next_check(TimePoint now) {
  const std::size_t count = context_.streams.size();
  for (std::size_t step = 0; step < count; ++step) {
    auto at = context_.streams.begin();
    std::advance(at, static_cast<std::ptrdiff_t>((turn_ + step) % count));
    Stream& stream = at->second;
    if (!checkable(stream)) continue;
    while (!stream.checklist.triggered().empty()) {
      const PairId id = stream.checklist.triggered().pop();
      CandidatePair* pair = stream.checklist.find(id);
      const bool wanted =
          pair != nullptr && (pair->state == PairState::waiting || pair->nomination == NominationStep::queued);
      if (!wanted) continue;
      turn_ = (turn_ + step + 1) % count;
      return {&stream, pair, true};
    }
    CandidatePair* pair = first_ready(stream);
    if (pair == nullptr) {
      thaw(now, stream);
      pair = first_ready(stream);
    }
    if (pair != nullptr) {
      turn_ = (turn_ + step + 1) % count;
      return {&stream, pair, false};
    }
  }
  return {};
}

bool ChecklistSet::has_next(TimePoint now) const {
  for (const auto& [id, stream] : context_.streams) {
    if (!checkable(stream)) continue;
    if (!stream.checklist.triggered().empty()) return true;
    for (const auto& pair : stream.checklist.pairs()) {
      if (!pair->listed) continue;
      if (ready(*pair)) return true;
      if (pair->state == PairState::frozen && !foundation_busy(now, pair->foundation)) return true;
    }
  }
  return false;
}

std::size_t ChecklistSet::pair_count() const {
  std::size_t count = 0;
  for (const auto& [id, stream] : context_.streams) count += stream.checklist.pairs().size();
  return count;
}

std::size_t ChecklistSet::running_checklists() const {
  std::size_t running = 0;
  for (const auto& [id, stream] : context_.streams) {
    if (stream.checklist.count_waiting_and_in_progress() > 0) ++running;
  }
  return running;
}

void ChecklistSet::recompute_priorities() {
  for (auto& [id, stream] : context_.streams) {
    for (const auto& pair : stream.checklist.pairs()) pair->priority = priority(stream, pair->local, pair->remote);
    stream.checklist.sort();
  }
}

}  // namespace ice
