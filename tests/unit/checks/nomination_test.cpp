// SPDX-License-Identifier: LGPL-2.1-or-later
// RFC 8445 8.1.1; no waiting by the clock.
#include "ice-core/checks/nomination.h"

#include <gtest/gtest.h>

namespace ice {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint kNow = TimePoint{} + std::chrono::hours(1);
constexpr Duration kTa = milliseconds(10);
const ComponentId kComponent{1};

CandidatePair& add(Checklist& list, std::uint64_t id, std::uint64_t priority, PairState state) {
  CandidatePair pair;
  pair.id = PairId(id);
  pair.component = kComponent;
  pair.priority = PairPriority(priority);
  pair.state = state;
  pair.valid = state == PairState::succeeded;
  pair.round_trip_time = milliseconds(20);
  pair.check_started = kNow;
  return list.add(std::move(pair));
}

TEST(Nomination, WaitsForTheFirstValidPair) {
  Checklist list;
  add(list, 1, 10, PairState::in_progress);
  const auto verdict = judge_nomination(list, kComponent, kNow, kTa);
  EXPECT_EQ(verdict.nominate, nullptr);
  EXPECT_EQ(verdict.ask_again, std::nullopt);
}

TEST(Nomination, TheOnlyValidPairIsNominatedAtOnce) {
  Checklist list;
  add(list, 1, 10, PairState::succeeded);
  add(list, 2, 5, PairState::waiting);
  const auto verdict = judge_nomination(list, kComponent, kNow, kTa);
  ASSERT_NE(verdict.nominate, nullptr);
  EXPECT_EQ(verdict.nominate->id, PairId(1));
}

TEST(Nomination, OfTwoValidPairsTheBetterIsNominated) {
  Checklist list;
  add(list, 1, 10, PairState::succeeded);
  add(list, 2, 20, PairState::succeeded);
  ASSERT_NE(judge_nomination(list, kComponent, kNow, kTa).nominate, nullptr);
  EXPECT_EQ(judge_nomination(list, kComponent, kNow, kTa).nominate->id, PairId(2));
}

TEST(Nomination, ABetterPairIsGivenTwoRoundTripsOfTheValidOneAndNoMore) {
  Checklist list;
  add(list, 1, 10, PairState::succeeded);
  add(list, 2, 20, PairState::in_progress);
  const Duration patience = 2 * milliseconds(20) + kTa;
  const auto early = judge_nomination(list, kComponent, kNow, kTa);
  EXPECT_EQ(early.nominate, nullptr);
  EXPECT_EQ(early.ask_again, kNow + patience);
  const auto late = judge_nomination(list, kComponent, kNow + patience, kTa);
  ASSERT_NE(late.nominate, nullptr);
  EXPECT_EQ(late.nominate->id, PairId(1));
}

TEST(Nomination, ABetterPairThatIsNextInTheQueueIsWaitedFor) {
  Checklist list;
  add(list, 1, 10, PairState::succeeded);
  add(list, 2, 20, PairState::waiting);
  const auto verdict = judge_nomination(list, kComponent, kNow, kTa);
  EXPECT_EQ(verdict.nominate, nullptr);
  EXPECT_EQ(verdict.ask_again, kNow + kTa);
}

TEST(Nomination, AFailedOrFrozenBetterPairIsNotWaitedFor) {
  Checklist list;
  add(list, 1, 10, PairState::succeeded);
  add(list, 2, 20, PairState::failed);
  add(list, 3, 30, PairState::frozen);
  EXPECT_NE(judge_nomination(list, kComponent, kNow, kTa).nominate, nullptr);
}

TEST(Nomination, HappensOncePerComponent) {
  Checklist list;
  add(list, 1, 10, PairState::succeeded).nomination = NominationStep::in_flight;
  EXPECT_EQ(judge_nomination(list, kComponent, kNow, kTa).nominate, nullptr);
  list.find(PairId(1))->nomination = NominationStep::none;
  list.find(PairId(1))->nominated = true;
  EXPECT_EQ(judge_nomination(list, kComponent, kNow, kTa).nominate, nullptr);
}

TEST(Nomination, OtherComponentsPairsDoNotCount) {
  Checklist list;
  add(list, 1, 10, PairState::succeeded);
  add(list, 2, 20, PairState::in_progress).component = ComponentId(2);
  EXPECT_NE(judge_nomination(list, kComponent, kNow, kTa).nominate, nullptr);
}

}  // namespace
}  // namespace ice
