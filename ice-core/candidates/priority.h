// SPDX-License-Identifier: LGPL-2.1-or-later
// Priorities (RFC 8445 5.1.2.1, 6.1.2.3): pure functions.
#pragma once

#include <cstdint>

#include "ice-core/base/types.h"
#include "ice-core/candidates/candidate.h"

namespace ice {

/// host 126, prflx 110, srflx 100, relay 0 (RFC 8445 5.1.2.2)
[[nodiscard]] std::uint8_t type_preference(CandidateType type);

/// 2^24·type + 2^8·local + (256 − component)
[[nodiscard]] Priority candidate_priority(CandidateType type, std::uint16_t local_preference, ComponentId component);

/// 2^32·min(G,D) + 2·max(G,D) + (G>D ? 1 : 0), G being the controlling agent's candidate.
[[nodiscard]] PairPriority pair_priority(Role our_role, Priority local, Priority remote);

}  // namespace ice
