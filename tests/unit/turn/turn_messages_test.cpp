// SPDX-License-Identifier: LGPL-2.1-or-later
// What a TURN server says, in words, and what only it says (RFC 8656 18, RFC 8489 14.8).
#include "ice-core/turn/turn_messages.h"

#include <gtest/gtest.h>

#include <map>

#include "ice-core/gathering/servers.h"
#include "ice-core/turn/password_algorithms.h"
#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

TEST(ServersWords, AreItsOwnOrThoseOfTheRfcs) {
  const std::map<int, std::string> words = {{300, "Try Alternate"},
                                            {400, "Bad Request"},
                                            {401, "Unauthorized"},
                                            {403, "Forbidden"},
                                            {420, "Unknown Attribute"},
                                            {437, "Allocation Mismatch"},
                                            {438, "Stale Nonce"},
                                            {440, "Address Family not Supported"},
                                            {441, "Wrong Credentials"},
                                            {442, "Unsupported Transport Protocol"},
                                            {443, "Peer Address Family Mismatch"},
                                            {486, "Allocation Quota Reached"},
                                            {500, "Server Error"},
                                            {508, "Insufficient Capacity"}};
  for (const auto& [code, phrase] : words) EXPECT_EQ(said({code, ""}), "said " + std::to_string(code) + " " + phrase);
  EXPECT_EQ(said({401, "go away"}), "said 401 go away");
  EXPECT_EQ(said({499, ""}), "said 499");
}

// RFC 8656 18.12
TEST(AddressErrorCode, IsOfAFamilyThatWeKnow) {
  const auto response = [](std::byte family) {
    const std::array value = {family, std::byte{0}, std::byte{4}, std::byte{40}};
    StunBuilder builder(StunClass::success, StunMethod::allocate, {});
    return StunMessage::parse(builder.raw(StunAttribute::address_error_code, value).build());
  };
  const auto ipv6 = address_error(*response(std::byte{2}));
  ASSERT_TRUE(ipv6);
  EXPECT_EQ(ipv6->family, Family::ipv6);
  EXPECT_EQ(ipv6->code, 440);
  EXPECT_EQ(address_error(*response(std::byte{1}))->family, Family::ipv4);
  EXPECT_FALSE(address_error(*response(std::byte{3})));
  StunBuilder none(StunClass::success, StunMethod::allocate, {});
  EXPECT_FALSE(address_error(*StunMessage::parse(none.build())));
}

// RFC 8489 14.11
TEST(PasswordAlgorithms, TheFirstThatWeKnowIsTaken) {
  const auto first = [](std::string_view value) { return first_supported_algorithm(test::hex(value)); };
  EXPECT_EQ(first("0002 0000 0001 0000"), PasswordAlgorithm::sha256);
  EXPECT_EQ(first("0001 0000 0002 0000"), PasswordAlgorithm::md5);
  EXPECT_EQ(first("0077 0003 aabbcc00 0002 0000"), PasswordAlgorithm::sha256) << "an unknown one with parameters";
  EXPECT_FALSE(first("0077 0000"));
  EXPECT_FALSE(first(""));
  EXPECT_FALSE(first("0077 0009 aabb")) << "it runs over the end";
}

TEST(ServerTable, RefusesWhatNoServerCanBe) {
  ServerTable servers;
  const TimePoint now{};
  const auto at = [](unsigned id, const char* ip, std::uint16_t port = 3478) {
    ServerAddress address;
    address.id = ServerId(id);
    address.addresses = {Address::parse(ip)->with_port(port)};
    return address;
  };
  StunServer over_tcp{at(1, "192.0.2.1")};
  over_tcp.at.protocol = TransportProtocol::tcp;
  EXPECT_FALSE(servers.add(now, over_tcp).ok());
  EXPECT_FALSE(servers.add(now, StunServer{at(1, "0.0.0.0")}).ok());
  EXPECT_FALSE(servers.add(now, StunServer{at(1, "224.0.0.1")}).ok());
  EXPECT_FALSE(servers.add(now, StunServer{at(1, "192.0.2.1", 0)}).ok());
  EXPECT_FALSE(servers.add(now, TurnServer{at(1, "192.0.2.1"), "", "secret"}).ok());
  EXPECT_FALSE(servers.add(now, TurnServer{at(1, "192.0.2.1"), "user", ""}).ok());
  EXPECT_FALSE(servers.add(now, TurnServer{at(1, "192.0.2.1"), std::string(509, 'u'), "secret"}).ok());
  EXPECT_TRUE(servers.all().empty());
  EXPECT_TRUE(servers.add(now, StunServer{at(1, "192.0.2.1")}).ok());
  const auto again = servers.add(now, StunServer{at(1, "192.0.2.2")});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(servers.find(ServerId(1))->address(Family::ipv4), Address::parse("192.0.2.1", 3478));
  EXPECT_FALSE(servers.find(ServerId(1))->address(Family::ipv6));
  EXPECT_EQ(std::as_const(servers).find(ServerId(2)), nullptr);
  EXPECT_EQ(servers.failed(ServerId(2), "unknown"), nullptr);
}

}  // namespace
}  // namespace ice
