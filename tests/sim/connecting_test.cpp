// SPDX-License-Identifier: LGPL-2.1-or-later
// Two agents meet: how long it takes, over what, and in whatever order signaling brings things.
#include <algorithm>

#include "tests/sim/scene.h"

namespace sim {
namespace {

constexpr ice::Duration kOneWay = 50ms;
constexpr ice::Duration kRoundTrip = 2 * kOneWay;

TEST(Connecting, TheFirstPairIsValidWithinARoundTripOfBothDescriptions) {
  Call call({.path = {.delay = kOneWay}});
  call.begin();
  const auto known = call.both_know();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  EXPECT_LE(ms(*call.alice.first_path(flow(0, 1)) - known), ms(kRoundTrip));
  EXPECT_LE(ms(*call.bob.first_path(flow(0, 1)) - known), ms(kRoundTrip));
}

TEST(Connecting, NominationTakesTwoRoundTripsAndThePacing) {
  Call call({.path = {.delay = kOneWay}});
  call.begin();
  const auto known = call.both_know();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  EXPECT_LE(ms(*call.alice.first(ConnectionState::completed) - known), ms(2 * kRoundTrip + 10ms));
  EXPECT_LE(ms(*call.bob.first(ConnectionState::completed) - known), ms(2 * kRoundTrip + 10ms));
  call.check_agreement();
}

TEST(Connecting, MediaSentOnTheFirstValidPairArrivesBeforeTheNomination) {
  Call call({.path = {.delay = kOneWay}});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(1s);
  ASSERT_FALSE(call.alice.media().empty());
  ASSERT_FALSE(call.bob.media().empty());
  // Sent when the path appeared, so here one way later.
  EXPECT_EQ(ms(call.bob.media().front().at - *call.alice.first_path(flow(0, 1))), ms(kOneWay));
  EXPECT_LE(call.bob.media().front().at, *call.bob.first(ConnectionState::completed));
  EXPECT_EQ(call.alice.strangers(), 0U);
  EXPECT_EQ(call.bob.strangers(), 0U);
}

TEST(Connecting, ThreeStreamsOfTwoComponentsEachGetAPairOfTheirOwn) {
  Call call({.flows = {flow(0, 1), flow(0, 2), flow(1, 1), flow(1, 2), flow(2, 1), flow(2, 2)}});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  EXPECT_EQ(call.alice.paths().size(), 6U);
  call.check_agreement();
}

TEST(Connecting, TheBestPairOfSeveralIsSelected) {
  // RFC 8445 8.1.1: among the valid pairs; here all work, so the first addresses of both sides win.
  Call call({.alice_addresses = {"2001:db8::1", "10.0.1.1", "10.0.3.1"},
             .bob_addresses = {"2001:db8::2", "10.0.2.1", "10.0.4.1"}});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(5s);
  call.check_agreement();
  EXPECT_EQ(call.alice.path(flow(0, 1))->remote.ip_text(), "2001:db8::2");
  EXPECT_EQ(call.bob.path(flow(0, 1))->remote.ip_text(), "2001:db8::1");
}

TEST(Connecting, APathThatIsDeadIsGoneAround) {
  Call call({.alice_addresses = {"2001:db8::1", "10.0.1.1"}, .bob_addresses = {"2001:db8::2", "10.0.2.1"}});
  call.world.set_conditions(call.alice.options().interfaces[0].network, call.bob.options().interfaces[0].network,
                            {.up = false});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.check_agreement();
  EXPECT_EQ(call.alice.path(flow(0, 1))->remote.ip_text(), "10.0.2.1");
}

TEST(Connecting, OnePeerKnowsTwoSecondsBeforeTheOther) {
  // Its checks are early ones for the other (RFC 8445 7.3): answered, and remembered (trap 4).
  Call call({.bob_says = {.delay = 2s}});
  call.begin();
  const auto known = call.both_know();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  EXPECT_LE(ms(*call.alice.first(ConnectionState::completed) - known), 1000.0);
  call.check_agreement();
}

TEST(Connecting, CandidatesThatComeBeforeTheDescriptionCount) {
  Call call({.open_delay = 5ms, .alice_says = {.description_delay = 700ms}, .bob_says = {.description_delay = 300ms}});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed, 5s));
  call.check_agreement();
}

TEST(Connecting, ACandidateThatComesLateStillConnects) {
  // RFC 8838 and RFC 8863: no candidate at all for 20 s, and the end of them told at once.
  SignalingConditions late{.end_overtakes = true, .late_candidate = 1, .late_candidate_delay = 20s};
  Call call({.open_delay = 5ms, .alice_says = late, .bob_says = late});
  call.begin();
  call.world.run_for(15s);
  EXPECT_EQ(call.alice.state(), ConnectionState::checking);
  ASSERT_TRUE(call.both(ConnectionState::completed, 10s));
  call.check_agreement();
}

TEST(Connecting, FullDescriptionsNeedNoTrickling) {
  Call call({.alice_says = {.full = true}, .bob_says = {.full = true}});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed, 5s));
  call.check_agreement();
}

TEST(Connecting, ARemoteDescriptionToldTwiceChangesNothing) {
  Call call;
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  call.world.run_for(5s);
  const auto pairs = call.alice.agent().snapshot().pairs.size();
  const auto remote = call.alice.agent().snapshot().remote_candidates.size();
  const auto events = call.alice.events().size();
  call.bob_says.send_description();
  call.bob_says.send_description();
  call.world.run_for(1s);
  EXPECT_TRUE(call.alice.is(ConnectionState::completed));
  EXPECT_EQ(call.alice.agent().snapshot().pairs.size(), pairs);
  EXPECT_EQ(call.alice.agent().snapshot().remote_candidates.size(), remote);
  // Nothing was announced: no path, no state, no source.
  const bool changed = std::any_of(call.alice.events().begin() + static_cast<std::ptrdiff_t>(events),
                                   call.alice.events().end(), [](const ice::Event& event) {
                                     return std::holds_alternative<ice::PathChanged>(event) ||
                                            std::holds_alternative<ice::ConnectionStateChanged>(event) ||
                                            std::holds_alternative<ice::SourceRevoked>(event);
                                   });
  EXPECT_FALSE(changed);
}

TEST(Connecting, HeavyLossIsOvercome) {
  Call call({.path = {.delay = 30ms, .jitter = 20ms, .loss = 0.3, .duplicate = 0.1}});
  call.begin();
  ASSERT_TRUE(call.both(ConnectionState::completed, 60s));
  call.check_agreement();
}

TEST(Connecting, TheSlowerPacingOfBothCounts) {
  // RFC 8445 14.2; "one new check per Ta" watches over it on both sides.
  Call call({.alice_pacing = 5ms, .bob_pacing = 200ms, .flows = {flow(0, 1), flow(0, 2), flow(1, 1), flow(1, 2)}});
  call.begin();
  const auto known = call.both_know();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  // Four flows, a check and a nomination each: at 200 ms apart it cannot be quicker than seven intervals.
  EXPECT_GE(ms(*call.alice.first(ConnectionState::completed) - known), 7 * 200.0);
}

TEST(Connecting, APeerThatSaysNothingOfPacingGetsFiftyMilliseconds) {
  Call call({.alice_pacing = 5ms,
             .flows = {flow(0, 1), flow(0, 2), flow(1, 1), flow(1, 2)},
             .bob_says = {.without_pacing = true}});
  call.begin();
  const auto known = call.both_know();
  ASSERT_TRUE(call.both(ConnectionState::completed));
  EXPECT_GE(ms(*call.alice.first(ConnectionState::completed) - known), 7 * 50.0);
}

TEST(Connecting, OneSeedIsOneRunByteForByte) {
  const auto life = [](std::uint64_t seed) {
    std::ostringstream out;
    {
      Call call(
          {.path = {.delay = 20ms, .jitter = 30ms, .loss = 0.2, .reorder = 0.2, .reorder_delay = 50ms}, .seed = seed});
      const Story story(call.world, out);
      call.begin();
      call.both(ConnectionState::completed);
      call.world.run_for(10s);
    }
    return out.str();
  };
  EXPECT_EQ(life(7), life(7));
  EXPECT_NE(life(7), life(8));
}

}  // namespace
}  // namespace sim
