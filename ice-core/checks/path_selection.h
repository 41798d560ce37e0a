// SPDX-License-Identifier: LGPL-2.1-or-later
// Which valid pair media of a component uses, from the first valid pair on, and what nomination changes in that
// (RFC 8445 8.1.1, 8.1.2, 12). When to nominate is judged in nomination.*; this carries it out.
#pragma once

#include <optional>

#include "ice-core/agent/context.h"
#include "ice-core/checks/checklist_set.h"

namespace ice {

class PathSelection {
 public:
  explicit PathSelection(AgentContext& context) : context_(context) {}

  /// Chooses anew after a pair became valid, nominated, lost or better: the highest nominated pair (an RFC 5245 peer
  /// may nominate several, 5245 8.1.1.2), else the highest valid one. Tells the driver when that is another.
  void choose(TimePoint now, Stream& stream, ComponentId component);
  /// A valid pair was nominated: the component is decided, its other checks end (RFC 8445 8.1.2).
  void nominated(TimePoint now, Stream& stream, CandidatePair& valid);
  /// The pair can be used no more (consent gone, transport broken).
  void lost(TimePoint now, Stream& stream, CandidatePair& pair, const std::string& why);
  /// Drops every path of the component; media ends.
  void revoke(Stream& stream, Component& component);

  /// As controlling agent: queues the nominating checks that are due. Call after anything changed.
  void nominate_where_due(TimePoint now);
  /// When nominate_where_due() may have something to do without any input.
  [[nodiscard]] std::optional<TimePoint> next_timeout() const { return ask_again_; }

 private:
  AgentContext& context_;
  std::optional<TimePoint> ask_again_;
};

}  // namespace ice
