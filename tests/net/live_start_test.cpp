// SPDX-License-Identifier: LGPL-2.1-or-later
// Which buffers of a live stream are too old to be sent on a new connection.
#include "gst/elements/live_start.h"

#include <gtest/gtest.h>

namespace gstice {
namespace {

using namespace std::chrono_literals;
using Verdict = LiveStart::Verdict;

const LiveStart::Time kNow{1000s};

TEST(LiveStart, DropsWhatIsOlderThanTheConnectionAndTellsTheFirstThatIsNot) {
  LiveStart start;
  EXPECT_TRUE(start.idle());
  start.begin(10s);
  EXPECT_EQ(start.judge(1s, kNow), Verdict::drop);
  EXPECT_EQ(start.judge(9'999ms, kNow), Verdict::drop);
  EXPECT_EQ(start.judge(10s, kNow), Verdict::begin);
  EXPECT_EQ(start.judge(11s, kNow), Verdict::send);
}

TEST(LiveStart, DropsAnotherStreamsOldBuffersAlsoBehindTheFirst) {
  LiveStart start;
  start.begin(10s);
  EXPECT_EQ(start.judge(10s, kNow), Verdict::begin);
  EXPECT_EQ(start.judge(9s, kNow), Verdict::drop);
  EXPECT_EQ(start.judge(10s, kNow), Verdict::send);
}

TEST(LiveStart, DropsNothingWithoutARunningTime) {
  LiveStart start;
  start.begin(std::nullopt);
  EXPECT_EQ(start.judge(0s, kNow), Verdict::begin);
  EXPECT_EQ(start.judge(0s, kNow), Verdict::send);
  EXPECT_TRUE(start.idle());
}

TEST(LiveStart, ABufferWithoutATimeGoesTheWayOfTheOneBefore) {
  LiveStart start;
  start.begin(10s);
  EXPECT_EQ(start.judge(std::nullopt, kNow), Verdict::begin);
  EXPECT_EQ(start.judge(9s, kNow), Verdict::drop);
  EXPECT_EQ(start.judge(std::nullopt, kNow), Verdict::drop);
  EXPECT_EQ(start.judge(10s, kNow), Verdict::send);
  EXPECT_EQ(start.judge(std::nullopt, kNow), Verdict::send);
}

TEST(LiveStart, ASecondConnectionBeginsAnew) {
  LiveStart start;
  start.begin(10s);
  EXPECT_EQ(start.judge(10s, kNow), Verdict::begin);
  start.begin(20s);
  EXPECT_EQ(start.judge(19s, kNow), Verdict::drop);
  EXPECT_EQ(start.judge(20s, kNow), Verdict::begin);
}

TEST(LiveStart, ABacklogIsDroppedHoweverLongThatTakes) {
  LiveStart start;
  start.begin(100s);
  // Twice as fast as it was made.
  for (auto passed = 0ms; passed < 50s; passed += 100ms) {
    ASSERT_EQ(start.judge(2 * passed, kNow + passed), Verdict::drop) << passed.count();
  }
  EXPECT_EQ(start.judge(100s, kNow + 50s), Verdict::begin);
}

TEST(LiveStart, TimesThatNeverReachTheConnectionAreTakenAsTheyAre) {
  LiveStart start;
  start.begin(100s);
  auto passed = 0ms;
  while (passed < LiveStart::kPatience) {
    ASSERT_EQ(start.judge(passed, kNow + passed), Verdict::drop) << passed.count();
    passed += 100ms;
  }
  EXPECT_EQ(start.judge(passed, kNow + passed), Verdict::begin);
  EXPECT_EQ(start.judge(0s, kNow + passed), Verdict::send);
}

}  // namespace
}  // namespace gstice
