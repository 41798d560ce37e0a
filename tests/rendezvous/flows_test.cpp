// SPDX-License-Identifier: LGPL-2.1-or-later
// What peers tell each other of their media: caps, wishes for key frames, and how much was sent.
#include <gtest/gtest.h>

#include "gst/rendezvous/protocol.h"
#include "tests/rendezvous/proxy.h"
#include "tests/rendezvous/raw_client.h"
#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

/// A client and whoever speaks by hand, in one room, both aware of each other.
struct Met {
  Met()
      : client(server.url()),
        first(client.next()),
        other(RawClient::with_hello(server.port(), "room", "peer-by-hand")) {
    EXPECT_EQ(first, "joined first");
    EXPECT_EQ(client.next(), "peer peer-by-hand");
    EXPECT_NE(other.receive_text().find("welcome"), std::string::npos);
    EXPECT_NE(other.receive_text().find("\"peer\""), std::string::npos);
  }
  ServerThread server;
  TestClient client;
  std::string first;  ///< what the client said first
  RawClient other;
};

TEST(Flows, CapsArriveWholeAndEachTimeAnew) {
  Met met;
  met.client->send_caps({{0, 1, std::nullopt}});
  met.client->send_caps({{0, 1, "video/x-vp8"}, {1, 1, kNoCaps}});
  EXPECT_EQ(met.other.receive_text(), R"({"type":"caps","flows":[{"stream":0,"component":1}]})");
  EXPECT_EQ(met.other.receive_text(), R"({"type":"caps","flows":[{"stream":0,"component":1,"caps":"video/x-vp8"},)"
                                      R"({"stream":1,"component":1,"caps":"none"}]})");
  met.other.send_text(
      R"({"type":"caps","flows":[{"stream":0,"component":1,"caps":"x"},{"stream":2,"component":256}]})");
  EXPECT_EQ(met.client.next(), "caps 0/1=x 2/256=?");
  met.other.send_text(R"({"type":"caps","flows":[]})");
  EXPECT_EQ(met.client.next(), "caps");
}

TEST(Flows, AWishForAKeyFrameNamesItsFlow) {
  Met met;
  met.client->send_key_frame(3, 2);
  EXPECT_EQ(met.other.receive_text(), R"({"type":"keyframe","stream":3,"component":2})");
  met.other.send_text(R"({"type":"keyframe","stream":65535,"component":256})");
  EXPECT_EQ(met.client.next(), "keyframe 65535/256");
}

TEST(Flows, AGoodbyeCarriesWhatWasSent) {
  Met met;
  met.client->close(std::vector<FlowCount>{{0, 1, 1234}, {1, 1, 0}});
  EXPECT_EQ(met.other.receive_text(), R"({"type":"goodbye","sent":[{"stream":0,"component":1,"packets":1234},)"
                                      R"({"stream":1,"component":1,"packets":0}]})");
  EXPECT_NE(met.other.receive_text().find("\"goodbye\":true"), std::string::npos);
}

TEST(Flows, WhatAGoodbyeSaysComesWithThePeersLeaving) {
  Met met;
  met.other.send_text(R"({"type":"goodbye","sent":[{"stream":0,"component":1,"packets":9007199254740991}]})");
  EXPECT_EQ(met.client.next(), "left goodbye 0/1:9007199254740991");
}

TEST(Flows, TheCountsOfOnePeerAreNotTakenForTheNextOnes) {
  Met met;
  met.other.send_text(R"({"type":"goodbye","sent":[{"stream":0,"component":1,"packets":7}]})");
  EXPECT_EQ(met.client.next(), "left goodbye 0/1:7");
  RawClient next = RawClient::with_hello(met.server.port(), "room", "peer-number-2");
  EXPECT_EQ(met.client.next(), "peer peer-number-2");
  next.send_text(R"({"type":"goodbye"})");
  EXPECT_EQ(met.client.next(), "left goodbye");
}

TEST(Flows, CapsThatCannotBeSentAreNamedAndTheOldOnesStay) {
  Met met;
  const std::string too_long(rendezvous::kMaxCapsBytes + 1, 'a');
  for (const auto& caps : {std::vector<FlowCaps>{{0, 1, too_long}}, std::vector<FlowCaps>{{0, 1, "\xff"}},
                           std::vector<FlowCaps>(rendezvous::kMaxFlows + 1),
                           std::vector<FlowCaps>(30, {0, 1, std::string(rendezvous::kMaxCapsBytes, 'a')})}) {
    met.client->send_caps(caps);
  }
  EXPECT_NE(met.client.next().find("not sent"), std::string::npos);
  met.client->send_caps({{0, 1, "short"}});
  EXPECT_EQ(met.other.receive_text(), R"({"type":"caps","flows":[{"stream":0,"component":1,"caps":"short"}]})");
}

TEST(Flows, CapsAreSaidAgainToAPeerThatHadToConnectAnew) {
  ServerThread server;
  Proxy proxy(server.port());
  RendezvousOptions quick;
  quick.first_pause = 10ms;
  TestClient near(proxy.url(), quick);
  EXPECT_EQ(near.next(), "joined first");
  TestClient far(server.url(), quick);
  EXPECT_EQ(near.next().substr(0, 5), "peer ");
  near->send_caps({{0, 1, "old"}});
  near->send_caps({{0, 1, "new"}});
  EXPECT_EQ(far.next_with("caps"), "caps 0/1=old");
  EXPECT_EQ(far.next(), "caps 0/1=new");
  proxy.cut();
  EXPECT_EQ(far.next_with("caps"), "caps 0/1=new");
}

TEST(Flows, AMalformedListEndsTheConnectionOfWhoSentIt) {
  for (const char* text :
       {R"({"type":"caps"})", R"({"type":"caps","flows":[[]]})", R"({"type":"keyframe","stream":"0","component":1})",
        R"({"type":"goodbye","sent":[{"stream":0,"component":1,"packets":1.5}]})"}) {
    Met met;
    met.other.send_text(text);
    EXPECT_NE(met.other.receive_text().find("\"code\":\"message\""), std::string::npos) << text;
    EXPECT_EQ(met.client.next(), "left lost") << text;
  }
}

}  // namespace
}  // namespace gstice::testing
