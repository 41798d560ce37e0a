// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws plans of calls.
#include "tests/sim/call_plan.h"

#include <algorithm>
#include <sstream>

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

/// Drawn last, so that what came before stays as it was.
void disturb(SeededRandom& random, CallPlan& plan) {
  plan.attacked = random.chance(0.1);
  if (random.chance(0.05)) {  // far more than a hundred pairs, over paths that all work
    for (SidePlan& side : plan.sides) side.addresses_v4 += static_cast<unsigned>(random.from_to(2, 5));
    const auto count = [](const SidePlan& side) { return side.addresses_v4 + side.addresses_v6; };
    for (auto* direction : {&plan.there, &plan.back}) {
      PathConditions good = direction->front().front();
      good.up = true;
      for (auto& row : *direction) {
        for (PathConditions& path : row) path.up = true;
        row.resize(count(plan.sides[1]), good);
      }
      direction->resize(count(plan.sides[0]), std::vector<PathConditions>(count(plan.sides[1]), good));
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

const char* text(Disturbance::Kind kind) {
  switch (kind) {
    case Disturbance::Kind::cut:
      return "all paths are cut";
    case Disturbance::Kind::new_generation:
      return "a new generation begins";
    case Disturbance::Kind::close:
      return "closes";
  }
  return "";
}

std::vector<HostInterface> interfaces_of(const CallPlan& plan, std::size_t which) {
  const SidePlan& side = plan.sides[which];
  std::vector<HostInterface> interfaces;
  const unsigned total = side.addresses_v4 + side.addresses_v6;
  for (unsigned i = 0; i < total; ++i) {
    HostInterface interface;
    const bool v6 = i < side.addresses_v6;
    interface.name = "eth" + std::to_string(i);
    const auto host = static_cast<std::uint8_t>(which + 1);
    const auto net = static_cast<std::uint8_t>(i + 1);
    interface.address = v6 ? ice::Address::v6({0x20, 0x01, 0x0d, 0xb8, 0, net, 0, 0, 0, 0, 0, 0, 0, 0, 0, host}, 0)
                           : ice::Address::v4({10, net, host, 1}, 0);
    interface.local_preference = static_cast<std::uint16_t>(65535 - i * 100);
    interfaces.push_back(interface);
  }
  return interfaces;
}

std::vector<Flow> flows_of(const CallPlan& plan, std::size_t side) {
  std::vector<Flow> flows = plan.flows;
  if (plan.sides[side].without) std::erase(flows, *plan.sides[side].without);
  return flows;
}

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
  disturb(random, plan);
  return plan;
}

bool somebody_closes(const CallPlan& plan) {
  return std::any_of(plan.disturbances.begin(), plan.disturbances.end(),
                     [](const Disturbance& each) { return each.kind == Disturbance::Kind::close; });
}

bool can_connect(const CallPlan& plan) {
  if (somebody_closes(plan)) return false;
  const auto first = interfaces_of(plan, 0);
  const auto second = interfaces_of(plan, 1);
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
    if (side.without) {
      out << "    without flow " << side.without->first.value << "/" << side.without->second.value << "\n";
    }
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
  for (const Disturbance& each : plan.disturbances) {
    out << "  at " << ms(each.at) << ": " << (each.kind == Disturbance::Kind::cut ? "" : names[each.side]) << " "
        << text(each.kind) << (each.kind == Disturbance::Kind::cut ? " for " + std::to_string(ms(each.length)) : "")
        << "\n";
  }
  if (plan.attacked) out << "  attacked\n";
  return out.str();
}

}  // namespace sim
