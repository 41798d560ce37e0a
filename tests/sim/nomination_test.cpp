// SPDX-License-Identifier: LGPL-2.1-or-later
// Nomination: regular by us (RFC 8445 8.1.1), tolerant of whatever a controlling peer does (traps 7, 8).
#include <algorithm>

#include "tests/sim/scene.h"

namespace sim {
namespace {

using Nominating = WithPeer;

/// The peer controls, from two addresses; the first has the higher priority.
class Nominated : public WithControllingPeer {
 protected:
  const ice::Address better = at("10.0.2.1", 4000);
  const ice::Address worse = at("10.0.2.2", 4000);

  void meet() {
    peer.add_address(worse);
    begin();
    alice->hear(peer.description({peer.candidate(better, 1, 65000), peer.candidate(worse, 1, 1000)}));
  }
  [[nodiscard]] std::optional<ice::SelectedPair> selected() const {
    return alice->agent().selected_pair(ice::StreamId(0), ice::ComponentId(1));
  }
};

TEST_F(Nominating, UsesOneCheckOfItsOwnAfterTheFirstSucceeded) {
  connect();
  world.run_for(2s);
  std::size_t with_flag = 0;
  for (const HeardStun& request : peer.requests) with_flag += request.message.use_candidate() ? 1 : 0;
  EXPECT_EQ(with_flag, 1U);
  EXPECT_FALSE(peer.requests.front().message.use_candidate());
}

TEST_F(Nominating, IsNotForgottenWhenTwoChecksOfItsPairAreAnsweredInARow) {
  // The ordinary check and one that the peer triggered are both under way; the first answer queues the nomination.
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  world.run_for(50ms);
  peer.check(alice_address());
  ASSERT_TRUE(world.run_until([&] { return peer.distinct_requests() == 2; }, 1s));
  const auto both = peer.requests;
  for (const HeardStun& request : both) peer.answer(request);
  peer.answers = true;
  world.run_for(1s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Nominating, IsRepeatedWhileItsPairLives) {
  // "What users suffer from" 15: the peer answers ordinary checks and never the nominating one, until it does.
  bool deaf = true;
  peer.on_request = [&](const HeardStun& request) {
    if (!deaf || !request.message.use_candidate()) peer.answer(request);
  };
  begin();
  alice->hear(peer.description());
  world.run_for(60s);
  EXPECT_TRUE(alice->is(ConnectionState::connected));
  deaf = false;
  world.run_for(40s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Nominating, WaitsForABetterPairThatTheRoundTripsSeenMakeLikely) {
  // The better address answers 15 ms later than the worse one.
  const ice::Address worse = at("10.0.2.2", 4000);
  peer.add_address(worse);
  peer.on_request = [&](const HeardStun& request) {
    world.after(request.to == worse ? 0ms : 15ms, [this, request] { peer.answer(request); });
  };
  begin();
  alice->hear(peer.description({peer.candidate(peer.address(), 1, 65000), peer.candidate(worse, 1, 1000)}));
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 2s));
  EXPECT_EQ(alice->path(flow(0, 1))->remote, peer.address());
  for (const HeardStun& request : peer.requests) {
    EXPECT_TRUE(!request.message.use_candidate() || request.to == peer.address());
  }
}

TEST_F(Nominating, IsNotLeftToAControlledPeer) {
  // RFC 8445 7.3.1.5: USE-CANDIDATE means something to a controlled agent only.
  peer.on_request = [&](const HeardStun& request) {
    if (!request.message.use_candidate()) peer.answer(request);
  };
  begin();
  alice->hear(peer.description());
  world.run_for(300ms);
  ASSERT_TRUE(alice->is(ConnectionState::connected));
  peer.check(alice_address(), {.use_candidate = true});
  world.run_for(1s);
  EXPECT_TRUE(alice->is(ConnectionState::connected));
}

TEST_F(Nominating, MovesOnWhenItsPairDiedAndABetterOneIsInUse) {
  // The first address answers one check and is never heard of again; the second is told a second later.
  const ice::Address second = at("10.0.2.2", 4000);
  peer.add_address(second);
  peer.on_request = [&](const HeardStun& request) {
    if (request.to == second || !request.message.use_candidate()) peer.answer(request);
  };
  begin();
  alice->hear(peer.description({peer.candidate(peer.address(), 1, 1000)}));
  world.run_for(1s);
  alice->hear(ice::StreamId(0), peer.candidate(second, 1, 65000));
  world.run_for(500ms);
  ASSERT_EQ(alice->path(flow(0, 1))->remote, second);
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 60s));
  EXPECT_EQ(alice->path(flow(0, 1))->remote, second);
}

TEST_F(Nominating, DoesNotWaitForAnAddressThatNobodyAnswersOn) {
  // The better candidate is dead: it is given the time of the round trips seen, not of a whole transaction.
  peer.add_address(at("10.0.2.2", 4000));
  peer.on_request = [&](const HeardStun& request) {
    if (request.to != peer.address()) peer.answer(request);
  };
  begin();
  const auto told = world.now();
  alice->hear(
      peer.description({peer.candidate(peer.address(), 1, 65000), peer.candidate(at("10.0.2.2", 4000), 1, 1000)}));
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 60s));
  EXPECT_LE(ms(world.now() - told), 500.0);
  EXPECT_EQ(alice->path(flow(0, 1))->remote, at("10.0.2.2", 4000));
}

TEST_F(Nominating, EndsTheOtherChecksOfItsComponent) {
  // Trap 18, RFC 8445 8.1.2: what waits is removed, what is in progress is not sent again.
  std::vector<ice::Candidate> candidates = {peer.candidate(peer.address(), 1, 65000)};
  for (std::uint16_t i = 0; i < 50; ++i) {
    auto dead = peer.candidate(at("10.0.2.1", static_cast<std::uint16_t>(5000 + i)), 1, static_cast<std::uint16_t>(i));
    dead.foundation = "dead" + std::to_string(i);
    candidates.push_back(dead);
  }
  peer.on_request = [&](const HeardStun& request) {
    if (request.to == peer.address()) peer.answer(request);
  };
  begin();
  alice->hear(peer.description(candidates));
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 2s));
  ASSERT_LT(alice->agent().counters().requests_sent, 20U);
  world.run_for(20ms);
  const auto to_dead = [&] {
    return std::count_if(peer.requests.begin(), peer.requests.end(),
                         [&](const HeardStun& request) { return request.to != peer.address(); });
  };
  const auto before = to_dead();
  EXPECT_GE(before, 1);
  world.run_for(60s);
  EXPECT_EQ(to_dead(), before);
}

TEST_F(Nominated, BeforeTheOwnCheckSucceededItCountsWhenItDoes) {
  // Trap 8, RFC 8445 7.3.1.5.
  peer.answers = false;
  meet();
  world.run_for(20ms);
  peer.check(alice_address(), {.use_candidate = true});
  world.run_for(200ms);
  EXPECT_FALSE(selected().has_value());
  EXPECT_EQ(alice->state(), ConnectionState::checking);
  peer.answers = true;
  world.run_for(2s);
  ASSERT_TRUE(selected().has_value());
  EXPECT_TRUE(selected()->nominated);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Nominated, LongAfterThePairWasValidItIsCheckedOnceMoreFirst) {
  // RFC 7675 5.1: nothing was asked on the worse pair for 30 s, so there is no consent to use it.
  meet();
  world.run_for(40s);
  ASSERT_EQ(selected()->remote.address, better);
  const auto before = peer.requests.size();
  peer.check(alice_address(), {.from = worse, .use_candidate = true});
  world.run_for(25ms);
  EXPECT_FALSE(selected()->nominated);
  world.run_for(200ms);
  const bool asked = std::any_of(peer.requests.begin() + static_cast<std::ptrdiff_t>(before), peer.requests.end(),
                                 [&](const HeardStun& request) { return request.to == worse; });
  EXPECT_TRUE(asked);
  ASSERT_TRUE(selected().has_value());
  EXPECT_TRUE(selected()->nominated);
  EXPECT_EQ(selected()->remote.address, worse);
  // And it stays.
  world.run_for(60s);
  EXPECT_EQ(selected()->remote.address, worse);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Nominated, APairThatWasIdleForLongIsAskedForConsentAtOnce) {
  // It was valid 20 s ago and has 10 s of consent left: too few to wait for the usual time.
  meet();
  world.run_for(20s);
  ASSERT_EQ(selected()->remote.address, better);
  peer.check(alice_address(), {.from = worse, .use_candidate = true});
  world.run_for(11ms);
  ASSERT_EQ(selected()->remote.address, worse);
  world.run_for(12ms);
  EXPECT_EQ(peer.requests.back().to, worse);
}

TEST_F(Nominated, InAnEarlyCheckItCountsToo) {
  // Traps 4 and 8 together: USE-CANDIDATE came before the description.
  begin();
  peer.check(alice_address(), {.use_candidate = true});
  world.run_for(100ms);
  alice->hear(peer.description({}));
  world.run_for(200ms);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Nominated, ByAnAggressivePeerALaterHigherPairStillCounts) {
  // Trap 7, RFC 5245 8.1.1.2: every check has the flag.
  meet();
  peer.check(alice_address(), {.from = worse, .use_candidate = true});
  world.run_for(200ms);
  ASSERT_TRUE(alice->is(ConnectionState::completed));
  EXPECT_EQ(selected()->remote.address, worse);
  peer.check(alice_address(), {.from = better, .use_candidate = true});
  world.run_for(200ms);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
  EXPECT_EQ(selected()->remote.address, better);
  EXPECT_TRUE(selected()->nominated);
}

TEST_F(Nominated, ByAnAggressivePeerALaterLowerPairChangesNothing) {
  // Trap 7, the other order.
  meet();
  peer.check(alice_address(), {.from = better, .use_candidate = true});
  world.run_for(200ms);
  peer.check(alice_address(), {.from = worse, .use_candidate = true});
  world.run_for(200ms);
  ASSERT_TRUE(alice->is(ConnectionState::completed));
  EXPECT_EQ(selected()->remote.address, better);
  EXPECT_TRUE(selected()->nominated);
}

TEST_F(Nominated, AnyNumberOfTimesAtAnyTimeOnlyTheSelectionChanges) {
  // "What users suffer from" 1.
  meet();
  world.run_for(300ms);
  for (int i = 0; i < 50; ++i) {
    peer.check(alice_address(), {.from = i % 2 == 0 ? worse : better, .use_candidate = true});
    world.run_for(i % 7 == 0 ? ice::Duration(3s) : ice::Duration(11ms));
    ASSERT_TRUE(selected().has_value());
  }
  EXPECT_TRUE(alice->is(ConnectionState::completed));
  EXPECT_EQ(selected()->remote.address, better);
}

TEST_F(Nominated, TheFlagBehindTheIntegrityIsNotObeyed) {
  // Trap 11 and "what users suffer from" 14: anybody on the path can append it.
  meet();
  world.run_for(300ms);
  ASSERT_TRUE(alice->is(ConnectionState::connected));
  peer.check(alice_address(), {.use_candidate_after_integrity = true});
  world.run_for(300ms);
  EXPECT_TRUE(alice->is(ConnectionState::connected));
}

TEST_F(Nominated, OnlyTheControllingSideNominates) {
  // RFC 8445 7.3.1.5: a controlling agent takes no USE-CANDIDATE; a controlled one sends none.
  meet();
  world.run_for(20s);
  for (const HeardStun& request : peer.requests) EXPECT_FALSE(request.message.use_candidate());
  EXPECT_TRUE(alice->is(ConnectionState::connected));
}

}  // namespace
}  // namespace sim
