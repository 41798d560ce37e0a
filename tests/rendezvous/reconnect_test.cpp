// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections that break, servers that restart or fall silent, and how a session survives it.
#include <gtest/gtest.h>

#include "tests/rendezvous/proxy.h"
#include "tests/rendezvous/raw_client.h"
#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

/// libsoup's pings come each second here, and up to a second late (g_timeout_source_new_seconds).
constexpr std::chrono::milliseconds kSilence{3000};

RendezvousOptions quick() {
  RendezvousOptions options;
  options.first_pause = 10ms;
  options.longest_pause = 50ms;
  return options;
}

/// `near` speaks through a proxy, `far` directly.
struct BrokenPath {
  explicit BrokenPath(ServerThread& server, RendezvousOptions options = quick())
      : proxy(server.port()), near(proxy.url(), options) {
    EXPECT_EQ(near.next(), "joined first");
    far = std::make_unique<TestClient>(server.url(), quick());
    EXPECT_EQ(far->next(), "joined second");
    far_sees = far->next();
    near_sees = near.next();
  }
  Proxy proxy;
  TestClient near;
  std::unique_ptr<TestClient> far;
  std::string far_sees;   ///< "peer <near's id>"
  std::string near_sees;  ///< "peer <far's id>"
};

TEST(Reconnect, APeerWhoseConnectionBreaksIsAnnouncedAndComesBackAsTheSame) {
  ServerThread server;
  BrokenPath path(server);
  path.proxy.cut();
  EXPECT_EQ(path.far->next(), "left lost");
  const std::string notice = path.near.next();
  EXPECT_NE(notice.find("failed for now: rendezvous \"" + path.proxy.url() + "\": the server ended the connection"),
            std::string::npos)
      << notice;
  EXPECT_EQ(path.far->next(), "joined first") << "it was longer in the room by now";
  EXPECT_EQ(path.far->next(), path.far_sees) << "the same peer-id";
  path.far->operator->()->send_description("from far");
  EXPECT_EQ(path.near.next(), "description from far") << "near was told of no new peer";
}

TEST(Reconnect, WhatWasSentIsSentAgainToAPeerThatMissedIt) {
  ServerThread server;
  BrokenPath path(server);
  path.near->send_description("old");
  path.near->send_description("new");
  path.near->send_candidate(0, "candidate:1");
  EXPECT_EQ(path.far->next(), "description old");
  EXPECT_EQ(path.far->next(), "description new");
  EXPECT_EQ(path.far->next(), "candidate 0 candidate:1");
  path.proxy.cut();
  path.near.next_with("failed for now");
  path.near->send_candidate(0, "candidate:2");
  EXPECT_EQ(path.far->next_with("peer "), path.far_sees);
  EXPECT_EQ(path.far->next(), "description new");
  EXPECT_EQ(path.far->next(), "candidate 0 candidate:1");
  EXPECT_EQ(path.far->next(), "candidate 0 candidate:2");
}

TEST(Reconnect, AServerThatRestartsGoesUnnoticedByTheSession) {
  auto old_server = std::make_unique<ServerThread>();
  Proxy proxy(old_server->port());
  TestClient first(proxy.url(), quick());
  EXPECT_EQ(first.next(), "joined first");
  TestClient second(proxy.url(), quick());
  EXPECT_EQ(second.next(), "joined second");
  second.next();
  first.next();
  second->send_description("before");
  EXPECT_EQ(first.next(), "description before");

  ServerThread new_server;
  proxy.set_target(new_server.port());
  old_server->shut_down();
  old_server.reset();
  EXPECT_NE(first.next().find("failed for now"), std::string::npos);
  EXPECT_NE(second.next().find("failed for now"), std::string::npos);
  EXPECT_EQ(first.next(), "description before") << "sent again by itself, and no new peer in between";
  first->send_description("after");
  EXPECT_EQ(second.next(), "description after");
}

TEST(Reconnect, AServerThatIsAwayForAWhileIsTriedAgainAndAgain) {
  auto server = std::make_unique<ServerThread>();
  Proxy proxy(server->port());
  TestClient client(proxy.url(), quick());
  EXPECT_EQ(client.next(), "joined first");
  server.reset();  // the proxy now ends each connection at once
  EXPECT_NE(client.next_with("failed for now").find("trying again"), std::string::npos);
  ServerThread back;
  proxy.set_target(back.port());
  EXPECT_NE(back.events().next_with("joined a room"), "(nothing came)");
  TestClient other(back.url());
  EXPECT_EQ(client.next_with("peer ").substr(0, 5), "peer ");
}

TEST(Reconnect, AnotherPeerInTheOldOnesPlaceIsANewPeer) {
  auto old_server = std::make_unique<ServerThread>();
  Proxy proxy(old_server->port());
  TestClient client(proxy.url(), quick());
  EXPECT_EQ(client.next(), "joined first");
  auto other = std::make_unique<TestClient>(old_server->url(), quick());
  const std::string old_peer = client.next();
  ServerThread new_server;
  RawClient newcomer = RawClient::with_hello(new_server.port(), "room", "newcomer-peer");
  EXPECT_NE(newcomer.receive_text().find("welcome"), std::string::npos);
  proxy.set_target(new_server.port());
  other.reset();
  EXPECT_EQ(client.next(), "left goodbye");
  old_server.reset();
  EXPECT_NE(client.next().find("failed for now"), std::string::npos);
  EXPECT_EQ(client.next(), "joined second");
  EXPECT_EQ(client.next(), "peer newcomer-peer");
}

TEST(Reconnect, APeerThatDoesNotComeBackWithTheServerIsReportedLost) {
  auto old_server = std::make_unique<ServerThread>();
  Proxy proxy(old_server->port());
  auto options = quick();
  options.comeback_patience = 50ms;
  TestClient client(proxy.url(), options);
  EXPECT_EQ(client.next(), "joined first");
  RawClient other = RawClient::with_hello(old_server->port(), "room", "short-lived-peer");
  EXPECT_EQ(client.next(), "peer short-lived-peer");
  ServerThread new_server;
  proxy.set_target(new_server.port());
  proxy.cut();
  EXPECT_NE(client.next().find("failed for now"), std::string::npos);
  EXPECT_EQ(client.next(), "left lost");
}

TEST(Reconnect, AServerThatFallsSilentIsLeftForANewConnection) {
  ServerThread server;
  auto options = quick();
  options.ping_interval = 1s;
  options.silence_timeout = kSilence;
  BrokenPath path(server, options);
  path.proxy.silence();
  const std::string notice = path.near.next();
  EXPECT_NE(notice.find("the server has gone silent; trying again"), std::string::npos) << notice;
  // The server still holds the old connection for alive: the token replaces it, and far sees the same peer.
  path.far->operator->()->send_description("from far");
  EXPECT_EQ(path.near.next_with("description"), "description from far");
}

TEST(Reconnect, ASilentPeersPlaceIsFreed) {
  RendezvousServer::Limits limits;
  limits.ping_interval = 1s;
  limits.silence_timeout = kSilence;
  ServerThread server({}, limits);
  BrokenPath path(server);
  path.proxy.silence();
  EXPECT_EQ(path.far->next(), "left lost");
  TestClient third(server.url());
  EXPECT_EQ(third.next(), "joined second");
}

TEST(Reconnect, TheDefaultsFreeASilentPeersPlaceWithin15Seconds) {
  // The last sign of life may be just before the silence, and the sweep comes each 250 ms.
  const RendezvousServer::Limits limits;
  EXPECT_LE(limits.silence_timeout + 250ms, 15s);
  EXPECT_GE(limits.silence_timeout, 2 * limits.ping_interval) << "one lost round is no death";
}

TEST(Reconnect, PeersWaitThroughManyPingsWhileNothingIsSaid) {
  RendezvousServer::Limits limits;
  limits.ping_interval = 1s;
  limits.silence_timeout = kSilence;
  ServerThread server({}, limits);
  auto options = quick();
  options.ping_interval = 1s;
  options.silence_timeout = kSilence;
  TestClient client(server.url(), options);
  EXPECT_EQ(client.next(), "joined first");
  // A peer that came later and answers nothing is dropped; by then the client has lived longer than silence may.
  RawClient mute = RawClient::with_hello(server.port(), "other", "mute-peer");
  EXPECT_NE(mute.receive_text_with("silent").find("no sign of life"), std::string::npos);
  EXPECT_TRUE(client.is_quiet());
  TestClient other(server.url());
  EXPECT_EQ(client.next().substr(0, 5), "peer ");
}

}  // namespace
}  // namespace gstice::testing
