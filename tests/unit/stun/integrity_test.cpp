// SPDX-License-Identifier: LGPL-2.1-or-later
// Keys that are made ready once: they sign as often as they are asked, and each like itself.
#include "ice-core/stun/integrity.h"

#include <gtest/gtest.h>

#include <string>

#include "ice-core/stun/integrity_keys.h"
#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using test::bytes_of;
using test::to_hex;

constexpr std::string_view kText = "twenty bytes and more, as long as a header needs";

// That the digests are right is shown by the RFCs' vectors (vectors_test.cpp).
TEST(IntegrityKey, SignsTheSameEachTime) {
  const IntegrityKey key("password");
  const auto first = key.hmac_sha1(bytes_of(kText), 44);
  EXPECT_EQ(key.hmac_sha1(bytes_of(kText), 44), first);
  EXPECT_NE(key.hmac_sha1(bytes_of(kText), 48), first) << "the length is signed";
  static_cast<void>(key.hmac_sha256(bytes_of(kText), 44));
  EXPECT_EQ(key.hmac_sha1(bytes_of(kText), 44), first) << "the other digest leaves nothing behind";
  EXPECT_EQ(stun_hmac_sha1(bytes_of("password"), bytes_of(kText), 44), first);
  EXPECT_EQ(stun_hmac_sha256(bytes_of("password"), bytes_of(kText), 44), key.hmac_sha256(bytes_of(kText), 44));
}

TEST(IntegrityKey, DigestsLongMessagesAsShortOnes) {
  const IntegrityKey key("password");
  for (const std::size_t size : {20U, 64U, 511U, 512U, 513U, 1400U}) {
    Bytes message(size, std::byte{0x42});
    Bytes patched = message;
    patched[2] = std::byte{0x01};
    patched[3] = std::byte{0x02};
    // With the length field as it shall be, in one piece or in three, it is the digest of these very bytes.
    EXPECT_EQ(key.hmac_sha1(message, 0x0102), key.hmac_sha1(patched, 0x0102)) << size;
    EXPECT_NE(key.hmac_sha1(message, 0x0102), key.hmac_sha1(message, 0x0103)) << size;
    message.back() ^= std::byte{1};
    EXPECT_NE(key.hmac_sha1(message, 0x0102), key.hmac_sha1(patched, 0x0102)) << size;
  }
}

TEST(IntegrityKey, OfNothingIsAKeyToo) {
  const IntegrityKey nothing("");
  EXPECT_EQ(nothing.hmac_sha1(bytes_of(kText), 44), nothing.hmac_sha1(bytes_of(kText), 44));
  EXPECT_NE(nothing.hmac_sha1(bytes_of(kText), 44), IntegrityKey("x").hmac_sha1(bytes_of(kText), 44));
}

TEST(IntegrityKeys, KeepTheLatestUsedAndAreRightBeyondThat) {
  IntegrityKeys keys;
  const IntegrityKey* const first = &keys.of("password 0");
  EXPECT_EQ(&keys.of("password 0"), first);
  for (int i = 1; i < 10; ++i) {
    const std::string password = "password " + std::to_string(i);
    EXPECT_TRUE(keys.of(password).is(password));
    EXPECT_EQ(keys.of(password).hmac_sha1(bytes_of(kText), 44), IntegrityKey(password).hmac_sha1(bytes_of(kText), 44));
    EXPECT_LE(keys.size(), IntegrityKeys::kKept);
  }
  EXPECT_TRUE(keys.of("password 0").is("password 0"));
}

TEST(IntegrityKeys, UsingAKeyKeepsIt) {
  IntegrityKeys keys;
  const IntegrityKey* const ours = &keys.of("ours");
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(keys.of("peer " + std::to_string(i)));
    EXPECT_EQ(&keys.of("ours"), ours);
  }
}

}  // namespace
}  // namespace ice
