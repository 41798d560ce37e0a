// SPDX-License-Identifier: LGPL-2.1-or-later
// Priorities: the numbers of RFC 8445's formulas.
#include "ice-core/candidates/priority.h"

#include <gtest/gtest.h>

namespace ice {
namespace {

std::uint32_t value(CandidateType type, std::uint16_t local_preference, std::uint16_t component) {
  return candidate_priority(type, local_preference, ComponentId(component)).value;
}

// RFC 8445 5.1.2.1, 5.1.2.2
TEST(CandidatePriority, IsTheFormulasNumber) {
  EXPECT_EQ(value(CandidateType::host, 65535, 1), 2130706431U);
  EXPECT_EQ(value(CandidateType::host, 65535, 2), 2130706430U);
  EXPECT_EQ(value(CandidateType::host, 32768, 1), 2122318079U);
  EXPECT_EQ(value(CandidateType::host, 0, 256), 2113929216U);
  EXPECT_EQ(value(CandidateType::peer_reflexive, 65535, 1), 1862270975U);
  EXPECT_EQ(value(CandidateType::server_reflexive, 65535, 1), 1694498815U);
  EXPECT_EQ(value(CandidateType::server_reflexive, 0, 256), 1677721600U);
  EXPECT_EQ(value(CandidateType::relayed, 65535, 1), 16777215U);
  EXPECT_EQ(value(CandidateType::relayed, 32768, 1), 8388863U);
}

TEST(CandidatePriority, NeverLeavesItsRange) {
  EXPECT_EQ(value(CandidateType::relayed, 0, 256), 1U);  // the formula says 0, the RFC's range begins at 1
  EXPECT_EQ(value(CandidateType::relayed, 0, 0), value(CandidateType::relayed, 0, 1));
  EXPECT_EQ(value(CandidateType::relayed, 0, 65535), value(CandidateType::relayed, 0, 256));
}

TEST(CandidatePriority, PutsTypeBeforePreferenceBeforeComponent) {
  EXPECT_GT(value(CandidateType::host, 0, 256), value(CandidateType::peer_reflexive, 65535, 1));
  EXPECT_GT(value(CandidateType::peer_reflexive, 0, 256), value(CandidateType::server_reflexive, 65535, 1));
  EXPECT_GT(value(CandidateType::server_reflexive, 0, 256), value(CandidateType::relayed, 65535, 1));
  EXPECT_GT(value(CandidateType::host, 2, 256), value(CandidateType::host, 1, 1));
}

// RFC 8445 6.1.2.3
TEST(PairPriority, IsTheFormulasNumberAndTheSameOnBothSides) {
  const Priority high(2130706431);
  const Priority low(1694498815);
  EXPECT_EQ(pair_priority(Role::controlling, high, low).value, 7277816997797167103U);
  EXPECT_EQ(pair_priority(Role::controlled, low, high).value, 7277816997797167103U);
  EXPECT_EQ(pair_priority(Role::controlling, low, high).value, 7277816997797167102U);
  EXPECT_EQ(pair_priority(Role::controlled, high, low).value, 7277816997797167102U);
  EXPECT_EQ(pair_priority(Role::controlled, high, high).value, 9151314442783293438U);
}

TEST(PairPriority, HoldsTheLargestPriorities) {
  const Priority most(0x7FFFFFFF);
  EXPECT_EQ(pair_priority(Role::controlling, most, most).value, (0x7FFFFFFFULL << 32) + 2 * 0x7FFFFFFFULL);
  EXPECT_EQ(pair_priority(Role::controlling, Priority(1), Priority(1)).value, (1ULL << 32) + 2);
}

}  // namespace
}  // namespace ice
