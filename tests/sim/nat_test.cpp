// SPDX-License-Identifier: LGPL-2.1-or-later
// Each NAT behaviour by itself, found out with bare datagrams before any agent lives behind one.
#include "tests/sim/nat.h"
#include "tests/sim/firewall.h"
#include "tests/sim/probe.h"
#include "tests/sim/scene.h"

namespace sim {
namespace {

/// A host behind a NAT, and two servers' addresses outside (RFC 5780 4.3 and 4.4).
class BehindNat : public ::testing::Test {
 protected:
  void make(const NatBehaviour& behaviour) {
    nat = &world.add<Nat>("nat", lan, internet, at("198.51.100.1"), behaviour);
    host = &world.add<Probe>("host", lan, std::vector{at("192.168.1.2"), at("192.168.1.3")});
  }
  /// Sends from the host; the source that the server sees, once it has arrived.
  std::optional<ice::Address> mapped(const ice::Address& from, const ice::Address& to) {
    const std::string text = "probe " + std::to_string(++count);
    host->send(from, to, text);
    world.run_for(1s);
    return server.seen(text);
  }
  bool comes_in(const ice::Address& from, const ice::Address& to) {
    const std::string text = "from outside " + std::to_string(++count);
    server.send(from, to, text);
    world.run_for(1s);
    return host->got(text);
  }

  World world{1};
  NetworkId internet = world.add_network("internet");
  NetworkId lan = world.add_network("lan");
  Probe& server = world.add<Probe>("server", internet, std::vector{at("203.0.113.1"), at("203.0.113.2")});
  Nat* nat = nullptr;
  Probe* host = nullptr;
  int count = 0;

  const ice::Address inside = at("192.168.1.2", 5000);
  const ice::Address first = at("203.0.113.1", 3478);
  const ice::Address first_other_port = at("203.0.113.1", 3479);
  const ice::Address second = at("203.0.113.2", 3478);
};

TEST_F(BehindNat, AnEndpointIndependentMappingIsTheSameForAllRemotes) {
  make({.mapping = Dependence::endpoint_independent, .port_preservation = false});
  const auto seen = mapped(inside, first);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->same_ip(at("198.51.100.1")));
  EXPECT_EQ(mapped(inside, first_other_port), seen);
  EXPECT_EQ(mapped(inside, second), seen);
  EXPECT_NE(mapped(at("192.168.1.2", 5001), first), seen);
}

TEST_F(BehindNat, AnAddressDependentMappingIsTheSameForAllPortsOfOneAddress) {
  make({.mapping = Dependence::address_dependent});
  const auto seen = mapped(inside, first);
  EXPECT_EQ(mapped(inside, first_other_port), seen);
  EXPECT_NE(mapped(inside, second), seen);
}

TEST_F(BehindNat, AnAddressAndPortDependentMappingDiffersForEachRemote) {
  make({.mapping = Dependence::address_and_port_dependent});
  const auto seen = mapped(inside, first);
  EXPECT_NE(mapped(inside, first_other_port), seen);
  EXPECT_NE(mapped(inside, second), seen);
  EXPECT_EQ(mapped(inside, first), seen);
}

TEST_F(BehindNat, EndpointIndependentFilteringLetsEverybodyInOnceTheMappingIsThere) {
  make({.filtering = Dependence::endpoint_independent});
  EXPECT_FALSE(comes_in(first, at("198.51.100.1", 5000)));
  const auto seen = mapped(inside, first);
  EXPECT_TRUE(comes_in(second, *seen));
}

TEST_F(BehindNat, AddressDependentFilteringLetsInWhoWasSentToOnAnyPort) {
  make({.filtering = Dependence::address_dependent});
  const auto seen = mapped(inside, first);
  EXPECT_TRUE(comes_in(first_other_port, *seen));
  EXPECT_FALSE(comes_in(second, *seen));
}

TEST_F(BehindNat, AddressAndPortDependentFilteringLetsInOnlyWhatWasSentTo) {
  make({.filtering = Dependence::address_and_port_dependent});
  const auto seen = mapped(inside, first);
  EXPECT_TRUE(comes_in(first, *seen));
  EXPECT_FALSE(comes_in(first_other_port, *seen));
  EXPECT_FALSE(comes_in(second, *seen));
}

TEST_F(BehindNat, APortIsPreservedWhereItIsFreeAndNeverOverloaded) {
  make({.port_preservation = true});
  EXPECT_EQ(mapped(inside, first)->port(), 5000);
  EXPECT_NE(mapped(at("192.168.1.3", 5000), first)->port(), 5000);
}

TEST_F(BehindNat, PortsAreAtRandomWithoutPreservation) {
  make({.port_preservation = false});
  EXPECT_NE(mapped(inside, first)->port(), 5000);
}

TEST_F(BehindNat, AHairpinningNatShowsTheOutsideAddressOfTheSender) {
  make({.filtering = Dependence::endpoint_independent, .hairpin = true});
  const auto other = mapped(at("192.168.1.3", 6000), first);
  const auto seen = mapped(inside, first);
  host->send(inside, *other, "hairpin");
  world.run_for(1s);
  EXPECT_EQ(host->seen("hairpin"), seen);
}

TEST_F(BehindNat, ANatWithoutHairpinDropsWhatIsSentToItsOwnOutside) {
  make({.filtering = Dependence::endpoint_independent, .hairpin = false});
  const auto other = mapped(at("192.168.1.3", 6000), first);
  host->send(inside, *other, "hairpin");
  world.run_for(1s);
  EXPECT_FALSE(host->got("hairpin"));
}

TEST_F(BehindNat, AMappingEndsWithItsLifetimeAndIsRefreshedFromTheInside) {
  make({.port_preservation = false, .lifetime = 30s});
  const auto seen = mapped(inside, first);
  world.run_for(25s);
  EXPECT_EQ(mapped(inside, first), seen);
  world.run_for(25s);
  EXPECT_TRUE(comes_in(first, *seen));
  world.run_for(25s);  // what came in has not refreshed it
  EXPECT_FALSE(comes_in(first, *seen));
  EXPECT_NE(mapped(inside, first), seen);
}

TEST_F(BehindNat, AMappingIsRefreshedFromTheOutsideWhereTheNatDoesSo) {
  make({.lifetime = 30s, .inbound_refresh = true});
  const auto seen = mapped(inside, first);
  for (int i = 0; i < 4; ++i) {
    world.run_for(20s);
    EXPECT_TRUE(comes_in(first, *seen));
  }
}

TEST_F(BehindNat, ARebootLosesTheMappingsAndNewOnesAreElsewhere) {
  make({});
  const auto seen = mapped(inside, first);
  nat->forget_mappings();
  EXPECT_FALSE(comes_in(first, *seen));
  EXPECT_NE(mapped(inside, first), seen);
}

TEST_F(BehindNat, ANewLeaseMovesAllMappingsToTheNewAddress) {
  make({});
  const auto seen = mapped(inside, first);
  nat->move_to(at("198.51.100.77"));
  EXPECT_FALSE(comes_in(first, *seen));
  EXPECT_TRUE(mapped(inside, first)->same_ip(at("198.51.100.77")));
}

TEST_F(BehindNat, TwoNatsInARowTranslateTwiceAndBothFilter) {
  const NetworkId home = world.add_network("home");
  world.add<Nat>("carrier", lan, internet, at("198.51.100.1"), NatBehaviour{.mapping = Dependence::address_dependent});
  world.add<Nat>("router", home, lan, at("100.64.0.2"),
                 NatBehaviour{.filtering = Dependence::endpoint_independent, .port_preservation = false});
  host = &world.add<Probe>("host", home, std::vector{at("192.168.1.2")});
  const auto seen = mapped(inside, first);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->same_ip(at("198.51.100.1")));
  EXPECT_NE(mapped(inside, second), seen);  // the carrier's mapping shows
  EXPECT_TRUE(comes_in(first, *seen));
  EXPECT_FALSE(comes_in(first_other_port, *seen));  // the carrier's filter too
}

TEST_F(BehindNat, WhatIsInsideCannotBeReachedByItsInsideAddress) {
  make({.filtering = Dependence::endpoint_independent});
  mapped(inside, first);
  EXPECT_FALSE(comes_in(first, inside));
}

TEST_F(BehindNat, TwoNetworksMayUseTheSameInsideAddresses) {
  make({});
  const NetworkId other_lan = world.add_network("other lan");
  world.add<Nat>("other nat", other_lan, internet, at("198.51.100.9"), NatBehaviour{});
  auto& twin = world.add<Probe>("twin", other_lan, std::vector{at("192.168.1.2")});
  twin.send(at("192.168.1.2", 5000), first, "twin");
  EXPECT_TRUE(mapped(inside, first)->same_ip(at("198.51.100.1")));
  EXPECT_TRUE(server.seen("twin")->same_ip(at("198.51.100.9")));
}

TEST_F(BehindNat, TcpIsMappedApartFromUdpAndOutlivesIt) {
  make({.filtering = Dependence::endpoint_independent, .port_preservation = false, .lifetime = 30s});
  const auto udp = mapped(inside, first);
  host->send(inside, first, "segment", Wire::tcp_data);
  world.run_for(60s);
  const auto tcp = server.seen("segment");
  EXPECT_NE(tcp, udp);
  server.send(first, *tcp, "reply", Wire::tcp_data);
  server.send(second, *tcp, "stranger's", Wire::tcp_data);
  world.run_for(1s);
  EXPECT_TRUE(host->got("reply"));
  EXPECT_FALSE(host->got("stranger's"));
}

class BehindFirewall : public BehindNat {
 protected:
  void make_firewall(const FirewallRules& rules) {
    firewall = &world.add<Firewall>("firewall", lan, internet, rules);
    host = &world.add<Probe>("host", lan, std::vector{at("198.51.100.8")});
    firewall->expose(at("198.51.100.8"));
  }
  Firewall* firewall = nullptr;
  const ice::Address behind = at("198.51.100.8", 5000);
};

TEST_F(BehindFirewall, OnlyRepliesComeInAndNothingIsTranslated) {
  make_firewall({.udp_lifetime = 30s});
  EXPECT_FALSE(comes_in(first, behind));
  EXPECT_EQ(mapped(behind, first), behind);
  EXPECT_TRUE(comes_in(first, behind));
  EXPECT_FALSE(comes_in(first_other_port, behind));
  world.run_for(40s);
  EXPECT_FALSE(comes_in(first, behind));
}

TEST_F(BehindFirewall, UdpIsBlockedWhereOnlyTcpPassesAndOnlyToItsPorts) {
  make_firewall({.udp = false, .tcp_ports = {443}});
  EXPECT_FALSE(mapped(behind, first));
  host->send(behind, first, "to 3478", Wire::tcp_data);
  host->send(behind, at("203.0.113.1", 443), "to 443", Wire::tcp_data);
  world.run_for(1s);
  EXPECT_FALSE(server.got("to 3478"));
  EXPECT_TRUE(server.got("to 443"));
}

TEST_F(BehindFirewall, TcpArrivesInOrderWhateverThePathLoses) {
  make_firewall({});
  world.set_conditions({.jitter = 50ms, .loss = 0.3, .duplicate = 0.2, .reorder = 0.3, .reorder_delay = 100ms});
  for (int i = 0; i < 50; ++i) host->send(behind, first, "segment " + std::to_string(i), Wire::tcp_data);
  world.run_for(300s);
  ASSERT_EQ(server.heard.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(server.heard[i].text, "segment " + std::to_string(i));
}

}  // namespace
}  // namespace sim
