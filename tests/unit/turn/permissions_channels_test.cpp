// SPDX-License-Identifier: LGPL-2.1-or-later
// The timers of permissions and channels (RFC 8656 9, 12).
#include <gtest/gtest.h>

#include "ice-core/turn/channels.h"
#include "ice-core/turn/permissions.h"

namespace ice {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{std::chrono::hours(1)};

Address ip(std::uint8_t last) {
  return Address::v4({192, 0, 2, last}, 0);
}
Address peer(std::uint8_t last, std::uint16_t port = 5000) {
  return Address::v4({192, 0, 2, last}, port);
}

TEST(Permissions, AskForAllKnownPeersTogether) {
  Permissions permissions;
  permissions.want({ip(1), ip(2), ip(3)});
  EXPECT_EQ(permissions.take_due(kStart).size(), 3U);
  EXPECT_TRUE(permissions.take_due(kStart).empty()) << "they are asked for already";
}

TEST(Permissions, HoldForThreeHundredSecondsAndAreRenewedBefore) {
  Permissions permissions;
  permissions.want({ip(1)});
  permissions.granted(kStart, permissions.take_due(kStart));
  EXPECT_TRUE(permissions.has(ip(1), kStart + 299s));
  EXPECT_FALSE(permissions.has(ip(1), kStart + 300s));
  EXPECT_TRUE(permissions.take_due(kStart + 199s).empty());
  EXPECT_EQ(permissions.next_timeout(), kStart + 200s);
  EXPECT_EQ(permissions.take_due(kStart + 200s).size(), 1U);
}

TEST(Permissions, WhatIsWantedNoMoreIsNotRenewed) {
  Permissions permissions;
  permissions.want({ip(1)});
  permissions.granted(kStart, permissions.take_due(kStart));
  permissions.want({});
  EXPECT_FALSE(permissions.next_timeout());
  EXPECT_TRUE(permissions.take_due(kStart + 250s).empty());
}

TEST(Permissions, OneForbiddenPeerAmongManyIsFoundByAskingForEach) {
  Permissions permissions;
  permissions.want({ip(1), ip(2)});
  permissions.refused(kStart, permissions.take_due(kStart), "said 403");
  const auto first = permissions.take_due(kStart);
  ASSERT_EQ(first.size(), 1U);
  const auto second = permissions.take_due(kStart);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(first, second);
  permissions.refused(kStart, first, "said 403");
  permissions.granted(kStart, second);
  ASSERT_NE(permissions.forbidden(first[0]), nullptr);
  EXPECT_EQ(*permissions.forbidden(first[0]), "said 403");
  EXPECT_TRUE(permissions.has(second[0], kStart));
  EXPECT_EQ(permissions.take_due(kStart + 200s), second) << "what is forbidden is not asked for again";
}

TEST(Permissions, SilenceIsForgivenToThoseThatStillHold) {
  Permissions permissions;
  permissions.want({ip(1)});
  permissions.granted(kStart, permissions.take_due(kStart));
  permissions.timed_out(kStart + 240s, permissions.take_due(kStart + 200s), "silent");
  EXPECT_EQ(permissions.forbidden(ip(1)), nullptr);
  EXPECT_EQ(permissions.take_due(kStart + 240s).size(), 1U);
  permissions.timed_out(kStart + 301s, {ip(1)}, "silent");
  EXPECT_NE(permissions.forbidden(ip(1)), nullptr);
}

TEST(Permissions, NoRequestGrowsBeyondAnyMtu) {
  Permissions permissions;
  std::set<Address> many;
  for (std::uint8_t i = 0; i < 100; ++i) many.insert(ip(i));
  permissions.want(many);
  EXPECT_EQ(permissions.take_due(kStart).size(), Permissions::kMaxInRequest);
}

TEST(Channels, APeerKeepsItsNumber) {
  Channels channels;
  channels.want({peer(1)});
  const auto binding = channels.take_due(kStart);
  ASSERT_TRUE(binding);
  EXPECT_EQ(binding->number, 0x4000);
  EXPECT_FALSE(channels.take_due(kStart));
  EXPECT_FALSE(channels.number_of(peer(1), kStart)) << "not bound for sure yet: Send indications";
  EXPECT_EQ(channels.peer_of(0x4000), peer(1)) << "the server may use it before its answer is here";
  channels.bound(kStart, 0x4000);
  EXPECT_EQ(channels.number_of(peer(1), kStart + 599s), 0x4000);
  EXPECT_FALSE(channels.number_of(peer(1), kStart + 600s));
  EXPECT_FALSE(channels.take_due(kStart + 449s));
  EXPECT_EQ(channels.take_due(kStart + 450s)->number, 0x4000);
}

TEST(Channels, EveryPeerHasANumberOfItsOwnWithinTheRfcsRange) {
  Channels channels;
  channels.want({peer(1), peer(1, 5001), peer(2)});
  std::set<std::uint16_t> numbers;
  while (const auto binding = channels.take_due(kStart)) numbers.insert(binding->number);
  EXPECT_EQ(numbers, (std::set<std::uint16_t>{0x4000, 0x4001, 0x4002}));
}

TEST(Channels, ANumberIsNotBoundToAnotherPeerBeforeFiveMinutesAfterItsEnd) {
  Channels channels;
  for (unsigned i = 0; i < 0x1000; ++i) {  // all numbers there are, one after the other
    channels.want({peer(1, static_cast<std::uint16_t>(i + 1))});
    const auto binding = channels.take_due(kStart);
    ASSERT_TRUE(binding) << i;
    ASSERT_GE(binding->number, kFirstChannel);
    ASSERT_LE(binding->number, kLastChannel);
    channels.bound(kStart, binding->number);
  }
  channels.want({peer(2)});
  EXPECT_FALSE(channels.take_due(kStart + 899s));
  EXPECT_TRUE(channels.take_due(kStart + 900s));
}

TEST(Channels, ARefusedBindingIsTriedAgainAfterAMinute) {
  Channels channels;
  channels.want({peer(1)});
  channels.refused(kStart, channels.take_due(kStart)->number);
  EXPECT_FALSE(channels.take_due(kStart + 59s));
  EXPECT_TRUE(channels.take_due(kStart + 60s));
}

TEST(Channels, TheEndOfABindingIsAMomentToWakeAt) {
  Channels channels;
  channels.want({peer(1)});
  channels.bound(kStart, channels.take_due(kStart)->number);
  ASSERT_TRUE(channels.take_due(kStart + 450s));
  EXPECT_EQ(channels.next_timeout(kStart + 450s), kStart + 600s);
}

}  // namespace
}  // namespace ice
