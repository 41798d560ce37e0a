// SPDX-License-Identifier: LGPL-2.1-or-later
// See event_thread.h.
#include "gst/agent/event_thread.h"

#include <condition_variable>
#include <deque>
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
  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
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
        arrived_.wait(lock, [this] { return !queue_.empty(); });
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

  std::mutex mutex_;  ///< guards what follows; a leaf lock
  std::condition_variable arrived_;
  std::deque<std::function<void()>> queue_;
  bool running_ = false;
};

}  // namespace

void EventThread::post(std::function<void()> work) {
  static ProcessLifetime<Worker> worker;
  worker->post(std::move(work));
}

bool EventThread::is_current() {
  return on_event_thread;
}

}  // namespace gstice
