// SPDX-License-Identifier: LGPL-2.1-or-later
// Consent freshness (RFC 7675) and keepalives (RFC 8445 11) of the selected pair.
#include <algorithm>
#include <set>

#include "tests/sim/scene.h"

namespace sim {
namespace {

using ConsentOfPeer = WithPeer;

/// When states came, in order.
std::vector<ConnectionState> states(const AgentHost& host) {
  std::vector<ConnectionState> all;
  for (const auto& event : host.events()) {
    if (const auto* changed = std::get_if<ice::ConnectionStateChanged>(&event)) all.push_back(changed->state);
  }
  return all;
}

TEST(Consent, ALostNetworkEndsInFailedThirtySecondsAfterTheLastAnswerAndThenAllIsSilent) {
  Call call;
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(20s);
  const auto answers = call.alice.agent().counters().responses_received;
  call.set_up(false);
  const auto cut = call.world.now();
  // What was under way still arrives.
  call.world.run_for(100ms);
  EXPECT_LE(call.alice.agent().counters().responses_received, answers + 1);

  ASSERT_TRUE(call.both(ConnectionState::failed, 40s));
  // The last answer was at most one interval before the cut.
  EXPECT_LE(ms(call.world.now() - cut), 30100.0);
  EXPECT_GE(ms(call.world.now() - cut), 30000.0 - 6100.0);
  const auto seen = states(call.alice);
  ASSERT_GE(seen.size(), 2U);
  EXPECT_EQ(seen[seen.size() - 2], ConnectionState::disconnected);
  EXPECT_NE(call.alice.failure().find("30 seconds"), std::string::npos) << call.alice.failure();
  EXPECT_TRUE(call.alice.paths().empty());
  EXPECT_FALSE(call.alice.agent().selected_pair(ice::StreamId(0), ice::ComponentId(1)).has_value());

  // RFC 7675 5.1: nothing more goes that way, from neither, though the network is back.
  call.set_up(true);
  const auto sent = [&] {
    const auto a = call.alice.agent().counters();
    const auto b = call.bob.agent().counters();
    return a.requests_sent + a.consent_requests_sent + a.responses_sent + b.requests_sent + b.consent_requests_sent +
           b.responses_sent;
  };
  const auto before = sent();
  EXPECT_FALSE(call.alice.send_media(flow(0, 1), "anybody there?"));
  call.world.run_for(60s);
  EXPECT_EQ(sent(), before);
}

TEST(Consent, ANetworkThatReturnsInTimeIsForgiven) {
  Call call;
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(20s);
  call.set_up(false);
  call.world.run_for(20s);
  EXPECT_TRUE(call.alice.is(ConnectionState::disconnected));
  EXPECT_NE(call.alice.path(flow(0, 1)), nullptr) << "media is still allowed: consent lasts 30 s";
  call.set_up(true);
  ASSERT_TRUE(call.both(ConnectionState::completed, 10s));
  call.world.run_for(60s);
  EXPECT_TRUE(call.alice.is(ConnectionState::completed));
  EXPECT_TRUE(call.bob.is(ConnectionState::completed));
  EXPECT_FALSE(call.alice.first(ConnectionState::failed).has_value());
  call.check_agreement();
}

TEST(Consent, LivesThroughHeavyLoss) {
  // Thirty percent both ways: one check in two is answered; ten minutes of it.
  Call call({.path = {.delay = 30ms, .loss = 0.3}});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(600s);
  EXPECT_FALSE(call.alice.first(ConnectionState::failed).has_value());
  EXPECT_FALSE(call.bob.first(ConnectionState::failed).has_value());
}

TEST_F(ConsentOfPeer, LostSoonAfterConnectingFailsInThirtySecondsThoughAnotherCheckWasNeverAnswered) {
  // The check of the second address would be given up only after 39.5 s.
  const ice::Address silent = at("10.0.2.2", 4000);
  peer.add_address(silent);
  peer.on_request = [&](const HeardStun& request) {
    if (request.to != silent) peer.answer(request);
  };
  begin();
  alice->hear(peer.description({peer.candidate(silent, 1, 65535), peer.candidate(peer.address(), 1, 65000)}));
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 5s));
  const auto answered = world.now();
  peer.on_request = [](const HeardStun&) {};
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 60s));
  EXPECT_LE(ms(world.now() - answered), 30100.0);
}

TEST_F(ConsentOfPeer, IsAskedForEveryFourToSixSecondsAtRandom) {
  // RFC 7675 5.1.
  connect();
  world.run_for(10s);
  const std::size_t first = peer.requests.size() - 1;
  world.run_for(300s);
  std::set<double> gaps;
  for (std::size_t i = first + 1; i < peer.requests.size(); ++i) {
    const double gap = ms(peer.requests[i].at - peer.requests[i - 1].at);
    EXPECT_GE(gap, 4000.0);
    EXPECT_LE(gap, 6000.0);
    gaps.insert(gap);
  }
  EXPECT_GE(gaps.size(), 40U);
  // Each with a transaction id of its own.
  EXPECT_EQ(peer.distinct_requests(), peer.requests.size());
  EXPECT_GE(*gaps.rbegin() - *gaps.begin(), 1000.0) << "spread over the interval";
}

TEST_F(ConsentOfPeer, IsAskedWithUseCandidateByTheControllingSide) {
  // "What users suffer from" 12: lite servers want it.
  connect();
  world.run_for(1s);
  const std::size_t before = peer.requests.size();
  world.run_for(30s);
  ASSERT_GT(peer.requests.size(), before + 3);
  for (std::size_t i = before; i < peer.requests.size(); ++i) {
    EXPECT_TRUE(peer.requests[i].message.use_candidate());
    EXPECT_TRUE(peer.requests[i].message.ice_controlling().has_value());
    EXPECT_TRUE(peer.requests[i].message.verify_integrity(peer.credentials.pwd));
  }
}

TEST_F(ConsentOfPeer, NoSilenceIsLongerThanFifteenSeconds) {
  // RFC 8445 11, on the pair in use, with no media at all.
  connect();
  world.run_for(120s);
  const auto all = peer.requests;
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(ms(all[i].at - all[i - 1].at), 15000.0);
  EXPECT_GE(ms(all.back().at - world.now()), -15000.0);
}

TEST_F(ConsentOfPeer, LastsThirtySecondsToTheMomentFromTheLastAnswer) {
  // RFC 7675 5.1.
  std::optional<ice::TimePoint> last_answer;
  peer.on_request = [&](const HeardStun& request) {
    if (world.elapsed() > 10s) return;
    peer.answer(request);
    last_answer = world.now() + 10ms;
  };
  begin();
  alice->hear(peer.description());
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 60s));
  ASSERT_TRUE(last_answer.has_value());
  EXPECT_EQ(ms(world.now() - *last_answer), 30000.0);
  // Each check is a new one, none is repeated: the first pair's check and its nomination were answered at once.
  EXPECT_EQ(peer.distinct_requests(), peer.requests.size());
  // What the peer heard since: nothing after that.
  world.run_for(60s);
  EXPECT_LE(peer.requests.back().at, *last_answer + 30s + 10ms);
}

TEST_F(ConsentOfPeer, IsNotRenewedByThePeersOwnChecksNorByItsMedia) {
  // RFC 7675 5.1: only answers to ours count.
  connect();
  const auto connected = world.now();
  peer.answers = false;
  while (world.now() < connected + 45s && !world.stopped()) {
    peer.check(alice_address());
    peer.send(alice_address(), media_bytes("peer", flow(0, 1), "I am here"));
    world.run_for(500ms);
  }
  ASSERT_TRUE(alice->first(ConnectionState::failed).has_value());
  EXPECT_LE(ms(*alice->first(ConnectionState::failed) - connected), 30000.0);
}

TEST_F(ConsentOfPeer, AFailedAgentAnswersNoMore) {
  // Nothing is sent on a path whose consent is gone.
  connect();
  peer.answers = false;
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 40s));
  world.run_for(1s);
  const auto responses = peer.responses.size();
  const auto requests = peer.requests.size();
  peer.check(alice_address());
  world.run_for(5s);
  EXPECT_EQ(peer.responses.size(), responses);
  EXPECT_EQ(peer.requests.size(), requests);
}

}  // namespace
}  // namespace sim
