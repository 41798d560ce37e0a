// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan of one random call: everything that is decided before it begins. Plain data: it can be printed, and shrunk.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/agent/agent.h"
#include "tests/sim/access.h"
#include "tests/sim/agent_host.h"
#include "tests/sim/path.h"
#include "tests/sim/server_trouble.h"
#include "tests/sim/signaling.h"

namespace sim {

/// One side of a call.
struct SidePlan {
  ice::Role role = ice::Role::controlling;
  ice::Duration pacing{};
  ice::Duration start_delay{};
  ice::Duration open_delay{};
  unsigned addresses_v4 = 1;
  unsigned addresses_v6 = 0;
  bool first_interface_broken = false;
  /// A flow that the other side has and this one has not.
  std::optional<Flow> without;
  SignalingConditions signaling;
  /// Of each IPv4 address; IPv6 has no NATs, but the firewall.
  AccessPlan access;
  bool stun = false;
  bool turn = false;
  bool turn_over_tcp = false;
  ice::TransportPolicy policy = ice::TransportPolicy::all;
};

/// The servers, which both sides share.
struct ServersPlan {
  ServerTrouble stun;
  ServerTrouble turn;
  ice::Duration nonce_lifetime = std::chrono::seconds(600);
  bool sha256 = false;
  bool ipv6_relay = false;
  /// Between each host and the servers.
  PathConditions path;
};

/// Something that happens in the middle of a call.
struct Disturbance {
  enum class Kind {
    cut,             ///< all paths are down for `length`
    new_generation,  ///< a side begins a new generation, and both describe themselves again
    close,           ///< a side closes and says nothing
    clock_forward,   ///< a side's clock jumps ahead by `length`
    clock_back,      ///< or back
    sleep,           ///< a side does nothing for `length`
    rebirth,         ///< a side's process dies, and another takes its place
    interface_lost,  ///< a side's first interface is gone
    new_address,     ///< a side's first interface has another address
    nat_reboot,      ///< a side's NATs lose their mappings
    server_restart,  ///< the TURN server forgets everything
    stale_nonces,    ///< its nonces are stale
  };
  Kind kind = Kind::cut;
  ice::Duration at{};
  ice::Duration length{};
  std::size_t side = 0;
};
const char* text(Disturbance::Kind kind);

struct CallPlan {
  std::uint64_t seed = 0;
  std::array<SidePlan, 2> sides;
  std::vector<Flow> flows;
  /// Between the interfaces of the two sides, each on a network of its own: [a][b], there and back.
  std::vector<std::vector<PathConditions>> there;
  std::vector<std::vector<PathConditions>> back;
  std::vector<Disturbance> disturbances;
  /// Both sides' IPv4 is behind this one too, after their own.
  std::optional<NatBehaviour> common_nat;
  ServersPlan servers;
  /// An attacker on the path alters and replays what he sees.
  bool attacked = false;
  /// The judge expects both to complete, whatever the plan lets him expect: for tests of what happens then.
  bool expects_the_impossible = false;
  /// After the end of the checks, so long on quiet paths: consent at work.
  ice::Duration talk{};
};

CallPlan random_plan(std::uint64_t seed);
std::string describe(const CallPlan& plan);

[[nodiscard]] unsigned address_count(const SidePlan& side);
/// The interfaces of side 0 or 1, IPv6 first: the order is all that matters here. Networks are left open.
std::vector<HostInterface> interfaces_of(const CallPlan& plan, std::size_t side);
/// The flows that a side has.
std::vector<Flow> flows_of(const CallPlan& plan, std::size_t side);
bool has(const CallPlan& plan, Disturbance::Kind kind);

// ---- what is to be expected (call_reach.cpp) ----

/// Some pair of addresses of one family reaches each other, both ways, by itself or by a relay, and nothing happens
/// that ends the call.
bool can_connect(const CallPlan& plan);
bool somebody_closes(const CallPlan& plan);
/// Something happens after which it is good if they connect, and no fault if they do not.
bool may_end(const CallPlan& plan);
/// An allocation may be left on the server without anybody's fault: its client died, or is not where it was.
bool may_leak(const CallPlan& plan);

/// Above it a nomination may fail by chance alone: seven sends at 15% both ways fail in 3 of 10,000 cases.
inline constexpr double kHeavyLoss = 0.15;
/// The worst loss of any path; bursts count as heavy.
double worst_loss(const CallPlan& plan);

}  // namespace sim
