// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks that the peer sends: authenticated, answered, learned from (RFC 8445 7.3).
#pragma once

#include "ice-core/agent/context.h"
#include "ice-core/checks/checklist_set.h"
#include "ice-core/checks/outgoing_checks.h"
#include "ice-core/checks/path_selection.h"

namespace ice {

class IncomingChecks {
 public:
  IncomingChecks(AgentContext& context, ChecklistSet& checklists, PathSelection& paths, OutgoingChecks& outgoing)
      : context_(context), checklists_(checklists), paths_(paths), outgoing_(outgoing) {}

  /// A Binding request that arrived. Only what is signed with our password is answered, whatever the answer
  /// (8445 19.5.1: we are nobody's amplifier). False when it was not.
  bool handle_request(TimePoint now, TransportId transport, const Address& source, const StunMessage& request);
  /// The peer's credentials have become known: what came early is made up for (RFC 8445 7.3).
  void replay_early_checks(TimePoint now);

 private:
  void learn(TimePoint now, const EarlyCheck& check);
  void remember(EarlyCheck check);
  [[nodiscard]] std::optional<RemoteIndex> remote_candidate(TimePoint now, Stream& stream, const EarlyCheck& check,
                                                            ComponentId component);
  /// Where a learned candidate is put: behind all others, or in the place of one that led to nothing.
  [[nodiscard]] std::optional<RemoteIndex> room_for_learned(TimePoint now, Stream& stream, const EarlyCheck& check);

  AgentContext& context_;
  ChecklistSet& checklists_;
  PathSelection& paths_;
  OutgoingChecks& outgoing_;
  std::uint64_t next_learned_ = 0;
};

}  // namespace ice
