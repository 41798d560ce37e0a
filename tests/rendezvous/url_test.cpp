// SPDX-License-Identifier: LGPL-2.1-or-later
// Addresses of rooms.
#include "gst/rendezvous/url.h"

#include <gtest/gtest.h>

#include "gst/rendezvous/client.h"

namespace gstice::rendezvous {
namespace {

std::string error_of(std::string_view text) {
  const auto url = Url::parse(text);
  return url ? "(accepted)" : url.error().message;
}

void expect_refused(std::string_view text, std::string_view part) {
  const std::string error = error_of(text);
  EXPECT_NE(error.find(part), std::string::npos) << text << " → " << error;
}

TEST(RendezvousUrl, HostPortAndRoomAreTakenApart) {
  const auto url = Url::parse("ws://example.org:8765/my-room");
  ASSERT_TRUE(url.ok());
  EXPECT_FALSE(url->tls);
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, 8765);
  EXPECT_EQ(url->room, "my-room");
}

TEST(RendezvousUrl, TheDefaultPortsAreThoseOfTheWeb) {
  EXPECT_EQ(Url::parse("ws://h/r")->port, 80);
  EXPECT_EQ(Url::parse("wss://h/r")->port, 443);
}

TEST(RendezvousUrl, AnIpv6AddressStandsInBrackets) {
  const auto url = Url::parse("wss://[2001:db8::1]:1234/r");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "2001:db8::1");
}

TEST(RendezvousUrl, TheErrorNamesThePartAtFault) {
  expect_refused("", "empty");
  expect_refused("garbage", "no valid address");
  expect_refused("http://h/r", "the scheme is \"http\"");
  expect_refused("ws:///r", "host");
  expect_refused("ws://h:0/r", "port");
  expect_refused("ws://h:65536/r", "port");
  expect_refused("ws://h:x/r", "port");
  expect_refused("ws://h", "room is missing");
  expect_refused("ws://h/", "room is missing");
  expect_refused("ws://h/a/b", "room's name");
  expect_refused("ws://h/a%2fb", "room's name");
  expect_refused("ws://h/" + std::string(129, 'r'), "longer than 128");
  expect_refused("ws://h/r?x=1", "\"?\"");
  expect_refused("ws://h/r#x", "\"#\"");
  expect_refused("ws://user@h/r", "user name");
  expect_refused("ws://h/r" + std::string(2000, 'r'), "longer than 1024");
  expect_refused(std::string_view("ws://h/r\0x", 10), "NUL");
}

TEST(RendezvousUrl, TheErrorNamesTheAddressButNoPassword) {
  expect_refused("http://h/r", "http://h/r");
  const std::string error = error_of("ws://user:s3cret@h/r");
  EXPECT_EQ(error.find("s3cret"), std::string::npos) << error;
  EXPECT_NE(error.find("@h/r"), std::string::npos) << error;
}

TEST(RendezvousUrl, AMessageStaysOneShortLineWhateverTheAddressIs) {
  const std::string error = error_of("ws://h\n\r\x01" + std::string(900, 'x') + "\xff");
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_LT(error.size(), 400u);
}

TEST(RendezvousUrl, TheClientChecksTheSame) {
  EXPECT_TRUE(RendezvousClient::check_url("ws://127.0.0.1:8765/my-room").ok());
  EXPECT_FALSE(RendezvousClient::check_url("ws://127.0.0.1:8765/").ok());
}

}  // namespace
}  // namespace gstice::rendezvous
