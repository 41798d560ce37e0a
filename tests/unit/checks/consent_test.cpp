// SPDX-License-Identifier: LGPL-2.1-or-later
// RFC 7675 5.1.
#include "ice-core/checks/consent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SeededRandom final : public RandomSource {
 public:
  void fill(std::span<std::byte> out) override {
    std::generate(out.begin(), out.end(), [this] { return static_cast<std::byte>(engine_()); });
  }

 private:
  std::mt19937_64 engine_{7};
};

constexpr TimePoint kStart = TimePoint{} + std::chrono::hours(1);

TEST(Consent, IsAskedEveryFourToSixSecondsWhileAnswersCome) {
  SeededRandom random;
  Consent consent;
  consent.start(kStart, kStart, random);
  TimePoint last = kStart;
  Duration shortest = seconds(60);
  Duration longest{};
  for (int i = 0; i < 1000; ++i) {
    const TimePoint next = *consent.next_timeout(last);
    ASSERT_TRUE(consent.due(next));
    ASSERT_FALSE(consent.due(next - milliseconds(1)));
    shortest = std::min(shortest, next - last);
    longest = std::max(longest, next - last);
    consent.sent(next, random);
    consent.answered(next, random);
    last = next;
  }
  EXPECT_GE(shortest, seconds(4));
  EXPECT_LE(longest, seconds(6));
  EXPECT_LT(shortest, milliseconds(4200)) << "the interval is not random";
  EXPECT_GT(longest, milliseconds(5800)) << "the interval is not random";
}

TEST(Consent, IsGoneThirtySecondsAfterTheLastAnswer) {
  SeededRandom random;
  Consent consent;
  consent.start(kStart, kStart, random);
  consent.answered(kStart + seconds(3), random);
  EXPECT_FALSE(consent.expired(kStart + seconds(33) - milliseconds(1)));
  EXPECT_TRUE(consent.expired(kStart + seconds(33)));
}

TEST(Consent, CountsFromTheAnswerThatMadeThePairValidAndNotFromItsSelection) {
  SeededRandom random;
  Consent consent;
  consent.start(kStart + seconds(10), kStart, random);
  EXPECT_TRUE(consent.expired(kStart + seconds(30)));
}

TEST(Consent, IsAskedEverySecondWhenItsEndIsNear) {
  SeededRandom random;
  Consent consent;
  consent.start(kStart, kStart, random);
  const TimePoint late = kStart + seconds(20);
  consent.sent(late, random);
  EXPECT_TRUE(consent.due(late + seconds(1)));
  EXPECT_FALSE(consent.due(late + seconds(1) - milliseconds(1)));
}

TEST(Consent, IsAskedAtItsUsualTimeAgainOnceAnAnswerEndsTheHurry) {
  SeededRandom random;
  Consent consent;
  consent.start(kStart, kStart, random);
  const TimePoint late = kStart + seconds(20);
  consent.sent(late, random);
  consent.answered(late + milliseconds(50), random);
  EXPECT_FALSE(consent.due(late + seconds(4)));
  EXPECT_TRUE(consent.due(late + milliseconds(6050)));
}

TEST(Consent, IsDoubtfulAfterTwelveSecondsOfSilence) {
  SeededRandom random;
  Consent consent;
  consent.start(kStart, kStart, random);
  EXPECT_FALSE(consent.doubtful(kStart + seconds(12) - milliseconds(1)));
  EXPECT_TRUE(consent.doubtful(kStart + seconds(12)));
  consent.answered(kStart + seconds(13), random);
  EXPECT_FALSE(consent.doubtful(kStart + seconds(13)));
}

TEST(Consent, AsksForNothingWhenStopped) {
  SeededRandom random;
  Consent consent;
  consent.start(kStart, kStart, random);
  consent.stop();
  EXPECT_FALSE(consent.due(kStart + seconds(60)));
  EXPECT_FALSE(consent.expired(kStart + seconds(60)));
  EXPECT_EQ(consent.next_timeout(kStart), std::nullopt);
}

}  // namespace
}  // namespace ice
