// SPDX-License-Identifier: LGPL-2.1-or-later
// Helpers for text that strangers wrote.
#include "ice-core/base/text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace ice {
namespace {

TEST(Text, ReadsDecimalNumbersStrictly) {
  EXPECT_EQ(parse_decimal<std::uint16_t>("0"), 0);
  EXPECT_EQ(parse_decimal<std::uint16_t>("65535"), 65535);
  for (const char* text : {"", "65536", "-1", "+1", " 1", "1 ", "1x", "0x1", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_decimal<std::uint16_t>(text)) << text;
  }
}

TEST(Text, TrimsAndSplitsAtAnyWhiteSpace) {
  EXPECT_EQ(trim(" \t\r\na b\r\n "), "a b");
  EXPECT_EQ(trim(" \t"), "");
  std::string_view rest = "  one\ttwo  ";
  EXPECT_EQ(take_word(rest), "one");
  EXPECT_EQ(take_word(rest), "two");
  EXPECT_EQ(take_word(rest), "");
}

TEST(Text, ComparesAsciiWithoutCase) {
  EXPECT_TRUE(equal_ignoring_case("UdP", "uDp"));
  EXPECT_FALSE(equal_ignoring_case("UDP", "UDPX"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));  // 32 apart, no letters
}

TEST(Text, ShowsOnlyPrintableUtf8) {
  EXPECT_EQ(printable("gr\xC3\xBC\xC3\x9F"
                      "e"),
            "gr\xC3\xBC\xC3\x9F"
            "e");
  EXPECT_EQ(printable(std::string_view("a\0b\x1b[31m\x7f\n", 10)), "a?b?[31m??");
  EXPECT_EQ(printable("\xC0\xAF \xED\xA0\x80 \xF5\x80\x80\x80 \xC2\x85 \xE2\x82"), "?? ??? ???? ? ??");
  EXPECT_EQ(printable("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(Text, CutsBetweenCharacters) {
  EXPECT_EQ(printable("a\xC3\xBC", 2), "a");
  EXPECT_EQ(printable("a\xC3\xBC", 3), "a\xC3\xBC");
  EXPECT_EQ(quoted("abcdef", 3), "\"abc\"…");
  EXPECT_EQ(quoted("abc", 3), "\"abc\"");
}

}  // namespace
}  // namespace ice
