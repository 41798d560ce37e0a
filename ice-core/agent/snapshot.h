// SPDX-License-Identifier: LGPL-2.1-or-later
// What the agent shows of itself: enough to draw a session and to say why it is as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/base/types.h"
#include "ice-core/candidates/candidate.h"
#include "ice-core/gathering/server.h"

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

/// How it went with one STUN or TURN server.
struct ServerSnapshot {
  ServerId id;
  std::string name;             ///< "TURN turn.example.org:3478"
  std::string text;             ///< what was asked and what it said, in plain words
  std::size_t candidates = 0;   ///< found by it
  std::size_t allocations = 0;  ///< held now
  std::optional<Duration> round_trip_time;
};

/// Counters, named after W3C webrtc-stats' RTCIceCandidatePairStats.
struct AgentCounters {
  std::uint64_t requests_sent = 0;  ///< connectivity checks, without retransmissions
  std::uint64_t retransmissions_sent = 0;
  std::uint64_t requests_received = 0;  ///< authenticated
  std::uint64_t responses_sent = 0;
  std::uint64_t responses_received = 0;  ///< accepted
  std::uint64_t consent_requests_sent = 0;
  std::uint64_t discarded_stun = 0;           ///< malformed, unauthenticated or unmatched
  std::uint64_t discarded_strangers = 0;      ///< datagrams from nobody validated
  std::uint64_t gathering_requests_sent = 0;  ///< to STUN and TURN servers, paced with the checks
  std::uint64_t server_requests_sent = 0;     ///< to them, not paced: refreshes, permissions, channels, keepalives
};

struct Snapshot {
  Role role = Role::controlling;
  std::vector<std::pair<StreamId, Candidate>> local_candidates;
  std::vector<std::pair<StreamId, Candidate>> remote_candidates;
  std::vector<PairSnapshot> pairs;
  std::vector<ServerSnapshot> servers;
  AgentCounters counters;
};

}  // namespace ice
