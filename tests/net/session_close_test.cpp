// SPDX-License-Identifier: LGPL-2.1-or-later
// Closing in every phase, from every thread; nothing is left behind; many sessions on few threads.
#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>

#include "gst/agent/session.h"
#include "tests/net/media.h"
#include "tests/net/raw_peer.h"
#include "tests/net/two_sessions.h"

namespace gstice {
namespace {

using namespace std::chrono_literals;
using test::Call;
using test::kRtp;
using test::kStream;
using test::media_from;
using test::MediaList;
using test::Peer;
using Clock = std::chrono::steady_clock;

std::size_t entries(const char* directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory), &::closedir);
  std::size_t count = 0;
  while (::readdir(dir.get()) != nullptr) ++count;
  return count;
}
std::size_t descriptors() {
  return entries("/proc/self/fd");
}
std::size_t threads() {
  return entries("/proc/self/task");
}

enum class Phase { created, component_added, gathering, checking, connected, with_media };
constexpr std::array kPhases{Phase::created,  Phase::component_added, Phase::gathering,
                             Phase::checking, Phase::connected,       Phase::with_media};

/// Brings a call up to a phase.
void advance(Call& call, Phase phase) {
  if (phase == Phase::created) return;
  if (phase == Phase::connected || phase == Phase::with_media) {
    ASSERT_TRUE(call.connect()) << call.explain();
    return;
  }
  if (phase == Phase::checking) {
    ASSERT_TRUE(call.meet());
    return;
  }
  for (Peer* peer : {&call.a, &call.b}) {
    ASSERT_TRUE(peer->session->add_component(kStream, kRtp).ok());
    if (phase == Phase::gathering) peer->session->gather();
  }
}

/// Two threads that use the media path until it closes.
class MediaThreads {
 public:
  explicit MediaThreads(const Peer& peer) {
    if (!peer.sender()) return;
    threads_.emplace_back([sender = peer.sender()] {
      const MediaList list(media_from(0, 8));
      while (true) {
        const auto outcome = sender->send(list).outcome;
        if (outcome == MediaSender::Outcome::closed) return;
        if (outcome == MediaSender::Outcome::no_path) sender->wait_for_path();
      }
    });
    threads_.emplace_back([receiver = peer.receiver()] {
      std::vector<InboundDatagram> out;
      while (receiver->pop(out, 64) != MediaReceiver::Outcome::closed) out.clear();
    });
  }
  /// When the last of them had ended.
  Clock::time_point join() {
    for (auto& thread : threads_) thread.join();
    return Clock::now();
  }

 private:
  std::vector<std::thread> threads_;
};

class Closing : public ::testing::TestWithParam<Phase> {};

TEST_P(Closing, FromSeveralThreadsAtOnceIsQuickAndWakesEveryone) {
  // The best of five counts: the machine may be busy with something else.
  auto best = Clock::duration::max();
  for (int round = 0; round < 5; ++round) {
    Call call;
    advance(call, GetParam());
    MediaThreads media_a(call.a);
    MediaThreads media_b(call.b);
    const auto start = Clock::now();
    std::vector<std::thread> closers;
    for (int i = 0; i < 3; ++i) {
      closers.emplace_back([session = call.a.session] { session->close(); });
      closers.emplace_back([session = call.b.session] { session->close(); });
    }
    for (auto& closer : closers) closer.join();
    media_a.join();
    best = std::min(best, media_b.join() - start);
    EXPECT_TRUE(call.a.log->wait_for_state(ice::ConnectionState::closed));
    EXPECT_TRUE(call.b.log->wait_for_state(ice::ConnectionState::closed));
  }
  EXPECT_LT(best, 100ms);
}

TEST_P(Closing, WhileOthersUseTheSessionDoesNoHarm) {
  Call call;
  advance(call, GetParam());
  std::vector<std::thread> users;
  for (int i = 0; i < 2; ++i) {
    users.emplace_back([session = call.a.session, other = call.b.session] {
      while (session->connection_state() != ice::ConnectionState::closed) {
        session->gather();
        (void)session->snapshot();
        (void)session->explain();
        session->set_dscp(kStream, kRtp, 10);
        session->set_buffer_sizes(kStream, kRtp, 100'000, 100'000);
        (void)session->set_remote_credentials(other->local_credentials());
        session->new_generation();
        (void)session->sender(kStream, kRtp);
      }
    });
  }
  std::this_thread::yield();
  call.a.session->close();
  for (auto& user : users) user.join();
  EXPECT_EQ(call.a.session->connection_state(), ice::ConnectionState::closed);
}

INSTANTIATE_TEST_SUITE_P(Session, Closing, ::testing::ValuesIn(kPhases));

TEST(Session, MayBeClosedFromItsOwnObserver) {
  std::weak_ptr<Session> weak;
  std::promise<Clock::duration> closed;
  int after = 0;
  bool done = false;
  auto session = Session::create({}, [&](const ice::Event& event) {
    if (done) ++after;
    const auto* const state = std::get_if<ice::ConnectionStateChanged>(&event);
    if (state != nullptr && state->state == ice::ConnectionState::closed) return;
    if (!std::holds_alternative<ice::LocalCandidateFound>(event) || done) return;
    done = true;
    const auto start = Clock::now();
    if (const auto alive = weak.lock()) alive->close();
    closed.set_value(Clock::now() - start);
  });
  weak = session;
  SocketOptions options;
  options.interfaces = {"127.0.0.1"};
  session->set_socket_options(options);
  ASSERT_TRUE(session->add_component(kStream, kRtp).ok());
  session->gather();
  EXPECT_LT(closed.get_future().get(), 100ms);
  test::settle_threads();
  EXPECT_EQ(after, 1) << "only the closed state may follow";
}

TEST(Session, ClosedIsTheLastThatTheObserverHears) {
  Call call;
  ASSERT_TRUE(call.connect());
  call.a.session->close();
  call.a.session->new_generation();
  call.a.session->gather();
  test::settle_threads();
  const auto events = call.a.log->events();
  ASSERT_FALSE(events.empty());
  const auto* const last = std::get_if<ice::ConnectionStateChanged>(&events.back());
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->state, ice::ConnectionState::closed);
}

TEST(Session, ASlowObserverStallsNoMedia) {
  std::promise<void> release;
  auto released = release.get_future().share();
  EventThread::post([released] { released.wait(); });
  // From here on no event is delivered to anybody.
  Call call;
  for (Peer* peer : {&call.a, &call.b}) {
    ASSERT_TRUE(peer->session->add_component(kStream, kRtp).ok());
    peer->receiver()->set_listening(true);
    peer->session->gather();
  }
  ASSERT_TRUE(call.a.session->set_remote_description(call.b.session->local_description()).ok());
  ASSERT_TRUE(call.b.session->set_remote_description(call.a.session->local_description()).ok());
  ASSERT_EQ(call.a.sender()->wait_for_path(), MediaSender::Outcome::sent);
  ASSERT_EQ(call.b.sender()->wait_for_path(), MediaSender::Outcome::sent);
  const MediaList list(media_from(1, 100));
  call.a.sender()->send(list);
  EXPECT_TRUE(test::receive(*call.b.receiver(), 100) == list.datagrams());
  EXPECT_TRUE(call.a.log->events().empty());
  release.set_value();
  EXPECT_TRUE(call.a.log->wait_for_state(ice::ConnectionState::completed));
}

TEST(Session, LeavesNoDescriptorAndNoThreadBehind) {
  const auto cycle = [](int i) {
    Call call;
    switch (i % 4) {
      case 0:
        advance(call, Phase::gathering);
        break;
      case 1:
        advance(call, Phase::checking);
        break;
      case 2:
        advance(call, Phase::connected);
        call.a.session->close();
        break;
      default:
        advance(call, Phase::component_added);
        break;
    }
  };
  for (int i = 0; i < 8; ++i) cycle(i);  // starts every thread of the process
  test::settle_threads();
  const auto descriptors_before = descriptors();
  const auto threads_before = threads();
  for (int i = 0; i < 200; ++i) cycle(i);
  test::settle_threads();
  EXPECT_EQ(descriptors(), descriptors_before);
  EXPECT_EQ(threads(), threads_before);
}

TEST(Session, IsFreedWithItsLastHolderEvenWhileItsSocketsAreBusy) {
  std::weak_ptr<Session> weak;
  {
    Call call;
    ASSERT_TRUE(call.connect());
    weak = call.b.session;
    const MediaList list(media_from(0, 64));
    for (int i = 0; i < 20; ++i) call.a.sender()->send(list);
  }
  test::settle_threads();
  EXPECT_TRUE(weak.expired());
}

TEST(Session, ManyShareAFixedNumberOfThreads) {
  constexpr std::size_t kCalls = 100;
  {
    // As many as the pool has threads, so that all of them run.
    std::array<Call, 4> warm_up;
    for (Call& call : warm_up) ASSERT_TRUE(call.connect());
  }
  const auto before = threads();
  std::vector<std::unique_ptr<Call>> calls;
  for (std::size_t i = 0; i < kCalls; ++i) {
    calls.push_back(std::make_unique<Call>());
    ASSERT_TRUE(calls.back()->meet());
  }
  for (std::size_t i = 0; i < kCalls; ++i) {
    ASSERT_TRUE(calls[i]->a.log->wait_for_state(ice::ConnectionState::completed)) << i;
    ASSERT_TRUE(calls[i]->b.log->wait_for_state(ice::ConnectionState::completed)) << i;
  }
  EXPECT_EQ(threads(), before);
  for (std::size_t i = 0; i < kCalls; ++i) {
    const MediaList list(media_from(i * 1000, 10));
    calls[i]->a.sender()->send(list);
    EXPECT_TRUE(test::receive(*calls[i]->b.receiver(), 10) == list.datagrams()) << i;
  }
}

}  // namespace
}  // namespace gstice
