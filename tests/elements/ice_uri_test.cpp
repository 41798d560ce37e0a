// SPDX-License-Identifier: LGPL-2.1-or-later
// ice:// addresses, good, bad and hostile.
#include "gst/elements/ice_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace {

using gstice::IceUri;
using testing::HasSubstr;
using testing::Not;

struct Good {
  std::string text;
  std::string rendezvous;
  std::optional<unsigned> stream = {};
  std::optional<unsigned> component = {};
};

TEST(IceUri, AnAddressNamesARoomOfAServer) {
  const std::string longest(128, 'r');
  const Good table[] = {
      {"ice://host/room", "ws://host:8765/room"},
      {"ices://host/room", "wss://host:8765/room"},
      {"ICES://Example.ORG/Room", "wss://Example.ORG:8765/Room"},
      {"ice://host:1/room", "ws://host:1/room"},
      {"ice://host:65535/room", "ws://host:65535/room"},
      {"ice://host:/room", "ws://host:8765/room"},
      {"ice://192.0.2.1:443/a-b.c_d~e", "ws://192.0.2.1:443/a-b.c_d~e"},
      {"ice://[2001:db8::1]/room", "ws://[2001:db8::1]:8765/room"},
      {"ices://[::1]:99/room", "wss://[::1]:99/room"},
      {"ice://[fe80::1%25eth0]/room", "ws://[fe80::1%25eth0]:8765/room"},
      {"ice://host/my%2Droom", "ws://host:8765/my-room"},
      {"ice://b\xc3\xbc"
       "cher.example/room",
       "ws://xn--bcher-kva.example:8765/room"},
      {"ice://host/" + longest, "ws://host:8765/" + longest},
      {"ice://host/room?", "ws://host:8765/room"},
      {"ice://host/room?stream=0", "ws://host:8765/room", 0},
      {"ice://host/room?stream=255&component=256", "ws://host:8765/room", 255, 256},
      {"ice://host/room?component=1", "ws://host:8765/room", std::nullopt, 1},
      {"ice://host/room?st%72eam=%32", "ws://host:8765/room", 2},
  };
  for (const Good& each : table) {
    const auto uri = IceUri::parse(each.text);
    ASSERT_TRUE(uri) << each.text << ": " << uri.error().message;
    EXPECT_EQ(uri->text, each.text);
    EXPECT_EQ(uri->rendezvous, each.rendezvous) << each.text;
    EXPECT_EQ(uri->stream, each.stream) << each.text;
    EXPECT_EQ(uri->component, each.component) << each.text;
  }
}

TEST(IceUri, TheErrorNamesThePartAtFault) {
  const struct {
    std::string text;
    std::string part;
  } table[] = {
      {"", "empty"},
      {"http://host/room", "ice://"},
      {"icex://host/room", "ice://"},
      {"ws://host/room", "ice://"},
      {"host/room", "ice://"},
      {"ice", "ice://"},
      {"ice:", "host"},
      {"ice:host/room", "host"},
      {"ice:/host/room", "host"},
      {"ice:///room", "host"},
      {"ice://?stream=1", "host"},
      {"ice://:8765/room", "host"},
      {"ice://h ost/room", "host"},
      {"ice://h%20ost/room", "host"},
      {"ice://h%2Fost/room", "host"},
      {"ice://host%0d%0aX-Evil:1/room", "host"},
      {"ice://host%25/room", "host"},
      {"ice://[::1/room", "host"},
      {"ice://[::1]x/room", "host"},
      {"ice://[host]/room", "host"},
      {"ice://ho\\st/room", "host"},
      {"ice://host:0/room", "port"},
      {"ice://host:65536/room", "port"},
      {"ice://host:-1/room", "port"},
      {"ice://host:99999999999999999999/room", "port"},
      {"ice://host:word/room", "port"},
      {"ice://host", "room is missing"},
      {"ice://host/", "room is missing"},
      {"ice://host?stream=1", "room is missing"},
      {"ice://host/room/", "room's name"},
      {"ice://host/room/more", "room's name"},
      {"ice://host/room%2Fmore", "room's name"},
      {"ice://host/..", "room"},
      {"ice://host/%2e%2e", "room"},
      {"ice://host/ro%0aom", "room's name"},
      {"ice://host/ro om", "room's name"},
      {"ice://host/r\xc3\xb6om", "room's name"},
      {"ice://host/ro%00om", "no valid address"},
      {"ice://host/r\xff", "no valid address"},
      {"ice://host/%zz", "no valid address"},
      {std::string("ice://host/ro\0om", 16), "NUL"},
      {"ice://host/" + std::string(129, 'r'), "128"},
      {"ice://host/" + std::string(100000, 'r'), "2048"},
      {"ice://user@host/room", "user name"},
      {"ice://user:word@host/room", "user name"},
      {"ice://@host/room", "user name"},
      {"ice://host/room#part", "#"},
      {"ice://host/room#", "#"},
      {"ice://host/room?stream", "name=value"},
      {"ice://host/room?&", "name=value"},
      {"ice://host/room?stream=%zz", "no valid address"},
      {"ice://host/room?stream=", "stream must be"},
      {"ice://host/room?stream=256", "stream must be"},
      {"ice://host/room?stream=-1", "stream must be"},
      {"ice://host/room?stream=+1", "stream must be"},
      {"ice://host/room?stream=1x", "stream must be"},
      {"ice://host/room?stream= 1", "stream must be"},
      {"ice://host/room?stream=99999999999999999999", "stream must be"},
      {"ice://host/room?component=0", "component must be"},
      {"ice://host/room?component=257", "component must be"},
      {"ice://host/room?stream=1&stream=1", "twice"},
      {"ice://host/room?stream=1;component=2", "stream must be"},
      {"ice://host/room?Stream=1", "\"Stream\""},
      {"ice://host/room?=1", "\"\""},
      {"ice://host/room?stream=1&interfaces=lo", "\"interfaces\""},
      {"ice://host/room?agent=x", "\"agent\""},
      {"ice://host/room?local-pwd=x", "\"local-pwd\""},
      {"ice://host/room?rendezvous=ws://elsewhere/room", "\"rendezvous\""},
      {"ice://host/room?uri=ice://elsewhere/room", "\"uri\""},
      // Until these properties are there.
      {"ice://host/room?stun-server=stun://host", "\"stun-server\""},
      {"ice://host/room?turn-server=turn://host", "\"turn-server\""},
      {"ice://host/room?ice-transport-policy=relay", "\"ice-transport-policy\""},
  };
  for (const auto& each : table) {
    const auto uri = IceUri::parse(each.text);
    ASSERT_FALSE(uri) << each.text << " gives " << uri->rendezvous;
    EXPECT_THAT(uri.error().message, HasSubstr(each.part)) << each.text;
  }
}

TEST(IceUri, TheErrorHoldsNoPasswordAndNothingOfTheQuery) {
  for (const std::string& text : std::initializer_list<std::string>{
           "ice://user:secret@host/room",
           "ice://user:sec?secret@host/room",
           "ice://user:sec#secret@host/room",
           "ice://user:s@secret@host/room",
           "ice:user:secret@host/room",
           "ice://host/room?turn-server=turn://user:secret@host",
           "ice://host/room?turn-server=secret",
           "ice://host/room?stream=secret",
           "ice://host/room#secret",
           "http://user:secret@host/room",
       }) {
    const auto uri = IceUri::parse(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_THAT(uri.error().message, Not(HasSubstr("secret"))) << text;
  }
  const auto padded = IceUri::parse("ice://secret" + std::string(300, 'x') + ":secret@host/room");
  ASSERT_FALSE(padded);
  EXPECT_THAT(padded.error().message, Not(HasSubstr("secret")));
}

TEST(IceUri, TheErrorStaysOneShortLineWhateverTheAddressIs) {
  for (const std::string& text : std::initializer_list<std::string>{
           "ice://host/\n\r\t\x1b[31m" + std::string(5000, 'x'),
           "ice://host/room?" + std::string(1000, 'n') + "=1",
           "ice://host/room?a%0ab%1b%ff=1",
       }) {
    const auto uri = IceUri::parse(text);
    ASSERT_FALSE(uri);
    const std::string& message = uri.error().message;
    EXPECT_LT(message.size(), 500U);
    EXPECT_TRUE(std::ranges::none_of(message, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) << message;
  }
}

}  // namespace
