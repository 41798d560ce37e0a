// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/role_conflict.h"

namespace ice {

RoleVerdict judge_roles(Role ours, std::uint64_t our_tie_breaker, std::optional<std::uint64_t> peer_controlling,
                        std::optional<std::uint64_t> peer_controlled) {
  if (ours == Role::controlling && peer_controlling) {
    return our_tie_breaker >= *peer_controlling ? RoleVerdict::answer_487 : RoleVerdict::switch_role;
  }
  if (ours == Role::controlled && peer_controlled) {
    return our_tie_breaker >= *peer_controlled ? RoleVerdict::switch_role : RoleVerdict::answer_487;
  }
  return RoleVerdict::no_conflict;
}

}  // namespace ice
