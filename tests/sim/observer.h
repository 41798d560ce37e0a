// SPDX-License-Identifier: LGPL-2.1-or-later
// Whoever watches the world: the invariants, the story. Observers change nothing.
#pragma once

#include <string_view>

#include "ice-core/agent/agent.h"
#include "tests/sim/world.h"

namespace sim {

class AgentHost;

/// What was just done to an agent.
enum class Step { told, received, timed_out, closed };

class Observer {
 public:
  virtual ~Observer() = default;

  /// Any node sent a datagram, and this becomes of it.
  virtual void sent(const Node& /*from*/, NetworkId /*network*/, const Datagram& /*datagram*/, const Fate& /*fate*/) {}

  /// The application told an agent something that has no hook of its own.
  virtual void told(const AgentHost& /*host*/, std::string_view /*what*/) {}
  virtual void told_description(const AgentHost& /*host*/, const ice::Description& /*description*/) {}
  virtual void told_candidate(const AgentHost& /*host*/, ice::StreamId /*stream*/,
                              const ice::Candidate& /*candidate*/) {}
  virtual void told_end_of_candidates(const AgentHost& /*host*/, ice::StreamId /*stream*/) {}
  /// A server's name was resolved.
  virtual void told_server(const AgentHost& /*host*/, const ice::Address& /*address*/) {}
  virtual void told_new_generation(const AgentHost& /*host*/) {}
  /// Its agent is another one, which knows nothing.
  virtual void told_reborn(const AgentHost& /*host*/) {}

  /// A datagram reached an agent's socket; the agent sees it next.
  virtual void received(const AgentHost& /*host*/, ice::TransportId /*transport*/, const Datagram& /*datagram*/) {}
  /// What the agent called it.
  virtual void disposed(const AgentHost& /*host*/, ice::TransportId /*transport*/, const Datagram& /*datagram*/,
                        const ice::Disposition& /*disposition*/) {}
  virtual void transmitted(const AgentHost& /*host*/, const ice::Transmit& /*transmit*/) {}
  virtual void event(const AgentHost& /*host*/, const ice::Event& /*event*/) {}
  /// After every call into an agent, when its transmits and events are drained.
  virtual void stepped(const AgentHost& /*host*/, Step /*step*/) {}
};

}  // namespace sim
