// SPDX-License-Identifier: LGPL-2.1-or-later
// Host candidates: one socket per address and component, a candidate for each that opened (RFC 8445 5.1.1.1).
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "ice-core/agent/context.h"
#include "ice-core/gathering/local_addresses.h"
#include "ice-core/gathering/local_candidates.h"

namespace ice {

class HostGathering {
 public:
  HostGathering(AgentContext& context, LocalCandidates& candidates) : context_(context), candidates_(candidates) {}

  void set_addresses(std::vector<GatheringAddress> addresses) { addresses_ = std::move(addresses); }
  [[nodiscard]] bool has_addresses() const { return !addresses_.empty(); }
  [[nodiscard]] GatheringState state() const { return state_; }

  /// Asks the driver for the component's sockets.
  void gather(Stream& stream, ComponentId component);
  void ready(TransportId id, const Address& local);
  void failed(TransportId id);
  /// The driver closes the component's sockets; their candidates are gone.
  void release(Stream& stream, ComponentId component);
  /// Announces the candidates that are there once more, with the new generation's ufrag.
  void announce_again();
  /// Gathering is complete once every socket was answered for and no server holds it back; tells it when that changed.
  void update_state(const std::function<bool(StreamId)>& servers_hold_back);

 private:
  AgentContext& context_;
  LocalCandidates& candidates_;
  std::vector<GatheringAddress> addresses_;
  GatheringState state_ = GatheringState::fresh;
};

}  // namespace ice
