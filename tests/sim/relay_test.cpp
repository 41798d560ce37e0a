// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls that need STUN and TURN servers (RFC 8445 5.1.1.2, RFC 8656).
#include "tests/sim/relay_scene.h"

namespace sim {
namespace {

using ice::CandidateType;

TEST_F(BehindNats, WithAStunServerPortRestrictedNatsAreCrossedDirectly) {
  with_stun();
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_FALSE(selected_relay(*alice));
  const auto found = told(*alice, CandidateType::server_reflexive);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].address.same_ip(at("198.51.100.1")));
  EXPECT_EQ(found[0].related, alice->address_of(flow(0, 1)));
  invariants.check_agreement(*alice, *bob);
}

TEST_F(BehindNats, WithATurnServerSymmetricNatsAreCrossedByTheRelay) {
  with_turn();
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_TRUE(selected_relay(*alice) || selected_relay(*bob));
  ASSERT_TRUE(alice->send_media(flow(0, 1), "there"));
  ASSERT_TRUE(bob->send_media(flow(0, 1), "back"));
  world.run_for(1s);
  EXPECT_EQ(media_count(*bob, "there"), 1U);
  EXPECT_EQ(media_count(*alice, "back"), 1U);
}

TEST_F(BehindNats, TheRelaysChannelIsBoundAndMediaGoesByChannelData) {
  with_turn();
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  world.run_for(1s);
  AgentHost& relayed = selected_relay(*alice) ? *alice : *bob;
  ASSERT_TRUE(relayed.path(flow(0, 1))->relay->channel.has_value());
  const auto before = turn->counts().channel_data;
  relayed.send_media(flow(0, 1), "by channel");
  world.run_for(1s);
  EXPECT_EQ(turn->counts().channel_data, before + 1);
}

TEST_F(BehindNats, TheRelayPolicyTellsRelayedCandidatesOnlyAndNobodyWhereItIs) {
  with_stun();
  with_turn();
  alice_options.agent.policy = ice::TransportPolicy::relay;
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_TRUE(selected_relay(*alice));
  EXPECT_EQ(told(*alice, CandidateType::host).size(), 0U);
  EXPECT_EQ(told(*alice, CandidateType::server_reflexive).size(), 0U);
  const auto found = told(*alice, CandidateType::relayed);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].related, at("0.0.0.0", 9));
  for (const auto& pair : alice->agent().snapshot().pairs) EXPECT_EQ(pair.local.type, CandidateType::relayed);
}

TEST_F(BehindNats, BothWithTheRelayPolicyMeetBetweenTheirRelays) {
  with_turn();
  alice_options.agent.policy = bob_options.agent.policy = ice::TransportPolicy::relay;
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_TRUE(selected_relay(*alice));
  EXPECT_TRUE(selected_relay(*bob));
}

TEST_F(BehindNats, UnusedRelaysAreGivenBackThreeSecondsAfterTheSelection) {
  with_turn();
  begin();  // port restricted: the direct path is there
  ASSERT_TRUE(both(ConnectionState::completed));
  ASSERT_FALSE(selected_relay(*alice));
  EXPECT_EQ(turn->active_allocations(), 2U);
  world.run_for(2s);
  EXPECT_EQ(turn->active_allocations(), 2U);
  world.run_for(2s);
  EXPECT_EQ(turn->active_allocations(), 0U);
  EXPECT_EQ(turn->counts().released, 2U);
}

TEST_F(BehindNats, CloseReleasesTheAllocationsAndSaysWhenItIsOver) {
  with_turn();
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  ASSERT_GE(turn->active_allocations(), 1U);
  alice_says->cut();
  bob_says->cut();
  alice->close();
  bob->close();
  EXPECT_TRUE(alice->is(ConnectionState::closed));
  world.run_for(1s);
  EXPECT_EQ(turn->active_allocations(), 0U);
  EXPECT_TRUE(alice->agent().finished());
  EXPECT_FALSE(alice->agent().next_timeout());
}

TEST_F(BehindNats, CloseIsOverInFourSecondsWithAServerThatIsGone) {
  with_turn();
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  turn->trouble.kind = Trouble::silent;
  alice->close();
  world.run_for(3900ms);
  const bool had_relay = !alice->agent().finished();
  world.run_for(200ms);
  EXPECT_TRUE(alice->agent().finished());
  EXPECT_TRUE(had_relay || selected_relay(*bob));
}

TEST_F(BehindNats, ClosingWhileTheAllocationIsBeingAskedForLeavesNoneBehind) {
  with_turn();
  for (const auto moment : {1ms, 15ms, 25ms, 35ms, 45ms, 55ms, 70ms}) {
    World other(7);
    Invariants watched(other);
    const NetworkId net = other.add_network("internet");
    other.set_conditions(PathConditions{.delay = 10ms});
    TurnServer& server = other.add<TurnServer>("turn", net, turn_options);
    HostOptions options = alice_options;
    options.interfaces = {{"eth0", net, at("198.51.100.1"), 65535}};
    AgentHost& host = other.add<AgentHost>("alice", options);
    host.start();
    other.run_for(moment);
    host.close();
    other.run_for(3s);
    EXPECT_EQ(server.active_allocations(), 0U) << ms(moment);
    EXPECT_TRUE(host.agent().finished()) << ms(moment);
    EXPECT_FALSE(watched.breach()) << watched.breach()->text;
  }
}

TEST_F(BehindNats, ARelayedCallLastsForHours) {
  with_turn();
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  for (int minute = 0; minute < 150; ++minute) {
    world.run_for(60s);
    ASSERT_TRUE(alice->is(ConnectionState::completed)) << minute;
    alice->send_media(flow(0, 1), "minute " + std::to_string(minute) + "!");
    bob->send_media(flow(0, 1), "minute " + std::to_string(minute) + "!");
    world.run_for(1s);
    ASSERT_EQ(media_count(*bob, "minute " + std::to_string(minute) + "!"), 1U);
    ASSERT_EQ(media_count(*alice, "minute " + std::to_string(minute) + "!"), 1U);
  }
  EXPECT_EQ(turn->counts().expired, 0U);
}

TEST_F(BehindNats, ANonceThatGoesStaleInTheCallIsReplaced) {
  with_turn();
  turn_options.users.nonce_lifetime = 100s;
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  world.run_for(1000s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
  EXPECT_GT(turn->counts().stale_nonces, 0U);
}

TEST_F(BehindNats, Sha256AndUserhashAreUsedWhereTheServerOffersThem) {
  with_turn();
  turn_options.users.offers_sha256 = turn_options.users.offers_userhash = true;
  begin(kSymmetric, kSymmetric);
  EXPECT_TRUE(both(ConnectionState::completed));
}

TEST_F(BehindNats, ARelayIsReachedByTcpToo) {
  with_turn(ice::TransportProtocol::tcp);
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_TRUE(selected_relay(*alice) || selected_relay(*bob));
  world.run_for(1s);
  alice->send_media(flow(0, 1), "there");
  bob->send_media(flow(0, 1), "back");
  world.run_for(1s);
  EXPECT_EQ(media_count(*bob, "there"), 1U);
  EXPECT_EQ(media_count(*alice, "back"), 1U);
  alice->close();
  bob->close();
  world.run_for(3s);
  EXPECT_EQ(turn->active_allocations(), 0U);
}

TEST_F(BehindNats, ARelayOfBothFamiliesGivesACandidateOfEach) {
  with_turn();
  turn_options.relays = {at("203.0.113.5"), at("2001:db8:5::5")};
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  const auto found = told(*alice, CandidateType::relayed);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(found[0].address.family(), found[1].address.family());
  EXPECT_EQ(turn->active_allocations(), 2U);  // one a side
}

TEST_F(BehindNats, AnAllocationThatTheServerLostIsNoticedAndSaid) {
  with_turn();
  alice_options.agent.policy = bob_options.agent.policy = ice::TransportPolicy::relay;
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  turn->restart();
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 400s));
  EXPECT_FALSE(alice->failure().empty());
}

TEST_F(BehindNats, AnAllocationOfAnEarlierLifeGetsANewSocketAndIsGivenBack) {
  with_turn();
  alice_options.agent.policy = ice::TransportPolicy::relay;
  NatBehaviour preserving = kSymmetric;
  preserving.mapping = Dependence::endpoint_independent;
  preserving.port_preservation = true;
  begin(preserving, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  const auto before = turn->counts().allocated;
  // The process dies without a word; the next one is on the same port of the same host.
  alice_says->cut();
  bob_says->cut();
  HostOptions again = alice_options;
  world.detach(alices, at("192.168.1.2"));
  AgentHost& second = world.add<AgentHost>("alice again", again);
  second.keep_events = true;
  second.start();
  ASSERT_TRUE(world.run_until([&] { return !told(second, CandidateType::relayed).empty(); }, 5s));
  EXPECT_EQ(turn->counts().allocated, before + 1);
  world.run_for(1s);
  EXPECT_EQ(turn->counts().released, 1U);
  EXPECT_EQ(second.sockets().size(), 2U);
  second.close();
  world.run_for(1s);
  EXPECT_EQ(second.sockets().size(), 0U);
}

// ---- servers that are in trouble ----

TEST_F(BehindNats, AWrongPasswordIsSaidInPlainWords) {
  with_turn();
  alice_options.turn_servers[0].password = "wrong";
  alice_options.agent.policy = ice::TransportPolicy::relay;
  begin();
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 120s));
  EXPECT_NE(alice->failure().find("TURN 203.0.113.5:3478 said 401"), std::string::npos) << alice->failure();
  EXPECT_NE(alice->failure().find("wrong user or password"), std::string::npos) << alice->failure();
  EXPECT_EQ(alice->failure().find("pass\""), std::string::npos);
}

TEST_F(BehindNats, ASilentServerDelaysNothingElse) {
  make_servers();
  with_stun();
  with_turn();
  for (HostOptions* options : {&alice_options, &bob_options}) {
    options->stun_servers.insert(options->stun_servers.begin(), stun_at(at("203.0.113.99", 3478), 77));
    options->turn_servers.insert(options->turn_servers.begin(), turn_at(at("203.0.113.98", 3478), 78));
  }
  begin();
  ASSERT_TRUE(both(ConnectionState::completed, 1s));
  EXPECT_EQ(told(*alice, CandidateType::relayed).size(), 1U);
  ASSERT_TRUE(world.run_until([&] { return alice->agent().gathering_state() == ice::GatheringState::complete; }, 6s));
}

TEST_F(BehindNats, GatheringIsCompleteAlsoWhenASilentServerWasTheOnlyHope) {
  make_servers();
  alice_options.turn_servers = {turn_at(at("203.0.113.98", 3478), 78)};
  alice_options.agent.policy = ice::TransportPolicy::relay;
  alice_options.flows = bob_options.flows = {flow(0, 1), flow(1, 1)};
  begin();
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 120s));
  EXPECT_EQ(alice->agent().gathering_state(), ice::GatheringState::complete);
}

TEST_F(BehindNats, TheServersAreNamedInTheExplanation) {
  make_servers();
  with_stun();
  with_turn();
  stun->trouble.kind = Trouble::silent;
  turn->trouble = {.kind = Trouble::refusing, .code = 486};
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 120s));
  EXPECT_NE(alice->failure().find("STUN 203.0.113.1:3478 gives no answer"), std::string::npos) << alice->failure();
  EXPECT_NE(alice->failure().find("TURN 203.0.113.5:3478 said 486"), std::string::npos) << alice->failure();
}

TEST_F(BehindNats, ARedirectionIsFollowedToTheAlternateServer) {
  auto second = turn_options;
  second.addresses = second.relays = {at("203.0.113.6", 3478)};
  second.relays = {at("203.0.113.6")};
  turn_options.alternate = at("203.0.113.6", 3478);
  make_servers();
  TurnServer& other = world.add<TurnServer>("other", internet, second);
  with_turn();
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_EQ(turn->counts().allocated, 0U);
  EXPECT_EQ(other.counts().allocated, 2U);
}

TEST_F(BehindNats, TwoServersThatSendUsToEachOtherAreLeftAlone) {
  auto second = turn_options;
  second.addresses = {at("203.0.113.6", 3478)};
  second.alternate = at("203.0.113.5", 3478);
  turn_options.alternate = at("203.0.113.6", 3478);
  make_servers();
  world.add<TurnServer>("other", internet, second);
  with_turn();
  begin();
  world.run_for(5s);
  EXPECT_EQ(told(*alice, CandidateType::relayed).size(), 0U);
  EXPECT_EQ(alice->agent().gathering_state(), ice::GatheringState::complete);
  EXPECT_LE(alice->agent().counters().gathering_requests_sent, 8U);
}

TEST_F(BehindNats, APeerThatTheServerForbidsFailsItsPairsAlone) {
  with_turn();
  turn_options.forbidden = {at("192.168.2.2"), at("192.168.1.2")};
  begin(kSymmetric, kSymmetric);
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_TRUE(selected_relay(*alice) || selected_relay(*bob));
}

// ---- the agent's calls ----

TEST_F(BehindNats, AServerWhoseNameIsResolvedLateIsAskedThen) {
  make_servers();
  with_stun();
  alice_options.stun_servers[0].at.name = "stun.example.org:3478";
  alice_options.unresolved = {ice::ServerId(1)};
  begin();
  world.run_for(500ms);
  EXPECT_EQ(told(*alice, CandidateType::server_reflexive).size(), 0U);
  alice->resolve(ice::ServerId(1));
  world.run_for(500ms);
  EXPECT_EQ(told(*alice, CandidateType::server_reflexive).size(), 1U);
}

TEST_F(BehindNats, ANameThatDoesNotResolveIsSaidAndHoldsUpNothing) {
  make_servers();
  with_turn();
  alice_options.unresolved = {ice::ServerId(10)};
  alice_options.turn_servers[0].at.name = "turn.example.org:3478";
  begin();
  alice->act("cannot resolve", [](ice::Agent& agent, ice::TimePoint now) {
    agent.server_failed(now, ice::ServerId(10), "no such host");
  });
  world.run_for(100ms);
  EXPECT_EQ(alice->agent().gathering_state(), ice::GatheringState::complete);
  EXPECT_NE(alice->agent().explain().find("turn.example.org:3478"), std::string::npos) << alice->agent().explain();
}

TEST_F(BehindNats, WithoutANatTheRedundantReflexiveCandidateIsDropped) {
  with_stun();
  with_turn();
  make_servers();
  alice_options.interfaces = {{"eth0", internet, at("198.51.100.77"), 65535}};
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_EQ(told(*alice, CandidateType::host).size(), 1U);
  EXPECT_EQ(told(*alice, CandidateType::server_reflexive).size(), 0U);
}

TEST_F(BehindNats, TwoServersThatSeeTheSameAddressMakeOneCandidate) {
  with_stun();
  with_turn();
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_EQ(told(*alice, CandidateType::server_reflexive).size(), 1U);
}

TEST_F(BehindNats, ANewGenerationGathersAnew) {
  with_stun();
  with_turn();
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  world.run_for(5s);
  ASSERT_EQ(turn->active_allocations(), 0U);
  alice_says->drop_what_is_under_way();
  bob_says->drop_what_is_under_way();
  alice->new_generation();
  bob->new_generation();
  alice_says->send_description();
  bob_says->send_description();
  ASSERT_TRUE(both(ConnectionState::completed));
  EXPECT_EQ(turn->active_allocations(), 2U);
  EXPECT_EQ(told(*alice, CandidateType::relayed).size(), 2U);
}

TEST_F(BehindNats, ARemovedComponentReleasesItsAllocation) {
  with_turn();
  alice_options.flows = bob_options.flows = {flow(0, 1), flow(0, 2)};
  alice_options.agent.policy = bob_options.agent.policy = ice::TransportPolicy::relay;
  begin();
  ASSERT_TRUE(both(ConnectionState::completed));
  ASSERT_EQ(turn->active_allocations(), 4U);
  alice->remove_component(flow(0, 2));
  world.run_for(1s);
  EXPECT_EQ(turn->active_allocations(), 3U);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(BehindNats, TheBindingOfAReflexiveCandidateIsKeptWhileNobodyAnswers) {
  with_stun();
  make_servers();
  NatBehaviour forgetful = kPortRestricted;
  forgetful.lifetime = 20s;
  bob_options.stun_servers.clear();
  begin(forgetful);
  bob_says->cut();
  alice_says->cut();
  world.run_for(100s);
  const auto found = told(*alice, CandidateType::server_reflexive);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(alices_nat->mapping_count(), 1U);
}

}  // namespace
}  // namespace sim
