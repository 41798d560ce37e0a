// SPDX-License-Identifier: LGPL-2.1-or-later
// One driver thread: waits for sockets and timers and calls whoever asked for them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "ice-core/base/result.h"

namespace gstice {

/// A thread that waits for file descriptors, timers and posted work. All methods may be called from any thread and
/// never block on what the thread is doing; everything that is called back runs on the thread, under no lock.
class EventLoop {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Told when a watched descriptor is readable or has an error; told again as long as that is so. `hung_up`: nothing
  /// will ever come from it, and the handler should have it unwatched.
  class Handler {
   public:
    virtual ~Handler() = default;
    /// Returns how many bytes it read.
    virtual std::size_t ready(bool hung_up) = 0;
  };
  enum class WatchId : std::uint64_t { none = 0 };
  enum class TimerId : std::uint64_t { none = 0 };

  /// Starts the thread. `name` (at most 15 characters) is what debuggers show.
  static ice::Result<std::unique_ptr<EventLoop>> create(const std::string& name);
  /// Stops the thread and waits for it; not to be called on it.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Watches `fd`, which must stay open until unwatch() or as long as the handler lives.
  ice::Result<WatchId> watch(int fd, std::shared_ptr<Handler> handler);
  /// ready() is not called any more, though a call may be under way on the thread: the loop lets go of the handler when
  /// it is over.
  void unwatch(WatchId id);

  /// A timer that is not armed yet.
  TimerId add_timer(std::function<void()> callback);
  /// Calls the callback once, at `deadline` or as soon after as may be; replaces an earlier deadline.
  void arm(TimerId id, TimePoint deadline);
  void remove_timer(TimerId id);

  /// Runs `work` on the thread, after what was posted earlier.
  void post(std::function<void()> work);
  [[nodiscard]] bool is_current() const;

 private:
  class Impl;
  explicit EventLoop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gstice
