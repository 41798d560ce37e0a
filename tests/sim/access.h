// SPDX-License-Identifier: LGPL-2.1-or-later
// How a host gets into the world: with a public address, or from behind a firewall and any number of NATs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/firewall.h"
#include "tests/sim/nat.h"

namespace sim {

/// Plain data.
struct AccessPlan {
  std::vector<NatBehaviour> nats;         ///< from the host outward; none: a public address
  std::optional<FirewallRules> firewall;  ///< between the host and everything else

  [[nodiscard]] bool udp() const { return !firewall || firewall->udp; }
  [[nodiscard]] bool tcp() const { return !firewall || firewall->tcp; }
  bool operator==(const AccessPlan&) const = default;
};
/// "EI/APD", "EI/APD behind APD/APD", "public, UDP blocked"
std::string text(const AccessPlan& plan);

/// The same, built.
struct Access {
  NetworkId network;     ///< where the host is
  ice::Address address;  ///< of the host, without a port
  NetworkId outermost;   ///< what the rest of the world sees; paths from and to it have conditions
  std::vector<Nat*> nats;
  Firewall* firewall = nullptr;
};

/// `site`: 1 to 60, different for each host; a host of an address family that NATs know nothing of is public.
/// `outside`: the network that the outermost is attached to; none: one of its own.
Access build_access(World& world, const std::string& name, unsigned site, const AccessPlan& plan,
                    std::optional<NetworkId> outside = {}, ice::Family family = ice::Family::ipv4);

}  // namespace sim
