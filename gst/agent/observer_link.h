// SPDX-License-Identifier: LGPL-2.1-or-later
// The way of a session's events to its observer.
#pragma once

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "gst/agent/event_thread.h"
#include "gst/agent/session.h"

namespace gstice {

/// Carries events over the event thread, in order. Outlives the session as long as events are under way.
class ObserverLink : public std::enable_shared_from_this<ObserverLink> {
 public:
  explicit ObserverLink(Session::Observer observer) : observer_(std::move(observer)) {}

  void post(std::vector<ice::Event> events) {
    if (events.empty() || !observer_) return;
    EventThread::post([self = shared_from_this(), events = std::move(events)] {
      for (const ice::Event& event : events) {
        if (self->ended_) return;
        self->observer_(event);
      }
    });
  }

  /// What is still under way is not delivered any more; `last` (if any) is.
  void end(std::vector<ice::Event> last) {
    ended_ = true;
    if (!observer_) return;
    EventThread::post([self = shared_from_this(), last = std::move(last)] {
      for (const ice::Event& event : last) self->observer_(event);
    });
  }

 private:
  const Session::Observer observer_;
  std::atomic<bool> ended_{false};
};

}  // namespace gstice
