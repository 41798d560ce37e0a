// SPDX-License-Identifier: LGPL-2.1-or-later
// Random numbers and text.
#include "ice-core/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

/// Gives the bytes that it was told to, then zeros.
class ScriptedRandom final : public RandomSource {
 public:
  explicit ScriptedRandom(Bytes script) : script_(std::move(script)) {}
  void fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = at_ < script_.size() ? script_[at_++] : std::byte{0};
  }

 private:
  Bytes script_;
  std::size_t at_ = 0;
};

TEST(RandomSource, ComposesNumbersFromBytesInOneOrderOnEveryMachine) {
  ScriptedRandom random(test::hex("0102030405060708"));
  EXPECT_EQ(random.next_u64(), 0x0102030405060708U);
}

TEST(RandomSource, DrawsAgainWhereTheRemainderWouldBeUneven) {
  // 2^64 mod 3 is 1: the value 0 is rejected, and 5 is taken.
  ScriptedRandom random(test::hex("0000000000000000 0000000000000005"));
  EXPECT_EQ(random.below(3), 2U);
}

TEST(RandomSource, StaysBelowItsBoundAndReachesEveryValue) {
  test::SeededRandom random(2);
  std::array<int, 7> counts{};
  for (int i = 0; i < 7000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
  EXPECT_EQ(random.below(1), 0U);
}

TEST(RandomSource, WritesTextOfItsAlphabetOnly) {
  test::SeededRandom random(3);
  const std::string text = random.text(5000, "abc");
  EXPECT_EQ(text.size(), 5000U);
  EXPECT_EQ(std::set<char>(text.begin(), text.end()), (std::set<char>{'a', 'b', 'c'}));
}

TEST(RandomSource, GivesTheSameForTheSameSeed) {
  test::SeededRandom a(4);
  test::SeededRandom b(4);
  EXPECT_EQ(a.text(100, "0123456789"), b.text(100, "0123456789"));
}

TEST(SecureRandom, FillsAllOfLargeBuffersAndNeverRepeats) {
  SecureRandom random;
  Bytes large((1 << 20) + 12345);
  random.fill(large);
  // A run of 32 zeros anywhere would be a part that was not filled.
  const Bytes zeros(32);
  EXPECT_EQ(std::search(large.begin(), large.end(), zeros.begin(), zeros.end()), large.end());
  EXPECT_NE(random.next_u64(), random.next_u64());
}

}  // namespace
}  // namespace ice
