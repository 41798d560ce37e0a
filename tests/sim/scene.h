// SPDX-License-Identifier: LGPL-2.1-or-later
// The stages that the named tests play on: two agents with signaling between them, or one agent and a scripted peer.
// Every scene checks all invariants after every step; a test that ends with one broken has failed.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/agent_host.h"
#include "tests/sim/invariants.h"
#include "tests/sim/scripted_peer.h"
#include "tests/sim/signaling.h"
#include "tests/sim/story.h"
#include "tests/sim/world.h"

namespace sim {

using namespace std::chrono_literals;  // NOLINT: tests read better with 50ms
using ice::ConnectionState;
using ice::Role;

inline ice::Address at(std::string_view ip, std::uint16_t port = 0) {
  return *ice::Address::parse(ip, port);
}

/// SIM_STORY=1 in the environment makes every scene tell its story.
inline std::unique_ptr<Story> story_if_wanted(World& world) {
  if (std::getenv("SIM_STORY") == nullptr) return nullptr;
  return std::make_unique<Story>(world, std::cout);
}

inline double ms(ice::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

struct CallOptions {
  Role alice = Role::controlling;
  Role bob = Role::controlled;
  ice::Duration alice_pacing = 10ms;
  ice::Duration bob_pacing = 10ms;
  PathConditions path{};
  ice::Duration open_delay{};  ///< candidates are found after the first description was told, and trickled
  std::vector<Flow> flows = {flow(0, 1)};
  std::vector<std::string> alice_addresses = {"10.0.1.1"};
  std::vector<std::string> bob_addresses = {"10.0.2.1"};
  SignalingConditions alice_says{};
  SignalingConditions bob_says{};
  std::uint64_t seed = 1;
};

/// Two agents, each address on a network of its own, and signaling between them.
class Call {
 public:
  explicit Call(const CallOptions& options = {})
      : world(options.seed),
        story(story_if_wanted(world)),
        invariants(world),
        alice(
            world.add<AgentHost>("alice", host(options.alice, options.alice_pacing, options.alice_addresses, options))),
        bob(world.add<AgentHost>("bob", host(options.bob, options.bob_pacing, options.bob_addresses, options))),
        alice_says(alice, bob, options.alice_says),
        bob_says(bob, alice, options.bob_says) {
    world.set_conditions(options.path);
    alice.keep_events = bob.keep_events = true;
  }
  ~Call() {
    if (invariants.breach()) ADD_FAILURE() << invariants.breach()->text;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Both gather and tell each other.
  void begin() {
    alice.start();
    alice_says.begin();
    bob.start();
    bob_says.begin();
  }
  /// Until both know the other's credentials; the time when that was.
  ice::TimePoint both_know(ice::Duration limit = 10s) {
    EXPECT_TRUE(world.run_until(
        [&] { return alice.agent().remote_credentials().complete() && bob.agent().remote_credentials().complete(); },
        limit));
    return world.now();
  }
  bool both(ConnectionState state, ice::Duration limit = 60s) {
    return world.run_until([&] { return alice.is(state) && bob.is(state); }, limit);
  }
  void check_agreement() {
    invariants.check_ended(alice, true);
    invariants.check_ended(bob, true);
    invariants.check_agreement(alice, bob);
  }
  /// All ways between the two.
  void set_up(bool up) {
    for (const auto& a : alice.options().interfaces) {
      for (const auto& b : bob.options().interfaces) {
        world.path(a.network, b.network).conditions.up = up;
        world.path(b.network, a.network).conditions.up = up;
      }
    }
  }

  World world;
  std::unique_ptr<Story> story;
  Invariants invariants;
  AgentHost& alice;
  AgentHost& bob;
  Signaling alice_says;
  Signaling bob_says;

 private:
  HostOptions host(Role role, ice::Duration pacing, const std::vector<std::string>& addresses,
                   const CallOptions& options) {
    HostOptions host;
    host.agent.role = role;
    host.agent.pacing = pacing;
    host.agent.trace = story != nullptr;
    host.flows = options.flows;
    host.open_delay = options.open_delay;
    std::uint16_t preference = 65535;
    for (const std::string& address : addresses) {
      host.interfaces.push_back({"eth" + std::to_string(host.interfaces.size()), world.add_network("net " + address),
                                 at(address), preference});
      preference = static_cast<std::uint16_t>(preference - 100);
    }
    return host;
  }
};

/// One agent, alice at 10.0.1.1, and a peer at 10.0.2.1:4000 that the test plays. One way takes 10 ms.
class WithPeer : public ::testing::Test {
 protected:
  explicit WithPeer(Role role = Role::controlling) {
    options.agent.role = role;
    options.agent.trace = story != nullptr;
    options.interfaces = {{"eth0", alices, at("10.0.1.1"), 65535}};
    peer.role = role == Role::controlling ? Role::controlled : Role::controlling;
  }

  /// Alice is made of `options` and gathers; the peer learns her credentials.
  void begin(const std::string& name = "alice") {
    alice = &world.add<AgentHost>(name, options);
    alice->keep_events = true;
    alice->start();
    world.run_for(1ms);  // the sockets open
    peer.other = alice->agent().local_credentials();
  }
  /// Alice learns the peer's description and is connected and nominated by it.
  void connect() {
    begin();
    alice->hear(peer.description());
    if (peer.role == Role::controlling) {
      world.run_for(100ms);
      peer.check(alice_address(), {.use_candidate = true});
    }
    ASSERT_TRUE(world.run_until([&] { return alice->is(ConnectionState::completed); }, 5s));
  }
  [[nodiscard]] ice::Address alice_address() const { return alice->address_of(flow(0, 1)); }
  void TearDown() override {
    if (invariants.breach()) ADD_FAILURE() << invariants.breach()->text;
  }

  World world{1};
  std::unique_ptr<Story> story = story_if_wanted(world);
  Invariants invariants{world};
  NetworkId alices = world.add_network("alice's");
  NetworkId peers = world.add_network("the peer's");
  ScriptedPeer& peer = world.add<ScriptedPeer>("peer", peers, at("10.0.2.1", 4000));
  HostOptions options;  ///< alice's; a test may change them before begin()
  AgentHost* alice = nullptr;
};

/// The same with the peer controlling.
class WithControllingPeer : public WithPeer {
 protected:
  WithControllingPeer() : WithPeer(Role::controlled) {}
};

}  // namespace sim
