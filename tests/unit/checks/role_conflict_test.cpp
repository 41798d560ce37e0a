// SPDX-License-Identifier: LGPL-2.1-or-later
// RFC 8445 7.3.1.1, STANDARDS trap 3.
#include "ice-core/checks/role_conflict.h"

#include <gtest/gtest.h>

namespace ice {
namespace {

TEST(RoleConflict, OppositeRolesDoNotConflict) {
  EXPECT_EQ(judge_roles(Role::controlling, 1, std::nullopt, 2), RoleVerdict::no_conflict);
  EXPECT_EQ(judge_roles(Role::controlled, 1, 2, std::nullopt), RoleVerdict::no_conflict);
}

TEST(RoleConflict, ARequestWithoutRoleDoesNotConflict) {
  EXPECT_EQ(judge_roles(Role::controlling, 1, std::nullopt, std::nullopt), RoleVerdict::no_conflict);
}

TEST(RoleConflict, OfTwoControllingAgentsTheLargerTieBreakerStaysControlling) {
  EXPECT_EQ(judge_roles(Role::controlling, 5, 4, std::nullopt), RoleVerdict::answer_487);
  EXPECT_EQ(judge_roles(Role::controlling, 4, 5, std::nullopt), RoleVerdict::switch_role);
}

TEST(RoleConflict, OfTwoControlledAgentsTheLargerTieBreakerBecomesControlling) {
  EXPECT_EQ(judge_roles(Role::controlled, 5, std::nullopt, 4), RoleVerdict::switch_role);
  EXPECT_EQ(judge_roles(Role::controlled, 4, std::nullopt, 5), RoleVerdict::answer_487);
}

TEST(RoleConflict, EqualTieBreakersAreDecidedInFavourOfTheReceiver) {
  EXPECT_EQ(judge_roles(Role::controlling, 5, 5, std::nullopt), RoleVerdict::answer_487);
  EXPECT_EQ(judge_roles(Role::controlled, 5, std::nullopt, 5), RoleVerdict::switch_role);
}

}  // namespace
}  // namespace ice
