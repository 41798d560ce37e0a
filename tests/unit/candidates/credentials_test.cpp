// SPDX-License-Identifier: LGPL-2.1-or-later
// Credentials: what is made, what may be sent, what is accepted.
#include "ice-core/candidates/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Credentials, AreFreshLongEnoughAndLegal) {
  test::SeededRandom random(9);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const Credentials c = random_credentials(random);
    EXPECT_EQ(c.ufrag.size(), 8U);
    EXPECT_EQ(c.pwd.size(), 24U);
    EXPECT_TRUE(check_local_ufrag(c.ufrag).ok());
    EXPECT_TRUE(check_local_pwd(c.pwd).ok());
    seen.insert(c.ufrag);
    seen.insert(c.pwd);
  }
  EXPECT_EQ(seen.size(), 2000U);
}

TEST(Credentials, UseAll64IceChars) {
  int count = 0;
  for (int c = -128; c < 128; ++c) count += is_ice_char(static_cast<char>(c)) ? 1 : 0;
  EXPECT_EQ(count, 64);
  EXPECT_TRUE(is_ice_char('+'));
  EXPECT_TRUE(is_ice_char('/'));
  EXPECT_FALSE(is_ice_char('-'));
  EXPECT_FALSE(is_ice_char('\0'));
}

// RFC 8445 5.3, RFC 8839 5.4
TEST(Credentials, KeepToTheirLengths) {
  const auto ok = [](auto check, std::size_t length) { return check(std::string(length, 'a')).ok(); };
  EXPECT_FALSE(ok(check_local_ufrag, 3));
  EXPECT_TRUE(ok(check_local_ufrag, 4));
  EXPECT_TRUE(ok(check_local_ufrag, 32));
  EXPECT_FALSE(ok(check_local_ufrag, 33));
  EXPECT_FALSE(ok(check_remote_ufrag, 3));
  EXPECT_TRUE(ok(check_remote_ufrag, 256));
  EXPECT_FALSE(ok(check_remote_ufrag, 257));
  for (const auto check : {check_local_pwd, check_remote_pwd}) {
    EXPECT_FALSE(ok(check, 0));
    EXPECT_FALSE(ok(check, 21));
    EXPECT_TRUE(ok(check, 22));
    EXPECT_TRUE(ok(check, 256));
    EXPECT_FALSE(ok(check, 257));
  }
}

TEST(Credentials, RefusalsNameTheFieldAndNeverTheValue) {
  const auto ufrag = check_local_ufrag("secret-ufrag");
  ASSERT_FALSE(ufrag.ok());
  EXPECT_THAT(ufrag.error().message, HasSubstr("ice-ufrag"));
  EXPECT_THAT(ufrag.error().message, Not(HasSubstr("secret")));
  for (const char* value : {"secret-password-of-24-ch", "secretshort"}) {
    const auto pwd = check_remote_pwd(value);
    ASSERT_FALSE(pwd.ok());
    EXPECT_THAT(pwd.error().message, HasSubstr("ice-pwd"));
    EXPECT_THAT(pwd.error().message, Not(HasSubstr("secret")));
  }
}

TEST(Credentials, AreCompleteOnlyTogether) {
  EXPECT_FALSE((Credentials{"", "p"}).complete());
  EXPECT_FALSE((Credentials{"u", ""}).complete());
  EXPECT_TRUE((Credentials{"u", "p"}).complete());
}

}  // namespace
}  // namespace ice
