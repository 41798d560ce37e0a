// SPDX-License-Identifier: LGPL-2.1-or-later
// Who gives way when both agents believe to be controlling, or both controlled (RFC 8445 7.3.1.1): a pure function.
#pragma once

#include <cstdint>
#include <optional>

#include "ice-core/base/types.h"

namespace ice {

enum class RoleVerdict {
  no_conflict,
  switch_role,  ///< we take the other role and go on with the request
  answer_487,   ///< the peer must switch: 487 (Role Conflict), nothing else of the request counts
};

/// `peer_controlling`, `peer_controlled`: the tie-breakers of the request's ICE-CONTROLLING and ICE-CONTROLLED.
/// An agent of RFC 5245 or 8445 sends exactly one of them; with none there is no conflict.
[[nodiscard]] RoleVerdict judge_roles(Role ours, std::uint64_t our_tie_breaker,
                                      std::optional<std::uint64_t> peer_controlling,
                                      std::optional<std::uint64_t> peer_controlled);

}  // namespace ice
