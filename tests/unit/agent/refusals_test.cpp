// SPDX-License-Identifier: LGPL-2.1-or-later
// What an application may not ask of an agent, and what a peer may not tell it: each is refused with a reason, and
// changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "ice-core/agent/agent.h"
#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using namespace std::chrono_literals;

const Credentials kPeer{"peer", "thePasswordOfThePeer1234"};
const StreamId kStream(0);
const ComponentId kComponent(1);

class Refusals : public ::testing::Test {
 protected:
  /// One component, one host candidate.
  void gather() {
    ASSERT_TRUE(agent.add_component(now, kStream, kComponent).ok());
    GatheringAddress address;
    address.local.address = *Address::parse("10.0.0.1");
    agent.set_local_addresses({address});
    agent.gather(now);
    while (const auto event = agent.poll_event()) {
      if (const auto* open = std::get_if<OpenTransport>(&*event)) {
        transport = open->id;
        agent.transport_ready(now, open->id, Address::parse("10.0.0.1")->with_port(5000));
      }
    }
  }
  std::vector<std::string> warnings() {
    std::vector<std::string> texts;
    while (const auto event = agent.poll_event()) {
      if (const auto* warning = std::get_if<Warning>(&*event)) texts.push_back(warning->text);
    }
    return texts;
  }
  static Candidate candidate(const char* ip, std::uint16_t port = 6000) {
    Candidate made;
    made.foundation = "1";
    made.priority = Priority(1000);
    made.address = Address::parse(ip)->with_port(port);
    return made;
  }

  test::SeededRandom random{1};
  TimePoint now = TimePoint(1h);
  Agent agent{{.trace = true}, random};
  TransportId transport;
};

TEST_F(Refusals, ComponentsOutsideOfWhatRfc8445AllowsAndASecondOfOneKind) {
  EXPECT_FALSE(agent.add_component(now, kStream, ComponentId(0)).ok());
  EXPECT_FALSE(agent.add_component(now, kStream, ComponentId(257)).ok());
  EXPECT_FALSE(agent.add_component(now, StreamId(256), kComponent).ok());
  EXPECT_TRUE(agent.add_component(now, StreamId(255), ComponentId(256)).ok());
  EXPECT_FALSE(agent.add_component(now, StreamId(255), ComponentId(256)).ok());
  EXPECT_TRUE(agent.local_description().streams.size() == 1);
}

TEST_F(Refusals, LocalCredentialsThatAreIllegalOrComeTooLate) {
  const Credentials before = agent.local_credentials();
  EXPECT_FALSE(agent.set_local_credentials({"abc", ""}).ok());
  EXPECT_FALSE(agent.set_local_credentials({"", "short"}).ok());
  EXPECT_EQ(agent.local_credentials(), before);
  EXPECT_TRUE(agent.set_local_credentials({"fixed", ""}).ok());
  EXPECT_TRUE(agent.set_local_credentials({"", "aPasswordOf22Characters"}).ok());
  EXPECT_EQ(agent.local_credentials(), (Credentials{"fixed", "aPasswordOf22Characters"}));
  gather();
  EXPECT_FALSE(agent.set_local_credentials({"other", ""}).ok());
}

TEST_F(Refusals, ARoleOnceChecksHaveBegun) {
  EXPECT_TRUE(agent.set_role(Role::controlled).ok());
  EXPECT_EQ(agent.role(), Role::controlled);
  gather();
  ASSERT_TRUE(agent.set_remote_credentials(now, kPeer).ok());
  EXPECT_TRUE(agent.set_role(Role::controlled).ok()) << "it is that already";
  EXPECT_FALSE(agent.set_role(Role::controlling).ok());
}

TEST_F(Refusals, APacingThatIsTooFastOrTooSlow) {
  EXPECT_FALSE(agent.set_pacing(4ms).ok());
  EXPECT_FALSE(agent.set_pacing(11s).ok());
  EXPECT_TRUE(agent.set_pacing(20ms).ok());
  EXPECT_EQ(agent.local_description().pacing_ms, 20U);
}

TEST_F(Refusals, AnotherTransportPolicyOnceGatheringHasBegun) {
  EXPECT_TRUE(agent.set_transport_policy(TransportPolicy::relay).ok());
  EXPECT_TRUE(agent.set_transport_policy(TransportPolicy::all).ok());
  gather();
  EXPECT_FALSE(agent.set_transport_policy(TransportPolicy::relay).ok());
}

TEST_F(Refusals, RemoteCredentialsThatNoPeerMaySend) {
  gather();
  EXPECT_FALSE(agent.set_remote_credentials(now, {"abc", kPeer.pwd}).ok());
  EXPECT_FALSE(agent.set_remote_credentials(now, {"peer", "short"}).ok());
  EXPECT_FALSE(agent.remote_credentials().complete());
}

TEST_F(Refusals, RemoteCandidatesThatNothingCanBeSentTo) {
  gather();
  for (const char* ip : {"0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1"}) {
    const auto refused = agent.add_remote_candidate(now, kStream, candidate(ip));
    ASSERT_FALSE(refused.ok()) << ip;
    EXPECT_FALSE(refused.error().message.empty());
  }
  EXPECT_FALSE(agent.add_remote_candidate(now, kStream, candidate("192.0.2.1", 0)).ok());
  EXPECT_FALSE(agent.add_remote_candidate(now, StreamId(256), candidate("192.0.2.1")).ok());
  EXPECT_TRUE(agent.snapshot().remote_candidates.empty());
  EXPECT_TRUE(agent.add_remote_candidate(now, kStream, candidate("192.0.2.1")).ok());
}

// STANDARDS trap 15, RFC 8839 5.1: skipped with a warning, never an error for the rest.
TEST_F(Refusals, OfUnknownTransportsAndNamesAreWarnings) {
  gather();
  warnings();
  Candidate sctp = candidate("192.0.2.1");
  sctp.protocol = CandidateProtocol::other;
  sctp.protocol_token = "SCTP";
  EXPECT_TRUE(agent.add_remote_candidate(now, kStream, sctp).ok());
  EXPECT_EQ(warnings().size(), 1U);
  Candidate tcp = candidate("192.0.2.1");
  tcp.protocol = CandidateProtocol::tcp_passive;
  EXPECT_TRUE(agent.add_remote_candidate(now, kStream, tcp).ok());
  EXPECT_TRUE(warnings().empty()) << "browsers offer them beside the UDP ones";
  EXPECT_TRUE(agent.snapshot().remote_candidates.empty());
}

TEST_F(Refusals, GatheringWithoutAnyAddressIsAWarningAndEnds) {
  ASSERT_TRUE(agent.add_component(now, kStream, kComponent).ok());
  agent.gather(now);
  EXPECT_EQ(warnings().size(), 1U);
  EXPECT_EQ(agent.gathering_state(), GatheringState::complete);
}

TEST_F(Refusals, OfABadCandidateInADescriptionCostTheOthersNothing) {
  gather();
  warnings();
  Description description;
  description.credentials = kPeer;
  description.streams.push_back({kStream, std::nullopt, {candidate("224.0.0.1"), candidate("192.0.2.1")}, true});
  EXPECT_TRUE(agent.set_remote_description(now, description).ok());
  EXPECT_EQ(warnings().size(), 1U);
  EXPECT_EQ(agent.snapshot().remote_candidates.size(), 1U);
}

TEST_F(Refusals, OfDatagramsOnTransportsThatAreNone) {
  gather();
  const Bytes bytes(20, std::byte{0x80});
  EXPECT_TRUE(std::holds_alternative<Stranger>(
      agent.handle_datagram(now, TransportId(77), *Address::parse("192.0.2.1", 1), bytes)));
  agent.transport_ready(now, TransportId(77), *Address::parse("192.0.2.1", 1));
  agent.transport_failed(now, TransportId(77), "what is that");
  EXPECT_EQ(agent.snapshot().local_candidates.size(), 1U);
}

TEST_F(Refusals, AllAfterClose) {
  gather();
  agent.close(now);
  EXPECT_FALSE(agent.add_component(now, kStream, ComponentId(2)).ok());
  EXPECT_FALSE(agent.set_remote_credentials(now, kPeer).ok());
  EXPECT_FALSE(agent.set_remote_description(now, {}).ok());
  EXPECT_EQ(agent.explain(), "closed");
}

TEST(Words, NameEveryState) {
  for (const auto state : {GatheringState::fresh, GatheringState::gathering, GatheringState::complete}) {
    EXPECT_GT(std::string(text(state)).size(), 1U);
  }
  for (const auto state :
       {ConnectionState::fresh, ConnectionState::checking, ConnectionState::connected, ConnectionState::completed,
        ConnectionState::disconnected, ConnectionState::failed, ConnectionState::closed}) {
    EXPECT_GT(std::string(text(state)).size(), 1U);
  }
  std::vector<std::string> pairs;
  for (const auto state :
       {PairState::frozen, PairState::waiting, PairState::in_progress, PairState::succeeded, PairState::failed}) {
    pairs.emplace_back(text(state));
  }
  EXPECT_EQ(pairs, (std::vector<std::string>{"frozen", "waiting", "in-progress", "succeeded", "failed"}));
}

}  // namespace
}  // namespace ice
