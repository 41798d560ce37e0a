// SPDX-License-Identifier: LGPL-2.1-or-later
// The process's driver threads: a fixed number, however many sessions there are.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "gst/net/event_loop.h"

namespace gstice {

/// Hands sessions a loop to live on. The threads start with the first sessions and stay until the process ends.
class LoopPool {
 public:
  static LoopPool& instance();

  /// At most as many threads as cores, and never more than four.
  explicit LoopPool(std::size_t size);

  /// The loop with the fewest sessions; it counts as one until the pointer's last copy goes. The error says why there
  /// is no thread at all.
  ice::Result<std::shared_ptr<EventLoop>> lease();
  /// Returns after every thread has done what was posted and due before the call. Not from a driver thread.
  void drain();

  static std::size_t default_size();

 private:
  struct Seat {
    std::unique_ptr<EventLoop> loop;
    std::size_t sessions = 0;
  };
  std::mutex mutex_;  ///< guards what follows; a leaf lock
  std::vector<Seat> seats_;
};

}  // namespace gstice
