// SPDX-License-Identifier: LGPL-2.1-or-later
// Role conflicts (RFC 8445 7.3.1.1, 7.2.5.1; trap 3).
#include <limits>

#include "tests/sim/scene.h"

namespace sim {
namespace {

constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

class RoleConflict : public ::testing::TestWithParam<std::tuple<Role, ice::Duration, std::uint64_t>> {};

TEST_P(RoleConflict, EndsWithOneControllingAndTheSamePair) {
  const auto [role, skew, seed] = GetParam();
  Call call(
      {.alice = role, .bob = role, .alice_says = {.delay = 10ms}, .bob_says = {.delay = 10ms + skew}, .seed = seed});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed, 10s));
  call.world.run_for(3s);
  EXPECT_NE(call.alice.agent().role(), call.bob.agent().role());
  call.check_agreement();
}

// Skew 0: both send their first check in the same nanosecond, and either has both a 487 and a conflicting request.
INSTANTIATE_TEST_SUITE_P(BothWays, RoleConflict,
                         ::testing::Combine(::testing::Values(Role::controlling, Role::controlled),
                                            ::testing::Values(ice::Duration(0ms), ice::Duration(5ms),
                                                              ice::Duration(15ms), ice::Duration(1s)),
                                            ::testing::Range<std::uint64_t>(1, 9)));

using RolesWithPeer = WithPeer;
using RolesWithControllingPeer = WithControllingPeer;

TEST_F(RolesWithPeer, AControllingAgentWithTheGreaterTieBreakerAnswers487) {
  begin();
  alice->hear(peer.description({}));
  const auto id = peer.check(alice_address(), {.role = Role::controlling, .tie_breaker = 0});
  world.run_for(100ms);
  const HeardStun* response = peer.response_to(id);
  ASSERT_NE(response, nullptr);
  ASSERT_EQ(response->message.message_class(), ice::StunClass::error);
  EXPECT_EQ(response->message.error_code()->code, 487);
  EXPECT_TRUE(response->message.verify_integrity(peer.other.pwd));
  EXPECT_EQ(alice->agent().role(), Role::controlling);
}

TEST_F(RolesWithPeer, AControllingAgentWithTheLesserTieBreakerSwitchesAndAnswers) {
  begin();
  alice->hear(peer.description({}));
  const auto id = peer.check(alice_address(), {.role = Role::controlling, .tie_breaker = kHighest});
  world.run_for(100ms);
  ASSERT_NE(peer.response_to(id), nullptr);
  EXPECT_EQ(peer.response_to(id)->message.message_class(), ice::StunClass::success);
  EXPECT_EQ(alice->agent().role(), Role::controlled);
}

TEST_F(RolesWithControllingPeer, AControlledAgentWithTheGreaterTieBreakerSwitchesAndAnswers) {
  begin();
  alice->hear(peer.description({}));
  const auto id = peer.check(alice_address(), {.role = Role::controlled, .tie_breaker = 0});
  world.run_for(100ms);
  ASSERT_NE(peer.response_to(id), nullptr);
  EXPECT_EQ(peer.response_to(id)->message.message_class(), ice::StunClass::success);
  EXPECT_EQ(alice->agent().role(), Role::controlling);
}

TEST_F(RolesWithControllingPeer, AControlledAgentWithTheLesserTieBreakerAnswers487) {
  begin();
  alice->hear(peer.description({}));
  const auto id = peer.check(alice_address(), {.role = Role::controlled, .tie_breaker = kHighest});
  world.run_for(100ms);
  ASSERT_NE(peer.response_to(id), nullptr);
  ASSERT_EQ(peer.response_to(id)->message.message_class(), ice::StunClass::error);
  EXPECT_EQ(peer.response_to(id)->message.error_code()->code, 487);
  EXPECT_EQ(alice->agent().role(), Role::controlled);
}

TEST_F(RolesWithPeer, A487SwitchesTheRoleTakesANewTieBreakerAndQueuesThePairAgain) {
  // RFC 8445 7.2.5.1 and 16.1.
  bool first = true;
  peer.on_request = [&](const HeardStun& request) {
    if (std::exchange(first, false)) {
      peer.send(request.from, peer.error(request, 487));
    } else {
      peer.answer(request);
    }
  };
  begin();
  alice->hear(peer.description());
  world.run_for(300ms);
  EXPECT_EQ(alice->agent().role(), Role::controlled);
  ASSERT_GE(peer.distinct_requests(), 2U);
  const auto before = peer.requests[0].message.ice_controlling();
  const auto after = peer.requests[1].message.ice_controlled();
  ASSERT_TRUE(before.has_value());
  ASSERT_TRUE(after.has_value());
  EXPECT_NE(*before, *after);
  EXPECT_TRUE(alice->is(ConnectionState::connected));
}

TEST_F(RolesWithPeer, ASwitchedRoleGivesAllPairsTheirOtherPriorities) {
  // Trap 3, RFC 8445 6.1.2.3: G and D change sides, and with them the order of the checklist.
  peer.answers = false;
  begin();
  alice->hear(
      peer.description({peer.candidate(peer.address(), 1, 65000), peer.candidate(at("10.0.2.2", 1), 1, 64000)}));
  peer.check(alice_address(), {.role = Role::controlling, .tie_breaker = kHighest});
  world.run_for(50ms);
  ASSERT_EQ(alice->agent().role(), Role::controlled);
  const auto pairs = alice->agent().snapshot().pairs;
  ASSERT_EQ(pairs.size(), 2U);
  for (const auto& pair : pairs) {
    EXPECT_EQ(pair.priority, ice::pair_priority(Role::controlled, pair.local.priority, pair.remote.priority));
    EXPECT_NE(pair.priority, ice::pair_priority(Role::controlling, pair.local.priority, pair.remote.priority));
  }
}

TEST_F(RolesWithPeer, AnUnsigned487ChangesNothing) {
  peer.on_request = [&](const HeardStun& request) { peer.send(request.from, peer.error(request, 487, false)); };
  begin();
  alice->hear(peer.description());
  world.run_for(300ms);
  EXPECT_EQ(alice->agent().role(), Role::controlling);
  EXPECT_EQ(peer.distinct_requests(), 1U);  // the pair is still in progress
  // And the answer to a retransmission still counts.
  peer.on_request = nullptr;
  world.run_for(2s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(RolesWithPeer, AStale487ChangesNothing) {
  // Its request was sent in the role that a conflicting request has made alice give up since.
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  world.run_for(50ms);
  ASSERT_EQ(peer.requests.size(), 1U);
  const HeardStun old = peer.requests.front();
  peer.check(alice_address(), {.role = Role::controlling, .tie_breaker = kHighest});
  world.run_for(50ms);
  ASSERT_EQ(alice->agent().role(), Role::controlled);
  peer.send(old.from, peer.error(old, 487));
  peer.role = Role::controlling;
  peer.answers = true;
  world.run_for(3s);
  EXPECT_EQ(alice->agent().role(), Role::controlled);
  EXPECT_TRUE(alice->is(ConnectionState::connected));
}

TEST_F(RolesWithPeer, TheRoleIsResolvedThoughThePeerDropsConflictingChecks) {
  // "What users suffer from" 13 (Pion 2): no answer and no 487 to alice's checks, only its own in the same role.
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  world.run_for(300ms);
  peer.check(alice_address(), {.role = Role::controlling, .tie_breaker = kHighest});
  peer.role = Role::controlling;
  peer.answers = true;
  world.run_for(1s);
  EXPECT_EQ(alice->agent().role(), Role::controlled);
  EXPECT_TRUE(alice->is(ConnectionState::connected));
}

}  // namespace
}  // namespace sim
