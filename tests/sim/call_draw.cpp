// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws plans of calls from a seed.
#include <algorithm>
#include <array>

#include "tests/sim/call_plan.h"

namespace sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

ice::Duration up_to(SeededRandom& random, ice::Duration highest) {
  return random.from_to(ice::Duration::zero(), highest);
}

PathConditions random_path(SeededRandom& random, double quality) {
  PathConditions path;
  path.delay = random.chance(0.3) ? up_to(random, milliseconds(300)) : up_to(random, milliseconds(40));
  if (random.chance(0.4)) path.jitter = up_to(random, milliseconds(50));
  if (quality > 0.4) path.loss = random.uniform() * 0.3 * (quality - 0.4) / 0.6;
  if (random.chance(0.1)) {
    path.burst = 0.01;
    path.burst_length = up_to(random, milliseconds(800));
  }
  if (random.chance(0.2)) path.duplicate = random.uniform() * 0.2;
  if (random.chance(0.2)) {
    path.reorder = random.uniform() * 0.3;
    path.reorder_delay = up_to(random, milliseconds(200));
  }
  if (random.chance(0.1)) path.mtu = 548;  // the least that IPv4 promises, 576, without its headers
  return path;
}

SignalingConditions random_signaling(SeededRandom& random) {
  SignalingConditions signaling;
  signaling.full = random.chance(0.3);
  signaling.delay = random.chance(0.3) ? up_to(random, seconds(2)) : up_to(random, milliseconds(200));
  if (random.chance(0.5)) signaling.jitter = up_to(random, milliseconds(500));
  if (random.chance(0.2)) signaling.description_delay = up_to(random, seconds(2));
  if (random.chance(0.3)) signaling.end_delay = up_to(random, seconds(2));
  signaling.end_overtakes = random.chance(0.1);
  if (random.chance(0.2)) {
    signaling.late_candidate = random.uniform();
    signaling.late_candidate_delay = up_to(random, seconds(5));
  }
  if (random.chance(0.2)) signaling.repeat_description = 0.3;
  signaling.without_pacing = random.chance(0.2);
  signaling.end_in_band = !random.chance(0.1);
  return signaling;
}

SidePlan random_side(SeededRandom& random) {
  SidePlan side;
  side.pacing = milliseconds(random.from_to(5, 50));
  if (random.chance(0.5)) side.start_delay = up_to(random, random.chance(0.2) ? seconds(2) : milliseconds(300));
  if (random.chance(0.7)) side.open_delay = up_to(random, milliseconds(20));
  switch (random.from_to(0, 3)) {
    case 0:
      side.addresses_v4 = 1;
      break;
    case 1:
      side.addresses_v4 = static_cast<unsigned>(random.from_to(1, 3));
      break;
    case 2:
      side.addresses_v4 = random.chance(0.2) ? 0 : 1;
      side.addresses_v6 = static_cast<unsigned>(random.from_to(1, 2));
      break;
    default:
      side.addresses_v4 = 1;
      side.addresses_v6 = static_cast<unsigned>(random.from_to(1, 2));
      break;
  }
  side.first_interface_broken = side.addresses_v4 + side.addresses_v6 > 1 && random.chance(0.05);
  side.signaling = random_signaling(random);
  return side;
}

NatBehaviour random_nat(SeededRandom& random) {
  NatBehaviour nat;
  nat.mapping = kDependences[random.from_to(0, 2)];
  nat.filtering = kDependences[random.from_to(0, 2)];
  nat.hairpin = random.chance(0.5);
  nat.port_preservation = random.chance(0.5);
  nat.lifetime = seconds(random.from_to(30, 180));
  nat.inbound_refresh = random.chance(0.5);
  return nat;
}

ServerTrouble random_trouble(SeededRandom& random) {
  ServerTrouble trouble;
  if (!random.chance(0.15)) return trouble;
  constexpr std::array kKinds = {Trouble::silent, Trouble::slow, Trouble::lying, Trouble::refusing};
  trouble.kind = kKinds[random.from_to(0, kKinds.size() - 1)];
  trouble.delay = up_to(random, seconds(3));
  trouble.code = random.chance(0.5) ? 500 : 400;
  return trouble;
}

/// NATs, firewalls and servers, in every second call.
void draw_network(SeededRandom& random, CallPlan& plan) {
  if (random.chance(0.5)) return;
  for (SidePlan& side : plan.sides) {
    if (random.chance(0.75)) side.access.nats.push_back(random_nat(random));
    if (!side.access.nats.empty() && random.chance(0.15)) side.access.nats.push_back(random_nat(random));
    if (random.chance(0.15)) {
      side.access.firewall = FirewallRules{};
      side.access.firewall->udp = random.chance(0.6);
      side.access.firewall->tcp = random.chance(0.9);
      side.access.firewall->udp_lifetime = seconds(random.from_to(30, 120));
    }
    side.stun = random.chance(0.8);
    side.turn = random.chance(0.6);
    side.turn_over_tcp = random.chance(0.3);
    if (side.turn && random.chance(0.1)) side.policy = ice::TransportPolicy::relay;
  }
  plan.servers.stun = random_trouble(random);
  plan.servers.turn = random_trouble(random);
  if (random.chance(0.2)) plan.servers.nonce_lifetime = milliseconds(random.from_to(500, 10000));
  plan.servers.sha256 = random.chance(0.3);
  plan.servers.ipv6_relay = random.chance(0.3);
  plan.servers.path = random_path(random, random.uniform());
  const bool one_each = std::all_of(plan.sides.begin(), plan.sides.end(), [](const SidePlan& side) {
    return side.addresses_v4 == 1 && side.addresses_v6 == 0 && !side.access.firewall;
  });
  if (one_each && random.chance(0.3)) plan.common_nat = random_nat(random);
}

/// What befalls hosts, NATs and servers.
void draw_accidents(SeededRandom& random, CallPlan& plan) {
  if (!random.chance(0.15)) return;
  using Kind = Disturbance::Kind;
  constexpr std::array kKinds = {Kind::clock_forward, Kind::clock_back,     Kind::sleep,
                                 Kind::rebirth,       Kind::interface_lost, Kind::new_address,
                                 Kind::nat_reboot,    Kind::server_restart, Kind::stale_nonces};
  for (auto count = random.from_to(1, 2); count > 0; --count) {
    Disturbance accident;
    accident.kind = kKinds[random.from_to(0, kKinds.size() - 1)];
    accident.at = up_to(random, random.chance(0.5) ? milliseconds(2000) : seconds(20));
    if (accident.kind == Kind::sleep) accident.length = up_to(random, seconds(40));
    if (accident.kind == Kind::clock_forward)
      accident.length = up_to(random, random.chance(0.5) ? seconds(5) : seconds(4000));
    if (accident.kind == Kind::clock_back)
      accident.length = up_to(random, random.chance(0.5) ? seconds(5) : seconds(3000));
    accident.side = random.from_to(0, 1);
    plan.disturbances.push_back(accident);
  }
}

/// Drawn last, so that what came before stays as it was.
void disturb(SeededRandom& random, CallPlan& plan) {
  plan.attacked = random.chance(0.1);
  if (random.chance(0.05)) {  // far more than a hundred pairs, over paths that all work
    for (SidePlan& side : plan.sides) side.addresses_v4 += static_cast<unsigned>(random.from_to(2, 5));
    for (auto* direction : {&plan.there, &plan.back}) {
      PathConditions good = direction->front().front();
      good.up = true;
      for (auto& row : *direction) {
        for (PathConditions& path : row) path.up = true;
        row.resize(address_count(plan.sides[1]), good);
      }
      direction->resize(address_count(plan.sides[0]), std::vector<PathConditions>(address_count(plan.sides[1]), good));
    }
  }
  // Both told the end: a flow that the peer does not mention is one that it does not use.
  if (plan.flows.size() > 1 && random.chance(0.1)) {
    plan.sides[random.from_to(0, 1)].without = plan.flows[random.from_to(0, plan.flows.size() - 1)];
    for (SidePlan& side : plan.sides) side.signaling.end_in_band = true;
  }
  if (!random.chance(0.2)) return;
  for (auto count = random.from_to(1, 3); count > 0; --count) {
    Disturbance disturbance;
    const double kind = random.uniform();
    disturbance.kind = kind < 0.5   ? Disturbance::Kind::cut
                       : kind < 0.9 ? Disturbance::Kind::new_generation
                                    : Disturbance::Kind::close;
    disturbance.at = up_to(random, random.chance(0.7) ? milliseconds(1500) : seconds(20));
    disturbance.length = up_to(random, seconds(6));
    disturbance.side = random.from_to(0, 1);
    plan.disturbances.push_back(disturbance);
  }
}

}  // namespace

CallPlan random_plan(std::uint64_t seed) {
  SeededRandom random = SeededRandom(seed).fork("plan");
  CallPlan plan;
  plan.seed = seed;
  for (SidePlan& side : plan.sides) side = random_side(random);

  // Six of ten calls begin with opposite roles, the others in conflict (RFC 8445 7.3.1.1).
  plan.sides[0].role = random.chance(0.5) ? ice::Role::controlling : ice::Role::controlled;
  const bool conflict = random.chance(0.4);
  const bool first_controls = plan.sides[0].role == ice::Role::controlling;
  plan.sides[1].role = first_controls == conflict ? ice::Role::controlling : ice::Role::controlled;
  if (random.chance(0.1)) {  // the two sides alike to the nanosecond
    plan.sides[1].start_delay = plan.sides[0].start_delay;
    plan.sides[1].open_delay = plan.sides[0].open_delay;
    plan.sides[1].pacing = plan.sides[0].pacing;
    plan.sides[1].signaling = plan.sides[0].signaling;
    plan.sides[1].signaling.jitter = plan.sides[0].signaling.jitter = ice::Duration::zero();
  }

  const auto streams = static_cast<unsigned>(random.from_to(1, 3));
  for (unsigned stream = 0; stream < streams; ++stream) {
    const auto components = static_cast<unsigned>(random.from_to(1, 2));
    for (unsigned component = 1; component <= components; ++component) plan.flows.push_back(flow(stream, component));
  }

  // Pairs of one family reach each other in most calls; one call in twenty is cut off for good.
  const double quality = random.uniform();  // one for the whole call, so that some are clean
  const double unreachable = random.chance(0.05) ? 1.0 : random.chance(0.3) ? 0.4 : 0.0;
  for (unsigned a = 0; a < address_count(plan.sides[0]); ++a) {
    auto& there = plan.there.emplace_back();
    auto& back = plan.back.emplace_back();
    for (unsigned b = 0; b < address_count(plan.sides[1]); ++b) {
      there.push_back(random_path(random, quality));
      back.push_back(random.chance(0.5) ? there.back() : random_path(random, quality));
      const bool cut = random.chance(unreachable);
      // A one-way path, now and then: the check arrives, its answer does not.
      if (cut) there.back().up = random.chance(0.1);
      if (cut) back.back().up = false;
    }
  }
  if (random.chance(0.05)) plan.talk = seconds(40);
  disturb(random, plan);
  draw_network(random, plan);
  draw_accidents(random, plan);
  return plan;
}

}  // namespace sim
