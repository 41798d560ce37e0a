// SPDX-License-Identifier: LGPL-2.1-or-later
// What the oracle of the NAT matrix says where everybody knows the answer.
#include "tests/sim/nat_matrix.h"
#include "tests/sim/scene.h"

namespace sim {
namespace {

constexpr auto EI = Dependence::endpoint_independent;
constexpr auto AD = Dependence::address_dependent;
constexpr auto APD = Dependence::address_and_port_dependent;

AccessPlan behind(Dependence mapping, Dependence filtering) {
  return {{{.mapping = mapping, .filtering = filtering}}, {}};
}
Reach between(const AccessPlan& alice, const AccessPlan& bob, bool turn = false) {
  return best_reach({alice, bob, true, true, turn, turn});
}

TEST(Oracle, TwoPublicHostsReachEachOtherAsTheyAre) {
  EXPECT_EQ(between({}, {}), Reach::host);
}

TEST(Oracle, TwoEndpointIndependentMappingsAlwaysMeetWhateverTheirFilters) {
  for (const auto a : kDependences) {
    for (const auto b : kDependences) EXPECT_EQ(between(behind(EI, a), behind(EI, b)), Reach::reflexive);
  }
}

TEST(Oracle, ASymmetricNatMeetsAPublicHostAndAnAddressRestrictedConeButNotAPortRestrictedOne) {
  EXPECT_EQ(between(behind(APD, APD), {}), Reach::reflexive);
  EXPECT_EQ(between(behind(APD, APD), behind(EI, EI)), Reach::reflexive);
  EXPECT_EQ(between(behind(APD, APD), behind(EI, AD)), Reach::reflexive);
  EXPECT_EQ(between(behind(APD, APD), behind(EI, APD)), Reach::none);
}

TEST(Oracle, TwoSymmetricNatsNeedARelay) {
  EXPECT_EQ(between(behind(APD, APD), behind(APD, APD)), Reach::none);
  EXPECT_EQ(between(behind(APD, EI), behind(APD, EI)), Reach::none);
  EXPECT_EQ(between(behind(APD, APD), behind(APD, APD), true), Reach::relayed);
}

TEST(Oracle, WithoutStunAHostBehindANatMeetsOnlyWhoCanBeReached) {
  EXPECT_EQ(best_reach({behind(EI, EI), behind(EI, EI), false, false, false, false}), Reach::none);
  EXPECT_EQ(best_reach({behind(APD, APD), {}, false, false, false, false}), Reach::reflexive);
}

TEST(Oracle, TheStricterOfTwoNatsInARowDecides) {
  const AccessPlan two = {{{.mapping = EI, .filtering = EI}, {.mapping = APD, .filtering = APD}}, {}};
  EXPECT_EQ(between(two, behind(EI, APD)), Reach::none);
  EXPECT_EQ(between(two, behind(EI, AD)), Reach::reflexive);
}

TEST(Oracle, WithUdpBlockedThereIsTheRelayAndWithEverythingBlockedNothing) {
  const AccessPlan tcp_only = {{}, FirewallRules{.udp = false}};
  EXPECT_EQ(between(tcp_only, behind(EI, EI)), Reach::none);
  EXPECT_EQ(between(tcp_only, behind(APD, APD), true), Reach::relayed);
  const AccessPlan nothing = {{}, FirewallRules{.udp = false, .tcp = false}};
  EXPECT_EQ(best_reach({nothing, {}, true, true, true, true}), Reach::none);
}

TEST(Oracle, OneRelayIsEnoughForBoth) {
  for (const NatBehaviour& alice : all_nats()) {
    for (const NatBehaviour& bob : all_nats()) {
      EXPECT_GE(best_reach({{{alice}, {}}, {{bob}, {}}, true, true, true, false}), Reach::relayed);
    }
  }
}

}  // namespace
}  // namespace sim
