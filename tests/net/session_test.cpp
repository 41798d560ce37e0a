// SPDX-License-Identifier: LGPL-2.1-or-later
// Two sessions on loopback: they connect, carry media both ways, and keep strangers out.
#include "gst/agent/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/net/media.h"
#include "tests/net/raw_peer.h"
#include "tests/net/two_sessions.h"

namespace gstice {
namespace {

using namespace std::chrono_literals;
using test::Call;
using test::CallWithRawPeer;
using test::kRtp;
using test::kStream;
using test::media_from;
using test::MediaList;
using test::Peer;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST(Session, TwoConnectOverLoopbackAndSelectThePairOfEachOther) {
  Call call;
  ASSERT_TRUE(call.connect()) << call.explain();
  const auto of_a = call.a.session->selected_pair(kStream, kRtp);
  const auto of_b = call.b.session->selected_pair(kStream, kRtp);
  ASSERT_TRUE(of_a && of_b);
  EXPECT_EQ(of_a->local.address, of_b->remote.address);
  EXPECT_EQ(of_a->remote.address, of_b->local.address);
  EXPECT_TRUE(of_a->nominated);
  EXPECT_TRUE(of_b->nominated);
  EXPECT_TRUE(call.a.sender()->has_path());
  EXPECT_TRUE(call.b.sender()->has_path());
  EXPECT_NE(call.a.session->role(), call.b.session->role());
}

TEST(Session, CarriesMediaBothWaysByteForByte) {
  Call call;
  ASSERT_TRUE(call.connect());
  for (const std::size_t length : {1200u, 188u, 17u}) {
    for (std::uint64_t round = 0; round < 20; ++round) {
      const MediaList from_a(media_from(1000 * round, 50, length));
      const MediaList from_b(media_from(500'000 + 1000 * round, 30, length));
      EXPECT_EQ(call.a.sender()->send(from_a).datagrams_sent, 50u);
      EXPECT_EQ(call.b.sender()->send(from_b).datagrams_sent, 30u);
      EXPECT_TRUE(test::receive(*call.b.receiver(), 50) == from_a.datagrams());
      EXPECT_TRUE(test::receive(*call.a.receiver(), 30) == from_b.datagrams());
    }
  }
  EXPECT_EQ(call.b.receiver()->counters().packets_dropped, 0u);
}

TEST(Session, CarriesEmptyAndVeryLongDatagrams) {
  Call call;
  ASSERT_TRUE(call.connect());
  std::vector<ice::Bytes> datagrams{{}, test::media(1, 65'507), {}, test::media(2, 9000), test::media(3, 8)};
  const MediaList list(datagrams);
  EXPECT_EQ(call.a.sender()->send(list).datagrams_sent, datagrams.size());
  EXPECT_TRUE(test::receive(*call.b.receiver(), datagrams.size()) == datagrams);
}

TEST(Session, EventsComeOnTheEventThreadInOrder) {
  Call call;
  ASSERT_TRUE(call.connect());
  EXPECT_TRUE(call.a.log->always_on_event_thread());
  std::vector<std::string> story;
  for (const ice::Event& event : call.a.log->events()) {
    if (std::holds_alternative<ice::LocalCandidateFound>(event)) story.emplace_back("candidate");
    if (std::holds_alternative<ice::LocalCandidatesEnded>(event)) story.emplace_back("ended");
    if (const auto* const changed = std::get_if<ice::ConnectionStateChanged>(&event)) {
      story.emplace_back(ice::text(changed->state));
    }
    EXPECT_FALSE(std::holds_alternative<ice::OpenTransport>(event)) << "an event for the driver was passed on";
    EXPECT_FALSE(std::holds_alternative<ice::SourceValidated>(event)) << "an event for the driver was passed on";
  }
  EXPECT_EQ(story.front(), "candidate");
  EXPECT_EQ(story.at(1), "ended");
  EXPECT_EQ(story.at(2), "checking");
  EXPECT_EQ(story.back(), "completed");
}

TEST(Session, MediaOfAStrangerIsDroppedAndCounted) {
  Call call;
  ASSERT_TRUE(call.connect());
  test::RawPeer stranger;
  const auto target = call.b.session->selected_pair(kStream, kRtp)->local.address;
  const MediaList unwanted(media_from(7000, 25));
  GsoState gso;
  ASSERT_EQ(stranger.socket().send_batch(unwanted, target, gso).done, 25u);
  const MediaList wanted(media_from(1, 10));
  call.a.sender()->send(wanted);
  EXPECT_TRUE(test::receive(*call.b.receiver(), 10) == wanted.datagrams());
  EXPECT_EQ(call.b.session->counters().discarded_strangers, 25u);
  EXPECT_EQ(call.b.session->snapshot().counters.discarded_strangers, 25u);
  EXPECT_EQ(call.b.receiver()->counters().packets_received, 10u);
}

TEST(Session, StunOfAStrangerIsDroppedAndDisturbsNothing) {
  Call call;
  ASSERT_TRUE(call.connect());
  test::RawPeer stranger;
  const auto target = call.b.session->selected_pair(kStream, kRtp)->local.address;
  const auto before = call.b.session->counters().discarded_stun;
  Peer somebody(ice::Role::controlling);
  // Signed with credentials that are not b's.
  ASSERT_TRUE(stranger.socket().send(target, stranger.check(*somebody.session)));
  const MediaList wanted(media_from(1, 10));
  call.a.sender()->send(wanted);
  EXPECT_TRUE(test::receive(*call.b.receiver(), 10) == wanted.datagrams());
  EXPECT_EQ(call.b.session->counters().discarded_stun, before + 1);
}

TEST(Session, MediaRightBehindThePeersFirstCheckIsNotLost) {
  for (int round = 0; round < 20; ++round) {
    CallWithRawPeer call;
    ASSERT_TRUE(call.meet());
    // Not one check of ours is answered: only the peer's own can validate it.
    std::vector<ice::Bytes> burst{call.raw.check(*call.ours.session)};
    for (auto& datagram : media_from(1, 20)) burst.push_back(std::move(datagram));
    const MediaList list(burst);
    GsoState gso;
    ASSERT_EQ(call.raw.socket().send_batch(list, call.address(), gso).done, burst.size());
    burst.erase(burst.begin());
    EXPECT_TRUE(test::receive(*call.ours.receiver(), 20) == burst);
    EXPECT_EQ(call.ours.session->counters().discarded_strangers, 0u);
  }
}

TEST(Session, StunGoesOnWhileNobodyTakesTheMedia) {
  Call call;
  ASSERT_TRUE(call.connect());
  // Far more than the queue holds, and nobody pops.
  const MediaList list(media_from(0, 256));
  const auto full = [&] { return call.b.receiver()->counters().packets_dropped > MediaReceiver::kMaxDatagrams; };
  while (!full()) call.a.sender()->send(list);

  const auto before = call.b.session->counters();
  RecordProperty("dropped", static_cast<int>(call.b.receiver()->counters().packets_dropped));
  // Fresh checks of a validated peer still get through and are answered.
  test::RawPeer raw;
  const auto target = call.b.session->selected_pair(kStream, kRtp)->local.address;
  ice::SecureRandom random;
  const ice::Credentials a = call.a.session->local_credentials();
  const ice::Bytes check = ice::build_check_request({.id = ice::TransactionId::random(random),
                                                     .local = a,
                                                     .remote = call.b.session->local_credentials(),
                                                     .priority = ice::Priority{1},
                                                     .role = ice::Role::controlling,
                                                     .tie_breaker = 5,
                                                     .use_candidate = false,
                                                     .software = {}});
  raw.socket().send(target, check);
  ASSERT_TRUE(raw.serve_until([&] { return call.b.session->counters().requests_received > before.requests_received; }));
  EXPECT_GT(call.b.session->counters().responses_sent, before.responses_sent);
}

TEST(Session, NothingIsSentAnyMoreOnceCloseHasReturned) {
  for (int round = 0; round < 10; ++round) {
    CallWithRawPeer call;
    ASSERT_TRUE(call.connect());
    std::vector<std::thread> senders;
    for (int i = 0; i < 2; ++i) {
      senders.emplace_back([sender = call.ours.sender()] {
        const MediaList list(media_from(0, 16));
        while (sender->send(list).outcome != MediaSender::Outcome::closed) {
        }
      });
    }
    ASSERT_TRUE(call.raw.serve_until([&] { return call.raw.media() > 100; }));
    call.ours.session->close();
    call.raw.serve();
    const auto media = call.raw.media();
    const auto requests = call.raw.requests();
    for (auto& sender : senders) sender.join();
    test::settle_threads();
    call.raw.serve();
    EXPECT_EQ(call.raw.media(), media);
    EXPECT_EQ(call.raw.requests(), requests);
  }
}

TEST(Session, NothingIsSentToTheOldPeerOnceANewGenerationHasBegun) {
  CallWithRawPeer call;
  ASSERT_TRUE(call.connect());
  std::atomic<bool> stop{false};
  std::thread media([&] {
    const MediaList list(media_from(0, 16));
    while (!stop) call.ours.sender()->send(list);
  });
  ASSERT_TRUE(call.raw.serve_until([&] { return call.raw.media() > 100; }));
  call.ours.session->new_generation();
  call.raw.serve();
  const auto before = call.raw.media();
  for (int i = 0; i < 50; ++i) call.raw.serve();
  EXPECT_EQ(call.raw.media(), before);
  EXPECT_FALSE(call.ours.sender()->has_path());
  // And what the old peer sends is a stranger's now.
  const MediaList unwanted(media_from(0, 5));
  GsoState gso;
  call.raw.socket().send_batch(unwanted, call.address(), gso);
  ASSERT_TRUE(call.raw.serve_until([&] { return call.ours.session->counters().discarded_strangers >= 5; }));
  EXPECT_EQ(call.ours.receiver()->counters().packets_received, 0u);
  stop = true;
  media.join();
}

TEST(Session, ANewGenerationConnectsAnew) {
  Call call;
  ASSERT_TRUE(call.connect());
  Peer newcomer(ice::Role::controlled);
  ASSERT_TRUE(newcomer.session->add_component(kStream, kRtp).ok());
  newcomer.receiver()->set_listening(true);
  newcomer.session->gather();
  ASSERT_TRUE(newcomer.log->wait_for_gathering());
  call.a.session->new_generation();
  ASSERT_TRUE(newcomer.session->set_remote_description(call.a.session->local_description()).ok());
  ASSERT_TRUE(call.a.session->set_remote_description(newcomer.session->local_description()).ok());
  ASSERT_TRUE(newcomer.log->wait_for_state(ice::ConnectionState::completed));
  const MediaList list(media_from(3, 10));
  ASSERT_EQ(call.a.sender()->wait_for_path(), MediaSender::Outcome::sent);
  EXPECT_EQ(call.a.sender()->send(list).datagrams_sent, 10u);
  EXPECT_TRUE(test::receive(*newcomer.receiver(), 10) == list.datagrams());
}

TEST(Session, CandidatesMayTrickleIn) {
  Peer a(ice::Role::controlling);
  Peer b(ice::Role::controlled);
  for (Peer* peer : {&a, &b}) {
    ASSERT_TRUE(peer->session->add_component(kStream, kRtp).ok());
    peer->session->gather();
    ASSERT_TRUE(peer->log->wait_for_gathering());
  }
  ASSERT_TRUE(a.session->set_remote_credentials(b.session->local_credentials()).ok());
  ASSERT_TRUE(b.session->set_remote_credentials(a.session->local_credentials()).ok());
  for (const auto& [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    for (const ice::Event& event : from->log->events()) {
      if (const auto* const found = std::get_if<ice::LocalCandidateFound>(&event)) {
        EXPECT_TRUE(to->session->add_remote_candidate(kStream, found->candidate).ok());
      }
    }
    to->session->end_remote_candidates(kStream);
  }
  EXPECT_TRUE(a.log->wait_for_state(ice::ConnectionState::completed));
  EXPECT_TRUE(b.log->wait_for_state(ice::ConnectionState::completed));
}

TEST(Session, AComponentAddedAfterGatheringConnectsToo) {
  Call call;
  ASSERT_TRUE(call.connect());
  constexpr ice::ComponentId kRtcp{2};
  for (Peer* peer : {&call.a, &call.b}) {
    ASSERT_TRUE(peer->session->add_component(kStream, kRtcp).ok());
    peer->receiver(kRtcp)->set_listening(true);
  }
  ASSERT_TRUE(call.a.session->set_remote_description(call.b.session->local_description()).ok());
  ASSERT_TRUE(call.b.session->set_remote_description(call.a.session->local_description()).ok());
  ASSERT_EQ(call.a.sender(kRtcp)->wait_for_path(), MediaSender::Outcome::sent);
  const MediaList list(media_from(9, 5));
  EXPECT_EQ(call.a.sender(kRtcp)->send(list).datagrams_sent, 5u);
  EXPECT_TRUE(test::receive(*call.b.receiver(kRtcp), 5) == list.datagrams());
  EXPECT_EQ(call.b.receiver()->counters().packets_received, 0u);
}

TEST(Session, ARemovedComponentsEndsWakeWithClosed) {
  Call call;
  ASSERT_TRUE(call.connect());
  const auto sender = call.a.sender();
  const auto receiver = call.a.receiver();
  call.a.session->remove_component(kStream, kRtp);
  std::vector<InboundDatagram> out;
  EXPECT_EQ(receiver->pop(out, 1), MediaReceiver::Outcome::closed);
  const MediaList list(media_from(0, 1));
  EXPECT_EQ(sender->send(list).outcome, MediaSender::Outcome::closed);
  EXPECT_EQ(call.a.sender(), nullptr);
  EXPECT_EQ(call.a.receiver(), nullptr);
}

TEST(Session, ConnectsOverIPv6) {
  Peer a(ice::Role::controlling, {"::1"});
  Peer b(ice::Role::controlled, {"::1"});
  for (Peer* peer : {&a, &b}) {
    ASSERT_TRUE(peer->session->add_component(kStream, kRtp).ok());
    peer->receiver()->set_listening(true);
    peer->session->gather();
    ASSERT_TRUE(peer->log->wait_for_gathering());
  }
  ASSERT_TRUE(a.session->set_remote_description(b.session->local_description()).ok());
  ASSERT_TRUE(b.session->set_remote_description(a.session->local_description()).ok());
  ASSERT_TRUE(a.log->wait_for_state(ice::ConnectionState::completed));
  EXPECT_EQ(a.session->selected_pair(kStream, kRtp)->remote.address.family(), ice::Family::ipv6);
  const MediaList list(media_from(9, 100));
  a.sender()->send(list);
  EXPECT_TRUE(test::receive(*b.receiver(), 100) == list.datagrams());
}

TEST(Session, AnInterfaceThatIsNotThereIsAWarningThatNamesIt) {
  Peer peer(ice::Role::controlling, {"127.0.0.1", "wlan99"});
  ASSERT_TRUE(peer.session->add_component(kStream, kRtp).ok());
  peer.session->gather();
  ASSERT_TRUE(peer.log->wait_for_gathering());
  EXPECT_THAT(peer.log->warnings(), Contains(HasSubstr("wlan99")));
  EXPECT_EQ(peer.session->local_description().streams.at(0).candidates.size(), 1u);
}

TEST(Session, ATakenPortIsAWarningThatNamesIt) {
  test::RawPeer holder;
  const auto port = holder.socket().local().port();
  SocketOptions options;
  options.min_port = options.max_port = port;
  Peer peer(ice::Role::controlling, {"127.0.0.1"}, options);
  ASSERT_TRUE(peer.session->add_component(kStream, kRtp).ok());
  peer.session->gather();
  ASSERT_TRUE(peer.log->wait_for_gathering());
  EXPECT_THAT(peer.log->warnings(), Contains(HasSubstr("port " + std::to_string(port) + " on 127.0.0.1 is taken")));
}

TEST(Session, UsesThePortsOfItsRange) {
  SocketOptions options;
  options.min_port = 30'000;
  options.max_port = 40'000;
  Peer peer(ice::Role::controlling, {"127.0.0.1"}, options);
  for (std::uint16_t component = 1; component <= 4; ++component) {
    ASSERT_TRUE(peer.session->add_component(kStream, ice::ComponentId{component}).ok());
  }
  peer.session->gather();
  ASSERT_TRUE(peer.log->wait_for_gathering());
  const auto description = peer.session->local_description();
  const auto& candidates = description.streams.at(0).candidates;
  ASSERT_EQ(candidates.size(), 4u);
  for (const auto& candidate : candidates) {
    EXPECT_GE(candidate.address.port(), 30'000);
    EXPECT_LE(candidate.address.port(), 40'000);
  }
}

TEST(Session, ASocketThatBreaksIsReportedOnceAndDoesNotSpin) {
  CallWithRawPeer call;
  ASSERT_TRUE(call.connect());
  // The session's descriptor is found by its address; nobody but the test would do this to it.
  int fd = -1;
  for (int candidate = 3; candidate < 1024; ++candidate) {
    SocketAddress bound;
    socklen_t size = SocketAddress::kCapacity;
    if (::getsockname(candidate, bound.data(), &size) == 0 && bound.address() == call.address()) fd = candidate;
  }
  ASSERT_GE(fd, 0);
  ::shutdown(fd, SHUT_RDWR);
  ASSERT_TRUE(call.ours.log->wait_for([](const ice::Event& event) {
    const auto* const warning = std::get_if<ice::Warning>(&event);
    return warning != nullptr && warning->text.find("was shut down") != std::string::npos;
  }));
  test::settle_threads();
  test::settle_threads();
  EXPECT_EQ(call.ours.log->warnings().size(), 1u);
  EXPECT_FALSE(call.ours.sender()->has_path());
}

TEST(Session, AnswersQuestionsInAnyState) {
  Peer peer(ice::Role::controlled);
  EXPECT_EQ(peer.session->connection_state(), ice::ConnectionState::fresh);
  EXPECT_EQ(peer.session->gathering_state(), ice::GatheringState::fresh);
  EXPECT_FALSE(peer.session->selected_pair(kStream, kRtp));
  EXPECT_EQ(peer.sender(), nullptr);
  EXPECT_TRUE(peer.session->local_credentials().complete());
  EXPECT_FALSE(peer.session->remote_credentials().complete());
  peer.session->close();
  EXPECT_EQ(peer.session->connection_state(), ice::ConnectionState::closed);
  EXPECT_FALSE(peer.session->add_component(kStream, kRtp).ok());
  peer.session->gather();
  peer.session->new_generation();
  peer.session->close();
  EXPECT_EQ(peer.session->connection_state(), ice::ConnectionState::closed);
}

}  // namespace
}  // namespace gstice
