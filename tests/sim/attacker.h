// SPDX-License-Identifier: LGPL-2.1-or-later
// An attacker on the path: he sees every datagram, cannot sign, and sends altered and replayed copies of STUN from his
// own address or under a false one (RFC 8445 19).
#pragma once

#include <vector>

#include "tests/sim/observer.h"
#include "tests/sim/world.h"

namespace sim {

class Attacker final : public Node, public Observer {
 public:
  Attacker(World& world, std::string name, NetworkId network);

  void receive(NetworkId network, const Datagram& datagram) override;
  void sent(const Node& from, NetworkId network, const Datagram& datagram, const Fate& fate) override;

 private:
  void attack(const Datagram& seen);

  NetworkId network_;
  SeededRandom random_;
  ice::Address own_v4_;
  ice::Address own_v6_;
  std::vector<Datagram> recorded_;
  unsigned left_ = 300;  ///< attacks in a call: enough to disturb, too few to keep the agents from ever being done
};

}  // namespace sim
