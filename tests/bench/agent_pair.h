// SPDX-License-Identifier: LGPL-2.1-or-later
// Two agents in one process, joined by a function call: no sockets, no clock, no waiting.
#pragma once

#include <array>
#include <map>
#include <memory>

#include "ice-core/agent/agent.h"

namespace cost {

struct AgentPairOptions {
  unsigned components = 2;
  unsigned addresses = 5;  ///< a side, so many candidates for each component
};

class AgentPair {
 public:
  explicit AgentPair(const AgentPairOptions& options);

  /// Until both are completed; false when that does not come within a minute of their time.
  bool connect();
  /// Their time goes on.
  void pass(ice::Duration time);

  [[nodiscard]] const ice::Agent& agent(std::size_t side) const { return *sides_[side].agent; }
  /// What the agent holds, found by destroying it.
  std::size_t release(std::size_t side);

 private:
  struct Side {
    std::unique_ptr<ice::Agent> agent;
    std::map<ice::TransportId, ice::Address> bound;
  };
  /// Carries what the agents have to say until they say no more.
  void settle();
  bool carry(std::size_t side);

  ice::SecureRandom random_;
  std::array<Side, 2> sides_;
  std::map<ice::Address, std::pair<std::size_t, ice::TransportId>> owners_;
  ice::TimePoint now_ = ice::TimePoint(std::chrono::hours(1));
  std::uint16_t next_port_ = 50000;
};

}  // namespace cost
