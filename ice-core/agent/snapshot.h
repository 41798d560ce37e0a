// SPDX-License-Identifier: LGPL-2.1-or-later
// What the agent shows of itself: enough to draw a session and to say why it is as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/base/types.h"
#include "ice-core/candidates/candidate.h"

namespace ice {

/// A pair's state (RFC 8445 6.1.2.6).
enum class PairState { frozen, waiting, in_progress, succeeded, failed };
[[nodiscard]] const char* text(PairState state);

/// The pair that media of a component uses.
struct SelectedPair {
  Candidate local;
  Candidate remote;
  TransportId transport;
  bool nominated = false;
  std::optional<Duration> round_trip_time;  ///< of the latest check that was answered at its first send
};

struct PairSnapshot {
  StreamId stream;
  ComponentId component;
  Candidate local;
  Candidate remote;
  PairState state = PairState::frozen;
  PairPriority priority;
  bool valid = false;
  bool nominated = false;
  bool selected = false;
  std::uint64_t requests_sent = 0;
  std::uint64_t responses_received = 0;
  std::optional<Duration> round_trip_time;
  std::string failure;  ///< why it failed, else empty
};

/// Counters, named after W3C webrtc-stats' RTCIceCandidatePairStats.
struct AgentCounters {
  std::uint64_t requests_sent = 0;  ///< connectivity checks, without retransmissions
  std::uint64_t retransmissions_sent = 0;
  std::uint64_t requests_received = 0;  ///< authenticated
  std::uint64_t responses_sent = 0;
  std::uint64_t responses_received = 0;  ///< accepted
  std::uint64_t consent_requests_sent = 0;
  std::uint64_t discarded_stun = 0;       ///< malformed, unauthenticated or unmatched
  std::uint64_t discarded_strangers = 0;  ///< datagrams from nobody validated
};

struct Snapshot {
  Role role = Role::controlling;
  std::vector<std::pair<StreamId, Candidate>> local_candidates;
  std::vector<std::pair<StreamId, Candidate>> remote_candidates;
  std::vector<PairSnapshot> pairs;
  AgentCounters counters;
};

}  // namespace ice
