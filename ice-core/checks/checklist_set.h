// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules that run over all checklists of an agent (RFC 8445 6.1.2, 6.1.4): which pairs are formed, which of them are
// frozen, how many there may be, whose turn it is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "ice-core/agent/context.h"

namespace ice {

/// At most so many pairs over all checklists (RFC 8445 6.1.2.5).
inline constexpr std::size_t kMaxPairs = 100;

/// Host and relayed candidates are sent from as they are, the others from their base (RFC 8445 6.1.2.4).
[[nodiscard]] bool is_base(const Candidate& local);

/// Whether these two can be paired: same component, protocol and family; link-local IPv6 only with link-local
/// (RFC 8445 6.1.2.2); loopback only with loopback, so that a peer cannot make us knock at our own machine's doors.
[[nodiscard]] bool can_pair(const Candidate& local, const Candidate& remote);

/// A check that is not answered for so long keeps no other pair of its foundation frozen. RFC 8445 6.1.4.2 lets them
/// wait for its end, 39.5 s. With trickled candidates the two sides may have begun with different components: each then
/// checks where the other has not sent yet, their NATs let nothing in, and neither gets on.
inline constexpr Duration kFreeze = std::chrono::seconds(1);

class ChecklistSet {
 public:
  explicit ChecklistSet(AgentContext& context) : context_(context) {}

  /// Pairs a new candidate with all of the other side's (RFC 8445 6.1.2.2, RFC 8838 10).
  void pair_local(Stream& stream, LocalIndex local);
  void pair_remote(Stream& stream, RemoteIndex remote);
  /// Adds one pair unless it is redundant or the cap leaves no room; gives the pair that is now there.
  CandidatePair* add_pair(Stream& stream, LocalIndex local, RemoteIndex remote);
  /// A valid pair that is in no checklist (RFC 8445 7.2.5.3.2).
  /// Nothing where the cap leaves no room.
  CandidatePair* add_valid_pair(Stream& stream, LocalIndex local, RemoteIndex remote, PairId checked);

  /// A pair of this foundation succeeded: the others of it may be checked, in every list (RFC 8445 7.2.5.3.3).
  void unfreeze(const std::string& foundation);
  /// The pair whose check comes next and its stream, or nothing. Triggered checks before ordinary ones; the lists take
  /// turns (RFC 8445 6.1.4.2).
  struct Next {
    Stream* stream = nullptr;
    CandidatePair* pair = nullptr;
    bool triggered = false;
  };
  Next next_check(TimePoint now);
  /// Whether next_check() would give something.
  [[nodiscard]] bool has_next(TimePoint now) const;
  /// When it will, without any input: frozen pairs wait no longer for a check that stays without an answer.
  [[nodiscard]] std::optional<TimePoint> next_thaw(TimePoint now) const;

  [[nodiscard]] std::size_t pair_count() const;
  /// Lists with a pair that is waiting or in progress.
  [[nodiscard]] std::size_t running_checklists() const;
  /// All priorities anew, after the role or a candidate's priority changed.
  void recompute_priorities();

 private:
  [[nodiscard]] PairPriority priority(const Stream& stream, LocalIndex local, RemoteIndex remote) const;
  [[nodiscard]] CandidatePair make_pair(const Stream& stream, LocalIndex local, RemoteIndex remote);
  /// Foundations that no pair keeps busy get their first frozen pair set to Waiting.
  void thaw(TimePoint now, Stream& stream);
  /// Until when a pair of this foundation keeps the others waiting; nothing: none does.
  [[nodiscard]] std::optional<TimePoint> busy_until(const std::string& foundation) const;
  [[nodiscard]] bool foundation_busy(TimePoint now, const std::string& foundation) const;
  [[nodiscard]] bool foundation_succeeded(const std::string& foundation) const;
  [[nodiscard]] bool checkable(const Stream& stream) const;
  /// Waiting, and not held up by a relay that does not let it through yet.
  [[nodiscard]] bool ready(const CandidatePair& pair) const;
  [[nodiscard]] CandidatePair* first_ready(const Stream& stream) const;
  /// A nominated component begins no ordinary checks any more (RFC 8445 8.1.2).
  [[nodiscard]] bool decided(const Stream& stream, ComponentId component) const;
  bool make_room(PairPriority for_priority);

  AgentContext& context_;
  std::size_t turn_ = 0;
};

}  // namespace ice
