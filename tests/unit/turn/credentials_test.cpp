// SPDX-License-Identifier: LGPL-2.1-or-later
// Long-term credentials, the client's side (RFC 8489 9.2, trap 13), and the keys that they make.
#include <gtest/gtest.h>

#include "ice-core/turn/long_term_credentials.h"
#include "ice-core/turn/password_algorithms.h"
#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using test::hex;
using test::to_hex;
using Verdict = LongTermCredentials::Verdict;

constexpr std::string_view kUser = "\xE3\x83\x9E\xE3\x83\x88\xE3\x83\xAA\xE3\x83\x83\xE3\x82\xAF\xE3\x82\xB9";
constexpr std::string_view kBothAlgorithms = "0002000000010000";  // SHA-256, then MD5

std::string hex_of(const std::string& key) {
  return to_hex(std::as_bytes(std::span(key.data(), key.size())));
}

TransactionId id(unsigned char last = 1) {
  TransactionId out;
  out.bytes[11] = std::byte{last};
  return out;
}

/// An error response as a server writes it.
struct Challenge {
  int code = 401;
  std::string nonce = "a nonce";
  std::string realm = "example.org";
  std::string algorithms;  ///< hex
  std::string signed_with;
  StunMessage message() const {
    StunBuilder builder(StunClass::error, StunMethod::allocate, id());
    builder.error_code(code, "");
    if (!nonce.empty()) builder.text(StunAttribute::nonce, nonce);
    if (!realm.empty()) builder.text(StunAttribute::realm, realm);
    if (!algorithms.empty()) builder.raw(StunAttribute::password_algorithms, hex(algorithms));
    return *StunMessage::parse(builder.build());
  }
};

StunMessage signed_request(const LongTermCredentials& credentials) {
  StunBuilder builder(StunClass::request, StunMethod::allocate, id());
  credentials.sign(builder);
  return *StunMessage::parse(builder.build());
}

StunMessage success(std::string_view key, bool sha256, bool sign = true) {
  StunBuilder builder(StunClass::success, StunMethod::allocate, id());
  builder.u32(StunAttribute::lifetime, 600);
  if (sign && sha256) builder.message_integrity_sha256(key);
  if (sign && !sha256) builder.message_integrity(key);
  return *StunMessage::parse(builder.build());
}

TEST(PasswordAlgorithms, MakeTheKeyOfTheRfcsExample) {
  // RFC 8489 9.2.2
  EXPECT_EQ(hex_of(long_term_key(PasswordAlgorithm::md5, "user", "realm", "pass")), "8493fbc53ba582fb4c044c456bdc40eb");
}

TEST(PasswordAlgorithms, TakeTheFirstThatWeKnow) {
  EXPECT_EQ(first_supported_algorithm(hex(kBothAlgorithms)), PasswordAlgorithm::sha256);
  EXPECT_EQ(first_supported_algorithm(hex("0001000000020000")), PasswordAlgorithm::md5);
  EXPECT_EQ(first_supported_algorithm(hex("0007000301020300 00010000")), PasswordAlgorithm::md5);
  EXPECT_FALSE(first_supported_algorithm(hex("00070000")));
  EXPECT_FALSE(first_supported_algorithm(hex("00070009 01")));  // runs over the end
  EXPECT_FALSE(first_supported_algorithm({}));
}

TEST(PasswordAlgorithms, NonAsciiSpacesAreSpaces) {
  const auto key = [](std::string_view password) {
    return hex_of(long_term_key(PasswordAlgorithm::sha256, "u", "r", password));
  };
  EXPECT_EQ(key("a b"), key("a\xC2\xA0"
                            "b"));
  EXPECT_EQ(key("a b"), key("a\xE3\x80\x80"
                            "b"));
  EXPECT_EQ(key("a b"), key("a\xE2\x80\x89"
                            "b"));
  EXPECT_NE(key("a b"), key("a\xE2\x80\x8B"
                            "b"));  // zero width: no space
}

TEST(LongTermCredentials, SignNothingBeforeTheServerHasAsked) {
  const LongTermCredentials credentials("user", "pass");
  EXPECT_FALSE(credentials.known());
  EXPECT_TRUE(signed_request(credentials).bytes().size() == 20);
}

TEST(LongTermCredentials, UseUserhashAndSha256WithTheValuesOfAppendixB1) {
  // RFC 8489 B.1 with erratum 6268; its cookie announces username anonymity.
  LongTermCredentials credentials{std::string(kUser), "TheMatrIX"};
  Challenge challenge{.nonce = "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA", .algorithms = "00020000"};
  ASSERT_EQ(credentials.judge(challenge.message(), false).verdict, Verdict::retry);
  const StunMessage request = signed_request(credentials);
  EXPECT_EQ(to_hex(*request.raw(StunAttribute::userhash)),
            "4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704");
  EXPECT_FALSE(request.username());
  EXPECT_EQ(to_hex(*request.raw(StunAttribute::password_algorithm)), "00020000");
  EXPECT_EQ(to_hex(*request.raw(StunAttribute::password_algorithms)), "00020000");
  EXPECT_FALSE(request.has(StunAttribute::message_integrity));
  EXPECT_TRUE(request.verify_integrity(long_term_key(PasswordAlgorithm::sha256, kUser, "example.org", "TheMatrIX")));
}

TEST(LongTermCredentials, AnOldServerIsAnsweredWithUsernameMd5AndSha1) {
  LongTermCredentials credentials("user", "pass");
  ASSERT_EQ(credentials.judge(Challenge{}.message(), false).verdict, Verdict::retry);
  const StunMessage request = signed_request(credentials);
  EXPECT_EQ(request.username(), "user");
  EXPECT_EQ(request.realm(), "example.org");
  EXPECT_EQ(request.nonce(), "a nonce");
  EXPECT_FALSE(request.has(StunAttribute::message_integrity_sha256));
  EXPECT_TRUE(request.verify_integrity(long_term_key(PasswordAlgorithm::md5, "user", "example.org", "pass")));
}

TEST(LongTermCredentials, AListThatWasTakenOutOnTheWayIsNoticed) {
  // The cookie says password algorithms (bit 0, erratum 6290), and there are none: bid-down.
  LongTermCredentials credentials("user", "pass");
  const Challenge challenge{.nonce = "obMatJos2AAABxyz"};
  const auto judgement = credentials.judge(challenge.message(), false);
  EXPECT_EQ(judgement.verdict, Verdict::refuse);
  EXPECT_NE(judgement.why.find("password algorithms"), std::string::npos);
  EXPECT_FALSE(credentials.known());
}

TEST(LongTermCredentials, AnAnswerSignedWithSha1IsNotBelievedOfAServerThatOfferedSha256) {
  LongTermCredentials credentials("user", "pass");
  const Challenge challenge{.nonce = "obMatJos2AAABxyz", .algorithms = std::string(kBothAlgorithms)};
  ASSERT_EQ(credentials.judge(challenge.message(), false).verdict, Verdict::retry);
  const std::string key = long_term_key(PasswordAlgorithm::sha256, "user", "example.org", "pass");
  EXPECT_EQ(credentials.judge(success(key, false), true).verdict, Verdict::ignore);
  EXPECT_EQ(credentials.judge(success(key, true), true).verdict, Verdict::accept);
}

TEST(LongTermCredentials, NeitherUnsignedNorWronglySignedAnswersAreBelieved) {
  LongTermCredentials credentials("user", "pass");
  ASSERT_EQ(credentials.judge(Challenge{}.message(), false).verdict, Verdict::retry);
  const std::string key = long_term_key(PasswordAlgorithm::md5, "user", "example.org", "pass");
  EXPECT_EQ(credentials.judge(success(key, false), true).verdict, Verdict::accept);
  EXPECT_EQ(credentials.judge(success("another key", false), true).verdict, Verdict::ignore);
  EXPECT_EQ(credentials.judge(success(key, false, false), true).verdict, Verdict::ignore);
  EXPECT_EQ(credentials.judge(Challenge{.code = 400}.message(), true).verdict, Verdict::ignore);
  EXPECT_EQ(credentials.judge(Challenge{.code = 486}.message(), true).verdict, Verdict::ignore);
}

TEST(LongTermCredentials, TheSameRealmAgainMeansAWrongUserOrPassword) {
  LongTermCredentials credentials("user", "pass");
  ASSERT_EQ(credentials.judge(Challenge{}.message(), false).verdict, Verdict::retry);
  const auto again = credentials.judge(Challenge{.nonce = "another"}.message(), true);
  EXPECT_EQ(again.verdict, Verdict::refuse);
  EXPECT_EQ(again.why, "wrong user or password");
  EXPECT_EQ(credentials.judge(Challenge{.nonce = "third", .realm = "other.org"}.message(), true).verdict,
            Verdict::retry);
}

TEST(LongTermCredentials, AStaleNonceIsReplacedAndTheRealmStays) {
  LongTermCredentials credentials("user", "pass");
  ASSERT_EQ(credentials.judge(Challenge{}.message(), false).verdict, Verdict::retry);
  ASSERT_EQ(credentials.judge(Challenge{.code = 438, .nonce = "fresh", .realm = ""}.message(), true).verdict,
            Verdict::retry);
  EXPECT_EQ(signed_request(credentials).nonce(), "fresh");
  EXPECT_EQ(signed_request(credentials).realm(), "example.org");
}

TEST(LongTermCredentials, AChallengeWithoutRealmOrNonceIsRefused) {
  LongTermCredentials credentials("user", "pass");
  EXPECT_EQ(credentials.judge(Challenge{.nonce = ""}.message(), false).verdict, Verdict::refuse);
  EXPECT_EQ(credentials.judge(Challenge{.realm = ""}.message(), false).verdict, Verdict::refuse);
  EXPECT_EQ(credentials.judge(Challenge{.code = 438}.message(), false).verdict, Verdict::refuse);
  EXPECT_EQ(credentials.judge(Challenge{.algorithms = "00090000"}.message(), false).verdict, Verdict::refuse);
}

}  // namespace
}  // namespace ice
