// SPDX-License-Identifier: LGPL-2.1-or-later
// Things that change under a call that is up: one stream's credentials, its components, its sockets, a late nomination.
#include <algorithm>

#include "tests/sim/scene.h"

namespace sim {
namespace {

using Changes = WithPeer;
using ChangesByController = WithControllingPeer;

TEST_F(Changes, NewCredentialsOfOneStreamDropItsPathAtOnce) {
  // agent.h: a new remote generation. No path without consent may outlive its pairs (RFC 7675 5.1).
  begin();
  auto tagged = peer.candidate(peer.address());
  tagged.ufrag = peer.credentials.ufrag;
  alice->hear(peer.description({tagged}));
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 5s));
  auto changed = peer.description({});
  changed.streams[0].credentials = ice::Credentials{"anew", "anotherPasswordOfThePeer"};
  alice->hear(changed);
  EXPECT_TRUE(alice->paths().empty());
  EXPECT_TRUE(alice->agent().snapshot().pairs.empty());
  // And it connects again with them.
  peer.credentials = *changed.streams[0].credentials;
  alice->hear(ice::StreamId(0), peer.candidate(peer.address()));
  world.run_for(2s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Changes, AFragmentOfOneStreamWithItsOwnCredentialsLeavesTheOthersAlone) {
  // RFC 8839 5.4: each m= section may have its own, and a trickled fragment names only its own (RFC 8840).
  options.flows = {flow(0, 1), flow(1, 1)};
  begin();
  auto whole = peer.description();
  whole.credentials.reset();
  whole.streams[0].credentials = peer.credentials;
  ice::StreamDescription second;
  second.stream = ice::StreamId(1);
  second.credentials = ice::Credentials{"second", "passwordOfTheSecondStream"};
  whole.streams.push_back(second);
  alice->hear(whole);
  ASSERT_TRUE(world.run_until([&] { return alice->path(flow(0, 1)) != nullptr; }, 5s));
  ice::Description fragment;
  second.candidates = {peer.candidate(at("10.0.2.1", 4001))};
  fragment.streams = {second};
  alice->hear(fragment);
  EXPECT_NE(alice->path(flow(0, 1)), nullptr);
  EXPECT_EQ(alice->agent().remote_credentials(), peer.credentials);
  const auto before = world.now();
  const auto checks = alice->agent().counters().requests_sent;
  ASSERT_TRUE(world.run_until([&] { return alice->agent().counters().requests_sent > checks; }, 1s));
  EXPECT_LE(ms(world.now() - before), 10.0) << "the pacing that was said before still counts";
}

TEST_F(Changes, AComponentAddedAfterPatienceEndedIsGivenItsOwn) {
  // RFC 8863 4: the peer trickles the newcomer's candidate two seconds later, and never ended its candidates.
  connect();
  world.run_for(60s);
  alice->add_component(flow(1, 1));
  world.run_for(2s);
  ASSERT_FALSE(alice->is(ConnectionState::failed)) << alice->failure();
  alice->hear(ice::StreamId(1), peer.candidate(at("10.0.2.1", 4001)));
  world.run_for(2s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Changes, AComponentAddedLateThatNobodyAnswersFailsWhenItsPatienceEnds) {
  invariants.waive(Invariant::fails_with_reason);
  connect();
  world.run_for(60s);
  const auto added = world.now();
  alice->add_component(flow(1, 1));
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 60s));
  EXPECT_EQ(ms(world.now() - added), 39500.0);
  EXPECT_NE(alice->failure().find("stream 1 component 1"), std::string::npos) << alice->failure();
}

TEST_F(Changes, ABrokenSocketSendsNothingMoreAndIsNamedAsTheReason) {
  connect();
  world.run_for(1s);
  const auto id = alice->path(flow(0, 1))->transport;
  alice->act("loses its socket",
             [&](ice::Agent& agent, ice::TimePoint now) { agent.transport_failed(now, id, "gone"); });
  world.run_for(100ms);
  const auto heard = peer.requests.size();
  EXPECT_TRUE(alice->paths().empty());
  EXPECT_TRUE(alice->is(ConnectionState::failed));
  EXPECT_NE(alice->failure().find("socket"), std::string::npos) << alice->failure();
  EXPECT_EQ(alice->failure().find("consent"), std::string::npos) << alice->failure();
  world.run_for(60s);
  EXPECT_EQ(peer.requests.size(), heard);
}

TEST_F(Changes, ASocketThatBreaksDuringItsCheckRepeatsNothing) {
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  world.run_for(100ms);
  ASSERT_EQ(peer.requests.size(), 1U);
  const auto id = alice->sockets().begin()->first;
  alice->act("loses its socket",
             [&](ice::Agent& agent, ice::TimePoint now) { agent.transport_failed(now, id, "gone"); });
  world.run_for(10s);
  EXPECT_EQ(peer.requests.size(), 1U);
}

TEST_F(Changes, ASocketThatBrokeAfterAnEarlyCheckIsNotCheckedFrom) {
  begin();
  peer.check(alice_address());
  world.run_for(100ms);
  const auto id = alice->sockets().begin()->first;
  alice->act("loses its socket",
             [&](ice::Agent& agent, ice::TimePoint now) { agent.transport_failed(now, id, "gone"); });
  alice->hear(peer.description());
  world.run_for(2s);
  EXPECT_TRUE(peer.requests.empty());
}

TEST_F(ChangesByController, APairValidLongAgoIsCheckedAgainWhenItIsNominated) {
  // Only the path in use is asked for consent: another's last answer may be older than consent lasts.
  const ice::Address other = at("10.0.2.2", 4000);
  peer.add_address(other);
  begin();
  alice->hear(peer.description({peer.candidate(peer.address(), 1, 65000), peer.candidate(other, 1, 1000)}));
  world.run_for(60s);
  ASSERT_TRUE(alice->is(ConnectionState::connected));
  ASSERT_EQ(alice->path(flow(0, 1))->remote, peer.address());
  peer.check(alice_address(), {.from = other, .use_candidate = true});
  world.run_for(1s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
  ASSERT_NE(alice->path(flow(0, 1)), nullptr);
  EXPECT_EQ(alice->path(flow(0, 1))->remote, other);
  world.run_for(60s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Changes, AnEndless487FailsThePair) {
  invariants.waive(Invariant::role_conflict_ends);  // the peer sees to it that it does not
  peer.on_request = [&](const HeardStun& request) { peer.send(request.from, peer.error(request, 487)); };
  begin();
  alice->hear(peer.description());
  world.run_for(60s);
  EXPECT_TRUE(alice->is(ConnectionState::failed));
  EXPECT_LE(peer.requests.size(), 30U);
  EXPECT_NE(alice->failure().find("487"), std::string::npos) << alice->failure();
}

TEST_F(ChangesByController, AChecksReplayFromManyAddressesDoesNotLockThePeersMediaOut) {
  // Who sees one signed check can send it from anywhere; the table of sources is bounded, and the peer stays in it.
  peer.on_request = [&](const HeardStun& request) {
    if (request.to == peer.address()) peer.answer(request);
  };
  begin();
  alice->hear(peer.description({}));
  const auto check = peer.check_bytes(PeerCheck{});
  for (std::uint16_t i = 0; i < 200; ++i)
    peer.send(at("10.0.2.1", static_cast<std::uint16_t>(6000 + i)), alice_address(), check);
  world.run_for(1s);
  alice->hear(ice::StreamId(0), peer.candidate(peer.address()));
  ASSERT_TRUE(world.run_until([&] { return alice->path(flow(0, 1)) != nullptr; }, 5s));
  const auto before = alice->media().size();
  peer.send(alice_address(), media_bytes("peer", flow(0, 1), "hello"));
  world.run_for(100ms);
  EXPECT_EQ(alice->media().size(), before + 1);
}

TEST_F(Changes, APeerThatNamesAnotherMappedAddressEachTimeFillsNothing) {
  // It fails each nomination, so that the pair is checked anew, and answers each check with another address.
  std::uint16_t port = 1;
  peer.on_request = [&](const HeardStun& request) {
    if (request.message.use_candidate()) {
      peer.send(request.from, peer.error(request, 500));
    } else {
      peer.send(request.from, peer.success(request, at("198.51.100.7", ++port)));
    }
  };
  begin();
  alice->hear(peer.description());
  for (int i = 0; i < 3000 && !world.stopped(); ++i) {
    peer.check(alice_address());
    world.run_for(20ms);
  }
  EXPECT_GT(port, 500);
  EXPECT_LE(alice->agent().snapshot().pairs.size(), 100U);
  EXPECT_LE(alice->agent().snapshot().local_candidates.size(), 1000U);
}

}  // namespace
}  // namespace sim
