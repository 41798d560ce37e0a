// SPDX-License-Identifier: LGPL-2.1-or-later
// Brings what SessionProgress says to one element of the session, in order, from whichever thread it happens.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "gst/agent/agent_member.h"
#include "gst/agent/session_progress.h"

namespace gstice {

/// Any thread.
class ProgressReporter {
 public:
  struct View {
    ProgressFacts facts;
    std::shared_ptr<AgentMember> teller;  ///< who tells of what begins: one for the whole session, while it is there
  };
  /// Looks at how things are, by `look` (called under our lock, which is taken before those that it takes), and has a
  /// member tell what is new. `patience`: how long to wait for another thread that is just telling; a state change may
  /// not end before what it ended is told, nor be held up by a slow handler.
  void update(const std::function<View()>& look, std::chrono::milliseconds patience);

 private:
  struct Telling {
    std::shared_ptr<AgentMember> member;
    ProgressNote note;
  };
  void collect_locked(const View& view);
  void add_locked(const std::vector<ProgressNote>& notes, const std::shared_ptr<AgentMember>& teller);
  void tell_locked(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds patience);

  std::mutex mutex_;  ///< guards what follows; not held while a member is called
  SessionProgress progress_;
  std::array<std::weak_ptr<AgentMember>, kProgressSteps> tellers_;  ///< who told of a step that is open
  std::deque<Telling> outbox_;
  bool telling_ = false;
  std::thread::id teller_thread_;
  std::condition_variable told_;
};

}  // namespace gstice
