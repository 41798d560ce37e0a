// SPDX-License-Identifier: LGPL-2.1-or-later
// RFC 8445 14, RFC 8839 5.5.
#include "ice-core/checks/pacer.h"

#include <gtest/gtest.h>

namespace ice {
namespace {

using std::chrono::milliseconds;

TEST(Pacer, APeerThatProposesNothingGetsFiftyMilliseconds) {
  Pacer pacer{milliseconds(10)};
  EXPECT_EQ(pacer.ta(), milliseconds(50));
}

TEST(Pacer, TheHigherProposalCounts) {
  Pacer pacer{milliseconds(10)};
  pacer.set_peer(milliseconds(20));
  EXPECT_EQ(pacer.ta(), milliseconds(20));
  pacer.set_peer(milliseconds(7));
  EXPECT_EQ(pacer.ta(), milliseconds(10));
}

TEST(Pacer, TaIsNeverUnderFiveMilliseconds) {
  Pacer pacer{milliseconds(1)};
  pacer.set_peer(milliseconds(0));
  EXPECT_EQ(pacer.ta(), milliseconds(5));
}

TEST(Pacer, AHostileProposalCannotStopTheAgent) {
  Pacer pacer{milliseconds(10)};
  pacer.set_peer(std::chrono::hours(1000));
  EXPECT_EQ(pacer.ta(), Pacer::kMaximumTa);
}

TEST(Pacer, TheFirstSlotIsFreeAndTheNextComesAfterTa) {
  Pacer pacer{milliseconds(10)};
  pacer.set_peer(milliseconds(10));
  const TimePoint now = TimePoint{} + std::chrono::hours(1);
  EXPECT_LE(pacer.next_slot(), now);
  pacer.take(now);
  EXPECT_EQ(pacer.next_slot(), now + milliseconds(10));
}

TEST(Pacer, RtoGrowsWithTheChecksThatAreWaitingButIsHalfASecondAtLeast) {
  Pacer pacer{milliseconds(50)};
  EXPECT_EQ(pacer.check_rto(1, 10), milliseconds(500));
  EXPECT_EQ(pacer.check_rto(1, 11), milliseconds(550));
  EXPECT_EQ(pacer.check_rto(3, 40), milliseconds(6000));
}

}  // namespace
}  // namespace ice
