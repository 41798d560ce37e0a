// SPDX-License-Identifier: LGPL-2.1-or-later
// Connectivity checks against a peer that the test plays: answers, mapped addresses, early checks, freezing, patience.
#include <algorithm>

#include "tests/sim/scene.h"

namespace sim {
namespace {

using Checks = WithPeer;

std::optional<ice::PairSnapshot> pair_to(const AgentHost& host, const ice::Address& remote) {
  for (const auto& pair : host.agent().snapshot().pairs) {
    if (pair.remote.address == remote) return pair;
  }
  return std::nullopt;
}

TEST_F(Checks, AreAnsweredBeforeThePeersDescriptionIsKnownAndTriggeredWhenItIs) {
  // Trap 4, RFC 8445 7.3.
  begin();
  const auto id = peer.check(alice_address());
  world.run_for(100ms);
  ASSERT_NE(peer.response_to(id), nullptr);
  EXPECT_EQ(peer.response_to(id)->message.message_class(), ice::StunClass::success);
  EXPECT_EQ(peer.response_to(id)->message.mapped_address(), peer.address());
  EXPECT_TRUE(peer.requests.empty());
  // The description names no candidate: only the remembered check leads to the peer.
  const auto told = world.now();
  alice->hear(peer.description({}));
  world.run_for(100ms);
  ASSERT_FALSE(peer.requests.empty());
  EXPECT_EQ(ms(peer.requests.front().at - told), 10.0);
  EXPECT_TRUE(alice->first_path(flow(0, 1)).has_value());
}

TEST_F(Checks, APeerReflexiveCandidateHasThePriorityOfTheCheckAndBecomesTheSignaledOne) {
  // Trap 5, RFC 8445 7.3.1.3 and RFC 8838 11.
  begin();
  alice->hear(peer.description({}));
  peer.check(alice_address(), {.priority = 0x6e001234});
  world.run_for(15ms);
  auto remote = alice->agent().snapshot().remote_candidates;
  ASSERT_EQ(remote.size(), 1U);
  EXPECT_EQ(remote[0].second.type, ice::CandidateType::peer_reflexive);
  EXPECT_EQ(remote[0].second.priority.value, 0x6e001234U);
  ASSERT_EQ(alice->agent().snapshot().pairs.size(), 1U);

  const ice::Candidate signaled = peer.candidate(peer.address());
  alice->hear(ice::StreamId(0), signaled);
  remote = alice->agent().snapshot().remote_candidates;
  ASSERT_EQ(remote.size(), 1U);
  EXPECT_EQ(remote[0].second.type, ice::CandidateType::host);
  EXPECT_EQ(remote[0].second.priority, signaled.priority);
  ASSERT_EQ(alice->agent().snapshot().pairs.size(), 1U);
  EXPECT_EQ(
      alice->agent().snapshot().pairs[0].priority,
      ice::pair_priority(Role::controlling, alice->agent().snapshot().pairs[0].local.priority, signaled.priority));
  world.run_for(1s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Checks, AnAnswerFromAnotherAddressFailsThePair) {
  // Trap 1, RFC 8445 7.2.5.2.1.
  peer.add_address(at("10.0.2.2", 4000));
  peer.on_request = [&](const HeardStun& request) {
    peer.send(at("10.0.2.2", 4000), request.from, peer.success(request));
  };
  begin();
  alice->hear(peer.description());
  world.run_for(500ms);
  const auto pair = pair_to(*alice, peer.address());
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(pair->state, ice::PairState::failed);
  EXPECT_NE(pair->failure.find("10.0.2.2:4000"), std::string::npos) << pair->failure;
  EXPECT_TRUE(alice->paths().empty());
}

TEST_F(Checks, AnAnswerToAnotherLocalCandidateFailsThePair) {
  // Trap 1: the other half.
  options.interfaces.push_back({"eth1", alices, at("10.0.3.1"), 65000});
  begin();
  const ice::Address first = alice->sockets().begin()->second.local;
  const ice::Address second = std::next(alice->sockets().begin())->second.local;
  peer.on_request = [&](const HeardStun& request) {
    if (request.from == first) peer.send(second, peer.success(request));
  };
  alice->hear(peer.description());
  world.run_for(500ms);
  const auto pair = pair_to(*alice, peer.address());  // of the highest priority: from the first
  ASSERT_TRUE(pair.has_value());
  ASSERT_EQ(pair->local.address, first);
  EXPECT_EQ(pair->state, ice::PairState::failed);
  EXPECT_TRUE(alice->paths().empty());
}

TEST_F(Checks, AnotherMappedAddressMakesThePairPeerReflexive) {
  // Trap 2, RFC 8445 7.2.5.3.2: the valid pair is not the checked one; media still leaves from its base.
  const ice::Address mapped = at("198.51.100.7", 4444);
  peer.on_request = [&](const HeardStun& request) { peer.send(request.from, peer.success(request, mapped)); };
  begin();
  alice->hear(peer.description());
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 2s));
  const auto selected = alice->agent().selected_pair(ice::StreamId(0), ice::ComponentId(1));
  ASSERT_TRUE(selected.has_value());
  EXPECT_EQ(selected->local.type, ice::CandidateType::peer_reflexive);
  EXPECT_EQ(selected->local.address, mapped);
  EXPECT_EQ(alice->socket(selected->transport)->local, alice_address());
  world.run_for(1s);
  ASSERT_FALSE(peer.media.empty());
  EXPECT_EQ(peer.media.front().source, alice_address());
  // It is learned, never told (RFC 8445 5.3).
  for (const auto& stream : alice->agent().local_description().streams) EXPECT_EQ(stream.candidates.size(), 1U);
}

TEST_F(Checks, AFoundationIsCheckedOnceOverAllStreamsAndThawedByItsSuccess) {
  // Trap 6, RFC 8445 6.1.4.2 and 7.2.5.3.3.
  world.set_conditions(alices, peers, {.delay = 50ms});
  options.flows = {flow(0, 1), flow(0, 2), flow(1, 1), flow(2, 1)};
  peer.answers = false;
  begin();
  std::uint16_t port = 4000;
  auto description = peer.description({});
  description.streams.clear();
  for (const Flow& each : options.flows) {
    auto candidate = peer.candidate(at("10.0.2.1", port++), each.second.value);
    candidate.foundation = "same";
    ice::StreamDescription stream;
    stream.stream = each.first;
    stream.candidates = {candidate};
    description.streams.push_back(stream);
  }
  alice->hear(description);
  world.run_for(300ms);
  EXPECT_EQ(peer.distinct_requests(), 1U);
  EXPECT_EQ(peer.requests[0].to.port(), 4000) << "component 1 of the first stream goes first";

  const auto answered = world.now();
  peer.answers = true;
  peer.answer(peer.requests.front());
  ASSERT_TRUE(world.run_until([&] { return peer.distinct_requests() >= 4; }, 1s));
  // One way back, three intervals of Ta (a nomination may take a fourth) and one way there.
  EXPECT_LE(ms(world.now() - answered), 50.0 + 4 * 10.0 + 50.0);
}

TEST_F(Checks, AFoundationWhosePairFailedGivesTheNextPairItsTurn) {
  // RFC 8445 6.1.4.2: nothing of the foundation is waiting or in progress, so its next pair thaws.
  peer.on_request = [&](const HeardStun& request) {
    if (request.to.port() == 4000) peer.send(request.from, peer.error(request, 500));
    if (request.to.port() == 4001) peer.answer(request);
  };
  begin();
  auto first = peer.candidate(at("10.0.2.1", 4000), 1, 65000);
  auto second = peer.candidate(at("10.0.2.1", 4001), 1, 1000);
  first.foundation = second.foundation = "same";
  alice->hear(peer.description({first, second}));
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 1s));
  EXPECT_EQ(alice->path(flow(0, 1))->remote.port(), 4001);
}

TEST_F(Checks, LinkLocalAddressesArePairedAmongThemselvesOnly) {
  // RFC 8445 6.1.2.2.
  options.interfaces = {{"eth0", alices, at("2001:db8::1"), 65535}, {"eth0", alices, at("fe80::1"), 65000}};
  begin();
  alice->hear(peer.description({peer.candidate(at("2001:db8::2", 4000)), peer.candidate(at("fe80::2", 4000))}));
  const auto pairs = alice->agent().snapshot().pairs;
  ASSERT_EQ(pairs.size(), 2U);
  for (const auto& pair : pairs) {
    EXPECT_EQ(pair.local.address.is_link_local(), pair.remote.address.is_link_local());
  }
}

TEST_F(Checks, WaitTheirTurnInEachStream) {
  // RFC 8445 6.1.4.2: the checklists take turns; two streams with three foundations each, nobody answers.
  options.flows = {flow(0, 1), flow(1, 1)};
  peer.answers = false;
  begin();
  auto description = peer.description({});
  description.streams.clear();
  for (unsigned stream = 0; stream < 2; ++stream) {
    ice::StreamDescription part;
    part.stream = ice::StreamId(stream);
    for (std::uint16_t i = 0; i < 3; ++i) {
      auto candidate = peer.candidate(at("10.0.2.1", static_cast<std::uint16_t>(4000 + 100 * stream + i)), 1,
                                      static_cast<std::uint16_t>(65535 - i));
      candidate.foundation = "s" + std::to_string(stream) + "f" + std::to_string(i);
      part.candidates.push_back(candidate);
    }
    description.streams.push_back(part);
  }
  alice->hear(description);
  world.run_for(100ms);
  ASSERT_EQ(peer.distinct_requests(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(peer.requests[i].to.port() / 100, i % 2 == 0 ? 40 : 41) << "check " << i;
    if (i == 0) continue;
    EXPECT_EQ(ms(peer.requests[i].at - peer.requests[i - 1].at), 10.0) << "check " << i;
  }
}

TEST_F(Checks, AllGoOutOnceBeforeAnyIsRepeated) {
  // RFC 8445 14.3: RTO grows with the pairs that are waiting or in progress.
  peer.answers = false;
  begin();
  std::vector<ice::Candidate> candidates;
  for (std::uint16_t i = 0; i < 90; ++i) {
    candidates.push_back(peer.candidate(at("10.0.2.1", static_cast<std::uint16_t>(5000 + i)), 1, i));
    candidates.back().foundation = "f" + std::to_string(i);
  }
  auto description = peer.description(candidates);
  description.pacing_ms = 20;
  alice->hear(description);
  ASSERT_TRUE(world.run_until([&] { return peer.distinct_requests() == 90; }, 5s));
  EXPECT_EQ(peer.requests.size(), 90U);
}

TEST_F(Checks, ALateCandidateOfAnotherGenerationIsDropped) {
  // ELEMENTS.md and RFC 8838: the ufrag at a trickled candidate's end.
  begin();
  alice->hear(peer.description({}));
  auto stale = peer.candidate(peer.address());
  stale.ufrag = "older";
  alice->hear(ice::StreamId(0), stale);
  world.run_for(500ms);
  EXPECT_TRUE(peer.requests.empty());
  EXPECT_TRUE(alice->agent().snapshot().remote_candidates.empty());

  auto current = peer.candidate(peer.address());
  current.ufrag = peer.credentials.ufrag;
  alice->hear(ice::StreamId(0), current);
  world.run_for(500ms);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Checks, ThatNobodyAnswersFailWithAReasonAfterOneWholeTransaction) {
  // RFC 8489 6.2.1: seven sends, 39.5 s; RFC 8863 4: not before.
  peer.answers = false;
  begin();
  const auto told = world.now();
  alice->hear(peer.description());
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 60s));
  EXPECT_EQ(ms(world.now() - told), 39500.0);
  EXPECT_EQ(peer.requests.size(), 7U);
  EXPECT_EQ(peer.distinct_requests(), 1U);
  EXPECT_NE(alice->failure().find("no answer"), std::string::npos) << alice->failure();
  EXPECT_FALSE(alice->agent().explain().empty());
}

TEST_F(Checks, NoCandidatesAtAllFailOnlyWhenPatienceEnds) {
  // RFC 8863 4: peer-reflexive candidates may still come.
  begin();
  const auto told = world.now();
  auto description = peer.description({});
  description.streams[0].end_of_candidates = true;
  alice->hear(description);
  ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::failed); }, 60s));
  EXPECT_EQ(ms(world.now() - told), 39500.0);
  EXPECT_NE(alice->failure().find("no remote candidates"), std::string::npos) << alice->failure();
}

TEST_F(Checks, PatienceIsRewardedByACheckOfThePeer) {
  // RFC 8863 4: all pairs have failed, or none was there, and still it connects.
  begin();
  auto description = peer.description({});
  description.streams[0].end_of_candidates = true;
  alice->hear(description);
  world.run_for(35s);
  ASSERT_FALSE(alice->is(ConnectionState::failed));
  peer.check(alice_address());
  world.run_for(1s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Checks, AFailedPairIsTriedAgainWhenThePeerChecksIt) {
  // RFC 8445 7.3.1.4: Failed becomes Waiting, and is triggered.
  peer.on_request = [&](const HeardStun& request) { peer.send(request.from, peer.error(request, 500)); };
  begin();
  alice->hear(peer.description());
  world.run_for(100ms);
  ASSERT_EQ(pair_to(*alice, peer.address())->state, ice::PairState::failed);
  peer.on_request = nullptr;
  peer.check(alice_address());
  world.run_for(1s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Checks, ThatThePeerRepeatsWithoutEndAreAnsweredButNotMatched) {
  // "What users suffer from" 2: triggered checks are deduplicated and paced.
  connect();
  world.run_for(1s);
  const auto before = peer.distinct_requests();
  for (int i = 0; i < 500; ++i) {
    peer.check(alice_address());
    world.run_for(2ms);
  }
  world.run_for(1s);
  EXPECT_GE(peer.responses.size(), 500U);
  EXPECT_LE(peer.distinct_requests() - before, 2U);  // consent
}

TEST_F(Checks, AnUnansweredPairIsNotCheckedAnewByEachRequest) {
  // The same while nothing is valid yet: at most one new transaction per RTO.
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  for (int i = 0; i < 500; ++i) {
    peer.check(alice_address());
    world.run_for(4ms);
  }
  EXPECT_LE(peer.distinct_requests(), 6U);
}

TEST_F(Checks, CarryWhatTheRfcDemands) {
  // RFC 8445 7.2.2, 7.1.1: USERNAME, PRIORITY of a peer-reflexive candidate, the role, integrity, FINGERPRINT.
  begin();
  alice->hear(peer.description());
  world.run_for(15ms);
  ASSERT_EQ(peer.requests.size(), 1U);
  const ice::StunMessage& check = peer.requests[0].message;
  EXPECT_EQ(check.username(), peer.credentials.ufrag + ":" + peer.other.ufrag);
  EXPECT_TRUE(check.verify_integrity(peer.credentials.pwd));
  EXPECT_TRUE(check.has_fingerprint());
  EXPECT_EQ(check.priority(),
            ice::candidate_priority(ice::CandidateType::peer_reflexive, 65535, ice::ComponentId(1)).value);
  EXPECT_TRUE(check.ice_controlling().has_value());
  EXPECT_FALSE(check.ice_controlled().has_value());
  EXPECT_FALSE(check.use_candidate()) << "nomination is regular (trap 7)";
}

}  // namespace
}  // namespace sim
