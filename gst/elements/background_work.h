// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread of an element for what may block or call an application's handlers, which the event thread must not.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace gstice {

/// Runs one function whenever it is woken, never twice at a time.
class BackgroundWork {
 public:
  using Clock = std::chrono::steady_clock;
  /// Returns when it wants to run again by itself, where it does.
  using Work = std::function<std::optional<Clock::time_point>()>;

  BackgroundWork() = default;
  ~BackgroundWork() { stop(); }
  BackgroundWork(const BackgroundWork&) = delete;
  BackgroundWork& operator=(const BackgroundWork&) = delete;

  /// False when the system gives no thread. start() and stop() come from one thread at a time.
  bool start(Work work);
  /// Waits until a run of the work has ended. Called by the work itself it does not wait, and that run is the last.
  void stop();
  /// Any thread: the work is to run (once more). Nothing happens when it is not started.
  void wake();

 private:
  struct Shared;
  static void run(Shared& shared, const Work& work);

  std::mutex mutex_;  ///< guards shared_, the pointer alone; a leaf lock
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace gstice
