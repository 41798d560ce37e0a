// SPDX-License-Identifier: LGPL-2.1-or-later
// Out by the rules, in as a reply.
#include "tests/sim/firewall.h"

#include <algorithm>

namespace sim {

Firewall::Firewall(World& world, std::string name, NetworkId inside, NetworkId outside, FirewallRules initial)
    : Node(world, std::move(name)), rules(std::move(initial)), inside_(inside), outside_(outside) {
  world.set_gateway(inside, *this);
}

bool Firewall::allowed(const Datagram& datagram) const {
  if (!is_tcp(datagram.wire)) return rules.udp;
  return rules.tcp && (rules.tcp_ports.empty() || rules.tcp_ports.contains(datagram.destination.port()));
}

Firewall::Flow* Firewall::find(const ice::Address& inside, const ice::Address& outside, bool tcp) {
  const auto found = std::find_if(flows_.begin(), flows_.end(), [&](const Flow& each) {
    return each.tcp == tcp && each.inside == inside && each.outside == outside;
  });
  return found == flows_.end() ? nullptr : &*found;
}

void Firewall::receive(NetworkId network, const Datagram& datagram) {
  const bool tcp = is_tcp(datagram.wire);
  const ice::TimePoint now = world().now();
  if (network == inside_) {
    if (!allowed(datagram)) return;
    if (Flow* known = find(datagram.source, datagram.destination, tcp)) {
      known->used = now;
    } else {
      flows_.push_back({tcp, datagram.source, datagram.destination, now});
    }
    world().send(*this, outside_, datagram);
    return;
  }
  Flow* known = find(datagram.destination, datagram.source, tcp);
  const bool reply = known != nullptr && (tcp || now < known->used + rules.udp_lifetime);
  const bool welcome = rules.open_from_outside && (tcp ? rules.tcp : rules.udp);
  if (!reply && !welcome) return;
  if (known != nullptr) known->used = now;
  world().send(*this, inside_, datagram);
}

}  // namespace sim
