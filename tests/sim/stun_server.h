// SPDX-License-Identifier: LGPL-2.1-or-later
// A STUN server: tells who asks where he was seen from (RFC 8489 12), over UDP, without credentials.
#pragma once

#include <vector>

#include "tests/sim/server_trouble.h"
#include "tests/sim/world.h"

namespace sim {

class StunServer final : public Node {
 public:
  /// `addresses` with their ports; all are on `network`.
  StunServer(World& world, std::string name, NetworkId network, std::vector<ice::Address> addresses);

  ServerTrouble trouble;

  [[nodiscard]] const std::vector<ice::Address>& addresses() const { return addresses_; }
  [[nodiscard]] std::uint64_t requests() const { return requests_; }

  void receive(NetworkId network, const Datagram& datagram) override;

 private:
  NetworkId network_;
  std::vector<ice::Address> addresses_;
  std::uint64_t requests_ = 0;
};

}  // namespace sim
