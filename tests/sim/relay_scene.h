// SPDX-License-Identifier: LGPL-2.1-or-later
// A stage for STUN and TURN: alice and bob, each behind a NAT of their own, and servers on the internet between them.
#pragma once

#include "tests/sim/nat.h"
#include "tests/sim/scene.h"
#include "tests/sim/stun_server.h"
#include "tests/sim/turn_server.h"

namespace sim {

inline constexpr NatBehaviour kSymmetric{.mapping = Dependence::address_and_port_dependent,
                                         .filtering = Dependence::address_and_port_dependent,
                                         .port_preservation = false};
inline constexpr NatBehaviour kPortRestricted{.port_preservation = false};

class BehindNats : public ::testing::Test {
 protected:
  BehindNats() {
    world.set_conditions(PathConditions{.delay = 10ms});
    turn_options.addresses = {at("203.0.113.5", 3478)};
    turn_options.relays = {at("203.0.113.5")};
    alice_options.agent.role = Role::controlling;
    bob_options.agent.role = Role::controlled;
    for (HostOptions* options : {&alice_options, &bob_options}) options->agent.trace = story != nullptr;
    alice_options.interfaces = {{"eth0", alices, at("192.168.1.2"), 65535}};
    bob_options.interfaces = {{"eth0", bobs, at("192.168.2.2"), 65535}};
  }

  void make_servers() {
    stun = &world.add<StunServer>("stun", internet, std::vector{at("203.0.113.1", 3478)});
    turn = &world.add<TurnServer>("turn", internet, turn_options);
  }
  /// NATs, servers, agents; both gather and tell each other.
  void begin(const NatBehaviour& alice_nat = kPortRestricted, const NatBehaviour& bob_nat = kPortRestricted) {
    if (turn == nullptr) make_servers();
    alices_nat = &world.add<Nat>("alice's NAT", alices, internet, at("198.51.100.1"), alice_nat);
    bobs_nat = &world.add<Nat>("bob's NAT", bobs, internet, at("198.51.100.2"), bob_nat);
    alice = &world.add<AgentHost>("alice", alice_options);
    bob = &world.add<AgentHost>("bob", bob_options);
    alice->keep_events = bob->keep_events = true;
    alice_says = std::make_unique<Signaling>(*alice, *bob, SignalingConditions{.delay = 5ms});
    bob_says = std::make_unique<Signaling>(*bob, *alice, SignalingConditions{.delay = 5ms});
    alice->start();
    alice_says->begin();
    bob->start();
    bob_says->begin();
  }
  bool both(ConnectionState state, ice::Duration limit = 60s) {
    return world.run_until([&] { return alice->is(state) && bob->is(state); }, limit);
  }
  void TearDown() override {
    if (invariants.breach()) ADD_FAILURE() << invariants.breach()->text;
    if (turn == nullptr) return;
    for (const std::string& complaint : turn->complaints()) ADD_FAILURE() << complaint;
  }

  static ice::StunServer stun_at(const ice::Address& address, unsigned id = 1) {
    ice::StunServer server;
    server.at.id = ice::ServerId(id);
    server.at.addresses = {address};
    return server;
  }
  static ice::TurnServer turn_at(const ice::Address& address, unsigned id = 10,
                                 ice::TransportProtocol protocol = ice::TransportProtocol::udp) {
    ice::TurnServer server;
    server.at.id = ice::ServerId(id);
    server.at.addresses = {address};
    server.at.protocol = protocol;
    server.username = "user";
    server.password = "pass";
    return server;
  }
  void with_stun() { alice_options.stun_servers = bob_options.stun_servers = {stun_at(at("203.0.113.1", 3478))}; }
  void with_turn(ice::TransportProtocol protocol = ice::TransportProtocol::udp) {
    alice_options.turn_servers = bob_options.turn_servers = {turn_at(at("203.0.113.5", 3478), 10, protocol)};
  }

  /// The local candidates that were told of one type.
  static std::vector<ice::Candidate> told(const AgentHost& host, ice::CandidateType type) {
    std::vector<ice::Candidate> out;
    for (const ice::Event& event : host.events()) {
      const auto* found = std::get_if<ice::LocalCandidateFound>(&event);
      if (found != nullptr && found->candidate.type == type) out.push_back(found->candidate);
    }
    return out;
  }
  static ice::CandidateType selected_type(const AgentHost& host) {
    const auto pair = host.agent().selected_pair(ice::StreamId(0), ice::ComponentId(1));
    return pair ? pair->local.type : ice::CandidateType::host;
  }
  static bool selected_relay(const AgentHost& host) {
    const auto* path = host.path(flow(0, 1));
    return path != nullptr && path->relay.has_value();
  }
  static std::size_t media_count(const AgentHost& host, std::string_view text) {
    return static_cast<std::size_t>(std::count_if(host.media().begin(), host.media().end(),
                                                  [&](const auto& media) { return media.text.ends_with(text); }));
  }

  World world{1};
  std::unique_ptr<Story> story = story_if_wanted(world);
  Invariants invariants{world};
  NetworkId internet = world.add_network("internet");
  NetworkId alices = world.add_network("alice's LAN");
  NetworkId bobs = world.add_network("bob's LAN");
  TurnServerOptions turn_options;
  HostOptions alice_options;  ///< a test may change them before begin()
  HostOptions bob_options;
  StunServer* stun = nullptr;
  TurnServer* turn = nullptr;
  Nat* alices_nat = nullptr;
  Nat* bobs_nat = nullptr;
  AgentHost* alice = nullptr;
  AgentHost* bob = nullptr;
  std::unique_ptr<Signaling> alice_says;
  std::unique_ptr<Signaling> bob_says;
};

}  // namespace sim
