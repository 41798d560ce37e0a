// SPDX-License-Identifier: LGPL-2.1-or-later
// One allocation against a server that the test plays, honest and hostile (RFC 8656; traps 13, 14, 19).
#include <gtest/gtest.h>

#include "ice-core/turn/password_algorithms.h"
#include "ice-core/turn/turn_allocation.h"
#include "tests/unit/turn/fixed_random.h"

namespace ice {
namespace {

using namespace std::chrono_literals;
using State = TurnAllocation::State;
using Ending = TurnAllocation::Ending;

const Address kRelayed = Address::v4({203, 0, 113, 5}, 49152);
const Address kRelayed6 = *Address::parse("2001:db8:5::5", 49152);
const Address kMapped = Address::v4({198, 51, 100, 1}, 7000);
const Address kPeer = Address::v4({198, 51, 100, 2}, 4000);

class Allocation : public ::testing::Test {
 protected:
  static TurnAllocationConfig config() { return {.user = "user", .password = "pass"}; }

  void begin_anew(const TurnAllocationConfig& with) { allocation.emplace(with, random); }
  /// What the client sent since the last call, parsed.
  std::vector<StunMessage> sent() {
    std::vector<StunMessage> out;
    for (const Bytes& bytes : allocation->take_outgoing()) out.push_back(StunMessage::parse(bytes).value());
    return out;
  }
  /// The one request that was sent.
  StunMessage request() {
    auto all = sent();
    EXPECT_EQ(all.size(), 1U);
    if (all.empty()) return *StunMessage::parse(StunBuilder(StunClass::request, StunMethod::send, {}).build());
    last = all.back().transaction_id();
    return all.back();
  }
  StunBuilder answer(StunClass message_class, const StunMessage& request) {
    return {message_class, request.method(), request.transaction_id()};
  }
  bool give(StunBuilder& builder, bool sign = true) {
    if (sign) builder.message_integrity(key);
    return allocation->handle_response(now, *StunMessage::parse(builder.build()));
  }
  bool refuse(const StunMessage& request, int code, bool sign = true) {
    StunBuilder builder = answer(StunClass::error, request);
    builder.error_code(code, "");
    return give(builder, sign);
  }
  bool challenge(const StunMessage& request, int code = 401, std::string_view nonce = "nonce",
                 std::string_view realm = "realm") {
    StunBuilder builder = answer(StunClass::error, request);
    builder.error_code(code, "").text(StunAttribute::realm, realm).text(StunAttribute::nonce, nonce);
    return give(builder, false);
  }
  void grant(const StunMessage& request, std::vector<Address> relayed = {kRelayed}, std::uint32_t lifetime = 600) {
    StunBuilder builder = answer(StunClass::success, request);
    for (const Address& address : relayed) builder.xor_address(StunAttribute::xor_relayed_address, address);
    builder.xor_address(StunAttribute::xor_mapped_address, kMapped).u32(StunAttribute::lifetime, lifetime);
    EXPECT_TRUE(give(builder));
  }
  void agree(const StunMessage& request) {
    StunBuilder builder = answer(StunClass::success, request);
    if (request.method() == StunMethod::refresh) builder.u32(StunAttribute::lifetime, 600);
    EXPECT_TRUE(give(builder));
  }
  /// Asks, is challenged, and asks again; the signed request.
  StunMessage signed_request() {
    allocation->ask(now, 500ms);
    EXPECT_TRUE(challenge(request()));
    EXPECT_TRUE(allocation->wants_slot());
    allocation->ask(now, 500ms);
    return request();
  }
  void hold() {
    grant(signed_request());
    ASSERT_EQ(allocation->state(), State::held);
  }
  /// Time passes in steps of the allocation's own wish; everything sent is kept.
  std::vector<StunMessage> pass(Duration duration) {
    std::vector<StunMessage> all;
    const TimePoint end = now + duration;
    for (int steps = 0; now < end && steps < 1000; ++steps) {
      now = std::min(end, std::max(now, allocation->next_timeout(now).value_or(end)));
      allocation->advance(now);
      for (StunMessage& message : sent()) all.push_back(std::move(message));
    }
    EXPECT_EQ(now, end) << "it spins";
    return all;
  }

  TimePoint now{std::chrono::hours(1)};
  test::CountingRandom random;
  std::string key = long_term_key(PasswordAlgorithm::md5, "user", "realm", "pass");
  TransactionId last;
  std::optional<TurnAllocation> allocation{std::in_place, config(), random};
};

TEST_F(Allocation, TheFirstRequestHasNoCredentialsTheSecondAll) {
  allocation->ask(now, 500ms);
  const StunMessage first = request();
  EXPECT_EQ(first.method(), StunMethod::allocate);
  EXPECT_FALSE(first.username() || first.realm() || first.nonce() || first.has_integrity());
  EXPECT_EQ(std::to_integer<int>((*first.raw(StunAttribute::requested_transport))[0]), 17);
  ASSERT_TRUE(challenge(first));
  allocation->ask(now, 500ms);
  const StunMessage second = request();
  EXPECT_NE(second.transaction_id(), first.transaction_id());
  EXPECT_EQ(second.username(), "user");
  EXPECT_TRUE(second.verify_integrity(std::string_view(key)));
}

TEST_F(Allocation, GivesItsRelayedAndOurMappedAddress) {
  hold();
  EXPECT_EQ(allocation->relayed(), std::vector{kRelayed});
  EXPECT_EQ(allocation->mapped(), kMapped);
}

TEST_F(Allocation, TwoFamiliesAreAskedForInOneRequestAndNeverWithBothAttributes) {
  const StunMessage asked = signed_request();
  EXPECT_TRUE(asked.has(StunAttribute::additional_address_family));
  EXPECT_FALSE(asked.has(StunAttribute::requested_address_family));
  grant(asked, {kRelayed, kRelayed6});
  EXPECT_EQ(allocation->relayed(), (std::vector{kRelayed, kRelayed6}));
}

TEST_F(Allocation, OneFamilyAloneIsAskedForAsTheRfcSays) {
  TurnAllocationConfig only6 = config();
  only6.families = RelayFamilies::ipv6;
  TurnAllocation six(only6, random);
  six.ask(now, 500ms);
  const auto message = StunMessage::parse(six.take_outgoing().front());
  EXPECT_TRUE(message->has(StunAttribute::requested_address_family));
  EXPECT_FALSE(message->has(StunAttribute::additional_address_family));
}

TEST_F(Allocation, AnOldServerThatMindsTwoFamiliesIsAskedForIpv4) {
  for (const int code : {440, 420, 400}) {
    begin_anew(config());
    ASSERT_TRUE(refuse(signed_request(), code)) << code;
    ASSERT_TRUE(allocation->wants_slot()) << code;
    allocation->ask(now, 500ms);
    const StunMessage again = request();
    EXPECT_FALSE(again.has(StunAttribute::additional_address_family));
    grant(again);
    EXPECT_EQ(allocation->state(), State::held);
    EXPECT_NE(allocation->remark().find("only IPv4"), std::string::npos);
  }
}

TEST_F(Allocation, ErrorsEndItAndAreSaid) {
  for (const auto& [code, words] : {std::pair{486, "486 Allocation Quota Reached"},
                                    {508, "508 Insufficient Capacity"},
                                    {442, "442 Unsupported Transport"},
                                    {403, "403 Forbidden"}}) {
    begin_anew(config());
    ASSERT_TRUE(refuse(signed_request(), code));
    EXPECT_EQ(allocation->state(), State::over);
    EXPECT_EQ(allocation->ending(), Ending::refused);
    EXPECT_NE(allocation->why().find(words), std::string::npos) << allocation->why();
  }
}

TEST_F(Allocation, AMismatchAndARedirectionAreTold) {
  ASSERT_TRUE(refuse(signed_request(), 437));
  EXPECT_EQ(allocation->ending(), Ending::mismatch);
  begin_anew(config());
  StunBuilder builder = answer(StunClass::error, signed_request());
  builder.error_code(300, "").address(StunAttribute::alternate_server, kPeer);
  ASSERT_TRUE(give(builder));
  EXPECT_EQ(allocation->ending(), Ending::elsewhere);
  EXPECT_EQ(allocation->alternate(), kPeer);
}

TEST_F(Allocation, WrongCredentialsAreSaidAndNotTriedForEver) {
  const StunMessage asked = signed_request();
  ASSERT_TRUE(challenge(asked, 401, "another nonce"));
  EXPECT_EQ(allocation->ending(), Ending::refused);
  EXPECT_NE(allocation->why().find("401 Unauthorized: wrong user or password"), std::string::npos) << allocation->why();
}

TEST_F(Allocation, AServerThatNamesAnotherRealmEachTimeIsLeft) {
  allocation->ask(now, 500ms);
  int requests = 0;
  for (; requests < 20 && allocation->state() != State::over; ++requests) {
    ASSERT_TRUE(challenge(request(), 401, "nonce", "realm " + std::to_string(requests)));
    if (allocation->wants_slot()) allocation->ask(now, 500ms);
  }
  EXPECT_EQ(allocation->state(), State::over);
  EXPECT_LE(requests, 3);
}

TEST_F(Allocation, AServerThatCallsEveryNonceStaleIsLeft) {
  StunMessage asked = signed_request();
  int requests = 1;
  while (requests < 20 && allocation->state() == State::asking) {
    ASSERT_TRUE(challenge(asked, 438, "nonce " + std::to_string(requests)));
    if (!allocation->wants_slot()) break;
    allocation->ask(now, 500ms);
    asked = request();
    ++requests;
  }
  EXPECT_EQ(allocation->state(), State::over);
  EXPECT_LE(requests, 3);
}

TEST_F(Allocation, UnsignedAndWronglySignedAnswersAreAsIfTheyHadNotCome) {
  const StunMessage asked = signed_request();
  StunBuilder unsigned_answer = answer(StunClass::success, asked);
  unsigned_answer.xor_address(StunAttribute::xor_relayed_address, kRelayed);
  EXPECT_FALSE(give(unsigned_answer, false));
  StunBuilder wrong = answer(StunClass::success, asked);
  wrong.xor_address(StunAttribute::xor_relayed_address, kRelayed).message_integrity("another key");
  EXPECT_FALSE(give(wrong, false));
  EXPECT_FALSE(refuse(asked, 486, false));
  EXPECT_FALSE(refuse(asked, 300, false));
  EXPECT_EQ(allocation->state(), State::asking);
  EXPECT_FALSE(pass(2s).empty()) << "it goes on repeating its request";
  grant(asked);
  EXPECT_EQ(allocation->state(), State::held);
}

TEST_F(Allocation, OverAStreamAWrongSignatureEndsTheTransaction) {
  TurnAllocationConfig stream = config();
  stream.stream = true;
  begin_anew(stream);
  const StunMessage asked = signed_request();
  EXPECT_TRUE(pass(39s).empty()) << "nothing is repeated";
  EXPECT_FALSE(refuse(asked, 486, false));
  EXPECT_EQ(allocation->state(), State::over);
  EXPECT_NE(allocation->why().find("not signed"), std::string::npos);
}

TEST_F(Allocation, ASilentServerIsGivenUpAfterAWholeTransaction) {
  allocation->ask(now, 500ms);
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(pass(39s).size(), 6U);
  EXPECT_EQ(allocation->state(), State::asking);
  pass(1s);
  EXPECT_EQ(allocation->ending(), Ending::silent);
  EXPECT_EQ(allocation->why(), "gives no answer");
}

TEST_F(Allocation, UnknownRequiredAttributesAreNotObeyed) {
  const StunMessage asked = signed_request();
  StunBuilder builder = answer(StunClass::success, asked);
  builder.xor_address(StunAttribute::xor_relayed_address, kRelayed).flag(static_cast<StunAttribute>(0x7FF2));
  EXPECT_FALSE(give(builder));
  EXPECT_EQ(allocation->state(), State::asking);
}

TEST_F(Allocation, AGrantWithoutAUsableAddressIsGivenBack) {
  grant(signed_request(), {Address::v4({0, 0, 0, 0}, 1), Address::v4({224, 0, 0, 1}, 1)});
  const StunMessage back = request();
  EXPECT_EQ(back.method(), StunMethod::refresh);
  EXPECT_EQ(back.lifetime(), 0U);
  agree(back);
  EXPECT_EQ(allocation->ending(), Ending::refused);
}

TEST_F(Allocation, IsRefreshedWellBeforeItsEnd) {
  hold();
  const auto messages = pass(400s);
  const auto refresh = std::find_if(messages.begin(), messages.end(),
                                    [](const StunMessage& m) { return m.method() == StunMethod::refresh; });
  ASSERT_NE(refresh, messages.end());
  EXPECT_TRUE(refresh->verify_integrity(std::string_view(key)));
}

TEST_F(Allocation, AbsurdLifetimesNeitherSpinNorSleep) {
  for (const std::uint32_t lifetime : {0U, 1U, 7U, 0xFFFFFFFFU}) {
    begin_anew(config());
    grant(signed_request(), {kRelayed}, lifetime);
    const auto messages = pass(310s);
    const auto refreshes = std::count_if(messages.begin(), messages.end(),
                                         [](const StunMessage& m) { return m.method() == StunMethod::refresh; });
    EXPECT_GE(refreshes, 1) << lifetime;
    EXPECT_LE(messages.size(), 310U / 5 + 30) << lifetime;
  }
}

TEST_F(Allocation, IsLostWhenTheServerSaysSoOrIsSilentForARefresh) {
  hold();
  now += 300s;
  allocation->advance(now);
  auto messages = sent();
  ASSERT_FALSE(messages.empty());
  ASSERT_TRUE(refuse(messages.front(), 437));
  EXPECT_EQ(allocation->ending(), Ending::lost);

  begin_anew(config());
  hold();
  pass(345s);
  EXPECT_EQ(allocation->ending(), Ending::lost);
  EXPECT_EQ(allocation->why(), "gives no answer");
}

TEST_F(Allocation, AForged401DoesNotTakeItDown) {
  hold();
  now += 300s;
  allocation->advance(now);
  const auto messages = sent();
  EXPECT_FALSE(challenge(messages.front(), 401, "evil"));
  agree(messages.front());
  EXPECT_EQ(allocation->state(), State::held);
}

TEST_F(Allocation, PermissionsForAllPeersGoInOneRequestBeforeAnythingIsSentThere) {
  hold();
  allocation->want_permissions({kPeer.with_port(0), Address::v4({198, 51, 100, 3}, 0)});
  allocation->advance(now);
  const StunMessage asked = request();
  EXPECT_EQ(asked.method(), StunMethod::create_permission);
  EXPECT_EQ(asked.xor_addresses(StunAttribute::xor_peer_address).size(), 2U);
  EXPECT_FALSE(allocation->permits(kPeer, now));
  agree(asked);
  EXPECT_TRUE(allocation->permits(kPeer, now));
}

TEST_F(Allocation, AForbiddenPeerIsToldWithTheReason) {
  hold();
  allocation->want_permissions({kPeer.with_port(0)});
  allocation->advance(now);
  ASSERT_TRUE(refuse(request(), 443));
  ASSERT_NE(allocation->forbidden(kPeer), nullptr);
  EXPECT_NE(allocation->forbidden(kPeer)->find("443"), std::string::npos);
  EXPECT_EQ(allocation->state(), State::held);
}

TEST_F(Allocation, AChannelIsUsedWhenItIsBound) {
  hold();
  allocation->want_channels({kPeer});
  allocation->advance(now);
  const StunMessage asked = request();
  EXPECT_EQ(asked.method(), StunMethod::channel_bind);
  EXPECT_EQ(asked.xor_peer_address(), kPeer);
  EXPECT_FALSE(allocation->channel_of(kPeer, now));
  agree(asked);
  EXPECT_EQ(allocation->channel_of(kPeer, now), 0x4000);
}

TEST_F(Allocation, ARequestWithAStaleNonceIsRepeatedWithTheNewOne) {
  hold();
  allocation->want_permissions({kPeer.with_port(0)});
  allocation->advance(now);
  const StunMessage asked = request();
  ASSERT_TRUE(challenge(asked, 438, "fresh"));
  const StunMessage again = request();
  EXPECT_EQ(again.method(), StunMethod::create_permission);
  EXPECT_EQ(again.nonce(), "fresh");
  EXPECT_NE(again.transaction_id(), asked.transaction_id());
  agree(again);
  EXPECT_TRUE(allocation->permits(kPeer, now));
}

TEST_F(Allocation, WithNothingSentANatIsKeptOpen) {
  hold();
  const auto messages = pass(16s);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].message_class(), StunClass::indication);
  EXPECT_EQ(messages[0].method(), StunMethod::binding);
}

TEST_F(Allocation, IsReleasedWithALifetimeOfZero) {
  hold();
  allocation->release(now);
  const StunMessage asked = request();
  EXPECT_EQ(asked.lifetime(), 0U);
  EXPECT_EQ(allocation->state(), State::releasing);
  agree(asked);
  EXPECT_EQ(allocation->ending(), Ending::released);
  EXPECT_FALSE(allocation->next_timeout(now));
}

TEST_F(Allocation, ReleasedBeforeItWasAskedForItIsOverAtOnce) {
  allocation->release(now);
  EXPECT_EQ(allocation->state(), State::over);
  begin_anew(config());
  allocation->ask(now, 500ms);
  static_cast<void>(request());
  allocation->release(now);
  EXPECT_EQ(allocation->state(), State::over) << "without credentials it was never going to be granted";
}

TEST_F(Allocation, WhatIsGrantedAfterTheReleaseIsGivenBackToo) {
  const StunMessage asked = signed_request();
  allocation->release(now);
  const StunMessage first = request();
  EXPECT_EQ(first.lifetime(), 0U);
  ASSERT_TRUE(refuse(first, 437));
  EXPECT_NE(allocation->state(), State::over);
  grant(asked);
  const StunMessage second = request();
  EXPECT_EQ(second.lifetime(), 0U);
  agree(second);
  EXPECT_EQ(allocation->ending(), Ending::released);
}

TEST_F(Allocation, NoAnswerOfTheServersIsBelievedTwice) {
  const StunMessage asked = signed_request();
  grant(asked);
  StunBuilder again = answer(StunClass::success, asked);
  again.xor_address(StunAttribute::xor_relayed_address, kPeer);
  EXPECT_FALSE(give(again));
  EXPECT_EQ(allocation->relayed(), std::vector{kRelayed});
}

TEST_F(Allocation, NoGrantWithABitFlippedIsBelieved) {
  const StunMessage asked = signed_request();
  StunBuilder builder = answer(StunClass::success, asked);
  builder.xor_address(StunAttribute::xor_relayed_address, kRelayed).u32(StunAttribute::lifetime, 600);
  const Bytes genuine = builder.message_integrity(key).build();
  for (std::size_t bit = 0; bit < genuine.size() * 8; ++bit) {
    Bytes altered = genuine;
    altered[bit / 8] ^= std::byte{1} << (bit % 8);
    const auto message = StunMessage::parse(altered);
    if (message) allocation->handle_response(now, *message);
    ASSERT_EQ(allocation->state(), State::asking) << "bit " << bit;
  }
  ASSERT_TRUE(allocation->handle_response(now, *StunMessage::parse(genuine)));
  EXPECT_EQ(allocation->state(), State::held);
}

}  // namespace
}  // namespace ice
