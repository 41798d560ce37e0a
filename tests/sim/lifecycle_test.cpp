// SPDX-License-Identifier: LGPL-2.1-or-later
// What an application does beside connecting: more components, a newcomer, closing at any moment.
#include "tests/sim/scene.h"

namespace sim {
namespace {

TEST(Lifecycle, AComponentAddedLaterGathersAndConnects) {
  Call call;
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(10s);
  for (AgentHost* host : {&call.alice, &call.bob}) host->add_component(flow(0, 2));
  ASSERT_TRUE(call.world.run_until(
      [&] { return call.alice.path(flow(0, 2)) != nullptr && call.bob.path(flow(0, 2)) != nullptr; }, 5s));
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(3s);
  EXPECT_EQ(call.alice.paths().size(), 2U);
  call.check_agreement();
}

TEST(Lifecycle, AStreamAddedLaterFindsTheCandidatesThatWereKeptForIt) {
  // Bob has both streams from the start; alice adds hers 5 s after his candidates came.
  Call call;
  call.bob.add_component(flow(1, 1));
  call.begin();
  call.world.run_for(5s);
  ASSERT_NE(call.alice.path(flow(0, 1)), nullptr);
  call.alice.add_component(flow(1, 1));
  ASSERT_TRUE(call.both(ConnectionState::completed, 10s));
  call.world.run_for(3s);
  EXPECT_NE(call.alice.path(flow(1, 1)), nullptr);
  call.check_agreement();
}

TEST(Lifecycle, ANewcomerTakesThePlaceOfAPeerThatDied) {
  // ELEMENTS.md "Starting in time": a new peer-id is a new generation, not an ICE restart.
  Call call;
  AgentHost& carol = call.world.add<AgentHost>("carol", [&] {
    HostOptions options;
    options.agent.role = Role::controlled;
    options.interfaces = {{"eth0", call.world.add_network("carol's"), at("10.0.9.1"), 65535}};
    return options;
  }());
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(10s);
  const ice::Credentials old = call.alice.agent().local_credentials();

  call.set_up(false);  // bob dies
  call.alice.new_generation();
  EXPECT_EQ(call.alice.state(), ConnectionState::fresh);
  EXPECT_TRUE(call.alice.paths().empty());
  EXPECT_NE(call.alice.agent().local_credentials().ufrag, old.ufrag);
  EXPECT_NE(call.alice.agent().local_credentials().pwd, old.pwd);
  EXPECT_EQ(call.alice.agent().remote_credentials().ufrag, "");
  EXPECT_TRUE(call.alice.agent().snapshot().pairs.empty());
  EXPECT_TRUE(call.alice.agent().snapshot().remote_candidates.empty());

  call.alice_says.cut();
  Signaling to_carol(call.alice, carol, {});
  Signaling from_carol(carol, call.alice, {});
  to_carol.begin();
  carol.start();
  from_carol.begin();
  ASSERT_TRUE(call.world.run_until(
      [&] { return call.alice.is(ConnectionState::completed) && carol.is(ConnectionState::completed); }, 10s));
  call.world.run_for(3s);
  call.invariants.check_agreement(call.alice, carol);
  EXPECT_EQ(call.alice.path(flow(0, 1))->remote.ip_text(), "10.0.9.1");
}

TEST(Lifecycle, ThePeerOfTheOldGenerationIsAStranger) {
  Call call;
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(1s);
  call.alice.new_generation();
  const auto media = call.alice.media().size();
  const auto requests = call.alice.agent().counters().requests_received;
  const auto sent = call.alice.agent().counters();
  call.bob.send_media(flow(0, 1), "still here");
  call.world.run_for(30s);  // his consent checks too
  EXPECT_EQ(call.alice.media().size(), media);
  EXPECT_EQ(call.alice.agent().counters().requests_received, requests);
  EXPECT_EQ(call.alice.agent().counters().requests_sent, sent.requests_sent);
  EXPECT_EQ(call.alice.agent().counters().consent_requests_sent, sent.consent_requests_sent);
}

TEST(Lifecycle, ANewRemoteGenerationDropsTheOldPairs) {
  // agent.h: different credentials than those known begin a new remote generation.
  Call call;
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(2s);
  const auto old_remote = call.alice.agent().remote_credentials();
  call.bob.new_generation();
  call.bob_says.send_description();
  call.alice_says.send_description();
  ASSERT_TRUE(call.world.run_until([&] { return call.alice.agent().remote_credentials() != old_remote; }, 1s));
  ASSERT_TRUE(call.both(ConnectionState::completed, 10s));
  call.world.run_for(3s);
  call.check_agreement();
}

TEST(Lifecycle, AComponentThatLosesConsentDoesNotFailAChecklistThatStillHasPatience) {
  // RFC 8863 4: component 2 has no pair yet when component 1's peer dies; 30 s after that is before 39.5 s.
  Call call({.flows = {flow(0, 1), flow(0, 2)}});
  call.begin();
  ASSERT_TRUE(call.world.run_until([&] { return call.bob.path(flow(0, 1)) != nullptr; }, 1s));
  ASSERT_EQ(call.bob.path(flow(0, 2)), nullptr);
  call.alice.close();
  call.world.run_for(35s);
  EXPECT_TRUE(call.bob.is(ConnectionState::disconnected));
  ASSERT_TRUE(call.world.run_until([&] { return call.bob.is(ConnectionState::failed); }, 10s));
  EXPECT_FALSE(call.bob.failure().empty());
}

/// Closing in any phase: the time is in milliseconds from the beginning.
class ClosingAt : public ::testing::TestWithParam<int> {};

TEST_P(ClosingAt, ReleasesEverythingAtOnceAndSendsNothingMore) {
  Call call({.path = {.delay = 10ms},
             .open_delay = 5ms,
             .flows = {flow(0, 1), flow(0, 2), flow(1, 1)},
             .alice_says = {.delay = 20ms},
             .bob_says = {.delay = 20ms}});
  call.begin();
  call.world.run_for(std::chrono::milliseconds(GetParam()));
  call.alice.close();
  call.invariants.check_closed(call.alice);
  // Whatever still comes changes nothing: signaling, checks, media, sockets that open too late.
  call.world.run_for(60s);
  call.invariants.check_closed(call.alice);
  EXPECT_TRUE(call.bob.ended() || call.bob.is(ConnectionState::checking));
  call.bob.close();
  call.invariants.check_closed(call.bob);
}

INSTANTIATE_TEST_SUITE_P(Milliseconds, ClosingAt,
                         ::testing::Values(0, 2, 5, 10, 25, 27, 30, 35, 45, 55, 65, 100, 1000, 20000));

TEST(Lifecycle, CallsAfterCloseDoNothing) {
  Call call;
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.alice.close();
  const auto events = call.alice.events().size();
  call.alice.hear(call.bob.agent().local_description());
  call.alice.hear_end_of_candidates(ice::StreamId(0));
  call.alice.new_generation();
  call.alice.act("does everything else", [&](ice::Agent& agent, ice::TimePoint now) {
    EXPECT_FALSE(agent.add_component(now, ice::StreamId(5), ice::ComponentId(1)).ok());
    agent.gather(now);
    agent.handle_timeout(now);
    agent.transport_failed(now, ice::TransportId(1), "late");
    agent.transport_ready(now, ice::TransportId(2), at("10.0.1.1", 5));
    agent.remove_component(now, ice::StreamId(0), ice::ComponentId(1));
    agent.close(now);
  });
  EXPECT_EQ(call.alice.events().size(), events);
  EXPECT_TRUE(call.alice.is(ConnectionState::closed));
  call.invariants.check_closed(call.alice);
}

TEST(Lifecycle, AComponentThatIsRemovedLeavesTheOthersConnected) {
  Call call({.flows = {flow(0, 1), flow(0, 2), flow(1, 1)}});
  call.invariants.waive(Invariant::none_stuck);  // bob keeps a component that nobody answers
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(1s);
  const auto sockets = call.alice.sockets().size();
  call.alice.remove_component(flow(0, 2));
  EXPECT_EQ(call.alice.sockets().size(), sockets - 1);
  EXPECT_EQ(call.alice.path(flow(0, 2)), nullptr);
  call.world.run_for(20s);
  EXPECT_TRUE(call.alice.is(ConnectionState::completed));
  EXPECT_NE(call.alice.path(flow(0, 1)), nullptr);
}

}  // namespace
}  // namespace sim
