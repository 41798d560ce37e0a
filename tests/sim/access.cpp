// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/access.h"

namespace sim {

namespace {
/// Within a building.
constexpr PathConditions kLan{.delay = std::chrono::microseconds(500)};
}  // namespace

std::string text(const AccessPlan& plan) {
  std::string words;
  for (const NatBehaviour& nat : plan.nats) {
    words += (words.empty() ? "" : " behind ") + std::string(text(nat.mapping)) + "/" + text(nat.filtering);
  }
  if (words.empty()) words = "public";
  if (plan.firewall) {
    if (!plan.firewall->udp) words += plan.firewall->tcp ? ", only TCP passes" : ", nothing passes";
    if (plan.firewall->udp && !plan.firewall->open_from_outside) words += ", only replies pass";
  }
  return words;
}

Access build_access(World& world, const std::string& name, unsigned site, const AccessPlan& plan,
                    std::optional<NetworkId> outside, ice::Family family) {
  const auto number = static_cast<std::uint8_t>(site);
  const bool v6 = family == ice::Family::ipv6;
  // From the outside to the host: what is built next stands inside of what is there.
  Access access;
  NetworkId where = outside ? *outside : world.add_network(name + " access");
  access.outermost = where;
  const std::size_t count = v6 ? 0 : plan.nats.size();
  // In a network that others share, addresses are of that network.
  const bool shared = outside && world.is_private(*outside);
  for (std::size_t i = count; i-- > 0;) {
    const NetworkId inside = world.add_network(name + " lan " + std::to_string(i));
    const bool outermost = i + 1 == count;
    const ice::Address external = !outermost ? ice::Address::v4({10, static_cast<std::uint8_t>(200 + i), number, 2}, 0)
                                  : shared   ? ice::Address::v4({100, 64, number, 2}, 0)
                                             : ice::Address::v4({198, 51, 100, number}, 0);
    const std::string nat_name = name + "'s nat" + (count > 1 ? " " + std::to_string(i + 1) : "");
    access.nats.insert(access.nats.begin(), &world.add<Nat>(nat_name, inside, where, external, plan.nats[i]));
    world.path(inside, inside).conditions = kLan;
    where = inside;
  }
  if (v6) {
    access.address = ice::Address::v6({0x20, 0x01, 0x0d, 0xb8, 0xac, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0);
  } else if (count > 0) {
    access.address = ice::Address::v4({192, 168, number, 10}, 0);
  } else {
    access.address = shared ? ice::Address::v4({100, 64, number, 10}, 0) : ice::Address::v4({198, 51, 100, number}, 0);
  }
  if (plan.firewall) {
    const NetworkId inside = world.add_network(name + " behind the firewall");
    access.firewall = &world.add<Firewall>(name + "'s firewall", inside, where, *plan.firewall);
    access.firewall->expose(access.address);
    world.path(inside, inside).conditions = kLan;
    where = inside;
  }
  access.network = where;
  return access;
}

}  // namespace sim
