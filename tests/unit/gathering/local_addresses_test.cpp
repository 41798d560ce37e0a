// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of a machine's addresses are gathered, and in which order.
#include "ice-core/gathering/local_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

LocalAddress on(const char* interface, const char* ip) {
  LocalAddress local;
  local.interface = interface;
  local.address = *Address::parse(ip);
  local.prefix_length = local.address.family() == Family::ipv4 ? 24 : 64;
  return local;
}

LocalAddress temporary(const char* interface, const char* ip) {
  LocalAddress local = on(interface, ip);
  local.temporary = true;
  return local;
}

std::vector<std::string> ips(const std::vector<LocalAddress>& all, const std::vector<std::string>& wanted = {}) {
  std::vector<std::string> out;
  for (const auto& gathered : gathering_addresses(all, wanted)) out.push_back(gathered.local.address.ip_text());
  return out;
}

// STANDARDS trap 16, RFC 8445 5.1.1.1
TEST(GatheringAddresses, LeaveOutWhatMayNotBeGathered) {
  LocalAddress deprecated = on("eth0", "2001:db8::dead");
  deprecated.deprecated = true;
  LocalAddress down = on("eth1", "192.0.2.99");
  down.up = false;
  const std::vector<LocalAddress> all = {on("lo", "127.0.0.1"),
                                         on("lo", "::1"),
                                         on("eth0", "0.0.0.0"),
                                         on("eth0", "::"),
                                         on("eth0", "::ffff:1.2.3.4"),
                                         on("eth0", "::1.2.3.4"),
                                         on("eth0", "fec0::1"),
                                         on("eth0", "ff02::1"),
                                         on("eth0", "224.0.0.1"),
                                         deprecated,
                                         down,
                                         on("eth0", "192.0.2.1")};
  EXPECT_THAT(ips(all), ElementsAre("192.0.2.1"));
  // Asking for them does not make them usable.
  EXPECT_THAT(ips(all, {"eth0", "eth1"}), ElementsAre("192.0.2.1"));
  EXPECT_THAT(ips(all, {"2001:db8::dead", "192.0.2.99", "fec0::1"}), IsEmpty());
}

// ELEMENTS interfaces
TEST(GatheringAddresses, TakeLoopbackOnlyWhenThereIsNothingElseOrItIsNamed) {
  const std::vector<LocalAddress> lonely = {on("lo", "127.0.0.1"), on("lo", "::1")};
  EXPECT_THAT(ips(lonely), ElementsAre("::1", "127.0.0.1"));
  std::vector<LocalAddress> all = lonely;
  all.push_back(on("eth0", "192.0.2.1"));
  EXPECT_THAT(ips(all), ElementsAre("192.0.2.1"));
  EXPECT_THAT(ips(all, {"lo"}), ElementsAre("::1", "127.0.0.1"));
  EXPECT_THAT(ips(all, {"127.0.0.1"}), ElementsAre("127.0.0.1"));
  EXPECT_THAT(ips(all, {"127.0.0.1", "eth0"}), ElementsAre("127.0.0.1", "192.0.2.1"));
  // An address that cannot be used is not something else.
  LocalAddress down = on("eth0", "192.0.2.1");
  down.up = false;
  EXPECT_THAT(ips({on("lo", "127.0.0.1"), down}), ElementsAre("127.0.0.1"));
}

TEST(GatheringAddresses, TakeOnlyTheInterfacesAndAddressesWanted) {
  const std::vector<LocalAddress> all = {on("eth0", "192.0.2.1"), on("eth1", "198.51.100.1"), on("eth1", "2001:db8::1"),
                                         on("wlan0", "203.0.113.1")};
  EXPECT_THAT(ips(all, {"eth1"}), ElementsAre("2001:db8::1", "198.51.100.1"));
  EXPECT_THAT(ips(all, {"203.0.113.1", "eth0"}), ElementsAre("192.0.2.1", "203.0.113.1"));
  EXPECT_THAT(ips(all, {" 2001:DB8:0::1 "}), ElementsAre("2001:db8::1"));
  EXPECT_THAT(ips(all, {"eth"}), IsEmpty());
  EXPECT_THAT(ips(all, {"no-such"}), IsEmpty());
  EXPECT_THAT(ips(all, {"", " "}), SizeIs(4));
}

TEST(GatheringAddresses, SayWhatWasWantedAndIsNotThere) {
  const std::vector<LocalAddress> all = {on("eth0", "192.0.2.1"), on("lo", "127.0.0.1")};
  EXPECT_THAT(unmatched_interfaces(all, {"eth0", "eth9", "192.0.2.1", "192.0.2.2", "", "::1"}),
              ElementsAre("eth9", "192.0.2.2", "::1"));
  EXPECT_THAT(unmatched_interfaces(all, {}), IsEmpty());
  EXPECT_THAT(unmatched_interfaces({}, {"eth0"}), ElementsAre("eth0"));
}

// STANDARDS trap 16, RFC 8445 5.1.1.1
TEST(GatheringAddresses, HideStableAddressesBehindTemporaryOnesOfTheSamePrefixAndInterface) {
  LocalAddress dhcp = on("eth0", "2001:db8:0:1::42");
  dhcp.prefix_length = 128;
  const std::vector<LocalAddress> all = {
      on("eth0", "2001:db8:0:1:211:22ff:fe33:4455"),  // hidden
      dhcp,                                           // hidden: of the same link's /64
      temporary("eth0", "2001:db8:0:1:1234::1"),
      temporary("eth0", "2001:db8:0:1:1234::2"),
      on("eth0", "fe80::211:22ff:fe33:4455"),  // hidden: link-local
      on("eth0", "2001:db8:0:2::1"),           // another prefix
      on("eth1", "2001:db8:0:1::99"),          // another interface
      on("eth0", "192.0.2.1"),
  };
  const auto gathered = ips(all);
  EXPECT_EQ(std::set<std::string>(gathered.begin(), gathered.end()),
            (std::set<std::string>{"2001:db8:0:1:1234::1", "2001:db8:0:1:1234::2", "2001:db8:0:2::1",
                                   "2001:db8:0:1::99", "192.0.2.1"}));
}

// STANDARDS trap 16: only where the temporary address is gathered itself.
TEST(GatheringAddresses, KeepStableAddressesWhereNoTemporaryOneIsGathered) {
  LocalAddress old = temporary("eth0", "2001:db8::1234");
  old.deprecated = true;
  const LocalAddress stable = on("eth0", "2001:db8::1");
  const LocalAddress link_local = on("eth0", "fe80::1");
  EXPECT_THAT(ips({old, stable, link_local}), ElementsAre("2001:db8::1", "fe80::1"));
  EXPECT_THAT(ips({temporary("eth0", "2001:db8::1234"), stable, link_local}, {"2001:db8::1"}),
              ElementsAre("2001:db8::1"));
}

TEST(GatheringAddresses, KeepLinkLocalAddressesLast) {
  EXPECT_THAT(ips({on("eth0", "fe80::1"), on("eth0", "169.254.3.4"), on("eth0", "192.0.2.1"), on("eth0", "fd00::1")}),
              ElementsAre("fd00::1", "192.0.2.1", "fe80::1", "169.254.3.4"));
}

// RFC 8421 4
TEST(GatheringAddresses, InterleaveFamiliesBeginningWithIpv6) {
  EXPECT_THAT(ips({on("eth0", "192.0.2.1"), on("eth0", "192.0.2.2"), on("eth0", "2001:db8::1"),
                   on("eth0", "2001:db8::2"), on("eth0", "2001:db8::3")}),
              ElementsAre("2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3"));
}

// RFC 8421 4
TEST(GatheringAddresses, InterleaveInterfaces) {
  EXPECT_THAT(
      ips({on("eth0", "192.0.2.1"), on("eth0", "192.0.2.2"), on("wlan0", "203.0.113.1"), on("wlan0", "203.0.113.2")}),
      ElementsAre("192.0.2.1", "203.0.113.1", "192.0.2.2", "203.0.113.2"));
}

// RFC 8421 3
TEST(GatheringAddresses, PreferDirectInterfacesToTunnels) {
  LocalAddress vpn = on("tun0", "10.8.0.2");
  vpn.point_to_point = true;
  LocalAddress vpn6 = on("tun0", "fd00:8::2");
  vpn6.point_to_point = true;
  EXPECT_THAT(ips({vpn, vpn6, on("eth0", "192.0.2.1")}), ElementsAre("192.0.2.1", "fd00:8::2", "10.8.0.2"));
}

TEST(GatheringAddresses, GiveDistinctFallingPreferencesFromTheTop) {
  const auto gathered =
      gathering_addresses({on("eth0", "192.0.2.1"), on("eth0", "2001:db8::1"), on("eth1", "192.0.2.3")}, {});
  ASSERT_THAT(gathered, SizeIs(3));
  for (std::size_t i = 0; i < gathered.size(); ++i) EXPECT_EQ(gathered[i].local_preference, 65535 - i);
}

// STANDARDS trap 17
TEST(GatheringAddresses, TakeEachAddressOfAnInterfaceOnce) {
  EXPECT_THAT(ips({on("eth0", "192.0.2.1"), on("eth0", "192.0.2.1"), on("eth1", "192.0.2.1")}), SizeIs(2));
}

TEST(GatheringAddresses, AreNeverMoreThanSixteenAndOfBothFamilies) {
  std::vector<LocalAddress> all;
  for (int i = 1; i <= 100; ++i) {
    all.push_back(on("eth0", ("192.0.2." + std::to_string(i)).c_str()));
    all.push_back(on("eth0", ("2001:db8::" + std::to_string(i)).c_str()));
  }
  const auto gathered = gathering_addresses(all, {});
  ASSERT_THAT(gathered, SizeIs(kMaxGatheringAddresses));
  EXPECT_EQ(std::count_if(gathered.begin(), gathered.end(),
                          [](const auto& g) { return g.local.address.family() == Family::ipv6; }),
            8);
}

TEST(GatheringAddresses, AreNoneWhereThereIsNone) {
  EXPECT_THAT(gathering_addresses({}, {}), IsEmpty());
  EXPECT_THAT(gathering_addresses({}, {"lo"}), IsEmpty());
}

TEST(GatheringAddresses, KeepWhatTheDriverReported) {
  LocalAddress local = on("eth7", "192.0.2.1");
  local.interface_index = 7;
  local.prefix_length = 30;
  const auto gathered = gathering_addresses({local}, {});
  ASSERT_THAT(gathered, SizeIs(1));
  EXPECT_EQ(gathered[0].local, local);
}

}  // namespace
}  // namespace ice
