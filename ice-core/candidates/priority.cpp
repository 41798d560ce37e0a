// SPDX-License-Identifier: LGPL-2.1-or-later
// The formulas of RFC 8445 5.1.2.1 and 6.1.2.3.
#include "ice-core/candidates/priority.h"

#include <algorithm>

namespace ice {

std::uint8_t type_preference(CandidateType type) {
  switch (type) {
    case CandidateType::host:
      return 126;
    case CandidateType::peer_reflexive:
      return 110;
    case CandidateType::server_reflexive:
      return 100;
    case CandidateType::relayed:
      return 0;
  }
  return 0;
}

Priority candidate_priority(CandidateType type, std::uint16_t local_preference, ComponentId component) {
  // The agent has refused other component ids; out of the formula's range they would spill into the preference.
  const std::uint32_t id = std::clamp<std::uint32_t>(component.value, 1, 256);
  const std::uint32_t value = static_cast<std::uint32_t>(type_preference(type)) << 24 |
                              static_cast<std::uint32_t>(local_preference) << 8 | (256 - id);
  // A priority is 1 at least, which only a relayed candidate of the last preference and component would miss.
  return Priority(std::max<std::uint32_t>(value, 1));
}

PairPriority pair_priority(Role our_role, Priority local, Priority remote) {
  const std::uint64_t g = our_role == Role::controlling ? local.value : remote.value;
  const std::uint64_t d = our_role == Role::controlling ? remote.value : local.value;
  return PairPriority((std::min(g, d) << 32) + 2 * std::max(g, d) + (g > d ? 1 : 0));
}

}  // namespace ice
