// SPDX-License-Identifier: LGPL-2.1-or-later
// Closing: from anywhere, at any time, and nothing is left.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

using Callbacks = RendezvousClient::Callbacks;

TEST(Closing, FromInsideEachCallbackWorks) {
  ServerThread server;
  for (const std::string where : {"joined", "peer_joined", "description", "candidate", "peer_left"}) {
    TestClient other(server.url(where));
    EXPECT_EQ(other.next(), "joined first");
    std::promise<void> closed;
    std::unique_ptr<RendezvousClient> client;
    std::promise<void> assigned;
    auto ready = assigned.get_future().share();
    std::atomic<int> calls_after = 0;
    bool over = false;
    const auto on = [&, ready](const std::string& what) {
      ready.wait();
      if (over) ++calls_after;
      if (what != where) return;
      client->close();
      over = true;
      closed.set_value();
    };
    client = RendezvousClient::connect(server.url(where),
                                       {.joined = [&](bool) { on("joined"); },
                                        .peer_joined = [&](const std::string&) { on("peer_joined"); },
                                        .description = [&](const std::string&) { on("description"); },
                                        .candidate = [&](unsigned, const std::string&) { on("candidate"); },
                                        .peer_left = [&](bool, const FlowCounts&) { on("peer_left"); },
                                        .failed = [&](const std::string&, bool) { on("failed"); }});
    assigned.set_value();
    if (where != "joined") {
      EXPECT_EQ(other.next().substr(0, 5), "peer ");
      other->send_description("d");
      other->send_candidate(0, "c");
      if (where == "peer_left") other.leave();
    }
    ASSERT_EQ(closed.get_future().wait_for(kPatience), std::future_status::ready) << where;
    if (where != "peer_left") {
      EXPECT_EQ(other.next_with("left"), "left goodbye") << where;
    }
    client.reset();
    EXPECT_EQ(calls_after, 0) << where;
  }
}

TEST(Closing, InsideTheFailureCallbackWorks) {
  std::promise<std::string> failed;
  std::unique_ptr<RendezvousClient> client;
  std::promise<void> assigned;
  client = RendezvousClient::connect("ws://127.0.0.1:1/x", {.failed = [&](const std::string& message, bool) {
                                       assigned.get_future().wait();
                                       client->close();
                                       failed.set_value(message);
                                     }});
  assigned.set_value();
  EXPECT_NE(failed.get_future().get().find("refused"), std::string::npos);
}

TEST(Closing, TheClientMayBeDestroyedInItsOwnCallback) {
  ServerThread server;
  std::promise<void> destroyed;
  std::unique_ptr<RendezvousClient> client;
  std::promise<void> assigned;
  client = RendezvousClient::connect(server.url(), {.joined = [&](bool) {
                                       assigned.get_future().wait();
                                       client.reset();
                                       destroyed.set_value();
                                     }});
  assigned.set_value();
  ASSERT_EQ(destroyed.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_NE(server.events().next_with("left"), "(nothing came)");
}

TEST(Closing, ReleasesWhatTheCallbacksHoldBeforeItReturns) {
  ServerThread server;
  const auto held = std::make_shared<int>(1);
  auto client = RendezvousClient::connect(server.url(), {.joined = [held](bool) {}});
  client->close();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Closing, NothingIsCalledAfterIt) {
  ServerThread server;
  TestClient talker(server.url());
  EXPECT_EQ(talker.next(), "joined first");
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> closed = false;
    std::atomic<int> late = 0;
    const auto check = [&] {
      if (closed) ++late;
    };
    std::promise<void> heard;
    std::atomic<bool> first = true;
    auto client = RendezvousClient::connect(server.url(), {.joined = [&](bool) { check(); },
                                                           .peer_joined = [&](const std::string&) { check(); },
                                                           .candidate =
                                                               [&](unsigned, const std::string&) {
                                                                 check();
                                                                 if (first.exchange(false)) heard.set_value();
                                                               },
                                                           .failed = [&](const std::string&, bool) { check(); }});
    EXPECT_EQ(talker.next().substr(0, 5), "peer ");
    for (int i = 0; i < 10; ++i) talker->send_candidate(0, "c");
    heard.get_future().wait_for(kPatience);
    client->close();
    closed = true;
    EXPECT_EQ(talker.next(), "left goodbye");  // the server has taken in all that came before
    EXPECT_EQ(late, 0);
  }
}

TEST(Closing, EndsAtOnceInEveryPhaseOfConnecting) {
  FakeServer mute(read_to_end);
  ServerThread server;
  const Listener deaf;  // connects, and nobody ever accepts
  for (const std::string& url : {mute.url(), server.url(), "ws://127.0.0.1:" + std::to_string(deaf.port) + "/room",
                                 std::string("ws://127.0.0.1:1/room"), std::string("wss://127.0.0.1:1/room")}) {
    for (int i = 0; i < 5; ++i) {
      auto client = RendezvousClient::connect(url, {});
      const auto before = std::chrono::steady_clock::now();
      client->close();
      EXPECT_LT(std::chrono::steady_clock::now() - before, 1s) << url;
    }
  }
}

TEST(Closing, FromManyThreadsAtOnceIsOneClose) {
  ServerThread server;
  TestClient other(server.url());
  EXPECT_EQ(other.next(), "joined first");
  auto client = RendezvousClient::connect(server.url(), {});
  EXPECT_EQ(other.next().substr(0, 5), "peer ");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { client->close(); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(other.next(), "left goodbye");
}

TEST(Closing, SendingAfterItIsHarmless) {
  ServerThread server;
  TestClient client(server.url());
  EXPECT_EQ(client.next(), "joined first");
  client->close();
  client->send_description("late");
  client->send_candidate(0, "late");
}

TEST(Closing, TwoHundredSessionsLeaveNoDescriptorBehind) {
  {
    // What the process keeps from its first use on.
    ServerThread server;
    TestClient client(server.url());
    EXPECT_EQ(client.next(), "joined first");
    client.leave();
    server.shut_down();
  }
  const std::size_t before = open_descriptors();
  {
    ServerThread server;
    for (int i = 0; i < 100; ++i) {
      TestClient first(server.url());
      EXPECT_EQ(first.next(), "joined first");
      TestClient second(server.url());
      EXPECT_EQ(first.next().substr(0, 5), "peer ");
      second.leave();
      EXPECT_EQ(first.next(), "left goodbye");
      first.leave();
      server.events().next_with("left");
      server.events().next_with("left");
    }
    server.shut_down();
    EXPECT_EQ(server.connection_count(), 0u);
    EXPECT_EQ(server.room_count(), 0u);
  }
  // The clients' ends close on the GLib thread after the server's; a work item behind them tells when.
  for (int i = 0; i < 1000 && open_descriptors() > before; ++i) {
    std::promise<void> turn;
    GlibThread::shared().post([&] { turn.set_value(); });
    turn.get_future().wait();
    std::this_thread::yield();
  }
  EXPECT_LE(open_descriptors(), before);
}

}  // namespace
}  // namespace gstice::testing
