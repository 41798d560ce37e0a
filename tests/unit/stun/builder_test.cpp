// SPDX-License-Identifier: LGPL-2.1-or-later
// Writing STUN messages: what does not fit is cut or left out, never sent malformed.
#include <gtest/gtest.h>

#include "ice-core/stun/message.h"
#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using namespace test;
using Attribute = StunAttribute;

StunBuilder request() {
  return {StunClass::request, StunMethod::binding, {}};
}

TEST(StunBuilder, PadsWithZerosAndCountsThePadding) {
  StunBuilder builder = request();
  builder.text(Attribute::software, "abcde").flag(Attribute::use_candidate);
  EXPECT_EQ(to_hex(builder.build()),
            "00010010"
            "2112a442"
            "000000000000000000000000"
            "80220005"
            "6162636465000000"
            "00250000");
}

TEST(StunBuilder, CutsTextsThatAreTooLongBetweenCharacters) {
  StunBuilder builder = request();
  std::string wide;
  for (int i = 0; i < 300; ++i) wide += "\xE3\x83\x9E";
  builder.text(Attribute::username, std::string(600, 'u'))
      .text(Attribute::software, wide)
      .text(Attribute::realm, std::string(1000, 'r'))
      .error_code(400, std::string(1000, 'e'));
  const auto message = StunMessage::parse(builder.build());
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->username()->size(), 508U);              // RFC 8489 14.3: fewer than 509 bytes
  EXPECT_EQ(*message->software(), wide.substr(0, 3 * 127));  // 14.14: fewer than 128 characters
  EXPECT_EQ(message->realm()->size(), 127U);
  EXPECT_EQ(message->raw(Attribute::error_code)->size(), 4U + 127U);
}

TEST(StunBuilder, CutsAUsernameOfWideCharactersBetweenThem) {
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "\xE3\x83\x9E";
  StunBuilder builder = request();
  builder.text(Attribute::username, wide);
  EXPECT_EQ(StunMessage::parse(builder.build())->username(), wide.substr(0, 507));
}

TEST(StunBuilder, CutsBytesThatAreNoUtf8WithoutEnd) {
  StunBuilder builder = request();
  builder.text(Attribute::software, std::string(1000, '\xFF'));
  EXPECT_EQ(StunMessage::parse(builder.build())->software()->size(), 127U);
}

TEST(StunBuilder, LeavesOutWhatNoMessageCanHold) {
  StunBuilder builder = request();
  builder.raw(Attribute::data, Bytes(70000)).raw(Attribute::data, Bytes(65000)).raw(Attribute::nonce, Bytes(600));
  builder.message_integrity("key").fingerprint();
  const auto message = StunMessage::parse(builder.build());
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->raw(Attribute::data)->size(), 65000U);
  EXPECT_FALSE(message->has(Attribute::nonce));
  EXPECT_TRUE(message->verify_integrity("key"));
}

TEST(StunBuilder, FillsAMessageToTheLastByte) {
  StunBuilder builder = request();
  builder.raw(Attribute::data, Bytes(0xFFFC - 4 - 24 - 8)).message_integrity("key").fingerprint();
  const Bytes bytes = builder.build();
  EXPECT_EQ(bytes.size(), 0xFFFCU + 20);
  const auto message = StunMessage::parse(bytes);
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(message->has_fingerprint());
  EXPECT_TRUE(message->verify_integrity("key"));
}

TEST(StunBuilder, WritesUnknownAttributesInOrder) {
  StunBuilder builder(StunClass::error, StunMethod::binding, {});
  builder.error_code(420, "Unknown Attribute").unknown_attributes({0x7001, 0x0002, 0x7003});
  const auto message = StunMessage::parse(builder.build());
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(to_hex(*message->raw(Attribute::unknown_attributes)), "700100027003");
}

TEST(StunBuilder, KeepsErrorCodesInTheirRange) {
  const std::pair<int, int> cases[] = {{0, 300}, {-5, 300}, {487, 487}, {700, 699}, {100000, 699}};
  for (const auto& [given, written] : cases) {
    StunBuilder builder(StunClass::error, StunMethod::binding, {});
    builder.error_code(given, "");
    EXPECT_EQ(StunMessage::parse(builder.build())->error_code()->code, written);
  }
}

TEST(StunBuilder, IsEmptyAfterwardsAndStaysHarmless) {
  StunBuilder builder = request();
  EXPECT_EQ(builder.build().size(), 20U);
  builder.u32(Attribute::priority, 1)
      .xor_address(Attribute::xor_mapped_address, Address())
      .message_integrity("k")
      .message_integrity_sha256("k")
      .fingerprint();
  EXPECT_TRUE(builder.build().empty());
}

TEST(TransactionId, IsDrawnFromTheGivenRandomness) {
  SeededRandom a(7);
  SeededRandom b(7);
  const TransactionId first = TransactionId::random(a);
  EXPECT_EQ(first, TransactionId::random(b));
  EXPECT_NE(first, TransactionId::random(a));
}

}  // namespace
}  // namespace ice
