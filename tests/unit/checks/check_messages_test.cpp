// SPDX-License-Identifier: LGPL-2.1-or-later
// RFC 8445 7.1, 7.2.2, 7.3; RFC 8489 9.1.4.
#include "ice-core/checks/check_messages.h"

#include <gtest/gtest.h>

namespace ice {
namespace {

CheckRequest request() {
  CheckRequest check;
  check.id.bytes[0] = std::byte{1};
  check.local = {"ours", "our-password-of-22-chars"};
  check.remote = {"theirs", "their-password-22-chars-"};
  check.priority = Priority(0x6E0001FF);
  check.role = Role::controlling;
  check.tie_breaker = 0x1122334455667788;
  return check;
}

TEST(CheckRequest, IsSignedWithThePeersPasswordAndNamesTheReceiverFirst) {
  const auto parsed = StunMessage::parse(build_check_request(request()));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->message_class(), StunClass::request);
  EXPECT_EQ(parsed->username(), "theirs:ours");
  EXPECT_EQ(parsed->priority(), 0x6E0001FFu);
  EXPECT_EQ(parsed->ice_controlling(), 0x1122334455667788u);
  EXPECT_EQ(parsed->ice_controlled(), std::nullopt);
  EXPECT_FALSE(parsed->use_candidate());
  EXPECT_TRUE(parsed->has_fingerprint());
  EXPECT_TRUE(parsed->verify_integrity("their-password-22-chars-"));
  EXPECT_FALSE(parsed->verify_integrity("our-password-of-22-chars"));
}

TEST(CheckRequest, USE_CANDIDATEIsSignedToo) {
  CheckRequest check = request();
  check.use_candidate = true;
  const auto parsed = StunMessage::parse(build_check_request(check));
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->use_candidate()) << "what follows MESSAGE-INTEGRITY is invisible, so it stands before it";
}

TEST(CheckResponse, GivesTheSourceAndIsSignedWithTheReceiversPassword) {
  const auto asked = StunMessage::parse(build_check_request(request()));
  ASSERT_TRUE(asked.ok());
  const Address source = *Address::parse("2001:db8::7", 4444);
  const auto parsed = StunMessage::parse(build_success_response(*asked, source, {IntegrityKey("their-password-22-chars-"), false}));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->message_class(), StunClass::success);
  EXPECT_EQ(parsed->transaction_id(), asked->transaction_id());
  EXPECT_EQ(parsed->mapped_address(), source);
  EXPECT_TRUE(parsed->verify_integrity("their-password-22-chars-"));
}

TEST(CheckResponse, IsSignedWithTheAlgorithmOfTheRequest) {
  const auto asked = StunMessage::parse(build_check_request(request()));
  ASSERT_TRUE(asked.ok());
  const auto parsed = StunMessage::parse(build_error_response(*asked, 487, "Role Conflict", {IntegrityKey("key-key-key"), true}));
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->has(StunAttribute::message_integrity_sha256));
  EXPECT_FALSE(parsed->has(StunAttribute::message_integrity));
  EXPECT_TRUE(parsed->verify_integrity("key-key-key"));
  ASSERT_TRUE(parsed->error_code().has_value());
  EXPECT_EQ(parsed->error_code()->code, 487);
}

TEST(CheckUsername, IsSplitAtTheFirstColon) {
  const auto halves = split_username("ours:theirs");
  ASSERT_TRUE(halves.has_value());
  EXPECT_EQ(halves->receiver, "ours");
  EXPECT_EQ(halves->sender, "theirs");
}

TEST(CheckUsername, WithoutTwoReasonableHalvesIsNone) {
  EXPECT_FALSE(split_username("").has_value());
  EXPECT_FALSE(split_username("ours").has_value());
  EXPECT_FALSE(split_username(":theirs").has_value());
  EXPECT_FALSE(split_username("ours:").has_value());
  EXPECT_FALSE(split_username("ours:" + std::string(257, 'x')).has_value());
}

}  // namespace
}  // namespace ice
