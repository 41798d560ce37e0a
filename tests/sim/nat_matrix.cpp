// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/nat_matrix.h"

#include <algorithm>
#include <array>

#include "tests/sim/invariants.h"
#include "tests/sim/signaling.h"
#include "tests/sim/story.h"
#include "tests/sim/stun_server.h"
#include "tests/sim/turn_server.h"

namespace sim {

using std::chrono::seconds;

namespace {

const ice::Address kStunAddress = ice::Address::v4({203, 0, 113, 1}, 3478);
const ice::Address kTurnAddress = ice::Address::v4({203, 0, 113, 5}, 3478);

HostOptions host_options(const Access& access, const AccessPlan& plan, ice::Role role, bool stun, bool turn) {
  HostOptions options;
  options.agent.role = role;
  options.interfaces = {{"eth0", access.network, access.address, 65535}};
  if (stun)
    options.stun_servers.push_back({{ice::ServerId(1), "stun", ice::TransportProtocol::udp, {kStunAddress}, ""}});
  if (turn) {
    ice::TurnServer server;
    const auto protocol = plan.udp() ? ice::TransportProtocol::udp : ice::TransportProtocol::tcp;
    server.at = {ice::ServerId(2), "turn", protocol, {kTurnAddress}, ""};
    server.username = "user";
    server.password = "pass";
    options.turn_servers.push_back(server);
  }
  return options;
}

Reach reach_of(const ice::SelectedPair& pair) {
  const auto is = [&](ice::CandidateType type) { return pair.local.type == type || pair.remote.type == type; };
  if (is(ice::CandidateType::relayed)) return Reach::relayed;
  return pair.local.type == ice::CandidateType::host && pair.remote.type == ice::CandidateType::host ? Reach::host
                                                                                                     : Reach::reflexive;
}

}  // namespace

MeetingResult meet(const ReachQuestion& question, const MeetingOptions& options) {
  World world(options.seed);
  std::unique_ptr<Story> story;
  if (options.story != nullptr) story = std::make_unique<Story>(world, *options.story);
  Invariants invariants(world);
  world.set_conditions({.delay = options.delay});
  const NetworkId servers = world.add_network("servers");
  world.add<StunServer>("stun", servers, std::vector{kStunAddress});
  TurnServerOptions turn_options;
  turn_options.addresses = {kTurnAddress};
  turn_options.relays = {kTurnAddress.with_port(0)};
  TurnServer& turn = world.add<TurnServer>("turn", servers, turn_options);

  const Access alices = build_access(world, "alice", 1, question.alice);
  const Access bobs = build_access(world, "bob", 2, question.bob);
  HostOptions alice_options =
      host_options(alices, question.alice, ice::Role::controlling, question.alices_stun, question.alices_turn);
  alice_options.agent.trace = story != nullptr;
  auto& alice = world.add<AgentHost>("alice", std::move(alice_options));
  auto& bob = world.add<AgentHost>(
      "bob", host_options(bobs, question.bob, ice::Role::controlled, question.bobs_stun, question.bobs_turn));
  Signaling alice_says(alice, bob, {});
  Signaling bob_says(bob, alice, {});
  for (auto* each : {&alice, &bob}) each->start();
  alice_says.begin();
  bob_says.begin();

  const auto known = [&] {
    return alice.agent().remote_credentials().complete() && bob.agent().remote_credentials().complete();
  };
  world.run_until(known, seconds(10));
  const ice::TimePoint began = world.now();
  world.run_until([&] { return alice.ended() && bob.ended(); }, seconds(120));

  MeetingResult result;
  const Flow only = flow(0, 1);
  result.agreed = alice.is(ice::ConnectionState::completed) && bob.is(ice::ConnectionState::completed);
  if (result.agreed) {
    world.run_for(seconds(5));  // what is better than the first is taken over
    const auto ours = alice.agent().selected_pair(only.first, only.second);
    const auto theirs = bob.agent().selected_pair(only.first, only.second);
    if (ours && theirs) {
      result.reach = std::min(reach_of(*ours), reach_of(*theirs));
      result.types = std::string(ice::type_text(ours->local.type)) + "-" + ice::type_text(ours->remote.type);
    }
    result.to_media = std::max(*alice.first_path(only), *bob.first_path(only)) - began;
    result.to_completed =
        std::max(*alice.first(ice::ConnectionState::completed), *bob.first(ice::ConnectionState::completed)) - began;
  } else {
    result.explanation = alice.agent().explain();
  }
  alice.close();
  bob.close();
  world.run_for(seconds(3));
  for (auto* each : {&alice, &bob}) invariants.check_closed(*each);
  invariants.check_server(turn, alice, false);
  if (invariants.breach()) result.breach = invariants.breach()->text;
  return result;
}

std::vector<NatBehaviour> all_nats() {
  std::vector<NatBehaviour> all;
  for (const Dependence mapping : kDependences) {
    for (const Dependence filtering : kDependences) all.push_back({.mapping = mapping, .filtering = filtering});
  }
  return all;
}

std::vector<AccessPlan> matrix_plans() {
  const auto nats = all_nats();
  std::vector<AccessPlan> plans = {AccessPlan{}};
  for (const NatBehaviour& nat : nats) plans.push_back({{nat}, {}});
  plans.push_back({{nats[2], nats[2]}, {}});  // two in a row
  plans.push_back({{nats[2], nats[8]}, {}});
  plans.push_back({{}, FirewallRules{}});
  plans.push_back({{nats[2]}, FirewallRules{.udp = false}});
  return plans;
}

bool print_matrix(std::ostream& out) {
  bool as_it_should_be = true;
  const auto plans = matrix_plans();
  for (const bool turn : {false, true}) {
    out << (turn ? "\nWith a TURN server on either side:\n\n|  |" : "With a STUN server only:\n\n|  |");
    for (const AccessPlan& bob : plans) out << ' ' << text(bob) << " |";
    out << "\n|---|";
    for (std::size_t i = 0; i < plans.size(); ++i) out << "---|";
    out << '\n';
    for (const AccessPlan& alice : plans) {
      out << "| " << text(alice) << " |";
      for (const AccessPlan& bob : plans) {
        const ReachQuestion question{alice, bob, true, true, turn, turn};
        const MeetingResult result = meet(question);
        const Reach best = best_reach(question);
        out << ' ' << text(result.reach);
        if (result.reach != best || result.breach) {
          as_it_should_be = false;
          out << " (should be " << text(best) << (result.breach ? "; " + *result.breach : "") << ")";
        }
        out << " |";
      }
      out << '\n';
    }
  }
  return as_it_should_be;
}

}  // namespace sim
