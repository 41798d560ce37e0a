// SPDX-License-Identifier: LGPL-2.1-or-later
// See event_thread.h.
#include "gst/agent/event_thread.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "gst/net/process_lifetime.h"
#include "gst/net/thread_start.h"

namespace gstice {

namespace {

thread_local bool on_event_thread = false;

class Worker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    if (!running_) start_locked();
    arrived_.notify_one();
  }

  void post_at(TimePoint time, std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    later_.emplace(time, std::move(work));
    if (!running_) start_locked();
    arrived_.notify_one();
  }

 private:
  void start_locked() {
    try {
      start_thread("ice-events", [this] { run(); }).detach();  // for the process's life
      running_ = true;
    } catch (const std::system_error&) {
      // No thread to be had now: the work waits for the next post().
    }
  }

  void run() {
    on_event_thread = true;
    while (true) {
      std::function<void()> work;
      {
        std::unique_lock lock(mutex_);
        wait_locked(lock);
        work = std::move(queue_.front());
        queue_.pop_front();
      }
      try {
        work();
      } catch (...) {
        // The handler's own affair; the next event is another's.
      }
    }
  }

  /// Returns when there is something in the queue, what was due by then behind what was posted before.
  void wait_locked(std::unique_lock<std::mutex>& lock) {
    while (true) {
      const TimePoint now = std::chrono::steady_clock::now();
      while (!later_.empty() && later_.begin()->first <= now) {
        queue_.push_back(std::move(later_.begin()->second));
        later_.erase(later_.begin());
      }
      if (!queue_.empty()) return;
      if (later_.empty()) {
        arrived_.wait(lock);
      } else {
        const TimePoint next = later_.begin()->first;  // what it was read from may be gone while we wait
        arrived_.wait_until(lock, next);
      }
    }
  }

  std::mutex mutex_;  ///< guards what follows; a leaf lock
  std::condition_variable arrived_;
  std::deque<std::function<void()>> queue_;
  std::multimap<TimePoint, std::function<void()>> later_;
  bool running_ = false;
};

}  // namespace

namespace {

Worker& worker() {
  static ProcessLifetime<Worker> worker;
  return *worker;
}

}  // namespace

void EventThread::post(std::function<void()> work) {
  worker().post(std::move(work));
}

void EventThread::post_at(std::chrono::steady_clock::time_point time, std::function<void()> work) {
  worker().post_at(time, std::move(work));
}

bool EventThread::is_current() {
  return on_event_thread;
}

}  // namespace gstice
