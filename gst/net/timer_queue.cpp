// SPDX-License-Identifier: LGPL-2.1-or-later
// See timer_queue.h.
#include "gst/net/timer_queue.h"

namespace gstice {

void TimerQueue::add(std::uint64_t id, Callback callback) {
  timers_[id].callback = std::make_shared<Callback>(std::move(callback));
}

bool TimerQueue::arm(std::uint64_t id, TimePoint deadline) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) return false;
  Timer& timer = found->second;
  if (timer.armed) due_.erase(*timer.armed);
  timer.armed = Order{deadline, ++arm_count_};
  due_.emplace(*timer.armed, id);
  return true;
}

void TimerQueue::remove(std::uint64_t id) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) return;
  if (found->second.armed) due_.erase(*found->second.armed);
  timers_.erase(found);
}

std::optional<TimerQueue::TimePoint> TimerQueue::next() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first.first;
}

std::shared_ptr<TimerQueue::Callback> TimerQueue::take_due(TimePoint now) {
  if (due_.empty() || due_.begin()->first.first > now) return nullptr;
  Timer& timer = timers_.at(due_.begin()->second);
  due_.erase(due_.begin());
  timer.armed.reset();
  return timer.callback;
}

}  // namespace gstice
