// SPDX-License-Identifier: LGPL-2.1-or-later
// Who offers what: the flows that we send on, and those that the peer does.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gst/agent/flow.h"
#include "gst/agent/remote_caps.h"
#include "gst/rendezvous/flows.h"

namespace gstice {

/// What is known of the caps that a peer sends one flow with.
struct PeerCaps {
  enum class State {
    unknown,  ///< nothing yet
    none,     ///< data without caps
    known,    ///< `caps`
    refused,  ///< it said something that we do not believe
  };
  State state = State::unknown;
  SharedCaps caps;
  unsigned peer = 0;                              ///< another number, another peer
  std::chrono::steady_clock::time_point since{};  ///< nothing that came before is of this peer
  bool expected = false;                          ///< there is a rendezvous over which it can say so
};

/// What our icesinks send. Not thread-safe.
class LocalOffer {
 public:
  /// An icesink joined the flow; what it sends is not known yet.
  void add(Flow flow) { flows_.try_emplace(flow); }
  void remove(Flow flow) { flows_.erase(flow); }
  void clear() { flows_.clear(); }
  /// False: it was so before, or nobody sends there.
  bool set(Flow flow, std::string caps);
  [[nodiscard]] std::vector<FlowCaps> flows() const;

 private:
  std::map<Flow, std::optional<std::string>> flows_;
};

/// What the peer sends, as it said over the rendezvous. Not thread-safe.
class RemoteOffer {
 public:
  /// Replaces everything. Why something of it is refused, one sentence each.
  std::vector<std::string> replace(const std::vector<FlowCaps>& flows);
  /// For another peer, of which nothing came before this time.
  void clear(std::chrono::steady_clock::time_point now);
  [[nodiscard]] PeerCaps of(Flow flow) const;
  /// There is something, and nothing of it is unknown.
  [[nodiscard]] bool is_complete() const;
  /// The `remote-offer` property, owned by the caller; null when the peer said nothing yet.
  [[nodiscard]] GstStructure* structure() const;

 private:
  unsigned peer_ = 0;
  std::chrono::steady_clock::time_point since_{};
  bool heard_ = false;
  std::map<Flow, PeerCaps> flows_;
};

}  // namespace gstice
