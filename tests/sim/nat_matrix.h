// SPDX-License-Identifier: LGPL-2.1-or-later
// Two agents through any two NATs, and what the oracle says of it: the NAT matrix.
#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "tests/sim/reach_oracle.h"

namespace sim {

struct MeetingResult {
  Reach reach = Reach::none;
  bool agreed = false;  ///< both completed
  std::optional<std::string> breach;
  ice::Duration to_media{};      ///< to both sides' first path, after both knew the descriptions
  ice::Duration to_completed{};  ///< the same
  std::string types;             ///< "srflx-prflx": alice's local and remote candidate
  std::string explanation;       ///< of alice, where it failed
};

struct MeetingOptions {
  std::uint64_t seed = 1;
  ice::Duration delay = std::chrono::milliseconds(10);  ///< one way, between any two sites
  std::ostream* story = nullptr;
};

/// Alice and bob behind their NATs, a STUN server, and TURN servers as the question says.
MeetingResult meet(const ReachQuestion& question, const MeetingOptions& options = {});

/// Every mapping × filtering.
std::vector<NatBehaviour> all_nats();

/// The rows and columns of the tables: a public host, every NAT, two in a row, firewalls.
std::vector<AccessPlan> matrix_plans();

/// The tables of docs/nat-matrix-sim.md; whether every cell is as the oracle says.
bool print_matrix(std::ostream& out);

}  // namespace sim
