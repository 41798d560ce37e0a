// SPDX-License-Identifier: LGPL-2.1-or-later
// What the machine's interfaces look like to the agent.
#include "gst/net/interfaces.h"

#include <gtest/gtest.h>
#include <net/if.h>

#include <algorithm>

namespace gstice {
namespace {

TEST(Interfaces, SeeTheLoopbackInterfaceWithItsAddressIndexAndPrefix) {
  const auto all = local_addresses();
  ASSERT_TRUE(all.ok()) << all.error().message;
  const auto lo = std::find_if(all->begin(), all->end(), [](const ice::LocalAddress& local) {
    return local.address == *ice::Address::parse("127.0.0.1");
  });
  ASSERT_NE(lo, all->end());
  EXPECT_EQ(lo->interface, "lo");
  EXPECT_EQ(lo->interface_index, if_nametoindex("lo"));
  EXPECT_EQ(lo->prefix_length, 8u);
  EXPECT_TRUE(lo->up);
  EXPECT_FALSE(lo->point_to_point);
  EXPECT_FALSE(lo->temporary);
  EXPECT_FALSE(lo->deprecated);
}

TEST(Interfaces, CarryNoPortAndAnIndexEach) {
  const auto all = local_addresses();
  ASSERT_TRUE(all.ok());
  for (const auto& local : *all) {
    EXPECT_EQ(local.address.port(), 0) << local.address.text();
    EXPECT_NE(local.interface_index, 0u) << local.interface;
    EXPECT_EQ(local.interface.find(':'), std::string::npos) << local.interface;
  }
}

}  // namespace
}  // namespace gstice
