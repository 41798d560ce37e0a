// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells a simulated call in lines that a person can read. Holds no secret: STUN is told by its visible parts.
#pragma once

#include <ostream>
#include <string>

#include "tests/sim/observer.h"

namespace sim {

class Story final : public Observer {
 public:
  Story(World& world, std::ostream& out);

  void line(const std::string& who, const std::string& what);

  void sent(const Node& from, NetworkId network, const Datagram& datagram, const Fate& fate) override;
  void told(const AgentHost& host, std::string_view what) override;
  void told_description(const AgentHost& host, const ice::Description& description) override;
  void told_candidate(const AgentHost& host, ice::StreamId stream, const ice::Candidate& candidate) override;
  void told_end_of_candidates(const AgentHost& host, ice::StreamId stream) override;
  void told_new_generation(const AgentHost& host) override;
  void told_reborn(const AgentHost& host) override;
  void event(const AgentHost& host, const ice::Event& event) override;
  void received(const AgentHost& host, ice::TransportId transport, const Datagram& datagram) override;
  void disposed(const AgentHost& host, ice::TransportId transport, const Datagram& datagram,
                const ice::Disposition& disposition) override;

 private:
  World& world_;
  std::ostream& out_;
};

/// "check 3fa2 use-candidate", "success 3fa2", "error 487 3fa2", "17 bytes of media"
std::string describe(ice::ByteView datagram);

}  // namespace sim
