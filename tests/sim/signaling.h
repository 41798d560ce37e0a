// SPDX-License-Identifier: LGPL-2.1-or-later
// Signaling: what one agent says of itself reaches the other, late and in any order. One object per direction.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/agent_host.h"
#include "tests/sim/seeded_random.h"

namespace sim {

struct SignalingConditions {
  /// One description with everything, when gathering is complete; else trickled (RFC 8838).
  bool full = false;
  ice::Duration delay{};              ///< of every message
  ice::Duration jitter{};             ///< of each message on its own: they overtake each other
  ice::Duration description_delay{};  ///< of the description on top: candidates may come first
  ice::Duration end_delay{};          ///< of the end-of-candidates on top
  bool end_overtakes = false;         ///< the end-of-candidates is told at once, whatever is still under way
  double late_candidate = 0;          ///< chance that a candidate takes late_candidate_delay longer
  ice::Duration late_candidate_delay{};
  double repeat_description = 0;  ///< chance that the description as it then stands is told again
  bool without_pacing = false;    ///< an RFC 5245 peer: no a=ice-pacing
  bool end_in_band = true;        ///< tell the end-of-candidates at all
};

class Signaling {
 public:
  /// Takes over `from.on_event`. Begin before from.start(), then call begin() after it.
  Signaling(AgentHost& from, AgentHost& to, SignalingConditions conditions);

  /// Trickle: sends the first description now. Full: nothing, it goes when gathering is complete.
  void begin();
  /// The agent is another one: what it said is lost. Before its start(), then begin() after it.
  void begin_anew();
  /// Sends the description as it stands now, once more.
  void send_description();
  /// Everything that `from` said so far has arrived at this time, at the latest.
  [[nodiscard]] ice::TimePoint latest_arrival() const { return latest_; }
  /// What was said and has not arrived is lost; what is said from now on arrives.
  void drop_what_is_under_way() { ++epoch_; }
  /// Nothing gets through any more.
  void cut() { cut_ = true; }

 private:
  void heard(const ice::Event& event);
  void deliver(ice::Duration extra, std::function<void()> what);
  void deliver_description(const ice::Description& description);

  AgentHost& from_;
  AgentHost& to_;
  SignalingConditions conditions_;
  SeededRandom random_;
  ice::TimePoint latest_{};
  unsigned epoch_ = 0;
  bool begun_ = false;
  bool cut_ = false;
  bool sent_full_ = false;
};

}  // namespace sim
