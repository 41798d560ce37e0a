// SPDX-License-Identifier: LGPL-2.1-or-later
// Addresses: strict text in, RFC 5952 text out, and what kind they are.
#include "ice-core/base/address.h"

#include <gtest/gtest.h>

#include <unordered_set>

#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

std::string round(std::string_view text) {
  const auto address = Address::parse(text);
  return address ? address->ip_text() : "refused";
}

TEST(Address, ReadsAndWritesIpv4) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "1.20.0.100"}) EXPECT_EQ(round(text), text);
}

TEST(Address, RefusesWhatIsNotExactlyAnIpv4Address) {
  for (const char* text : {"",          "1",          "1.2.3",        "1.2.3.4.5",  "1.2.3.",   ".1.2.3",   "1..2.3",
                           "1.2.3.256", "1.2.3.-4",   "1.2.3.+4",     "01.2.3.4",   "1.2.3.04", "1.2.3.4 ", " 1.2.3.4",
                           "0x1.2.3.4", "1.2.3.4/24", "1.2.3.4%eth0", "1.2.3.1000", "a.b.c.d",  "localhost"}) {
    EXPECT_EQ(round(text), "refused") << text;
  }
  EXPECT_EQ(round(std::string_view("1.2.3.4\0", 8)), "refused");
}

TEST(Address, WritesIpv6AsRfc5952Wants) {
  const std::pair<const char*, const char*> cases[] = {
      {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},  // 4.2.3: the first of equal runs
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},                  // 4.2.2: one group is not shortened
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},                           // 4.2.3: the longest run
      {"2001:DB8::ABCD", "2001:db8::abcd"},                              // 4.3: lower case
      {"::", "::"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"fe80::1", "fe80::1"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},  // 5: the prefix says that an IPv4 address is inside
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(round(in), out) << in;
}

TEST(Address, RefusesWhatIsNotExactlyAnIpv6Address) {
  for (const char* text : {":",
                           ":::",
                           "1",
                           "1:",
                           ":1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "1::2::3",
                           "1:::2",
                           "12345::",
                           "g::1",
                           "::1%eth0",
                           "[::1]",
                           "::1 ",
                           " ::1",
                           "::1.2.3",
                           "::1.2.3.256",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::01.2.3.4",
                           "+1::",
                           "-1::",
                           "0x1::",
                           "::1/64",
                           "1:2:3:4::5:6:7:8:"}) {
    EXPECT_EQ(round(text), "refused") << text;
  }
}

TEST(Address, ComesBackFromItsTextWhateverItsBytes) {
  test::SeededRandom random(1);
  for (int i = 0; i < 20000; ++i) {
    std::array<std::uint8_t, 16> ip{};
    random.fill(std::as_writable_bytes(std::span(ip)));
    // Mostly zeros, so that runs of every length and place occur.
    const auto zeros = random.next_u64();
    for (std::size_t g = 0; g < 8; ++g) {
      if ((zeros >> g & 1) != 0) ip[2 * g] = ip[2 * g + 1] = 0;
    }
    const Address v6 = Address::v6(ip, 7);
    EXPECT_EQ(Address::parse(v6.ip_text(), 7), v6) << v6.text();
    const Address v4 = Address::v4({ip[0], ip[5], ip[10], ip[15]}, 8);
    EXPECT_EQ(Address::parse(v4.ip_text(), 8), v4) << v4.text();
  }
}

TEST(Address, ShowsItsPortAndBracketsIpv6) {
  EXPECT_EQ(Address::parse("192.0.2.1", 5000)->text(), "192.0.2.1:5000");
  EXPECT_EQ(Address::parse("2001:db8::1", 65535)->text(), "[2001:db8::1]:65535");
  EXPECT_EQ(Address().text(), "0.0.0.0:0");
}

TEST(Address, KnowsWhatKindItIs) {
  const auto is = [](const char* text, auto predicate) { return ((*Address::parse(text)).*predicate)(); };
  EXPECT_TRUE(is("0.0.0.0", &Address::is_unspecified));
  EXPECT_TRUE(is("::", &Address::is_unspecified));
  EXPECT_FALSE(is("::1", &Address::is_unspecified));
  EXPECT_TRUE(is("127.0.0.1", &Address::is_loopback));
  EXPECT_TRUE(is("127.255.255.255", &Address::is_loopback));
  EXPECT_FALSE(is("128.0.0.1", &Address::is_loopback));
  EXPECT_TRUE(is("::1", &Address::is_loopback));
  EXPECT_FALSE(is("::2", &Address::is_loopback));
  EXPECT_TRUE(is("169.254.1.1", &Address::is_link_local));
  EXPECT_FALSE(is("169.253.1.1", &Address::is_link_local));
  EXPECT_TRUE(is("fe80::1", &Address::is_link_local));
  EXPECT_TRUE(is("febf::1", &Address::is_link_local));
  EXPECT_FALSE(is("fec0::1", &Address::is_link_local));
  EXPECT_TRUE(is("fec0::1", &Address::is_site_local));
  EXPECT_FALSE(is("fe80::1", &Address::is_site_local));
  EXPECT_TRUE(is("224.0.0.1", &Address::is_multicast));
  EXPECT_TRUE(is("239.255.255.255", &Address::is_multicast));
  EXPECT_TRUE(is("255.255.255.255", &Address::is_multicast));
  EXPECT_FALSE(is("223.255.255.255", &Address::is_multicast));
  EXPECT_FALSE(is("240.0.0.1", &Address::is_multicast));
  EXPECT_TRUE(is("ff02::1", &Address::is_multicast));
  EXPECT_TRUE(is("::ffff:1.2.3.4", &Address::is_v4_mapped));
  EXPECT_FALSE(is("::fffe:1.2.3.4", &Address::is_v4_mapped));
  EXPECT_TRUE(is("::1.2.3.4", &Address::is_v4_compatible));
  EXPECT_FALSE(is("::1", &Address::is_v4_compatible));
  EXPECT_FALSE(is("::", &Address::is_v4_compatible));
  EXPECT_FALSE(is("::ffff:1.2.3.4", &Address::is_v4_compatible));
  EXPECT_TRUE(is("fd00::1", &Address::is_unique_local));
  EXPECT_FALSE(is("fe00::1", &Address::is_unique_local));
  // The bytes of an IPv4 address never pass for the IPv6 kind.
  EXPECT_FALSE(is("254.192.0.0", &Address::is_site_local));
  EXPECT_FALSE(is("252.0.0.1", &Address::is_unique_local));
}

TEST(Address, IsEqualOnlyWithFamilyAddressAndPort) {
  const Address a = *Address::parse("192.0.2.1", 1);
  EXPECT_EQ(a, *Address::parse("192.0.2.1", 1));
  EXPECT_NE(a, a.with_port(2));
  EXPECT_TRUE(a.same_ip(a.with_port(2)));
  // The same first bytes, the other family.
  EXPECT_FALSE(Address().same_ip(*Address::parse("::")));
  EXPECT_NE(Address(), *Address::parse("::"));
}

TEST(Address, HashesTellPortsFamiliesAndNeighboursApart) {
  std::unordered_set<std::size_t> hashes;
  for (unsigned i = 0; i < 256; ++i) {
    for (unsigned port = 0; port < 64; ++port) {
      hashes.insert(std::hash<Address>{}(
          Address::v4({10, 0, 0, static_cast<std::uint8_t>(i)}, static_cast<std::uint16_t>(port))));
    }
  }
  EXPECT_EQ(hashes.size(), 256U * 64U);
  EXPECT_NE(std::hash<Address>{}(Address()), std::hash<Address>{}(*Address::parse("::")));
}

}  // namespace
}  // namespace ice
