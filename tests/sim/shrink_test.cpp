// SPDX-License-Identifier: LGPL-2.1-or-later
// A failing plan becomes short, and fails by the same invariant still.
#include "tests/sim/shrink.h"
#include "tests/sim/scene.h"

namespace sim {
namespace {

TEST(Shrinking, LeavesAPlanThatBreaksNothingAsItIs) {
  const CallPlan plan = random_plan(7);
  ASSERT_FALSE(run_call(plan).breach);
  EXPECT_EQ(describe(shrink(plan)), describe(plan));
}

TEST(Shrinking, LeavesOutWhatABreachDoesNotNeed) {
  // The judge is told to expect what cannot be: that two complete whose paths are all down.
  CallPlan plan = random_plan(11);
  plan.disturbances.clear();
  plan.expects_the_impossible = true;
  for (auto* direction : {&plan.there, &plan.back}) {
    for (auto& row : *direction) {
      for (PathConditions& path : row) path.up = false;
    }
  }
  for (SidePlan& side : plan.sides) side.access = {};
  for (SidePlan& side : plan.sides) side.stun = side.turn = false;
  for (SidePlan& side : plan.sides) side.signaling.jitter = 300ms;
  const auto breach = run_call(plan).breach;
  ASSERT_TRUE(breach);
  const CallPlan small = shrink(plan);
  const auto still = run_call(small).breach;
  ASSERT_TRUE(still);
  EXPECT_EQ(still->invariant, breach->invariant);
  EXPECT_EQ(small.flows.size(), 1U);
  for (const SidePlan& side : small.sides) {
    EXPECT_EQ(address_count(side), 1U);
    EXPECT_EQ(ms(side.signaling.jitter), 0);
  }
}

}  // namespace
}  // namespace sim
