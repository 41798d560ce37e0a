// SPDX-License-Identifier: LGPL-2.1-or-later
// Candidate lines as other stacks write them, and as nobody should.
#include "ice-core/candidates/candidate_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Candidate read(std::string_view line) {
  auto candidate = parse_candidate_line(line);
  EXPECT_TRUE(candidate.ok()) << line << ": " << (candidate.ok() ? "" : candidate.error().message);
  return candidate.ok() ? std::move(candidate).value() : Candidate{};
}

std::string error_of(std::string_view line) {
  const auto candidate = parse_candidate_line(line);
  return candidate.ok() ? "accepted" : candidate.error().message;
}

/// What the other side reads of it: all but host candidates are sent with a related address.
Candidate as_sent(Candidate candidate) {
  if (!candidate.related && candidate.type != CandidateType::host) {
    candidate.related = Address::parse(candidate.address.family() == Family::ipv4 ? "0.0.0.0" : "::", 9);
  }
  return candidate;
}

/// One line of each form that the stacks in the field write.
const char* const kForeignLines[] = {
    // Chromium
    "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.1.5 rport 46154 generation 0 ufrag "
    "EEtu "
    "network-id 3 network-cost 10",
    "candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0 ufrag EEtu network-id 1",
    "candidate:1853887674 1 tcp 1518280447 192.168.0.196 9 typ host tcptype active generation 0 ufrag EEtu network-id "
    "1",
    "candidate:2999745851 1 udp 2113937151 8d1c1bc4-52ef-4a1f-a8e1-0e7a1f8d0a9b.local 51556 typ host generation 0 "
    "ufrag "
    "4Zcd network-cost 999",
    "candidate:3295938337 1 udp 1677729535 203.0.113.7 51556 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag 4Zcd",
    "candidate:750991856 2 udp 25108223 198.51.100.2 62393 typ relay raddr 203.0.113.7 rport 51556 generation 0",
    // Firefox
    "candidate:0 1 UDP 2122252543 192.168.1.10 52717 typ host",
    "candidate:2 1 TCP 2105524479 192.168.1.10 9 typ host tcptype active",
    "candidate:1 1 UDP 1686052863 203.0.113.9 52717 typ srflx raddr 192.168.1.10 rport 52717",
    "candidate:0 1 UDP 2122187007 2001:db8:0:1:cdab:12ff:fe34:5678 49152 typ host",
    // libnice
    "a=candidate:1 1 UDP 2015363327 192.168.122.1 43433 typ host",
    "a=candidate:4 1 TCP 1015021823 192.168.122.1 0 typ host tcptype active",
    "a=candidate:6 1 TCP 1010827519 fe80::5054:ff:fe12:3456 37711 typ host tcptype passive",
    "a=candidate:9 1 UDP 1679819007 203.0.113.9 43433 typ srflx raddr 192.168.122.1 rport 43433",
    // Pion
    "candidate:233762139 1 udp 2130706431 172.20.0.3 41235 typ host",
    "candidate:4207374051 1 udp 1694498815 203.0.113.1 50001 typ srflx raddr 0.0.0.0 rport 50001",
    "candidate:1052353102 1 tcp 2128609279 192.168.1.7 8443 typ host tcptype passive ufrag abcd",
    "candidate:2976461001 1 udp 1862270975 198.51.100.9 40000 typ prflx raddr 0.0.0.0 rport 0",
    // aioice, without the name before the colon
    "6815297761 1 udp 659136 192.0.2.4 31102 typ host generation 0",
    "c2d4e57f7f6d8bb9bb43c7a1c9ae1f26 1 udp 2130706431 192.168.99.7 33543 typ host",
    "8a1b 2 udp 1694498814 203.0.113.3 33544 typ srflx raddr 192.168.99.7 rport 33544",
};

TEST(CandidateLine, OfEveryStackIsReadAndComesBackTheSame) {
  for (const char* line : kForeignLines) {
    const Candidate candidate = read(line);
    EXPECT_EQ(read(candidate_line(candidate)), candidate) << line;
  }
}

TEST(CandidateLine, GivesEveryFieldOfAChromiumLine) {
  const Candidate c = read(kForeignLines[0]);
  EXPECT_EQ(c.foundation, "842163049");
  EXPECT_EQ(c.component, ComponentId(1));
  EXPECT_EQ(c.protocol, CandidateProtocol::udp);
  EXPECT_EQ(c.priority, Priority(1677729535));
  EXPECT_EQ(c.address, Address::parse("203.0.113.7", 46154));
  EXPECT_EQ(c.name, "");
  EXPECT_EQ(c.type, CandidateType::server_reflexive);
  EXPECT_EQ(c.related, Address::parse("10.0.1.5", 46154));
  EXPECT_EQ(c.ufrag, "EEtu");
  EXPECT_THAT(c.extensions, ElementsAre(Pair("generation", "0"), Pair("network-id", "3"), Pair("network-cost", "10")));
}

TEST(CandidateLine, IsWrittenAsRfc8839HasIt) {
  Candidate c;
  c.foundation = "1";
  c.component = ComponentId(2);
  c.priority = Priority(1694498814);
  c.address = *Address::parse("2001:db8::7", 5000);
  c.type = CandidateType::server_reflexive;
  c.related = Address::parse("fd00::1", 6000);
  c.ufrag = "abcd";
  c.extensions = {{"generation", "0"}};
  EXPECT_EQ(candidate_line(c),
            "candidate:1 2 UDP 1694498814 2001:db8::7 5000 typ srflx raddr fd00::1 rport 6000 generation 0 ufrag abcd");
  c.related.reset();
  c.extensions.clear();
  c.ufrag.clear();
  EXPECT_EQ(candidate_line(c), "candidate:1 2 UDP 1694498814 2001:db8::7 5000 typ srflx raddr :: rport 9");
  c.type = CandidateType::host;
  c.protocol = CandidateProtocol::tcp_passive;
  EXPECT_EQ(candidate_line(c), "candidate:1 2 TCP 1694498814 2001:db8::7 5000 typ host tcptype passive");
}

TEST(CandidateLine, IsReadWithEveryPrefixAndSurroundingSpace) {
  const Candidate c = read("1 1 UDP 100 192.0.2.1 5000 typ host");
  for (const char* line :
       {"candidate:1 1 UDP 100 192.0.2.1 5000 typ host", "a=candidate:1 1 UDP 100 192.0.2.1 5000 typ host",
        "  a=candidate:1 1 UDP 100 192.0.2.1 5000 typ host \r\n", "1\t1 UDP  100 192.0.2.1   5000 typ\thost\n"}) {
    EXPECT_EQ(read(line), c) << line;
  }
}

TEST(CandidateLine, KnowsTransportsInEitherCase) {
  EXPECT_EQ(read("1 1 Udp 1 192.0.2.1 5 typ host").protocol, CandidateProtocol::udp);
  EXPECT_EQ(read("1 1 tcp 1 192.0.2.1 9 typ host tcptype active").protocol, CandidateProtocol::tcp_active);
  EXPECT_EQ(read("1 1 TCP 1 192.0.2.1 5 typ host tcptype passive").protocol, CandidateProtocol::tcp_passive);
  EXPECT_EQ(read("1 1 TCP 1 192.0.2.1 5 typ host generation 0 tcptype SO").protocol, CandidateProtocol::tcp_so);
}

// STANDARDS trap 15, RFC 8839 5.1: unknown extensions are kept, in order.
TEST(CandidateLine, KeepsUnknownExtensions) {
  const Candidate c = read("1 1 UDP 1 192.0.2.1 5 typ host b 2 a 1 b 3 flag");
  EXPECT_THAT(c.extensions, ElementsAre(Pair("b", "2"), Pair("a", "1"), Pair("b", "3"), Pair("flag", "")));
  EXPECT_EQ(candidate_line(c), "candidate:1 1 UDP 1 192.0.2.1 5 typ host b 2 a 1 b 3 flag");
  const Candidate with_ufrag = read("1 1 UDP 1 192.0.2.1 5 typ host ufrag abcd flag");
  EXPECT_EQ(read(candidate_line(with_ufrag)), with_ufrag);
}

// STANDARDS trap 15: an unknown transport is no error.
TEST(CandidateLine, KeepsUnknownTransports) {
  const Candidate c = read("1 1 ssltcp 1 192.0.2.1 443 typ host tcptype passive");
  EXPECT_EQ(c.protocol, CandidateProtocol::other);
  EXPECT_EQ(c.protocol_token, "ssltcp");
  EXPECT_THAT(c.extensions, ElementsAre(Pair("tcptype", "passive")));
  EXPECT_EQ(candidate_line(c), "candidate:1 1 ssltcp 1 192.0.2.1 443 typ host tcptype passive");
}

// STANDARDS trap 15: a name is kept for whoever can resolve it.
TEST(CandidateLine, KeepsNames) {
  const Candidate c = read("1 1 UDP 1 8d1c1bc4-52ef-4a1f-a8e1-0e7a1f8d0a9b.local 5000 typ host");
  EXPECT_EQ(c.name, "8d1c1bc4-52ef-4a1f-a8e1-0e7a1f8d0a9b.local");
  EXPECT_TRUE(c.address.is_unspecified());
  EXPECT_EQ(c.address.port(), 5000);
  EXPECT_EQ(read("1 1 UDP 1 host 5 typ host").name, "host");
  EXPECT_EQ(read("1 1 UDP 1 example.org. 5 typ host").name, "example.org.");
}

// STANDARDS trap 15: scopes mean nothing on another machine.
TEST(CandidateLine, CutsIpv6Scopes) {
  const Candidate c = read("1 1 UDP 1 fe80::1%eth0 5000 typ srflx raddr fe80::2%3 rport 9");
  EXPECT_EQ(c.address, Address::parse("fe80::1", 5000));
  EXPECT_EQ(c.related, Address::parse("fe80::2", 9));
  EXPECT_THAT(error_of("1 1 UDP 1 192.0.2.1%eth0 5000 typ host"), HasSubstr("connection address"));
}

// STANDARDS trap 15, RFC 8839 5.1
TEST(CandidateLine, AcceptsHiddenRelatedAddresses) {
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 5 typ srflx raddr 0.0.0.0 rport 9").related, Address::parse("0.0.0.0", 9));
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 5 typ srflx raddr :: rport 9").related, Address::parse("::", 9));
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 5 typ srflx raddr abc.local rport 9").related, std::nullopt);
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 5 typ srflx").related, std::nullopt);
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 5 typ srflx rport 9").related, std::nullopt);
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 5 typ srflx raddr 10.0.0.1").related, Address::parse("10.0.0.1", 0));
}

TEST(CandidateLine, AcceptsTheEndsOfEveryRange) {
  EXPECT_EQ(read(std::string(32, '/') + " 1 UDP 1 192.0.2.1 5 typ host").foundation.size(), 32U);
  EXPECT_EQ(read("1 256 UDP 1 192.0.2.1 5 typ host").component, ComponentId(256));
  EXPECT_EQ(read("1 1 UDP 2147483647 192.0.2.1 5 typ host").priority, Priority(2147483647));
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 65535 typ host").address.port(), 65535);
  EXPECT_EQ(read("1 1 TCP 1 192.0.2.1 0 typ host tcptype active").address.port(), 0);
  EXPECT_EQ(read("1 1 UDP 1 192.0.2.1 5 typ host ufrag " + std::string(256, 'u')).ufrag.size(), 256U);
}

TEST(CandidateLine, ErrorsNameTheFieldAtFault) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "empty"},
      {"candidate:", "empty"},
      {"a=candidate: \r\n", "empty"},
      {"1-2 1 UDP 1 192.0.2.1 5 typ host", "foundation"},
      {std::string(33, '1') + " 1 UDP 1 192.0.2.1 5 typ host", "foundation"},
      {"1", "component"},
      {"1 0 UDP 1 192.0.2.1 5 typ host", "component \"0\""},
      {"1 257 UDP 1 192.0.2.1 5 typ host", "component"},
      {"1 65537 UDP 1 192.0.2.1 5 typ host", "component"},
      {"1 -1 UDP 1 192.0.2.1 5 typ host", "component"},
      {"1 +1 UDP 1 192.0.2.1 5 typ host", "component"},
      {"1 1", "transport"},
      {"1 1 U(DP 1 192.0.2.1 5 typ host", "transport"},
      {"1 1 UDP", "priority"},
      {"1 1 UDP 0 192.0.2.1 5 typ host", "priority \"0\""},
      {"1 1 UDP 2147483648 192.0.2.1 5 typ host", "priority"},
      {"1 1 UDP 4294967296 192.0.2.1 5 typ host", "priority"},
      {"1 1 UDP 0x10 192.0.2.1 5 typ host", "priority"},
      {"1 1 UDP 1", "port"},
      {"1 1 UDP 1 192.0.2.1", "port"},
      {"1 1 UDP 1 192.0.2.1 65536 typ host", "port \"65536\""},
      {"1 1 UDP 1 192.0.2.1 5x typ host", "port"},
      {"1 1 UDP 1 192.0.2.1 0 typ host", "port 0"},
      {"1 1 TCP 1 192.0.2.1 0 typ host tcptype passive", "port 0"},
      {"1 1 UDP 1 192.0.2.256 5 typ host", "connection address \"192.0.2.256\""},
      {"1 1 UDP 1 192.0.2 5 typ host", "connection address"},
      {"1 1 UDP 1 2001:db8::g 5 typ host", "connection address"},
      {"1 1 UDP 1 [2001:db8::1] 5 typ host", "connection address"},
      {"1 1 UDP 1 -.a..b 5 typ host", "connection address"},
      {"1 1 UDP 1 " + std::string(64, 'a') + ".local 5 typ host", "connection address"},
      {"1 1 UDP 1 192.0.2.1 5", "\"typ\" is missing"},
      {"1 1 UDP 1 192.0.2.1 5 host", "\"typ\" is missing"},
      {"1 1 UDP 1 192.0.2.1 5 typ", "candidate type"},
      {"1 1 UDP 1 192.0.2.1 5 typ local", "candidate type \"local\""},
      {"1 1 TCP 1 192.0.2.1 5 typ host", "tcptype is missing"},
      {"1 1 TCP 1 192.0.2.1 5 typ host tcptype", "tcptype"},
      {"1 1 TCP 1 192.0.2.1 5 typ host tcptype lazy", "tcptype \"lazy\""},
      {"1 1 TCP 1 192.0.2.1 5 typ host tcptype so tcptype so", "tcptype is given twice"},
      {"1 1 UDP 1 192.0.2.1 5 typ srflx raddr 10.0.0.300 rport 9", "raddr"},
      {"1 1 UDP 1 192.0.2.1 5 typ srflx raddr", "raddr"},
      {"1 1 UDP 1 192.0.2.1 5 typ srflx raddr 10.0.0.1 rport 65536", "rport"},
      {"1 1 UDP 1 192.0.2.1 5 typ srflx raddr 10.0.0.1 rport -9", "rport"},
      {"1 1 UDP 1 192.0.2.1 5 typ srflx raddr 10.0.0.1 raddr 10.0.0.2", "raddr is given twice"},
      {"1 1 UDP 1 192.0.2.1 5 typ srflx rport 1 rport 1", "rport is given twice"},
      {"1 1 UDP 1 192.0.2.1 5 typ host ufrag", "ufrag"},
      {"1 1 UDP 1 192.0.2.1 5 typ host ufrag a-b", "ufrag"},
      {"1 1 UDP 1 192.0.2.1 5 typ host ufrag aaaa ufrag bbbb", "ufrag is given twice"},
      {"1 1 UDP 1 192.0.2.1 5 typ host ufrag " + std::string(257, 'u'), "ufrag"},
      {"1 1 UDP 1 192.0.2.1 5 typ host net \x01", "extension \"net\""},
      {"1 1 UDP 1 192.0.2.1 5 typ host n\xC3\xBC 1", "extension"},
  };
  for (const auto& [line, field] : cases) EXPECT_THAT(error_of(line), HasSubstr(field)) << line;
}

TEST(CandidateLine, RefusesNulBytesAndLinesInside) {
  EXPECT_NE(error_of(std::string_view("1 1 UDP 1 192.0.2.1 5 typ host a \0", 35)), "accepted");
  EXPECT_NE(error_of(std::string_view("1 1 UDP 1 192.0.2.1\0 5 typ host", 31)), "accepted");
  // A second line is taken for extensions, and can never become a line of its own again.
  const auto two = parse_candidate_line("1 1 UDP 1 192.0.2.1 5 typ host\na=candidate:2 1");
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(candidate_line(*two).find('\n'), std::string::npos);
}

TEST(CandidateLine, RefusesLinesThatAreTooLong) {
  const std::string start = "1 1 UDP 1 192.0.2.1 5 typ host x ";
  EXPECT_EQ(error_of(start + std::string(kMaxCandidateLine - start.size(), 'y')), "accepted");
  EXPECT_THAT(error_of(start + std::string(kMaxCandidateLine - start.size() + 1, 'y')), HasSubstr("longer than 2048"));
  EXPECT_THAT(error_of(std::string(4 << 20, 'y')), HasSubstr("longer than"));
}

TEST(CandidateLine, ErrorsStayShortAndPrintable) {
  for (const char fill : {'\x01', '\xFF', 'x', '.'}) {
    const std::string error = error_of("1 1 UDP 1 " + std::string(1500, fill) + " 5 typ host");
    EXPECT_LT(error.size(), 250U);
    EXPECT_TRUE(std::all_of(error.begin(), error.end(), [](unsigned char c) { return c >= 0x20; }));
  }
}

TEST(CandidateLine, SurvivesEveryChangeOfAByte) {
  std::size_t accepted = 0;
  for (const std::string line : kForeignLines) {
    for (std::size_t at = 0; at < line.size(); ++at) {
      EXPECT_LT(error_of(line.substr(0, at)).size(), 300U);
      for (const int value : {0, 1, 9, 10, 13, 32, 37, 43, 45, 46, 48, 57, 58, 61, 92, 97, 127, 128, 255}) {
        std::string changed = line;
        changed[at] = static_cast<char>(value);
        const auto candidate = parse_candidate_line(changed);
        if (!candidate.ok()) continue;
        ++accepted;
        EXPECT_EQ(read(candidate_line(*candidate)), as_sent(*candidate)) << changed;
      }
    }
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(CandidateLine, SurvivesRandomWords) {
  const char* const words[] = {"1",       "2",     "UDP",   "TCP",   "tcptype", "active",   "typ",        "host",
                               "srflx",   "raddr", "rport", "ufrag", "0",       "65535",    "::1",        "1.2.3.4",
                               "a.local", "x",     "-",     "%",     "\x00",    "\xFF\xFE", "candidate:", "a="};
  test::SeededRandom random(10);
  std::size_t accepted = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string line = random.below(2) == 0 ? "1 1 UDP 7 192.0.2.1 5 typ srflx" : "";
    for (auto count = random.below(12); count > 0; --count) {
      line += ' ';
      line += words[random.below(std::size(words))];
    }
    const auto candidate = parse_candidate_line(line);
    if (!candidate.ok()) continue;
    ++accepted;
    EXPECT_EQ(read(candidate_line(*candidate)), as_sent(*candidate)) << line;
  }
  EXPECT_GT(accepted, 5000U);
}

TEST(CandidateType, HasTheNamesOfTheRfc) {
  EXPECT_STREQ(type_text(CandidateType::host), "host");
  EXPECT_STREQ(type_text(CandidateType::peer_reflexive), "prflx");
  EXPECT_STREQ(type_text(CandidateType::server_reflexive), "srflx");
  EXPECT_STREQ(type_text(CandidateType::relayed), "relay");
}

}  // namespace
}  // namespace ice
