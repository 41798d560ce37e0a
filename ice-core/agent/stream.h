// SPDX-License-Identifier: LGPL-2.1-or-later
// The data of one stream: its components, both sides' candidates, its checklist. No rules live here.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "ice-core/candidates/candidate.h"
#include "ice-core/candidates/credentials.h"
#include "ice-core/checks/checklist.h"
#include "ice-core/checks/consent.h"

namespace ice {

struct LocalCandidate {
  Candidate candidate;
  TransportId transport;  ///< of its base
  std::uint16_t local_preference = 0;
  bool gone = false;  ///< its transport failed or was closed
  bool told = true;   ///< false: found after the end of candidates was told, so the peer may only learn it from checks
};

struct RemoteCandidate {
  Candidate candidate;
  bool signaled = false;   ///< false: peer-reflexive, learned from a check
  TimePoint learned{};     ///< from it
  TransportId learned_on;  ///< where it came in
};

struct Component {
  ComponentId id;
  std::optional<PairId> selected;  ///< the valid pair that media uses
  bool nominated = false;          ///< `selected` is nominated
  bool had_path = false;           ///< media was possible once in this generation
  TimePoint added{};               ///< its patience begins no sooner (RFC 8863 4)
  Consent consent;
};

struct Stream {
  StreamId id;
  std::map<ComponentId, Component> components;
  std::vector<LocalCandidate> local_candidates;
  std::vector<RemoteCandidate> remote_candidates;
  std::optional<Credentials> remote_credentials;  ///< where the peer gave this stream its own
  bool local_ended = false;
  bool remote_ended = false;
  bool remote_mentioned = false;  ///< the peer's signaling named this stream, if only by its m= line
  Checklist checklist;

  [[nodiscard]] const LocalCandidate& local(LocalIndex index) const { return local_candidates[index.value]; }
  [[nodiscard]] const RemoteCandidate& remote(RemoteIndex index) const { return remote_candidates[index.value]; }
};

}  // namespace ice
