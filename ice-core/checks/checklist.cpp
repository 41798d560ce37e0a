// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/checklist.h"

#include <algorithm>

namespace ice {

void TriggeredCheckQueue::push(PairId pair) {
  if (std::find(queue_.begin(), queue_.end(), pair) == queue_.end()) queue_.push_back(pair);
}

void TriggeredCheckQueue::remove(PairId pair) {
  std::erase(queue_, pair);
}

PairId TriggeredCheckQueue::pop() {
  const PairId first = queue_.front();
  queue_.pop_front();
  return first;
}

namespace {
bool higher(const std::unique_ptr<CandidatePair>& a, const std::unique_ptr<CandidatePair>& b) {
  if (a->priority != b->priority) return a->priority > b->priority;
  return a->id < b->id;
}
}  // namespace

CandidatePair& Checklist::add(CandidatePair pair) {
  auto owned = std::make_unique<CandidatePair>(std::move(pair));
  CandidatePair& added = *owned;
  pairs_.insert(std::upper_bound(pairs_.begin(), pairs_.end(), owned, higher), std::move(owned));
  return added;
}

void Checklist::remove(PairId id) {
  triggered_.remove(id);
  std::erase_if(pairs_, [id](const auto& pair) { return pair->id == id; });
}

void Checklist::clear() {
  triggered_.clear();
  pairs_.clear();
}

void Checklist::sort() {
  std::sort(pairs_.begin(), pairs_.end(), higher);
}

CandidatePair* Checklist::find(PairId id) const {
  for (const auto& pair : pairs_)
    if (pair->id == id) return pair.get();
  return nullptr;
}

CandidatePair* Checklist::find_listed(TransportId transport, const Address& remote) const {
  for (const auto& pair : pairs_)
    if (pair->listed && pair->transport == transport && pair->remote_address == remote) return pair.get();
  return nullptr;
}

CandidatePair* Checklist::find(LocalIndex local, RemoteIndex remote) const {
  for (const auto& pair : pairs_)
    if (pair->local == local && pair->remote == remote) return pair.get();
  return nullptr;
}

std::size_t Checklist::count_waiting_and_in_progress() const {
  return static_cast<std::size_t>(std::count_if(pairs_.begin(), pairs_.end(), [](const auto& pair) {
    return pair->listed && (pair->state == PairState::waiting || pair->state == PairState::in_progress);
  }));
}

}  // namespace ice
