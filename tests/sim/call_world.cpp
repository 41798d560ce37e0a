// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/call_world.h"

namespace sim {

namespace {

const ice::Address kStunAddress = ice::Address::v4({203, 0, 113, 1}, 3478);
const ice::Address kTurnAddress = ice::Address::v4({203, 0, 113, 5}, 3478);
const ice::Address kTurnRelay6 = ice::Address::v6({0x20, 0x01, 0x0d, 0xb8, 0xcb, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, 0);

bool anybody(const CallPlan& plan, bool SidePlan::*what) {
  return plan.sides[0].*what || plan.sides[1].*what;
}

}  // namespace

CallWorld::CallWorld(const CallPlan& plan, std::ostream* out)
    : world(plan.seed),
      story(out != nullptr ? std::make_unique<Story>(world, *out) : nullptr),
      invariants(world),
      plan_(plan) {
  add_servers();
  if (plan_.common_nat) {
    common_ = world.add_network("behind the common NAT");
    common_outside_ = world.add_network("the common NAT's outside");
    const ice::Address external = ice::Address::v4({198, 51, 100, 200}, 0);
    world.add<Nat>("common nat", *common_, common_outside_, external, *plan_.common_nat);
  }
  hosts = {&host(0, "alice"), &host(1, "bob")};
  // What was said of the last life may arrive in between what is said of the next.
  if (has(plan_, Disturbance::Kind::rebirth)) {
    invariants.waive(Invariant::state_matches_paths);
  }
  if (plan_.attacked) {
    world.watch(world.add<Attacker>("mallory", world.add_network("everywhere")));
    invariants.waive(Invariant::media_is_accepted);   // he sends what a relay delivered to another port
    invariants.waive(Invariant::role_conflict_ends);  // replayed checks in an old role make it change again
  }
  set_paths(true);
}

void CallWorld::add_servers() {
  servers_ = world.add_network("servers");
  if (anybody(plan_, &SidePlan::stun)) {
    stun = &world.add<StunServer>("stun", servers_, std::vector{kStunAddress});
    stun->trouble = plan_.servers.stun;
  }
  if (!anybody(plan_, &SidePlan::turn)) return;
  TurnServerOptions options;
  options.addresses = {kTurnAddress};
  options.relays = {kTurnAddress.with_port(0)};
  if (plan_.servers.ipv6_relay) options.relays.push_back(kTurnRelay6);
  options.users.nonce_lifetime = plan_.servers.nonce_lifetime;
  options.users.offers_sha256 = options.users.offers_userhash = plan_.servers.sha256;
  turn = &world.add<TurnServer>("turn", servers_, options);
  turn->trouble = plan_.servers.turn;
}

void CallWorld::add_servers_of(const SidePlan& side, HostOptions& options) const {
  if (side.stun) {
    options.stun_servers.push_back({{ice::ServerId(1), "stun", ice::TransportProtocol::udp, {kStunAddress}, ""}});
  }
  if (!side.turn) return;
  ice::TurnServer server;
  const auto protocol = side.turn_over_tcp ? ice::TransportProtocol::tcp : ice::TransportProtocol::udp;
  server.at = {ice::ServerId(2), "turn", protocol, {kTurnAddress}, ""};
  server.username = "user";
  server.password = "pass";
  options.turn_servers.push_back(server);
}

AgentHost& CallWorld::host(std::size_t side, const char* name) {
  const SidePlan& plan = plan_.sides[side];
  HostOptions options;
  options.agent.role = plan.role;
  options.agent.pacing = plan.pacing;
  options.agent.trickle = !plan.signaling.full;
  options.agent.trace = story != nullptr;
  options.agent.policy = plan.policy;
  options.interfaces = interfaces_of(plan_, side);
  const bool plain = plan.access == AccessPlan{} && !common_;
  for (std::size_t i = 0; i < options.interfaces.size(); ++i) {
    HostInterface& each = options.interfaces[i];
    const std::string network = name + (" " + each.name);
    if (plain) {
      each.network = world.add_network(network);
      outermost_[side].push_back(each.network);
      continue;
    }
    const auto site = static_cast<unsigned>(side * 30 + i + 1);
    const Access access = build_access(world, network, site, plan.access, common_, each.address.family());
    each.network = access.network;
    each.address = access.address;
    outermost_[side].push_back(access.outermost);
    nats[side].insert(nats[side].end(), access.nats.begin(), access.nats.end());
  }
  options.flows = flows_of(plan_, side);
  options.open_delay = plan.open_delay;
  if (plan.first_interface_broken) options.broken_interfaces = {"eth0"};
  add_servers_of(plan, options);
  return world.add<AgentHost>(name, std::move(options));
}

void CallWorld::set_paths(bool up) {
  const auto set = [&](NetworkId from, NetworkId to, PathConditions conditions) {
    conditions.up = conditions.up && up;
    world.path(from, to).conditions = conditions;
  };
  for (std::size_t a = 0; a < plan_.there.size(); ++a) {
    for (std::size_t b = 0; b < plan_.there[a].size(); ++b) {
      PathConditions there = plan_.there[a][b];
      PathConditions back = plan_.back[a][b];
      if (common_) there.up = back.up = true;  // one network: the way to its gateway too
      set(outermost_[0][a], outermost_[1][b], there);
      set(outermost_[1][b], outermost_[0][a], back);
    }
  }
  for (const auto& networks : outermost_) {
    for (const NetworkId each : networks) {
      set(each, servers_, plan_.servers.path);
      set(servers_, each, plan_.servers.path);
    }
  }
  if (!common_) return;
  set(common_outside_, servers_, plan_.servers.path);
  set(servers_, common_outside_, plan_.servers.path);
}

void CallWorld::quiet_paths() {
  const auto quiet = [&](NetworkId a, NetworkId b) {
    for (PathConditions* path : {&world.path(a, b).conditions, &world.path(b, a).conditions}) {
      path->loss = path->burst = 0;
    }
  };
  for (const NetworkId a : outermost_[0]) {
    for (const NetworkId b : outermost_[1]) quiet(a, b);
  }
  for (const auto& networks : outermost_) {
    for (const NetworkId each : networks) quiet(each, servers_);
  }
  if (common_) quiet(common_outside_, servers_);
}

}  // namespace sim
