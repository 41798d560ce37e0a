// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules of reading STUN messages, one by one.
#include "ice-core/stun/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <set>

#include "ice-core/stun/integrity.h"
#include "tests/unit/stun/vectors.h"
#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using Attribute = StunAttribute;

constexpr std::string_view kKey = "a password of the peer";

StunBuilder request() {
  return {StunClass::request, StunMethod::binding, {}};
}

StunMessage parsed(StunBuilder& builder) {
  auto message = StunMessage::parse(builder.build());
  EXPECT_TRUE(message.ok()) << (message.ok() ? "" : message.error().message);
  return std::move(message).value();
}

std::string error_of(StunBuilder& builder) {
  const auto message = StunMessage::parse(builder.build());
  return message.ok() ? "accepted" : message.error().message;
}

/// A second opinion on what the HMAC must be.
Bytes openssl_hmac_sha256(std::string_view key, ByteView message) {
  Bytes out(32);
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

StunAttribute unknown(std::uint16_t type) {
  return static_cast<StunAttribute>(type);
}

TEST(LooksLikeStun, TakesOnlyZeroBitsTheCookieAndALengthThatFits) {
  const Bytes good = sample_request();
  EXPECT_TRUE(looks_like_stun(good));
  const auto changed = [&](std::size_t at, unsigned value) {
    Bytes bytes = good;
    bytes[at] = static_cast<std::byte>(value);
    return looks_like_stun(bytes);
  };
  EXPECT_FALSE(changed(0, 0x40));
  EXPECT_FALSE(changed(0, 0x80));
  EXPECT_FALSE(changed(2, 0x01));
  EXPECT_FALSE(changed(3, 0x54));
  EXPECT_FALSE(changed(3, 0x59));
  for (std::size_t i = 4; i < 8; ++i) EXPECT_FALSE(changed(i, 0xFF));
  EXPECT_TRUE(changed(8, 0xFF));
}

TEST(LooksLikeStun, RefusesDatagramsThatAreTooShortOrTooLong) {
  Bytes bytes = sample_request();
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(looks_like_stun(ByteView(bytes).first(size)));
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(looks_like_stun(bytes));
  EXPECT_FALSE(looks_like_stun({}));
}

TEST(LooksLikeStun, RefusesALengthThatIsNoMultipleOfFourEvenWhenItFits) {
  Bytes bytes = hex("00010002 2112a442 000000000000000000000000 0000");
  EXPECT_FALSE(looks_like_stun(bytes));
}

TEST(StunMessage, KeepsClassMethodAndTransactionThroughTheWire) {
  SeededRandom random(5);
  for (unsigned method = 0; method < 0x1000; ++method) {
    for (const auto c : {StunClass::request, StunClass::indication, StunClass::success, StunClass::error}) {
      const TransactionId id = TransactionId::random(random);
      const Bytes bytes = StunBuilder(c, static_cast<StunMethod>(method), id).build();
      ASSERT_TRUE(looks_like_stun(bytes));
      const auto message = StunMessage::parse(bytes);
      ASSERT_TRUE(message.ok());
      EXPECT_EQ(message->message_class(), c);
      EXPECT_EQ(message->method(), static_cast<StunMethod>(method));
      EXPECT_EQ(message->transaction_id(), id);
    }
  }
}

// The types as IANA and the RFCs print them.
TEST(StunMessage, HasTheTypeNumbersOfTheRfcs) {
  const auto type = [](StunClass c, StunMethod m) { return to_hex(ByteView(StunBuilder(c, m, {}).build()).first(2)); };
  EXPECT_EQ(type(StunClass::request, StunMethod::binding), "0001");
  EXPECT_EQ(type(StunClass::indication, StunMethod::binding), "0011");
  EXPECT_EQ(type(StunClass::success, StunMethod::binding), "0101");
  EXPECT_EQ(type(StunClass::error, StunMethod::binding), "0111");
  EXPECT_EQ(type(StunClass::request, StunMethod::allocate), "0003");
  EXPECT_EQ(type(StunClass::error, StunMethod::allocate), "0113");
  EXPECT_EQ(type(StunClass::indication, StunMethod::data), "0017");
}

TEST(StunMessage, OutlivesTheDatagramItWasReadFrom) {
  Bytes bytes = sample_request();
  const auto message = StunMessage::parse(bytes);
  std::fill(bytes.begin(), bytes.end(), std::byte{0xAA});
  EXPECT_EQ(message->username(), "evtj:h6vY");
  EXPECT_TRUE(message->verify_integrity(kShortTermPassword));
}

TEST(StunMessage, StaysWholeWhenMovedAndCopied) {
  auto first = StunMessage::parse(sample_request());
  StunMessage copy = first.value();
  const StunMessage moved = std::move(first).value();
  EXPECT_EQ(copy.username(), "evtj:h6vY");
  EXPECT_TRUE(copy.verify_integrity(kShortTermPassword));
  EXPECT_TRUE(moved.verify_integrity(kShortTermPassword));
}

// RFC 8489 14: of repeated attributes the first counts.
TEST(StunMessage, TakesTheFirstOfRepeatedAttributes) {
  StunBuilder builder = request();
  builder.u32(Attribute::priority, 1)
      .u32(Attribute::priority, 2)
      .text(Attribute::username, "a")
      .text(Attribute::username, "b");
  const StunMessage m = parsed(builder);
  EXPECT_EQ(m.priority(), 1U);
  EXPECT_EQ(m.username(), "a");
}

TEST(StunMessage, RefusesAnAttributeThatRunsOverTheEnd) {
  // PRIORITY says 8 bytes and has 4; USERNAME of 5 bytes lacks its padding's room.
  EXPECT_THAT(StunMessage::parse(hex("00010008 2112a442 000000000000000000000000 00240008 00000001")).error().message,
              HasSubstr("PRIORITY runs over the end"));
  EXPECT_THAT(StunMessage::parse(hex("00010008 2112a442 000000000000000000000000 0006ffff 61616161")).error().message,
              HasSubstr("USERNAME runs over the end"));
  EXPECT_FALSE(StunMessage::parse(hex("00010004 2112a442 000000000000000000000000 0006fffd")).ok());
}

TEST(StunMessage, ReadsAnEmptyAttributeAtTheVeryEnd) {
  const auto message = StunMessage::parse(hex("00010004 2112a442 000000000000000000000000 00250000"));
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(message->use_candidate());
}

// STANDARDS trap 11, RFC 8489 14.5: what follows MESSAGE-INTEGRITY is not signed, hence ignored.
TEST(StunMessage, IgnoresAttributesAfterMessageIntegrity) {
  StunBuilder builder = request();
  builder.u32(Attribute::priority, 7)
      .message_integrity(kKey)
      .flag(Attribute::use_candidate)
      .u64(Attribute::ice_controlling, 1)
      .u32(unknown(0x7000), 0)
      .u32(Attribute::priority, 8)
      .fingerprint();
  const StunMessage m = parsed(builder);
  EXPECT_FALSE(m.use_candidate());
  EXPECT_EQ(m.ice_controlling(), std::nullopt);
  EXPECT_TRUE(m.unknown_required().empty());
  EXPECT_EQ(m.priority(), 7U);
  EXPECT_TRUE(m.has_fingerprint());
  EXPECT_TRUE(m.verify_integrity(kKey));
}

// STANDARDS trap 11, RFC 8489 14.6
TEST(StunMessage, IgnoresAttributesAfterMessageIntegritySha256) {
  StunBuilder builder = request();
  builder.message_integrity_sha256(kKey)
      .flag(Attribute::use_candidate)
      .message_integrity("an attacker's key")
      .fingerprint();
  const StunMessage m = parsed(builder);
  EXPECT_FALSE(m.use_candidate());
  EXPECT_FALSE(m.has(Attribute::message_integrity));
  EXPECT_TRUE(m.has_fingerprint());
  EXPECT_TRUE(m.verify_integrity(kKey));
  EXPECT_FALSE(m.verify_integrity("an attacker's key"));
}

// An ignored attribute's value is not looked at, but its length still has to fit.
TEST(StunMessage, DoesNotCheckTheFormOfIgnoredAttributes) {
  StunBuilder builder = request();
  builder.message_integrity(kKey).u64(Attribute::priority, 1).fingerprint();
  const StunMessage m = parsed(builder);
  EXPECT_EQ(m.priority(), std::nullopt);
  EXPECT_TRUE(m.verify_integrity(kKey));
}

// RFC 8489 14.7: FINGERPRINT is the last attribute.
TEST(StunMessage, RefusesAttributesAfterFingerprint) {
  // The fingerprint is right for the length that the whole message has: only the order is wrong.
  StunBuilder sized = request();
  sized.u32(Attribute::priority, 1);
  Bytes bytes = sized.build();
  Bytes head(bytes.begin(), bytes.begin() + 20);
  head[3] = std::byte{16};
  const std::uint32_t crc = stun_fingerprint(head);
  StunBuilder builder = request();
  builder.u32(Attribute::fingerprint, crc).u32(Attribute::priority, 1);
  bytes = builder.build();
  ASSERT_EQ(bytes.size(), 36U);
  EXPECT_EQ(StunMessage::parse(bytes).error().message, "an attribute follows FINGERPRINT: PRIORITY");
}

TEST(StunMessage, RefusesAWrongFingerprint) {
  StunBuilder builder = request();
  builder.text(Attribute::software, "x").fingerprint();
  Bytes bytes = builder.build();
  EXPECT_TRUE(StunMessage::parse(bytes).ok());
  bytes[24] = std::byte{'y'};
  EXPECT_EQ(StunMessage::parse(bytes).error().message, "FINGERPRINT is wrong");
}

// STANDARDS trap 11, RFC 8489 14.5: the length field counts as if the message ended with the integrity attribute.
TEST(Integrity, HoldsWithAndWithoutWhatFollows) {
  StunBuilder builder = request();
  builder.text(Attribute::username, "a:b").message_integrity(kKey);
  StunBuilder longer = request();
  longer.text(Attribute::username, "a:b").message_integrity(kKey).message_integrity_sha256(kKey).fingerprint();
  const StunMessage alone = parsed(builder);
  const StunMessage followed = parsed(longer);
  EXPECT_TRUE(alone.verify_integrity(kKey));
  EXPECT_TRUE(followed.verify_integrity(kKey));
  EXPECT_EQ(to_hex(*alone.raw(Attribute::message_integrity)), to_hex(*followed.raw(Attribute::message_integrity)));
}

TEST(Integrity, OfSha256CountsWhereBothArePresent) {
  // RFC 8489 9.1.3 and 9.2.5: no bidding down to SHA-1.
  StunBuilder wrong_sha256 = request();
  wrong_sha256.message_integrity(kKey).message_integrity_sha256("another key");
  EXPECT_FALSE(parsed(wrong_sha256).verify_integrity(kKey));
  StunBuilder wrong_sha1 = request();
  wrong_sha1.message_integrity("another key").message_integrity_sha256(kKey);
  EXPECT_TRUE(parsed(wrong_sha1).verify_integrity(kKey));
}

TEST(Integrity, IsFalseWhenThereIsNone) {
  StunBuilder builder = request();
  builder.text(Attribute::username, "a:b");
  const StunMessage m = parsed(builder);
  EXPECT_FALSE(m.has_integrity());
  EXPECT_FALSE(m.verify_integrity(kKey));
  EXPECT_FALSE(m.verify_integrity(""));
}

TEST(Integrity, TakesEmptyAndVeryLongKeysForWhatTheyAre) {
  for (const std::string& key :
       {std::string(), std::string(1, '\0'), std::string(64, 'k'), std::string(65, 'k'), std::string(5000, 'k')}) {
    StunBuilder sha1 = request();
    sha1.message_integrity(key);
    StunBuilder sha256 = request();
    sha256.message_integrity_sha256(key);
    const StunMessage a = parsed(sha1);
    const StunMessage b = parsed(sha256);
    EXPECT_TRUE(a.verify_integrity(key));
    EXPECT_TRUE(b.verify_integrity(key));
    EXPECT_FALSE(a.verify_integrity(key + "x"));
    EXPECT_FALSE(b.verify_integrity(key + "x"));
    EXPECT_FALSE(a.verify_integrity(kKey));
  }
  // The key before must not stay behind.
  StunBuilder keyed = request();
  keyed.message_integrity(kKey);
  const StunMessage m = parsed(keyed);
  EXPECT_TRUE(m.verify_integrity(kKey));
  EXPECT_FALSE(m.verify_integrity(std::string_view()));
}

// RFC 8489 14.6: truncated to 16 bytes at least, in multiples of four.
TEST(Integrity, OfSha256MayBeTruncated) {
  for (std::size_t size = 0; size <= 40; ++size) {
    StunBuilder builder = request();
    builder.text(Attribute::username, "a:b").raw(Attribute::message_integrity_sha256, Bytes(size));
    Bytes bytes = builder.build();
    const auto unsigned_message = StunMessage::parse(bytes);
    if (size < 16 || size > 32 || size % 4 != 0) {
      ASSERT_FALSE(unsigned_message.ok()) << size;
      EXPECT_THAT(unsigned_message.error().message, HasSubstr("MESSAGE-INTEGRITY-SHA256 is malformed"));
      continue;
    }
    ASSERT_TRUE(unsigned_message.ok()) << size;
    EXPECT_FALSE(unsigned_message->verify_integrity(kKey));
    // The length field already counts the attribute and nothing more, so the message's own bytes are what is signed.
    const std::size_t value_at = bytes.size() - size;
    const Bytes digest = openssl_hmac_sha256(kKey, ByteView(bytes).first(value_at - 4));
    std::copy_n(digest.begin(), size, bytes.begin() + static_cast<std::ptrdiff_t>(value_at));
    EXPECT_TRUE(StunMessage::parse(bytes)->verify_integrity(kKey)) << size;
    bytes.back() ^= std::byte{1};
    EXPECT_FALSE(StunMessage::parse(bytes)->verify_integrity(kKey)) << size;
  }
}

// STANDARDS trap 12, RFC 8489 6.3
TEST(StunMessage, ListsUnknownComprehensionRequiredAttributes) {
  StunBuilder builder = request();
  builder.u32(unknown(0x0002), 1)
      .u32(unknown(0x7FFF), 1)
      .u32(unknown(0x8000 | 0x7000), 1)
      .u32(unknown(0xFFFF), 1)
      .u32(unknown(0x0002), 2)
      .u32(Attribute::priority, 1)
      .flag(unknown(0x0000));
  const StunMessage m = parsed(builder);
  EXPECT_THAT(m.unknown_required(), ElementsAre(0x0002, 0x7FFF, 0x0000));
  EXPECT_EQ(m.priority(), 1U);
  EXPECT_TRUE(m.has(unknown(0xF000)));
}

// STANDARDS trap 12: what a stranger can make us answer is bounded.
TEST(StunMessage, BoundsTheListOfUnknownAttributes) {
  StunBuilder builder = request();
  for (std::uint16_t type = 0x1000; type < 0x4000; ++type) builder.flag(unknown(type));
  EXPECT_EQ(parsed(builder).unknown_required().size(), 32U);
}

/// For every attribute the sizes it may have, out of 0 to 40.
struct Sizes {
  Attribute type;
  std::set<std::size_t> allowed;
};

TEST(StunMessage, RefusesKnownAttributesOfAWrongSize) {
  const std::set<std::size_t> any = [] {
    std::set<std::size_t> all;
    for (std::size_t i = 0; i <= 40; ++i) all.insert(i);
    return all;
  }();
  const Sizes table[] = {
      {Attribute::message_integrity, {20}},
      {Attribute::message_integrity_sha256, {16, 20, 24, 28, 32}},
      {Attribute::priority, {4}},
      {Attribute::use_candidate, {0}},
      {Attribute::ice_controlled, {8}},
      {Attribute::ice_controlling, {8}},
      {Attribute::lifetime, {4}},
      {Attribute::channel_number, {4}},
      {Attribute::requested_transport, {4}},
      {Attribute::requested_address_family, {4}},
      {Attribute::additional_address_family, {4}},
      {Attribute::even_port, {1}},
      {Attribute::dont_fragment, {0}},
      {Attribute::reservation_token, {8}},
      {Attribute::userhash, {32}},
      {Attribute::icmp, {8}},
      {Attribute::username, any},
      {Attribute::realm, any},
      {Attribute::nonce, any},
      {Attribute::software, any},
      {Attribute::data, any},
  };
  for (const Sizes& sizes : table) {
    for (std::size_t size = 0; size <= 40; ++size) {
      StunBuilder builder = request();
      builder.raw(sizes.type, Bytes(size));
      const auto message = StunMessage::parse(builder.build());
      EXPECT_EQ(message.ok(), sizes.allowed.count(size) == 1)
          << "type " << static_cast<int>(sizes.type) << " size " << size;
      if (!message.ok()) {
        EXPECT_THAT(message.error().message, HasSubstr("malformed"));
      }
    }
  }
}

TEST(StunMessage, RefusesAFingerprintOfAWrongSize) {
  for (const std::size_t size : {0, 3, 5, 8}) {
    StunBuilder builder = request();
    builder.raw(Attribute::fingerprint, Bytes(size));
    EXPECT_THAT(error_of(builder), HasSubstr("FINGERPRINT is malformed")) << size;
  }
}

TEST(StunMessage, RefusesTextsThatAreTooLong) {
  const std::pair<Attribute, std::size_t> limits[] = {{Attribute::username, 513},
                                                      {Attribute::realm, 763},
                                                      {Attribute::nonce, 763},
                                                      {Attribute::software, 763},
                                                      {Attribute::alternate_domain, 255}};
  for (const auto& [type, limit] : limits) {
    StunBuilder fits = request();
    fits.raw(type, Bytes(limit));
    EXPECT_EQ(error_of(fits), "accepted");
    StunBuilder over = request();
    over.raw(type, Bytes(limit + 1));
    EXPECT_THAT(error_of(over), HasSubstr("malformed"));
  }
}

TEST(StunMessage, RefusesAddressesWhoseFamilyAndSizeDisagree) {
  for (const auto type : {Attribute::mapped_address, Attribute::xor_mapped_address, Attribute::xor_peer_address,
                          Attribute::xor_relayed_address, Attribute::alternate_server, Attribute::response_origin,
                          Attribute::other_address}) {
    for (unsigned family = 0; family <= 3; ++family) {
      for (std::size_t size = 0; size <= 24; ++size) {
        Bytes value(size);
        if (size > 1) value[1] = static_cast<std::byte>(family);
        StunBuilder builder = request();
        builder.raw(type, value);
        const bool right = (family == 1 && size == 8) || (family == 2 && size == 20);
        EXPECT_EQ(StunMessage::parse(builder.build()).ok(), right) << family << " " << size;
      }
    }
  }
}

TEST(StunMessage, ReadsAddressesPlainAndMaskedOfBothFamilies) {
  SeededRandom random(6);
  for (const char* ip : {"192.0.2.1", "255.255.255.255", "2001:db8::1", "::"}) {
    const Address address = *Address::parse(ip, 4711);
    StunBuilder builder(StunClass::success, StunMethod::allocate, TransactionId::random(random));
    builder.xor_address(Attribute::xor_peer_address, address)
        .xor_address(Attribute::xor_relayed_address, address.with_port(1))
        .address(Attribute::alternate_server, address.with_port(2))
        .address(Attribute::mapped_address, address.with_port(3));
    const StunMessage m = parsed(builder);
    EXPECT_EQ(m.xor_peer_address(), address);
    EXPECT_EQ(m.xor_relayed_address(), address.with_port(1));
    EXPECT_EQ(m.alternate_server(), address.with_port(2));
    EXPECT_EQ(m.mapped_address(), address.with_port(3));
  }
}

TEST(StunMessage, PrefersXorMappedAddress) {
  StunBuilder builder = request();
  builder.address(Attribute::mapped_address, *Address::parse("192.0.2.1", 1))
      .xor_address(Attribute::xor_mapped_address, *Address::parse("192.0.2.2", 2));
  EXPECT_EQ(parsed(builder).mapped_address(), Address::parse("192.0.2.2", 2));
}

// RFC 8489 14.8
TEST(StunMessage, ReadsErrorCodesFrom300To699) {
  for (const int code : {300, 400, 401, 420, 438, 487, 500, 599, 699}) {
    StunBuilder builder(StunClass::error, StunMethod::binding, {});
    builder.error_code(code, "why");
    const auto error = parsed(builder).error_code();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, code);
    EXPECT_EQ(error->reason, "why");
  }
}

TEST(StunMessage, RefusesErrorCodesOutOfRange) {
  for (const char* value : {"00000000", "00000200", "00000700", "00000464", "000004ff", "0000"}) {
    StunBuilder builder(StunClass::error, StunMethod::binding, {});
    builder.raw(Attribute::error_code, hex(value));
    EXPECT_THAT(error_of(builder), HasSubstr("ERROR-CODE is malformed")) << value;
  }
  // The reserved bits are ignored.
  StunBuilder reserved(StunClass::error, StunMethod::binding, {});
  reserved.raw(Attribute::error_code, hex("fffffc57"));
  EXPECT_EQ(parsed(reserved).error_code()->code, 487);
}

TEST(StunMessage, GivesAnErrorsReasonFitToBeShown) {
  StunBuilder builder(StunClass::error, StunMethod::binding, {});
  builder.raw(Attribute::error_code, hex("00000401 6e6f1b5b33316d0aff00"));
  EXPECT_EQ(parsed(builder).error_code()->reason, "no?[31m???");
}

TEST(StunMessage, HasNothingWhereAttributesAreAbsent) {
  StunBuilder builder = request();
  const StunMessage m = parsed(builder);
  EXPECT_EQ(m.username(), std::nullopt);
  EXPECT_EQ(m.mapped_address(), std::nullopt);
  EXPECT_EQ(m.xor_peer_address(), std::nullopt);
  EXPECT_EQ(m.priority(), std::nullopt);
  EXPECT_EQ(m.lifetime(), std::nullopt);
  EXPECT_FALSE(m.error_code());
  EXPECT_FALSE(m.use_candidate());
  EXPECT_FALSE(m.has_fingerprint());
}

}  // namespace
}  // namespace ice
