// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules of a room, without any socket.
#include "gst/rendezvous/room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gstice::rendezvous {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// "→2 {…}" for a text to connection 2, "✂2 4001" for the end of it.
std::vector<std::string> told(const Actions& actions) {
  std::vector<std::string> lines;
  for (const Action& action : actions) {
    if (const auto* text = std::get_if<SendText>(&action)) {
      lines.push_back("→" + std::to_string(text->to) + " " + text->text);
    } else {
      const auto& end = std::get<EndConnection>(action);
      lines.push_back("✂" + std::to_string(end.connection) + " " + std::to_string(end.close_code));
    }
  }
  return lines;
}

class Room : public ::testing::Test {
 protected:
  std::vector<std::string> hello(ConnectionId connection, const std::string& peer, const std::string& room = "room",
                                 const std::string& token = {}) {
    const Hello greeting{kVersion, peer, token.empty() ? "token-of-" + peer : token};
    return told(table.receive(connection, room, {greeting, to_text(greeting)}));
  }
  std::vector<std::string> say(ConnectionId connection, const Message& message) {
    return told(table.receive(connection, "room", {message, to_text(message)}));
  }
  std::vector<std::string> lose(ConnectionId connection) { return told(table.lost(connection)); }

  RoomTable table{3};
};

TEST_F(Room, TheFirstIsWelcomedAsFirstAndTheSecondAsSecond) {
  EXPECT_THAT(hello(1, "peer-aaa"), ElementsAre(R"(→1 {"type":"welcome","version":1,"first":true})"));
  EXPECT_THAT(hello(2, "peer-bbb"), ElementsAre(R"(→2 {"type":"welcome","version":1,"first":false})",
                                                R"(→2 {"type":"peer","peer":"peer-aaa","first":false})",
                                                R"(→1 {"type":"peer","peer":"peer-bbb","first":true})"));
}

TEST_F(Room, AThirdIsToldThatTheRoomIsFullAndNobodyElseNoticesIt) {
  hello(1, "peer-aaa");
  hello(2, "peer-bbb");
  EXPECT_THAT(hello(3, "peer-ccc"), ElementsAre(R"(→3 {"type":"full"})", "✂3 4001"));
  EXPECT_FALSE(table.is_in_room(3));
}

TEST_F(Room, RoomsDoNotHearEachOther) {
  hello(1, "peer-aaa", "one");
  hello(2, "peer-bbb", "two");
  EXPECT_THAT(say(1, Description{"text"}), IsEmpty());
  EXPECT_EQ(table.room_count(), 2u);
}

TEST_F(Room, WhatOneSaysTheOtherHearsAndTheSpeakerDoesNot) {
  hello(1, "peer-aaa");
  hello(2, "peer-bbb");
  EXPECT_THAT(say(1, Description{"text"}), ElementsAre(R"(→2 {"type":"description","description":"text"})"));
  EXPECT_THAT(say(2, CandidateLine{1, "c"}), ElementsAre(R"(→1 {"type":"candidate","stream":1,"candidate":"c"})"));
  EXPECT_THAT(say(2, Unknown{"keyframe"}), ElementsAre(R"(→1 {"type":"keyframe"})"));
}

TEST_F(Room, WhatIsSaidToNobodyIsDropped) {
  hello(1, "peer-aaa");
  EXPECT_THAT(say(1, Description{"text"}), IsEmpty());
  EXPECT_EQ(hello(2, "peer-bbb").size(), 3u) << "and not delivered later";
}

TEST_F(Room, ALostConnectionIsAnnouncedAsSuch) {
  hello(1, "peer-aaa");
  hello(2, "peer-bbb");
  EXPECT_THAT(lose(1), ElementsAre(R"(→2 {"type":"left","peer":"peer-aaa","goodbye":false})"));
  EXPECT_THAT(lose(1), IsEmpty());
}

TEST_F(Room, AGoodbyeIsRelayedAndFreesThePlaceAtOnce) {
  hello(1, "peer-aaa");
  hello(2, "peer-bbb");
  EXPECT_THAT(say(1, Goodbye{}), ElementsAre(R"(→2 {"type":"goodbye"})", "✂1 1000",
                                             R"(→2 {"type":"left","peer":"peer-aaa","goodbye":true})"));
  EXPECT_THAT(lose(1), IsEmpty());
  EXPECT_EQ(hello(3, "peer-ccc").size(), 3u);
}

TEST_F(Room, WhoStayedIsFirstForTheNextNewcomer) {
  hello(1, "peer-aaa");
  hello(2, "peer-bbb");
  lose(1);
  EXPECT_THAT(hello(3, "peer-ccc"), ElementsAre(R"(→3 {"type":"welcome","version":1,"first":false})",
                                                R"(→3 {"type":"peer","peer":"peer-bbb","first":false})",
                                                R"(→2 {"type":"peer","peer":"peer-ccc","first":true})"));
}

TEST_F(Room, TheSamePeerReplacesItsOwnConnectionAndKeepsItsPlace) {
  hello(1, "peer-aaa");
  hello(2, "peer-bbb");
  const auto lines = hello(3, "peer-aaa");
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_THAT(lines[0], ::testing::HasSubstr("→1 {\"type\":\"error\",\"code\":\"replaced\""));
  EXPECT_EQ(lines[1], "✂1 4002");
  EXPECT_EQ(lines[2], R"(→3 {"type":"welcome","version":1,"first":true})");
  EXPECT_EQ(lines[3], R"(→3 {"type":"peer","peer":"peer-bbb","first":true})");
  EXPECT_EQ(lines[4], R"(→2 {"type":"peer","peer":"peer-aaa","first":false})");
  EXPECT_THAT(lose(1), IsEmpty()) << "the old connection's end is no news";
  EXPECT_THAT(say(2, Unknown{"keyframe"}), ElementsAre(R"(→3 {"type":"keyframe"})"));
}

TEST_F(Room, APeerIdCannotBeTakenWithAnotherToken) {
  hello(1, "peer-aaa");
  const auto lines = hello(2, "peer-aaa", "room", "another-token-xyz");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], ::testing::HasSubstr("\"taken\""));
  EXPECT_EQ(lines[1], "✂2 4009");
  EXPECT_TRUE(table.is_in_room(1));
}

TEST_F(Room, TheFirstMessageMustBeAHelloAndTheOnlyOne) {
  EXPECT_EQ(say(1, Description{"text"}).back(), "✂1 4004");
  hello(2, "peer-bbb");
  hello(3, "peer-ccc");
  EXPECT_EQ(hello(2, "peer-bbb").back(), R"(→3 {"type":"left","peer":"peer-bbb","goodbye":false})");
  EXPECT_FALSE(table.is_in_room(2));
}

TEST_F(Room, NobodySpeaksInTheServersName) {
  for (const Message& message : {Message(PeerLeft{"peer-aaa", true}), Message(Refusal{"x", "y"}), Message(RoomFull{}),
                                 Message(Welcome{}), Message(PeerPresent{"peer-zzz"})}) {
    hello(1, "peer-aaa");
    hello(2, "peer-bbb");
    const auto lines = say(1, message);
    EXPECT_THAT(lines[0], ::testing::HasSubstr("→1 {\"type\":\"error\""));
    EXPECT_EQ(lines[1], "✂1 4005");
    EXPECT_EQ(lines[2], R"(→2 {"type":"left","peer":"peer-aaa","goodbye":false})");
    lose(2);
  }
}

TEST_F(Room, RoomsAreBoundedAndReusedWhenEmpty) {
  hello(1, "peer-aaa", "one");
  hello(2, "peer-aaa", "two");
  hello(3, "peer-aaa", "three");
  EXPECT_EQ(hello(4, "peer-aaa", "four").back(), "✂4 4008");
  EXPECT_EQ(hello(5, "peer-bbb", "three").size(), 3u) << "a room that exists can still be entered";
  lose(1);
  EXPECT_EQ(hello(6, "peer-aaa", "four").size(), 1u);
  EXPECT_EQ(table.room_count(), 3u);
}

TEST_F(Room, ANewerClientIsAnsweredInOurVersion) {
  const Hello newer{7, "peer-aaa", "token-of-peer-aaa"};
  EXPECT_THAT(say(1, newer), ElementsAre(R"(→1 {"type":"welcome","version":1,"first":true})"));
}

}  // namespace
}  // namespace gstice::rendezvous
