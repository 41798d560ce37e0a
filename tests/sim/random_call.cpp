// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws calls and lives them through.
#include "tests/sim/random_call.h"

#include <algorithm>
#include <memory>
#include <sstream>

#include "tests/sim/invariants.h"
#include "tests/sim/story.h"
#include "tests/sim/world.h"

namespace sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// Above it a nomination may fail by chance alone: seven sends at 15% both ways fail in 3 of 10,000 cases.
constexpr double kHeavyLoss = 0.15;
/// PAC, or two transactions one after the other, and what signaling takes on top.
constexpr ice::Duration kLongestCall = seconds(200);
constexpr ice::Duration kSettle = seconds(3);

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

/// Addresses of a side, IPv6 first and interleaved as RFC 8421 wants: only the order matters here.
std::vector<HostInterface> interfaces_of(const SidePlan& side, int which, World* world) {
  std::vector<HostInterface> interfaces;
  const unsigned total = side.addresses_v4 + side.addresses_v6;
  for (unsigned i = 0; i < total; ++i) {
    HostInterface interface;
    const bool v6 = i < side.addresses_v6;
    interface.name = "eth" + std::to_string(i);
    if (world != nullptr)
      interface.network = world->add_network(std::string(which == 0 ? "a" : "b") + std::to_string(i));
    const auto host = static_cast<std::uint8_t>(which + 1);
    const auto net = static_cast<std::uint8_t>(i + 1);
    interface.address = v6 ? ice::Address::v6({0x20, 0x01, 0x0d, 0xb8, 0, net, 0, 0, 0, 0, 0, 0, 0, 0, 0, host}, 0)
                           : ice::Address::v4({10, net, host, 1}, 0);
    interface.local_preference = static_cast<std::uint16_t>(65535 - i * 100);
    interfaces.push_back(interface);
  }
  return interfaces;
}

HostOptions options_of(const CallPlan& plan, int which, World& world) {
  const SidePlan& side = plan.sides[static_cast<std::size_t>(which)];
  HostOptions options;
  options.agent.role = side.role;
  options.agent.pacing = side.pacing;
  options.agent.trickle = !side.signaling.full;
  options.interfaces = interfaces_of(side, which, &world);
  options.flows = plan.flows;
  options.open_delay = side.open_delay;
  if (side.first_interface_broken) options.broken_interfaces = {"eth0"};
  return options;
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
  const auto count = [](const SidePlan& side) { return side.addresses_v4 + side.addresses_v6; };
  for (unsigned a = 0; a < count(plan.sides[0]); ++a) {
    auto& there = plan.there.emplace_back();
    auto& back = plan.back.emplace_back();
    for (unsigned b = 0; b < count(plan.sides[1]); ++b) {
      there.push_back(random_path(random, quality));
      back.push_back(random.chance(0.5) ? there.back() : random_path(random, quality));
      const bool cut = random.chance(unreachable);
      // A one-way path, now and then: the check arrives, its answer does not.
      if (cut) there.back().up = random.chance(0.1);
      if (cut) back.back().up = false;
    }
  }
  if (random.chance(0.05)) plan.talk = seconds(40);
  return plan;
}

bool can_connect(const CallPlan& plan) {
  const auto first = interfaces_of(plan.sides[0], 0, nullptr);
  const auto second = interfaces_of(plan.sides[1], 1, nullptr);
  for (std::size_t a = 0; a < first.size(); ++a) {
    if (a == 0 && plan.sides[0].first_interface_broken) continue;
    for (std::size_t b = 0; b < second.size(); ++b) {
      if (b == 0 && plan.sides[1].first_interface_broken) continue;
      if (first[a].address.family() != second[b].address.family()) continue;
      if (plan.there[a][b].up && plan.back[a][b].up) return true;
    }
  }
  return false;
}

double worst_loss(const CallPlan& plan) {
  double worst = 0;
  for (const auto* direction : {&plan.there, &plan.back}) {
    for (const auto& row : *direction) {
      for (const PathConditions& path : row) worst = std::max({worst, path.loss, path.burst > 0 ? kHeavyLoss : 0.0});
    }
  }
  return worst;
}

std::string describe(const CallPlan& plan) {
  std::ostringstream out;
  const auto ms = [](ice::Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); };
  out << "seed " << plan.seed << ": " << plan.flows.size() << " flows, "
      << (can_connect(plan) ? "a path exists" : "no path exists") << ", talk " << ms(plan.talk) << " ms\n";
  const char* names[] = {"alice", "bob"};
  for (std::size_t i = 0; i < 2; ++i) {
    const SidePlan& side = plan.sides[i];
    const SignalingConditions& signaling = side.signaling;
    out << "  " << names[i] << ": " << (side.role == ice::Role::controlling ? "controlling" : "controlled") << ", Ta "
        << ms(side.pacing) << ", starts " << ms(side.start_delay) << ", opens in " << ms(side.open_delay) << ", "
        << side.addresses_v4 << " IPv4, " << side.addresses_v6 << " IPv6"
        << (side.first_interface_broken ? ", the first broken" : "") << "\n    signaling "
        << (signaling.full ? "full" : "trickle") << " delay " << ms(signaling.delay) << " jitter "
        << ms(signaling.jitter) << " description +" << ms(signaling.description_delay) << " end +"
        << ms(signaling.end_delay) << (signaling.end_overtakes ? " overtaking" : "")
        << (signaling.end_in_band ? "" : " never") << " late " << signaling.late_candidate << " by "
        << ms(signaling.late_candidate_delay) << " repeat " << signaling.repeat_description
        << (signaling.without_pacing ? " no pacing" : "") << "\n";
  }
  for (std::size_t a = 0; a < plan.there.size(); ++a) {
    for (std::size_t b = 0; b < plan.there[a].size(); ++b) {
      for (const PathConditions* path : {&plan.there[a][b], &plan.back[a][b]}) {
        out << "  a" << a << (path == &plan.there[a][b] ? " -> b" : " <- b") << b << ": ";
        if (!path->up) {
          out << "unreachable\n";
          continue;
        }
        out << "delay " << ms(path->delay) << " jitter " << ms(path->jitter) << " loss " << path->loss << " burst "
            << path->burst << "/" << ms(path->burst_length) << " duplicate " << path->duplicate << " reorder "
            << path->reorder << "/" << ms(path->reorder_delay) << " mtu " << path->mtu << "\n";
      }
    }
  }
  return out.str();
}

CallResult run_call(const CallPlan& plan, std::ostream* out) {
  CallResult result;
  result.possible = can_connect(plan);

  World world(plan.seed);
  std::unique_ptr<Story> story;
  if (out != nullptr) story = std::make_unique<Story>(world, *out);
  Invariants invariants(world);

  std::array<AgentHost*, 2> hosts{};
  for (int i = 0; i < 2; ++i) {
    HostOptions options = options_of(plan, i, world);
    options.agent.trace = out != nullptr;
    hosts[static_cast<std::size_t>(i)] = &world.add<AgentHost>(i == 0 ? "alice" : "bob", std::move(options));
  }
  AgentHost& alice = *hosts[0];
  AgentHost& bob = *hosts[1];
  for (std::size_t a = 0; a < plan.there.size(); ++a) {
    for (std::size_t b = 0; b < plan.there[a].size(); ++b) {
      const NetworkId from = alice.options().interfaces[a].network;
      const NetworkId to = bob.options().interfaces[b].network;
      world.path(from, to).conditions = plan.there[a][b];
      world.path(to, from).conditions = plan.back[a][b];
    }
  }

  std::array<Signaling, 2> signaling{Signaling(alice, bob, plan.sides[0].signaling),
                                     Signaling(bob, alice, plan.sides[1].signaling)};
  for (std::size_t i = 0; i < 2; ++i) {
    world.after(plan.sides[i].start_delay, [&, i] {
      hosts[i]->start();
      signaling[i].begin();
    });
  }

  const auto both_know = [&] {
    return alice.agent().remote_credentials().complete() && bob.agent().remote_credentials().complete();
  };
  world.run_until(both_know, seconds(30));
  const ice::TimePoint known = world.now();
  const auto both_ended = [&] { return alice.ended() && bob.ended(); };
  world.run_until(both_ended, kLongestCall);
  world.run_for(kSettle);

  // Loss may just then have taken several consent checks in a row; a call is judged on quiet paths, and so is its talk.
  if (plan.talk > ice::Duration::zero() || !both_ended()) {
    for (const auto& a : alice.options().interfaces) {
      for (const auto& b : bob.options().interfaces) {
        for (PathConditions* path :
             {&world.path(a.network, b.network).conditions, &world.path(b.network, a.network).conditions}) {
          path->loss = path->burst = 0;
        }
      }
    }
    world.run_until(both_ended, kLongestCall);
    world.run_for(plan.talk);
  }

  const bool completed = alice.is(ice::ConnectionState::completed) && bob.is(ice::ConnectionState::completed);
  result.completed = completed;
  result.unlucky = result.possible && !completed && worst_loss(plan) >= kHeavyLoss;
  for (const AgentHost* host : hosts) invariants.check_ended(*host, result.possible && !result.unlucky);
  invariants.check_agreement(alice, bob);

  for (AgentHost* host : hosts) {
    for (const Flow& each : host->flows()) {
      if (const auto at = host->first_path(each)) {
        result.to_first_path = std::max(result.to_first_path.value_or(ice::Duration::zero()), *at - known);
      }
    }
    if (const auto at = host->first(ice::ConnectionState::completed); at && completed) {
      result.to_completed = std::max(result.to_completed.value_or(ice::Duration::zero()), *at - known);
    }
  }

  for (Signaling& each : signaling) each.cut();
  for (AgentHost* host : hosts) host->close();
  world.run_for(seconds(2));  // what is still under way reaches closed agents
  for (const AgentHost* host : hosts) invariants.check_closed(*host);

  if (invariants.breach()) result.breach = invariants.breach()->text;
  result.steps = world.steps();
  return result;
}

}  // namespace sim
