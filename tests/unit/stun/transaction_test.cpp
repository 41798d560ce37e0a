// SPDX-License-Identifier: LGPL-2.1-or-later
// The timetable of a request over UDP (RFC 8489 6.2.1).
#include "ice-core/stun/transaction.h"

#include <gtest/gtest.h>

#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using std::chrono::milliseconds;
using Step = StunTransaction::Step;

const TimePoint kStart{milliseconds(1234567)};

StunTransaction transaction(Duration rto = milliseconds(500)) {
  return {{}, test::hex("0102"), kStart, rto};
}

milliseconds since_start(TimePoint t) {
  return std::chrono::duration_cast<milliseconds>(t - kStart);
}

TEST(StunTransaction, KeepsToTheTimetableOfTheRfc) {
  StunTransaction t = transaction();
  for (const int due : {500, 1500, 3500, 7500, 15500, 31500}) {
    ASSERT_TRUE(t.next_timeout());
    EXPECT_EQ(since_start(*t.next_timeout()).count(), due);
    EXPECT_EQ(t.handle_timeout(*t.next_timeout() - Duration(1)), Step::nothing);
    EXPECT_EQ(t.handle_timeout(*t.next_timeout()), Step::retransmit);
  }
  EXPECT_EQ(t.sends(), StunTransaction::kRc);
  EXPECT_EQ(since_start(*t.next_timeout()).count(), 39500);
  EXPECT_EQ(t.handle_timeout(*t.next_timeout() - Duration(1)), Step::nothing);
  EXPECT_EQ(t.handle_timeout(kStart + milliseconds(39500)), Step::timed_out);
  EXPECT_EQ(t.next_timeout(), std::nullopt);
  EXPECT_EQ(t.handle_timeout(kStart + milliseconds(99999)), Step::nothing);
}

TEST(StunTransaction, ScalesWithItsRto) {
  StunTransaction t = transaction(milliseconds(100));
  std::vector<std::int64_t> sends;
  while (t.next_timeout() && t.handle_timeout(*t.next_timeout()) == Step::retransmit) sends.push_back(t.sends());
  EXPECT_EQ(sends, (std::vector<std::int64_t>{2, 3, 4, 5, 6, 7}));
  StunTransaction again = transaction(milliseconds(100));
  EXPECT_EQ(again.handle_timeout(kStart + milliseconds(7899)), Step::retransmit);
  EXPECT_EQ(again.handle_timeout(kStart + milliseconds(7900)), Step::timed_out);
}

TEST(StunTransaction, SendsOnceWhenItsCallerOverslept) {
  StunTransaction t = transaction();
  const TimePoint late = kStart + milliseconds(10000);
  EXPECT_EQ(t.handle_timeout(late), Step::retransmit);
  EXPECT_EQ(t.handle_timeout(late), Step::nothing);
  ASSERT_TRUE(t.next_timeout());
  EXPECT_GT(*t.next_timeout(), late);
}

TEST(StunTransaction, DoesNotAddUpSmallDelays) {
  StunTransaction t = transaction();
  for (const int due : {500, 1500, 3500, 7500, 15500, 31500}) {
    EXPECT_EQ(since_start(*t.next_timeout()).count(), due);
    EXPECT_EQ(t.handle_timeout(*t.next_timeout() + milliseconds(20)), Step::retransmit);
  }
  EXPECT_EQ(since_start(*t.next_timeout()).count(), 39500);
}

// RFC 8445 7.2.6, 8.1.2: no retransmissions, but the answer is still waited for.
TEST(StunTransaction, WaitsToTheSameEndWithoutRetransmitting) {
  StunTransaction t = transaction();
  EXPECT_EQ(t.handle_timeout(kStart + milliseconds(500)), Step::retransmit);
  t.stop_retransmitting();
  EXPECT_FALSE(t.retransmitting());
  EXPECT_EQ(since_start(*t.next_timeout()).count(), 39500);
  EXPECT_EQ(t.handle_timeout(kStart + milliseconds(20000)), Step::nothing);
  EXPECT_EQ(t.sends(), 2);
  EXPECT_EQ(t.handle_timeout(kStart + milliseconds(39500)), Step::timed_out);
}

TEST(StunTransaction, MeasuresTheRoundTripOfAnOnlySend) {
  StunTransaction t = transaction();
  EXPECT_EQ(t.round_trip(kStart + milliseconds(40)), milliseconds(40));
  EXPECT_EQ(t.handle_timeout(kStart + milliseconds(500)), Step::retransmit);
  EXPECT_EQ(t.round_trip(kStart + milliseconds(540)), std::nullopt);  // Karn's rule
}

TEST(StunTransaction, HoldsTheRequestAsItWasGiven) {
  test::SeededRandom random(8);
  const TransactionId id = TransactionId::random(random);
  const StunTransaction t(id, test::hex("a1b2c3"), kStart, milliseconds(500));
  EXPECT_EQ(t.id(), id);
  EXPECT_EQ(test::to_hex(t.request()), "a1b2c3");
  EXPECT_EQ(t.started(), kStart);
  EXPECT_EQ(t.sends(), 1);
  EXPECT_TRUE(t.retransmitting());
}

}  // namespace
}  // namespace ice
