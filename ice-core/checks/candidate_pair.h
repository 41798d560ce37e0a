// SPDX-License-Identifier: LGPL-2.1-or-later
// What a candidate pair is (RFC 8445 6.1.2). What makes it succeed, be valid or be selected is decided elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ice-core/agent/snapshot.h"
#include "ice-core/base/address.h"
#include "ice-core/base/types.h"

namespace ice {

/// Unique within an agent, never reused.
using PairId = StrongId<struct PairTag, std::uint64_t>;
/// Positions in a Stream's lists of local and remote candidates, which only grow within a generation.
using LocalIndex = StrongId<struct LocalTag, std::size_t>;
using RemoteIndex = StrongId<struct RemoteTag, std::size_t>;

/// Where the controlling agent's nomination of a pair stands (RFC 8445 8.1.1).
enum class NominationStep { none, queued, in_flight };

struct CandidatePair {
  PairId id;
  ComponentId component;
  LocalIndex local;
  RemoteIndex remote;
  /// The local candidate's base: checks and media leave from it (RFC 8445 6.1.2.4).
  TransportId transport;
  Address remote_address;
  std::string foundation;  ///< both candidates' foundations (RFC 8445 6.1.2.6)
  PairPriority priority;
  PairState state = PairState::frozen;

  /// False for a pair that only a response's mapped address made (RFC 8445 7.2.5.3.2): valid, never checked itself.
  bool listed = true;
  bool valid = false;
  bool nominated = false;
  /// The peer's USE-CANDIDATE came before our own check succeeded (RFC 8445 7.3.1.5).
  bool nominate_on_success = false;
  NominationStep nomination = NominationStep::none;
  /// A listed pair's valid pair, and a valid pair's listed one: the same unless the mapped address differed.
  std::optional<PairId> valid_pair;
  std::optional<PairId> checked_pair;

  TimePoint check_started{};     ///< of the check in progress
  unsigned role_conflicts = 0;   ///< 487 that it was answered with
  bool check_triggered = false;  ///< the check in progress was triggered by a request
  TimePoint last_response{};     ///< the latest accepted success response: consent counts from it
  std::optional<Duration> round_trip_time;
  std::uint64_t requests_sent = 0;
  std::uint64_t responses_received = 0;
  std::string failure;

  /// Will be checked, or is being checked.
  [[nodiscard]] bool unfinished() const {
    return state == PairState::frozen || state == PairState::waiting || state == PairState::in_progress;
  }
};

}  // namespace ice
