// SPDX-License-Identifier: LGPL-2.1-or-later
// RFC 8445 6.1.2.3, 6.1.4.1.
#include "ice-core/checks/checklist.h"

#include <gtest/gtest.h>

namespace ice {
namespace {

CandidatePair pair(std::uint64_t id, std::uint64_t priority, PairState state = PairState::frozen) {
  CandidatePair made;
  made.id = PairId(id);
  made.priority = PairPriority(priority);
  made.transport = TransportId(1);
  made.remote_address = *Address::parse("192.0.2.1", static_cast<std::uint16_t>(5000 + id));
  made.state = state;
  return made;
}

TEST(Checklist, KeepsItsPairsByPriority) {
  Checklist list;
  list.add(pair(1, 10));
  list.add(pair(2, 30));
  list.add(pair(3, 20));
  ASSERT_EQ(list.pairs().size(), 3u);
  EXPECT_EQ(list.pairs()[0]->id, PairId(2));
  EXPECT_EQ(list.pairs()[1]->id, PairId(3));
  EXPECT_EQ(list.pairs()[2]->id, PairId(1));
}

TEST(Checklist, SortsAnewWhenPrioritiesChanged) {
  Checklist list;
  list.add(pair(1, 10));
  list.add(pair(2, 30));
  list.find(PairId(1))->priority = PairPriority(40);
  list.sort();
  EXPECT_EQ(list.pairs()[0]->id, PairId(1));
}

TEST(Checklist, CountsWhatWaitsOrIsInProgress) {
  Checklist list;
  list.add(pair(1, 30, PairState::in_progress));
  list.add(pair(2, 20, PairState::waiting));
  list.add(pair(3, 10, PairState::waiting));
  EXPECT_EQ(list.count_waiting_and_in_progress(), 3u);
}

TEST(Checklist, AValidPairThatIsNotListedIsNeverFoundForAnIncomingCheck) {
  Checklist list;
  CandidatePair valid = pair(1, 10, PairState::succeeded);
  valid.listed = false;
  list.add(std::move(valid));
  EXPECT_EQ(list.find_listed(TransportId(1), *Address::parse("192.0.2.1", 5001)), nullptr);
  EXPECT_NE(list.find(PairId(1)), nullptr);
}

TEST(TriggeredCheckQueue, IsFirstInFirstOutAndHoldsAPairOnce) {
  TriggeredCheckQueue queue;
  queue.push(PairId(1));
  queue.push(PairId(2));
  queue.push(PairId(1));
  EXPECT_EQ(queue.pop(), PairId(1));
  EXPECT_EQ(queue.pop(), PairId(2));
  EXPECT_TRUE(queue.empty());
}

TEST(Checklist, ARemovedPairLeavesTheTriggeredQueueToo) {
  Checklist list;
  list.add(pair(1, 10));
  list.triggered().push(PairId(1));
  list.remove(PairId(1));
  EXPECT_TRUE(list.triggered().empty());
  EXPECT_TRUE(list.pairs().empty());
}

}  // namespace
}  // namespace ice
