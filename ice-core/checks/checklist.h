// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream's checklist and its triggered-check queue (RFC 8445 6.1.2, 6.1.4.1): the pairs, sorted by priority.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "ice-core/checks/candidate_pair.h"

namespace ice {

/// Pairs to check before all others, first in, first out; each at most once (RFC 8445 6.1.4.1).
class TriggeredCheckQueue {
 public:
  void push(PairId pair);
  void remove(PairId pair);
  void clear() { queue_.clear(); }
  [[nodiscard]] bool empty() const { return queue_.empty(); }
  /// The first; the queue must not be empty.
  PairId pop();

 private:
  std::deque<PairId> queue_;
};

class Checklist {
 public:
  using Pairs = std::vector<std::unique_ptr<CandidatePair>>;

  /// All pairs, listed or only valid, the highest priority first.
  [[nodiscard]] const Pairs& pairs() const { return pairs_; }
  /// Inserts by priority; gives the pair in its place.
  CandidatePair& add(CandidatePair pair);
  void remove(PairId id);
  void clear();
  /// After priorities changed.
  void sort();

  [[nodiscard]] CandidatePair* find(PairId id) const;
  /// The listed pair with this base and remote address; there is at most one.
  [[nodiscard]] CandidatePair* find_listed(TransportId transport, const Address& remote) const;
  /// The pair of exactly these two candidates, listed or not.
  [[nodiscard]] CandidatePair* find(LocalIndex local, RemoteIndex remote) const;

  [[nodiscard]] std::size_t count_waiting_and_in_progress() const;

  TriggeredCheckQueue& triggered() { return triggered_; }
  [[nodiscard]] const TriggeredCheckQueue& triggered() const { return triggered_; }

 private:
  Pairs pairs_;
  TriggeredCheckQueue triggered_;
};

}  // namespace ice
