// SPDX-License-Identifier: LGPL-2.1-or-later
// A firewall between a network and the rest: it translates nothing. Where the hosts behind it have addresses of the
// outside, expose() makes them known there; in front of a NAT they need none.
#pragma once

#include <set>
#include <vector>

#include "tests/sim/world.h"

namespace sim {

/// What it lets through. From the outside only replies come in, unless `open_from_outside`.
struct FirewallRules {
  bool udp = true;
  bool tcp = true;
  std::set<std::uint16_t> tcp_ports;  ///< of the remote side; empty: all
  bool open_from_outside = false;
  ice::Duration udp_lifetime = std::chrono::seconds(30);  ///< replies later than this after the last datagram are lost

  bool operator==(const FirewallRules&) const = default;
};

class Firewall final : public Node {
 public:
  Firewall(World& world, std::string name, NetworkId inside, NetworkId outside, FirewallRules rules);

  FirewallRules rules;

  /// A host behind it has this address on the outside too.
  void expose(const ice::Address& ip) { world().attach(outside_, ip, *this); }

  void receive(NetworkId network, const Datagram& datagram) override;

 private:
  struct Flow {
    bool tcp;
    ice::Address inside;
    ice::Address outside;
    ice::TimePoint used;
  };
  [[nodiscard]] bool allowed(const Datagram& datagram) const;
  [[nodiscard]] Flow* find(const ice::Address& inside, const ice::Address& outside, bool tcp);

  NetworkId inside_;
  NetworkId outside_;
  std::vector<Flow> flows_;
};

}  // namespace sim
