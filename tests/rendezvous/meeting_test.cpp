// SPDX-License-Identifier: LGPL-2.1-or-later
// Two clients and a server over loopback.
#include <gtest/gtest.h>

#include "gst/rendezvous/protocol.h"
#include "tests/rendezvous/raw_client.h"
#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

/// Two clients in one room, both aware of each other.
struct Couple {
  explicit Couple(const std::string& url) : first(url) {
    EXPECT_EQ(first.next(), "joined first");
    second = std::make_unique<TestClient>(url);
    EXPECT_EQ(second->next(), "joined second");
    EXPECT_EQ(second->next().substr(0, 5), "peer ");
    EXPECT_EQ(first.next().substr(0, 5), "peer ");
  }
  TestClient first;
  std::unique_ptr<TestClient> second;
};

TEST(Meeting, BothLearnOfEachOtherAndWhoWasFirst) {
  ServerThread server;
  TestClient first(server.url());
  EXPECT_EQ(first.next(), "joined first");
  EXPECT_TRUE(first.is_quiet());
  TestClient second(server.url());
  EXPECT_EQ(second.next(), "joined second");
  const std::string first_id = second.next();
  const std::string second_id = first.next();
  EXPECT_EQ(first_id.substr(0, 5), "peer ");
  EXPECT_EQ(second_id.substr(0, 5), "peer ");
  EXPECT_NE(first_id, second_id);
}

TEST(Meeting, DescriptionsAndCandidatesArriveInOrderInBothDirections) {
  ServerThread server;
  Couple couple(server.url());
  couple.first->send_description("a=ice-ufrag:one\r\na=x:\"\\\xc3\xa9\"\r\n");
  couple.first->send_candidate(0, "candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag one");
  couple.first->send_candidate(3, "");
  couple.second->operator->()->send_description("a=ice-ufrag:two\r\n");
  EXPECT_EQ(couple.second->next(), "description a=ice-ufrag:one\r\na=x:\"\\\xc3\xa9\"\r\n");
  EXPECT_EQ(couple.second->next(), "candidate 0 candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag one");
  EXPECT_EQ(couple.second->next(), "candidate 3 ");
  EXPECT_EQ(couple.first.next(), "description a=ice-ufrag:two\r\n");
}

TEST(Meeting, WhatIsSentBeforeThereIsAPeerIsDropped) {
  ServerThread server;
  TestClient first(server.url());
  EXPECT_EQ(first.next(), "joined first");
  first->send_description("too early");
  TestClient second(server.url());
  EXPECT_EQ(first.next().substr(0, 5), "peer ");
  first->send_description("in time");
  EXPECT_EQ(second.next(), "joined second");
  EXPECT_EQ(second.next().substr(0, 5), "peer ");
  EXPECT_EQ(second.next(), "description in time");
}

TEST(Meeting, AThirdPeerIsToldThatTheRoomIsFull) {
  ServerThread server;
  Couple couple(server.url());
  TestClient third(server.url(), {.full_pause = 10ms, .full_patience = 100ms});
  const std::string full = "rendezvous \"" + server.url() + "\": the room is full: two others are in it";
  EXPECT_EQ(third.next(), "failed for now: " + full + "; trying again, should one of them be gone without a word");
  EXPECT_EQ(third.next(), "failed fatal: " + full);
  EXPECT_TRUE(couple.first.is_quiet());
  couple.first->send_description("still here");
  EXPECT_EQ(couple.second->next(), "description still here");
}

TEST(Meeting, WhoWaitsForAPlaceInAFullRoomGetsItWhenOneIsFree) {
  ServerThread server;
  Couple couple(server.url());
  TestClient third(server.url(), {.full_pause = 10ms});
  EXPECT_NE(third.next().find("the room is full"), std::string::npos);
  couple.second->leave();
  EXPECT_EQ(third.next(), "joined second");
  EXPECT_EQ(third.next().substr(0, 5), "peer ");
}

TEST(Meeting, WhoWaitsForAPlaceOutlivesTheServersRestartAndGivesUpInTheEnd) {
  auto server = std::make_unique<ServerThread>();
  Couple couple(server->url());
  TestClient third(server->url(), {.full_pause = 10ms, .full_patience = 300ms});
  EXPECT_NE(third.next().find("the room is full"), std::string::npos);
  server.reset();
  EXPECT_NE(third.next_with("failed fatal").find("failed fatal"), std::string::npos);
}

TEST(Meeting, AnotherRoomIsAnotherWorld) {
  ServerThread server;
  Couple couple(server.url("one"));
  TestClient alone(server.url("two"));
  EXPECT_EQ(alone.next(), "joined first");
  couple.first->send_description("for room one");
  EXPECT_EQ(couple.second->next(), "description for room one");
  EXPECT_TRUE(alone.is_quiet());
  EXPECT_EQ(server.room_count(), 2u);
}

TEST(Meeting, APeerThatLeavesSaysGoodbyeAndItsPlaceIsFree) {
  ServerThread server;
  Couple couple(server.url());
  couple.second->leave();
  EXPECT_EQ(couple.first.next(), "left goodbye");
  TestClient third(server.url());
  EXPECT_EQ(third.next(), "joined second");
  EXPECT_EQ(third.next().substr(0, 5), "peer ");
  EXPECT_EQ(couple.first.next().substr(0, 5), "peer ");
}

TEST(Meeting, WhoIsLeftBehindLearnsThatItIsFirstNow) {
  ServerThread server;
  Couple couple(server.url());
  couple.first.leave();
  EXPECT_EQ(couple.second->next(), "left goodbye");
  TestClient third(server.url());
  EXPECT_EQ(third.next(), "joined second");
  EXPECT_EQ(couple.second->next(), "joined first");
  EXPECT_EQ(couple.second->next().substr(0, 5), "peer ");
}

TEST(Meeting, TheLargestDescriptionPassesAndALargerOneIsNamed) {
  ServerThread server;
  Couple couple(server.url());
  const std::string largest(rendezvous::kMaxDescriptionBytes, 'a');
  couple.first->send_description(largest + "a");
  EXPECT_EQ(couple.first.next(), "failed for now: rendezvous \"" + server.url() +
                                     "\": the description has more than 262144 bytes and was not sent");
  couple.first->send_description(largest);
  EXPECT_EQ(couple.second->next(), "description " + largest);
}

TEST(Meeting, TextThatIsNoUnicodeIsNotSent) {
  ServerThread server;
  Couple couple(server.url());
  couple.first->send_description("\xff\xfe");
  EXPECT_NE(couple.first.next().find("no Unicode"), std::string::npos);
  couple.first->send_candidate(0, std::string("with\0nul", 8));
  EXPECT_NE(couple.first.next().find("no Unicode"), std::string::npos);
  couple.first->send_candidate(0, "fine");
  EXPECT_EQ(couple.second->next(), "candidate 0 fine");
}

TEST(Meeting, MessagesOfALaterVersionPassTheServerAndAreIgnoredByThisClient) {
  ServerThread server;
  TestClient client(server.url());
  EXPECT_EQ(client.next(), "joined first");
  RawClient later = RawClient::with_hello(server.port(), "room", "peer-of-later");
  EXPECT_EQ(client.next(), "peer peer-of-later");
  later.send_text(R"({"type":"later","stream":0,"caps":"video/x-vp8"})");
  later.send_text(R"({"type":"description","description":"d","generation":5})");
  EXPECT_EQ(client.next(), "description d");

  RawClient::with_hello(server.port(), "other", "peer-aaaa").receive_text();
  RawClient one = RawClient::with_hello(server.port(), "pair", "peer-aaaa");
  EXPECT_NE(one.receive_text().find("welcome"), std::string::npos);
  RawClient two = RawClient::with_hello(server.port(), "pair", "peer-bbbb");
  EXPECT_NE(one.receive_text().find("peer-bbbb"), std::string::npos);
  two.send_text(R"({ "type":"later", "stream":0, "list":[1,{"a":null}] })");
  EXPECT_EQ(one.receive_text(), R"({"type":"later","stream":0,"list":[1,{"a":null}]})");
}

TEST(Meeting, ManyRoomsMeetAtOnce) {
  ServerThread server;
  constexpr int kRooms = 20;
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 2 * kRooms; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.url("room-" + std::to_string(i % kRooms))));
  }
  for (auto& client : clients) EXPECT_EQ(client->next_with("peer ").substr(0, 5), "peer ");
  for (int i = 0; i < kRooms; ++i) (*clients[i])->send_description("for room " + std::to_string(i));
  for (int i = 0; i < kRooms; ++i) {
    EXPECT_EQ(clients[i + kRooms]->next(), "description for room " + std::to_string(i));
  }
}

}  // namespace
}  // namespace gstice::testing
