// SPDX-License-Identifier: LGPL-2.1-or-later
// The RFCs' own sample messages, byte for byte: read, verified and written again.
#include "tests/unit/stun/vectors.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>

#include "ice-core/stun/integrity.h"
#include "ice-core/stun/message.h"

namespace ice {
namespace {

using namespace test;

Bytes digest(const EVP_MD* algorithm, std::string_view text) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), &size, algorithm, nullptr);
  out.resize(size);
  return out;
}

std::string_view as_key(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

StunMessage parsed(const Bytes& bytes) {
  auto message = StunMessage::parse(bytes);
  EXPECT_TRUE(message.ok()) << (message.ok() ? "" : message.error().message);
  return std::move(message).value();
}

/// MESSAGE-INTEGRITY and FINGERPRINT made anew over the vector's own bytes, its odd padding included.
void expect_checksums_made_anew(const Bytes& vector) {
  const ByteView bytes(vector);
  const std::size_t integrity = vector.size() - 8 - 24;
  const auto length = static_cast<std::uint16_t>(integrity + 24 - 20);
  EXPECT_EQ(to_hex(stun_hmac_sha1(bytes_of(kShortTermPassword), bytes.first(integrity), length)),
            to_hex(bytes.subspan(integrity + 4, 20)));
  EXPECT_EQ(StunMessage::parse(vector)->raw(StunAttribute::fingerprint)->size(), 4U);
  Bytes fingerprint;
  for (const int shift : {24, 16, 8, 0}) {
    fingerprint.push_back(static_cast<std::byte>(stun_fingerprint(bytes.first(vector.size() - 8)) >> shift & 0xFF));
  }
  EXPECT_EQ(to_hex(fingerprint), to_hex(bytes.last(4)));
}

/// Equal up to byte `same`, and afterwards in everything but padding and what covers it.
void expect_equal_but_for_padding(const Bytes& ours, const Bytes& vector, std::size_t padding_at, std::size_t padding) {
  ASSERT_EQ(ours.size(), vector.size());
  Bytes a = ours;
  Bytes b = vector;
  for (Bytes* bytes : {&a, &b}) {
    std::fill_n(bytes->begin() + static_cast<std::ptrdiff_t>(padding_at), padding, std::byte{0});
    std::fill_n(bytes->end() - 28, 20, std::byte{0});
    std::fill_n(bytes->end() - 4, 4, std::byte{0});
  }
  EXPECT_EQ(to_hex(a), to_hex(b));
}

// RFC 5769 2.1
TEST(Rfc5769, RequestIsRead) {
  const StunMessage m = parsed(sample_request());
  EXPECT_EQ(m.message_class(), StunClass::request);
  EXPECT_EQ(m.method(), StunMethod::binding);
  EXPECT_EQ(to_hex(m.transaction_id().bytes), "b7e7a701bc34d686fa87dfae");
  EXPECT_EQ(m.software(), "STUN test client");
  EXPECT_EQ(m.priority(), 0x6e0001ffU);
  EXPECT_EQ(m.ice_controlled(), 0x932ff9b151263b36U);
  EXPECT_EQ(m.ice_controlling(), std::nullopt);
  EXPECT_EQ(m.username(), "evtj:h6vY");
  EXPECT_FALSE(m.use_candidate());
  EXPECT_TRUE(m.has_fingerprint());
  EXPECT_TRUE(m.unknown_required().empty());
  EXPECT_TRUE(m.verify_integrity(kShortTermPassword));
  EXPECT_FALSE(m.verify_integrity("VOkJxbRl1RmTxUk/WvJxBT"));
}

TEST(Rfc5769, RequestIsWrittenTheSameButForItsPadding) {
  const Bytes vector = sample_request();
  const StunMessage m = parsed(vector);
  StunBuilder builder(StunClass::request, StunMethod::binding, m.transaction_id());
  builder.text(StunAttribute::software, "STUN test client")
      .u32(StunAttribute::priority, 0x6e0001ff)
      .u64(StunAttribute::ice_controlled, 0x932ff9b151263b36)
      .text(StunAttribute::username, "evtj:h6vY")
      .message_integrity(kShortTermPassword)
      .fingerprint();
  const Bytes ours = builder.build();
  expect_equal_but_for_padding(ours, vector, 73, 3);
  EXPECT_TRUE(parsed(ours).verify_integrity(kShortTermPassword));
  expect_checksums_made_anew(vector);
}

// RFC 5769 2.2
TEST(Rfc5769, Ipv4ResponseIsReadAndWrittenTheSameButForItsPadding) {
  const Bytes vector = sample_response_v4();
  const StunMessage m = parsed(vector);
  EXPECT_EQ(m.message_class(), StunClass::success);
  EXPECT_EQ(m.software(), "test vector");
  EXPECT_EQ(m.mapped_address(), Address::parse("192.0.2.1", 32853));
  EXPECT_TRUE(m.verify_integrity(kShortTermPassword));

  StunBuilder builder(StunClass::success, StunMethod::binding, m.transaction_id());
  builder.text(StunAttribute::software, "test vector")
      .xor_address(StunAttribute::xor_mapped_address, *Address::parse("192.0.2.1", 32853))
      .message_integrity(kShortTermPassword)
      .fingerprint();
  expect_equal_but_for_padding(builder.build(), vector, 35, 1);
  expect_checksums_made_anew(vector);
}

// RFC 5769 2.3
TEST(Rfc5769, Ipv6ResponseIsReadAndWrittenTheSameButForItsPadding) {
  const Bytes vector = sample_response_v6();
  const StunMessage m = parsed(vector);
  const auto address = Address::parse("2001:db8:1234:5678:11:2233:4455:6677", 32853);
  EXPECT_EQ(m.mapped_address(), address);
  EXPECT_TRUE(m.verify_integrity(kShortTermPassword));

  StunBuilder builder(StunClass::success, StunMethod::binding, m.transaction_id());
  builder.text(StunAttribute::software, "test vector")
      .xor_address(StunAttribute::xor_mapped_address, *address)
      .message_integrity(kShortTermPassword)
      .fingerprint();
  expect_equal_but_for_padding(builder.build(), vector, 35, 1);
  expect_checksums_made_anew(vector);
}

// RFC 5769 2.4
TEST(Rfc5769, LongTermRequestIsReadAndWrittenByteForByte) {
  const Bytes vector = sample_long_term_request();
  const Bytes key = digest(EVP_md5(), kLongTermCredentials);
  const StunMessage m = parsed(vector);
  EXPECT_EQ(m.username(), kLongTermUsername);
  EXPECT_EQ(m.nonce(), kNonce);
  EXPECT_EQ(m.realm(), "example.org");
  EXPECT_FALSE(m.has_fingerprint());
  EXPECT_TRUE(m.verify_integrity(ByteView(key)));

  StunBuilder builder(StunClass::request, StunMethod::binding, m.transaction_id());
  builder.text(StunAttribute::username, kLongTermUsername)
      .text(StunAttribute::nonce, kNonce)
      .text(StunAttribute::realm, "example.org")
      .message_integrity(as_key(key));
  EXPECT_EQ(to_hex(builder.build()), to_hex(vector));
}

// RFC 8489 B.1, erratum 6268
TEST(Rfc8489, Sha256RequestWithUserhashIsReadAndWrittenByteForByte) {
  const Bytes vector = sample_sha256_request();
  const Bytes key = digest(EVP_sha256(), kLongTermCredentials);
  const StunMessage m = parsed(vector);
  const Bytes userhash = digest(EVP_sha256(), std::string(kLongTermUsername) + ":example.org");
  ASSERT_TRUE(m.has(StunAttribute::userhash));
  EXPECT_EQ(to_hex(*m.raw(StunAttribute::userhash)), to_hex(userhash));
  EXPECT_EQ(m.nonce(), "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA");
  EXPECT_EQ(to_hex(*m.raw(StunAttribute::password_algorithm)), "00020000");
  EXPECT_TRUE(m.unknown_required().empty());
  EXPECT_TRUE(m.verify_integrity(ByteView(key)));
  EXPECT_FALSE(m.verify_integrity("TheMatrIX"));

  StunBuilder builder(StunClass::request, StunMethod::binding, m.transaction_id());
  builder.raw(StunAttribute::userhash, userhash)
      .text(StunAttribute::nonce, "obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA")
      .text(StunAttribute::realm, "example.org")
      .u32(StunAttribute::password_algorithm, 0x00020000)
      .message_integrity_sha256(as_key(key));
  EXPECT_EQ(to_hex(builder.build()), to_hex(vector));
}

}  // namespace
}  // namespace ice
