// SPDX-License-Identifier: LGPL-2.1-or-later
// Every NAT against every other, with and without TURN: agents meet wherever any could, and as well as any could.
#include <algorithm>

#include "tests/sim/nat_matrix.h"
#include "tests/sim/scene.h"

namespace sim {
namespace {

/// Every row against every column.
void meet_all(bool alices_turn, bool bobs_turn) {
  for (const AccessPlan& alice : matrix_plans()) {
    for (const AccessPlan& bob : matrix_plans()) {
      const ReachQuestion question{alice, bob, true, true, alices_turn, bobs_turn};
      const MeetingResult result = meet(question);
      EXPECT_STREQ(text(result.reach), text(best_reach(question)))
          << text(alice) << " and " << text(bob) << ": " << result.types << " " << result.explanation;
      EXPECT_FALSE(result.breach) << text(alice) << " and " << text(bob) << ": " << *result.breach;
    }
  }
}

TEST(NatMatrix, WithStunAloneAgentsMeetWhereverTheirNatsAllowIt) {
  meet_all(false, false);
}

TEST(NatMatrix, WithTurnOnBothSidesAgentsAlwaysMeetAndByTheRelayOnlyWhereNothingElseWorks) {
  meet_all(true, true);
}

TEST(NatMatrix, TurnOnOneSideIsEnoughAndItDoesNotMatterWhich) {
  meet_all(true, false);
  meet_all(false, true);
}

TEST(NatMatrix, WithTwoSymmetricNatsTheRelayIsSelectedWithoutWaitingForTheHopelessPairs) {
  // Gathering takes four exchanges with the servers and TURN's challenge, the checks two round trips over the relay;
  // a hopeless pair would take 39.5 s to fail, and its first retransmission alone comes after 500 ms.
  const AccessPlan symmetric{{{.mapping = Dependence::address_and_port_dependent}}, {}};
  const MeetingResult result = meet({symmetric, symmetric, true, true, true, true});
  EXPECT_EQ(result.reach, Reach::relayed);
  EXPECT_LE(ms(result.to_media), 500);
  EXPECT_LE(ms(result.to_completed), 500);
}

TEST(NatMatrix, TwoSymmetricNatsThatFilterNothingShowEachOtherNewPortsAndStillMeetByTheRelay) {
  const AccessPlan open{
      {{.mapping = Dependence::address_and_port_dependent, .filtering = Dependence::endpoint_independent}}, {}};
  const MeetingResult result = meet({open, open, true, true, true, true});
  EXPECT_EQ(result.reach, Reach::relayed);
  EXPECT_LE(ms(result.to_completed), 1000);
}

}  // namespace
}  // namespace sim
