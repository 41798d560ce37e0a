// SPDX-License-Identifier: LGPL-2.1-or-later
// Checks that we send and what their answers do (RFC 8445 6.1.4.2, 7.2), consent checks included (RFC 7675).
#pragma once

#include <optional>
#include <vector>

#include "ice-core/agent/context.h"
#include "ice-core/checks/checklist_set.h"
#include "ice-core/checks/path_selection.h"
#include "ice-core/stun/transaction.h"

namespace ice {

class OutgoingChecks {
 public:
  OutgoingChecks(AgentContext& context, ChecklistSet& checklists, PathSelection& paths)
      : context_(context), checklists_(checklists), paths_(paths) {}

  /// Puts a pair into its triggered-check queue, unless its check has just been triggered (RFC 8445 7.3.1.4).
  void trigger(TimePoint now, Stream& stream, CandidatePair& pair);
  /// A success or error response that arrived. False when it answers nothing of ours, or proves nothing.
  bool handle_response(TimePoint now, TransportId transport, const Address& source, const StunMessage& response);
  /// Retransmits, times out, keeps consent, and begins the next check when Ta allows it.
  void advance(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_timeout(TimePoint now) const;

  /// The role changed (RFC 8445 7.3.1.1): priorities anew, our own nominations are off.
  void switch_role(TimePoint now);
  /// From now on datagrams from there are media of the transport's component.
  void validate_source(TransportId transport, const Address& remote);
  void forget_all() { pending_.clear(); }
  void forget(StreamId stream, ComponentId component);
  void forget(TransportId transport);

 private:
  enum class Purpose { check, nomination, consent };
  struct Pending {
    StunTransaction transaction;
    Purpose purpose;
    StreamId stream;
    PairId pair;
    ComponentId component;
    TransportId transport;
    Address remote;
    Role role;
    Priority priority;  ///< what PRIORITY said
  };

  void begin_check(TimePoint now, const ChecklistSet::Next& next);
  void begin_consent_check(TimePoint now, Stream& stream, Component& component, CandidatePair& pair);
  void send_request(TimePoint now, Stream& stream, CandidatePair& pair, Purpose purpose, bool use_candidate,
                    Duration rto);
  void handle_success(TimePoint now, Stream& stream, CandidatePair& pair, const Pending& pending,
                      const StunMessage& response);
  void handle_error(TimePoint now, Stream& stream, CandidatePair& pair, const Pending& pending,
                    const StunMessage& response);
  void handle_time_out(TimePoint now, const Pending& pending);
  void fail(TimePoint now, Stream& stream, CandidatePair& pair, std::string why);
  [[nodiscard]] CandidatePair& valid_pair_for(Stream& stream, CandidatePair& checked, const Address& mapped,
                                              Priority priority);
  void keep_consent(TimePoint now);
  void drop_without_consent(TimePoint now, Stream& stream, const Component& component);
  /// The path is lost: of its component, checks that have long been unanswered have failed.
  void give_up_silent_checks(TimePoint now, Stream& stream, ComponentId component);
  void stop_decided_checks();

  AgentContext& context_;
  ChecklistSet& checklists_;
  PathSelection& paths_;
  std::vector<Pending> pending_;
};

}  // namespace ice
