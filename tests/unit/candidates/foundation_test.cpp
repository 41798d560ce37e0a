// SPDX-License-Identifier: LGPL-2.1-or-later
// Foundations (RFC 8445 5.1.1.3): the same exactly when type, base IP, protocol and server are.
#include "ice-core/candidates/foundation.h"

#include <gtest/gtest.h>

#include <set>

namespace ice {
namespace {

const Address kBase = *Address::parse("192.0.2.1", 1000);
const Address kServer = *Address::parse("198.51.100.1", 3478);

TEST(Foundation, DependsOnNoPort) {
  FoundationTable table;
  const auto first = table.foundation(CandidateType::server_reflexive, CandidateProtocol::udp, kBase, kServer);
  EXPECT_EQ(table.foundation(CandidateType::server_reflexive, CandidateProtocol::udp, kBase.with_port(2),
                             kServer.with_port(3)),
            first);
}

TEST(Foundation, DiffersInTypeProtocolBaseAndServer) {
  FoundationTable table;
  const std::set<std::string> all = {
      table.foundation(CandidateType::host, CandidateProtocol::udp, kBase),
      table.foundation(CandidateType::server_reflexive, CandidateProtocol::udp, kBase, kServer),
      table.foundation(CandidateType::relayed, CandidateProtocol::udp, kBase, kServer),
      table.foundation(CandidateType::host, CandidateProtocol::tcp_passive, kBase),
      table.foundation(CandidateType::host, CandidateProtocol::udp, *Address::parse("192.0.2.2")),
      table.foundation(CandidateType::host, CandidateProtocol::udp, *Address::parse("2001:db8::1")),
      table.foundation(CandidateType::server_reflexive, CandidateProtocol::udp, kBase, *Address::parse("198.51.100.2")),
  };
  EXPECT_EQ(all.size(), 7U);
}

TEST(Foundation, CountsFromOneInTheOrderOfFirstUse) {
  FoundationTable table;
  EXPECT_EQ(table.foundation(CandidateType::host, CandidateProtocol::udp, kBase), "1");
  EXPECT_EQ(table.foundation(CandidateType::relayed, CandidateProtocol::udp, kBase, kServer), "2");
  EXPECT_EQ(table.foundation(CandidateType::host, CandidateProtocol::udp, kBase), "1");
  EXPECT_EQ(table.foundation(CandidateType::host, CandidateProtocol::udp, *Address::parse("::1")), "3");
}

}  // namespace
}  // namespace ice
