// SPDX-License-Identifier: LGPL-2.1-or-later
// When the driver lets datagrams gather.
#include "gst/net/arrival_rate.h"

#include <gtest/gtest.h>

namespace gstice {
namespace {

using namespace std::chrono_literals;

/// What the pause is when `bytes` came with each round, one every `interval`.
std::chrono::nanoseconds steady_pause(std::size_t bytes, std::chrono::nanoseconds interval) {
  ArrivalRate rate;
  auto now = ArrivalRate::TimePoint{} + 1h;
  for (int i = 0; i < 20; ++i) rate.note(now += interval, bytes);
  return rate.pause(now);
}

TEST(ArrivalRate, SlowTrafficNeverWaits) {
  ArrivalRate rate;
  auto now = ArrivalRate::TimePoint{} + 1h;
  EXPECT_EQ(rate.pause(now), 0ns);
  for (int i = 0; i < 20; ++i) {
    rate.note(now, 1200);
    now += 100us;
    EXPECT_EQ(rate.pause(now), 0ns);
  }
}

TEST(ArrivalRate, FastSmallDatagramsWaitForTheLongestPause) {
  EXPECT_EQ(steady_pause(1200, 5us), ArrivalRate::kLongestPause);
}

TEST(ArrivalRate, TheFasterTheShorterThePause) {
  EXPECT_LT(steady_pause(38'400, 30us), ArrivalRate::kLongestPause);
  EXPECT_GT(steady_pause(38'400, 30us), steady_pause(38'400, 15us));
  EXPECT_EQ(steady_pause(60'000, 5us), 0ns);
}

TEST(ArrivalRate, ForgetsABurstOnceItIsOver) {
  ArrivalRate rate;
  auto now = ArrivalRate::TimePoint{} + 1h;
  for (int i = 0; i < 20; ++i) rate.note(now += 5us, 1200);
  EXPECT_EQ(rate.pause(now + 60us), 0ns);
  for (int i = 0; i < 10; ++i) rate.note(now += 20ms, 0);
  EXPECT_EQ(rate.pause(now + 50us), 0ns);
}

}  // namespace
}  // namespace gstice
