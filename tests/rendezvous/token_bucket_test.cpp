// SPDX-License-Identifier: LGPL-2.1-or-later
// Rates with a burst.
#include "gst/rendezvous/token_bucket.h"

#include <gtest/gtest.h>

namespace gstice::rendezvous {
namespace {

using namespace std::chrono_literals;
constexpr TokenBucket::TimePoint kStart{};

TEST(TokenBucket, GivesItsBurstAtOnceAndThenItsRate) {
  TokenBucket bucket(10, 3, kStart);
  EXPECT_TRUE(bucket.take(kStart));
  EXPECT_TRUE(bucket.take(kStart));
  EXPECT_TRUE(bucket.take(kStart));
  EXPECT_FALSE(bucket.take(kStart));
  EXPECT_FALSE(bucket.take(kStart + 99ms));
  EXPECT_TRUE(bucket.take(kStart + 101ms));
  EXPECT_FALSE(bucket.take(kStart + 101ms));
}

TEST(TokenBucket, NeverHoldsMoreThanItsBurst) {
  TokenBucket bucket(10, 3, kStart);
  EXPECT_EQ(bucket.available(kStart + 1h), 3);
  EXPECT_FALSE(bucket.take(kStart + 1h, 4));
  EXPECT_TRUE(bucket.take(kStart + 1h, 3));
}

TEST(TokenBucket, TimeThatGoesBackGivesNothing) {
  TokenBucket bucket(10, 1, kStart + 1s);
  EXPECT_TRUE(bucket.take(kStart + 1s));
  EXPECT_FALSE(bucket.take(kStart));
}

TEST(TokenBucket, TellsWhenThereIsEnough) {
  TokenBucket bucket(10, 3, kStart);
  EXPECT_EQ(bucket.time_until(kStart, 1), 0ms);
  EXPECT_TRUE(bucket.take(kStart, 3));
  EXPECT_EQ(bucket.time_until(kStart, 2), 200ms);
  EXPECT_EQ(bucket.time_until(kStart, 99), 300ms) << "more than the burst never comes";
}

}  // namespace
}  // namespace gstice::rendezvous
