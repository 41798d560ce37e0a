// SPDX-License-Identifier: LGPL-2.1-or-later
// The local candidates that gathering finds: made, pruned, told, paired (RFC 8445 5.1.1 to 5.1.3).
#pragma once

#include <optional>

#include "ice-core/agent/context.h"
#include "ice-core/checks/checklist_set.h"

namespace ice {

/// What a candidate is made of.
struct FoundCandidate {
  CandidateType type = CandidateType::host;
  TransportId base;      ///< the transport that checks from it leave by
  Address base_address;  ///< its own for host and relayed ones (RFC 8445 5.1.1.3)
  Address address;
  std::optional<Address> server;   ///< that found it
  std::optional<Address> related;  ///< raddr and rport
  std::uint16_t local_preference = 0;
};

class LocalCandidates {
 public:
  LocalCandidates(AgentContext& context, ChecklistSet& checklists) : context_(context), checklists_(checklists) {}

  /// False when it is redundant: the same address from the same base is there already (RFC 8445 5.1.3).
  bool add(Stream& stream, ComponentId component, const FoundCandidate& found);
  /// All that checks leave from this transport for; or only the server-reflexive one with this address.
  void remove(TransportId base);
  void remove_reflexive(Stream& stream, TransportId base, const Address& address);
  /// Tells the application, with the present generation's ufrag.
  void announce(const Stream& stream, const LocalCandidate& local);

 private:
  [[nodiscard]] bool redundant(const Stream& stream, ComponentId component, const FoundCandidate& found) const;
  [[nodiscard]] std::uint16_t free_preference(const Stream& stream, ComponentId component,
                                              const FoundCandidate& found) const;

  AgentContext& context_;
  ChecklistSet& checklists_;
};

/// A local preference for a relayed candidate: UDP to the relay before DTLS, TCP and TLS, and the servers in their
/// order.
[[nodiscard]] std::uint16_t relayed_preference(std::uint16_t base_preference, TransportProtocol to_server);

}  // namespace ice
