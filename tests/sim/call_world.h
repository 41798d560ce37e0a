// SPDX-License-Identifier: LGPL-2.1-or-later
// The world of a planned call, built: hosts behind their NATs, servers, paths; and what can be done to it.
#pragma once

#include <array>
#include <memory>
#include <ostream>

#include "tests/sim/attacker.h"
#include "tests/sim/call_plan.h"
#include "tests/sim/invariants.h"
#include "tests/sim/story.h"
#include "tests/sim/stun_server.h"
#include "tests/sim/turn_server.h"

namespace sim {

class CallWorld {
 public:
  CallWorld(const CallPlan& plan, std::ostream* story);

  /// All paths as planned, or all down.
  void set_paths(bool up);
  /// No loss any more, nowhere.
  void quiet_paths();

  World world;
  std::unique_ptr<Story> story;
  Invariants invariants;
  std::array<AgentHost*, 2> hosts{};
  std::array<std::vector<Nat*>, 2> nats;
  StunServer* stun = nullptr;
  TurnServer* turn = nullptr;

 private:
  AgentHost& host(std::size_t side, const char* name);
  void add_servers();
  void add_servers_of(const SidePlan& side, HostOptions& options) const;

  const CallPlan& plan_;
  NetworkId servers_;
  std::optional<NetworkId> common_;  ///< inside of the common NAT
  NetworkId common_outside_;
  std::array<std::vector<NetworkId>, 2> outermost_;  ///< of each interface: what paths lead to
};

}  // namespace sim
