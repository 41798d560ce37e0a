// SPDX-License-Identifier: LGPL-2.1-or-later
// Strangers, liars and a peer that wants too much: nothing unsigned is believed, nothing is amplified (RFC 8445 19).
#include <set>

#include "tests/sim/scene.h"

namespace sim {
namespace {

using Hostile = WithPeer;
using HostileControlling = WithControllingPeer;

/// What must stay as it is.
struct Picture {
  ConnectionState state;
  Role role;
  std::size_t pairs;
  std::size_t remote_candidates;
  std::size_t events;
  std::uint64_t requests_received;
  std::uint64_t responses_received;
  bool operator==(const Picture&) const = default;
};
Picture picture(const AgentHost& host) {
  const auto snapshot = host.agent().snapshot();
  return {host.state(),
          host.agent().role(),
          snapshot.pairs.size(),
          snapshot.remote_candidates.size(),
          host.events().size(),
          snapshot.counters.requests_received,
          snapshot.counters.responses_received};
}

TEST_F(Hostile, GarbageAndTruncatedAndBrokenMessagesChangeNothing) {
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  world.run_for(20ms);
  const Picture before = picture(*alice);
  const auto check = peer.check_bytes({.use_candidate = true});
  SeededRandom random = world.random("garbage");
  for (std::size_t length = 0; length < check.size(); ++length) {
    peer.send(alice_address(), ice::Bytes(check.begin(), check.begin() + static_cast<std::ptrdiff_t>(length)));
  }
  // Every bit flipped once, but for the type of FINGERPRINT, the last attribute: another attribute behind the integrity
  // is ignored (RFC 8489 14.5).
  const std::size_t fingerprint = check.size() - 8;
  for (std::size_t i = 0; i < check.size() * 8; ++i) {
    if (i / 8 == fingerprint || i / 8 == fingerprint + 1) continue;
    ice::Bytes altered = check;
    altered[i / 8] ^= static_cast<std::byte>(1U << (i % 8));
    peer.send(alice_address(), altered);
  }
  for (int i = 0; i < 500; ++i) {
    ice::Bytes garbage(random.from_to(0, 1400));
    random.fill(garbage);
    if (i % 2 == 0 && garbage.size() >= 20) {  // as much like STUN as bytes can be
      std::copy(check.begin(), check.begin() + 8, garbage.begin());
      const std::size_t length = (garbage.size() - 20) / 4 * 4;
      garbage.resize(length + 20);
      garbage[2] = static_cast<std::byte>(length >> 8);
      garbage[3] = static_cast<std::byte>(length & 0xff);
    }
    peer.send(alice_address(), garbage);
  }
  world.run_for(100ms);
  EXPECT_EQ(picture(*alice), before);
  EXPECT_TRUE(peer.responses.empty());
}

TEST_F(Hostile, WronglySignedAndUnsignedChecksChangeNothing) {
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  world.run_for(20ms);
  const Picture before = picture(*alice);
  const auto count = peer.responses.size();
  peer.check(alice_address(), {.use_candidate = true, .pwd = "aWrongPasswordButLongEnough"});
  peer.check(alice_address(), {.use_candidate = true, .sign = false});
  peer.check(alice_address(), {.use_candidate = true, .username = "nobody:" + peer.credentials.ufrag});
  peer.check(alice_address(), {.use_candidate = true, .username = "withoutacolon"});
  peer.check(alice_address(), {.use_candidate = true, .username = ""});
  world.run_for(100ms);
  EXPECT_EQ(picture(*alice), before);
  // Whatever is answered to them is no success.
  for (std::size_t i = count; i < peer.responses.size(); ++i) {
    EXPECT_EQ(peer.responses[i].message.message_class(), ice::StunClass::error);
  }
  EXPECT_TRUE(alice->paths().empty());
}

TEST_F(Hostile, WronglySignedAndUnsignedAnswersAreNotBelieved) {
  int kind = 0;
  peer.on_request = [&](const HeardStun& request) {
    ice::StunBuilder builder(ice::StunClass::success, ice::StunMethod::binding, request.message.transaction_id());
    builder.xor_address(ice::StunAttribute::xor_mapped_address, request.from);
    if (kind++ % 2 == 0) builder.message_integrity("aWrongPasswordButLongEnough");
    peer.send(request.from, builder.fingerprint().build());
  };
  begin();
  alice->hear(peer.description());
  world.run_for(5s);
  EXPECT_GE(kind, 3);
  EXPECT_TRUE(alice->paths().empty());
  EXPECT_EQ(alice->state(), ConnectionState::checking);
  // The true answer to the same transaction still counts.
  peer.answer(peer.requests.back());
  peer.on_request = nullptr;
  world.run_for(1s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(Hostile, UnknownRequiredAttributesGet420AndTheirList) {
  // Trap 12, RFC 8489 6.3.1.
  begin();
  alice->hear(peer.description({}));
  const auto id = peer.check(alice_address(), {.use_candidate = true, .unknown_attribute = 0x7777});
  world.run_for(100ms);
  const HeardStun* response = peer.response_to(id);
  ASSERT_NE(response, nullptr);
  ASSERT_EQ(response->message.message_class(), ice::StunClass::error);
  EXPECT_EQ(response->message.error_code()->code, 420);
  EXPECT_TRUE(response->message.verify_integrity(peer.other.pwd));
  const auto list = response->message.raw(ice::StunAttribute::unknown_attributes);
  ASSERT_TRUE(list.has_value());
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ((*list)[0], std::byte{0x77});
  EXPECT_EQ((*list)[1], std::byte{0x77});
  // And the check counts for nothing.
  EXPECT_TRUE(alice->agent().snapshot().remote_candidates.empty());
  EXPECT_TRUE(peer.requests.empty());
}

TEST_F(Hostile, AnAnswerWithUnknownRequiredAttributesIsDropped) {
  // Trap 12, RFC 8489 6.3.3.
  peer.on_request = [&](const HeardStun& request) {
    ice::StunBuilder builder(ice::StunClass::success, ice::StunMethod::binding, request.message.transaction_id());
    builder.xor_address(ice::StunAttribute::xor_mapped_address, request.from);
    builder.u32(static_cast<ice::StunAttribute>(0x7777), 0);
    peer.send(request.from, builder.message_integrity(peer.credentials.pwd).fingerprint().build());
  };
  begin();
  alice->hear(peer.description());
  world.run_for(5s);
  EXPECT_TRUE(alice->paths().empty());
}

TEST_F(Hostile, FiveThousandSignaledCandidatesGetOneCheckPerTaAndAHundredPairs) {
  // Trap 20, RFC 8445 19.5.1. The two bounds are invariants, checked after every step; here it is their hardest case.
  world.attach(peers, at("10.9.0.1"), peer);
  peer.answers = false;
  begin();
  alice->hear(peer.description({}));
  for (unsigned i = 0; i < 5000; ++i) {
    const ice::Address somewhere =
        ice::Address::v4({10, 9, static_cast<std::uint8_t>(i / 250), static_cast<std::uint8_t>(1 + i % 250)},
                         static_cast<std::uint16_t>(1024 + i));
    auto candidate = peer.candidate(somewhere, 1, static_cast<std::uint16_t>(65535 - i));
    candidate.foundation = std::to_string(i);
    alice->hear(ice::StreamId(0), candidate);
    if (i % 100 == 0) world.run_for(7ms);
  }
  world.run_for(2s);
  const auto counters = alice->agent().counters();
  EXPECT_LE(counters.requests_sent, 2350U / 10 + 1);
  EXPECT_GE(counters.requests_sent, 50U);
  EXPECT_LE(alice->agent().snapshot().pairs.size(), 100U);
  EXPECT_LE(alice->agent().snapshot().remote_candidates.size(), 500U);
  // It still connects to one that answers, though it comes last.
  peer.answers = true;
  peer.check(alice_address());
  EXPECT_TRUE(world.run_until([&] { return alice->first_path(flow(0, 1)).has_value(); }, 10s));
}

TEST_F(Hostile, ASignaledLoopbackAddressIsNeverChecked) {
  // A peer must not make us knock at our own machine's doors (RFC 8445 19.5.1).
  begin();
  alice->hear(peer.description({peer.candidate(at("127.0.0.1", 22)), peer.candidate(peer.address())}));
  ASSERT_EQ(alice->agent().snapshot().pairs.size(), 1U);
  EXPECT_EQ(alice->agent().snapshot().pairs[0].remote.address, peer.address());
}

TEST_F(Hostile, ChecksFromAThousandPortsStayWithinTheBoundsToo) {
  // A peer that has the password: learned candidates are bounded as signaled ones are.
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  for (unsigned i = 0; i < 1000; ++i) {
    peer.check(alice_address(), {.from = at("10.0.2.1", static_cast<std::uint16_t>(5000 + i))});
    if (i % 10 == 0) world.run_for(5ms);
  }
  world.run_for(3s);
  EXPECT_LE(alice->agent().snapshot().pairs.size(), 100U);
  EXPECT_LE(alice->agent().snapshot().remote_candidates.size(), 500U);
}

TEST_F(Hostile, EarlyChecksAreRememberedWithinBounds) {
  begin();
  for (unsigned i = 0; i < 1000; ++i) {
    peer.check(alice_address(), {.from = at("10.0.2.1", static_cast<std::uint16_t>(5000 + i))});
  }
  world.run_for(100ms);
  alice->hear(peer.description());
  world.run_for(2s);
  EXPECT_LE(alice->agent().snapshot().pairs.size(), 100U);
  EXPECT_TRUE(alice->first_path(flow(0, 1)).has_value());
}

TEST_F(Hostile, MediaOfStrangersIsDroppedAndCounted) {
  connect();
  world.run_for(1s);
  peer.send(alice_address(), media_bytes("peer", flow(0, 1), "hello"));
  world.run_for(100ms);
  ASSERT_EQ(alice->media().size(), 1U);
  ScriptedPeer& stranger = world.add<ScriptedPeer>("stranger", peers, at("10.0.2.66", 4000));
  const ice::Bytes words(100, std::byte{0x80});
  stranger.send(alice_address(), words);
  // The right host, another port.
  peer.send(at("10.0.2.1", 4001), alice_address(), words);
  world.run_for(100ms);
  EXPECT_EQ(alice->media().size(), 1U);
  EXPECT_EQ(alice->strangers(), 2U);
  EXPECT_EQ(alice->agent().counters().discarded_strangers, 2U);
}

TEST_F(Hostile, AnAnswerIsTakenOnce) {
  // A replayed success response renews no consent: its transaction is over.
  connect();
  const auto answered = world.now();
  const HeardStun last = peer.requests.back();
  peer.answers = false;
  while (world.now() < answered + 40s && !world.stopped()) {
    peer.answer(last);
    world.run_for(500ms);
  }
  EXPECT_TRUE(alice->is(ConnectionState::failed));
}

TEST_F(Hostile, ACopiedAnswerFromElsewhereTakesNoValidPairDown) {
  // RFC 8445 7.2.5.2.1 fails the pair whose answer comes from elsewhere (trap 1); an attacker on the path copies the
  // answers to nominating and consent checks and is the quicker one.
  ScriptedPeer& attacker = world.add<ScriptedPeer>("attacker", peers, at("10.0.2.66", 4000));
  begin();
  alice->hear(peer.description());
  ASSERT_TRUE(world.run_until([&] { return alice->first_path(flow(0, 1)).has_value(); }, 1s));
  peer.on_request = [&](const HeardStun& request) {
    attacker.send(request.from, peer.success(request));
    world.after(1ms, [this, request] { peer.answer(request); });
  };
  world.run_for(60s);
  EXPECT_TRUE(alice->is(ConnectionState::completed));
}

TEST_F(HostileControlling, AReplayedCheckFromElsewhereOpensNoPathThere) {
  // An attacker on the path has a whole signed check, and sends it from his own address: our own check must be
  // answered from there first, and he cannot sign.
  ScriptedPeer& attacker = world.add<ScriptedPeer>("attacker", peers, at("10.0.2.66", 4000));
  attacker.answers = false;
  peer.answers = false;
  begin();
  alice->hear(peer.description());
  attacker.send(alice_address(), peer.check_bytes({.use_candidate = true}));
  world.run_for(2s);
  EXPECT_EQ(attacker.media.size(), 0U);
  EXPECT_TRUE(alice->paths().empty());
  peer.answers = true;
  peer.check(alice_address(), {.use_candidate = true});
  world.run_for(1s);
  ASSERT_TRUE(alice->is(ConnectionState::completed));
  EXPECT_EQ(alice->path(flow(0, 1))->remote, peer.address());
}

}  // namespace
}  // namespace sim
