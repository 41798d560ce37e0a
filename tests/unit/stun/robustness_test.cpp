// SPDX-License-Identifier: LGPL-2.1-or-later
// Hostile bytes: whatever arrives, a message or an error comes out. Worth most under ASan and UBSan.
#include <gtest/gtest.h>

#include <algorithm>

#include "ice-core/stun/message.h"
#include "tests/unit/stun/vectors.h"

namespace ice {
namespace {

using namespace test;

std::vector<Bytes> vectors() {
  return {sample_request(), sample_response_v4(), sample_response_v6(), sample_long_term_request(),
          sample_sha256_request()};
}

void set_length(Bytes& bytes) {
  const std::size_t length = bytes.size() - 20;
  bytes[2] = static_cast<std::byte>(length >> 8 & 0xFF);
  bytes[3] = static_cast<std::byte>(length & 0xFF);
}

/// Asks for everything that a message can be asked for; the sum keeps the reads from being optimised away.
std::size_t read_all(const StunMessage& m) {
  std::size_t sum = m.bytes().size() + m.unknown_required().size();
  for (unsigned type = 0; type <= 0x40; ++type) {
    for (const unsigned high : {0U, 0x8000U}) {
      if (const auto value = m.raw(static_cast<StunAttribute>(high | type))) {
        for (const std::byte b : *value) sum += std::to_integer<std::size_t>(b);
      }
    }
  }
  for (const auto& text : {m.username(), m.realm(), m.nonce(), m.software()}) sum += text ? text->size() : 0;
  for (const auto& address :
       {m.mapped_address(), m.xor_peer_address(), m.xor_relayed_address(), m.alternate_server()}) {
    sum += address ? address->text().size() : 0;
  }
  if (const auto error = m.error_code()) {
    EXPECT_GE(error->code, 300);
    EXPECT_LE(error->code, 699);
    sum += error->reason.size();
  }
  sum += m.priority().value_or(0) + m.lifetime().value_or(0) + m.ice_controlled().value_or(0) +
         m.ice_controlling().value_or(0) + (m.use_candidate() ? 1 : 0);
  EXPECT_FALSE(m.verify_integrity("a key that nobody used"));
  return sum;
}

TEST(StunRobustness, FingerprintGuardsEveryBit) {
  for (const Bytes& vector : {sample_request(), sample_response_v4(), sample_response_v6()}) {
    for (std::size_t bit = 0; bit < vector.size() * 8; ++bit) {
      Bytes bytes = vector;
      bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      const auto message = StunMessage::parse(bytes);
      // Only a message that lost its FINGERPRINT to another type or another attribute's length can pass, and it shows.
      if (message.ok()) {
        EXPECT_FALSE(message->has_fingerprint()) << bit;
        EXPECT_FALSE(message->verify_integrity(kShortTermPassword) && bit / 8 < vector.size() - 8) << bit;
        read_all(*message);
      }
    }
  }
}

// STANDARDS trap 11, RFC 8489 14.5: everything before the attribute is signed, the padding included.
TEST(StunRobustness, IntegrityGuardsEveryBit) {
  const Bytes plain = [] {
    StunBuilder builder(StunClass::request, StunMethod::binding, {});
    builder.text(StunAttribute::username, "abcde:fgh")
        .u32(StunAttribute::priority, 1)
        .flag(StunAttribute::use_candidate);
    return builder.message_integrity("key").build();
  }();
  const Bytes sha256 = [] {
    StunBuilder builder(StunClass::request, StunMethod::binding, {});
    builder.text(StunAttribute::username, "abcde:fgh")
        .u32(StunAttribute::priority, 1)
        .flag(StunAttribute::use_candidate);
    return builder.message_integrity_sha256("key").build();
  }();
  for (const Bytes& signed_message : {plain, sha256}) {
    ASSERT_TRUE(StunMessage::parse(signed_message)->verify_integrity("key"));
    for (std::size_t bit = 0; bit < signed_message.size() * 8; ++bit) {
      Bytes bytes = signed_message;
      bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      const auto message = StunMessage::parse(bytes);
      EXPECT_FALSE(message.ok() && message->verify_integrity("key")) << bit;
    }
  }
}

TEST(StunRobustness, EveryByteMayHaveEveryValue) {
  std::size_t accepted = 0;
  for (const Bytes& vector : vectors()) {
    for (std::size_t at = 0; at < vector.size(); ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        Bytes bytes = vector;
        bytes[at] = static_cast<std::byte>(value);
        const auto message = StunMessage::parse(bytes);
        if (!message.ok()) {
          EXPECT_FALSE(message.error().message.empty());
          continue;
        }
        ++accepted;
        read_all(*message);
      }
    }
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(StunRobustness, TruncatedMessagesAreRefusedOrLackTheirEnd) {
  for (const Bytes& vector : vectors()) {
    for (std::size_t size = 0; size < vector.size(); ++size) {
      Bytes bytes(vector.begin(), vector.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(StunMessage::parse(bytes).ok()) << size;
      if (size < 20) continue;
      set_length(bytes);
      const auto message = StunMessage::parse(bytes);
      if (!message.ok()) continue;
      EXPECT_EQ(size % 4, 0U);
      EXPECT_FALSE(message->has_fingerprint());
      EXPECT_FALSE(message->verify_integrity(kShortTermPassword) && size < vector.size() - 8);
      read_all(*message);
    }
  }
}

TEST(StunRobustness, RandomDatagramsNeverDoHarm) {
  SeededRandom random(20261124);
  std::size_t accepted = 0;
  for (int i = 0; i < 100000; ++i) {
    Bytes bytes(random.below(200));
    random.fill(bytes);
    if (i % 4 != 0 && bytes.size() >= 20) {
      // A right header, so that the parser gets to see the rest.
      bytes.resize(bytes.size() / 4 * 4);
      const Bytes cookie = hex("2112a442");
      bytes[0] &= std::byte{0x3F};
      std::copy(cookie.begin(), cookie.end(), bytes.begin() + 4);
      set_length(bytes);
      // Attributes that are likely known and of likely sizes, but for every fourth datagram.
      for (std::size_t at = 20; i % 4 != 1 && at + 4 <= bytes.size();) {
        bytes[at] = static_cast<std::byte>(random.below(2) * 0x80);
        bytes[at + 1] = static_cast<std::byte>(random.below(0x30));
        bytes[at + 2] = std::byte{0};
        bytes[at + 3] = static_cast<std::byte>(random.below(i % 4 == 2 ? 10 : 40));
        at += 4 + (std::to_integer<std::size_t>(bytes[at + 3]) + 3) / 4 * 4;
      }
    }
    const auto message = StunMessage::parse(bytes);
    if (message.ok()) {
      ++accepted;
      read_all(*message);
    }
  }
  EXPECT_GT(accepted, 1000U);
  EXPECT_LT(accepted, 90000U);
}

TEST(StunRobustness, TheLargestMessageOfSmallestAttributesIsRead) {
  Bytes bytes = hex("00010000 2112a442 000000000000000000000000");
  bytes.resize(20 + 0xFFFC);
  for (std::size_t at = 20; at < bytes.size(); at += 4) {
    bytes[at] = static_cast<std::byte>(at >> 10 & 0x7F);
    bytes[at + 1] = static_cast<std::byte>(at >> 2 & 0xFF);
  }
  set_length(bytes);
  const auto message = StunMessage::parse(bytes);
  if (message.ok()) read_all(*message);
  // Known attributes of length 0 are among them.
  EXPECT_FALSE(message.ok());
  for (std::size_t at = 20; at < bytes.size(); at += 4) bytes[at] |= std::byte{0x40};
  const auto unknown = StunMessage::parse(bytes);
  ASSERT_TRUE(unknown.ok());
  EXPECT_GT(read_all(*unknown), 0U);
}

}  // namespace
}  // namespace ice
