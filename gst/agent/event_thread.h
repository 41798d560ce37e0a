// SPDX-License-Identifier: LGPL-2.1-or-later
// The one thread of the process from which all signals, notifies and bus messages come (DESIGN: the media path).
#pragma once

#include <chrono>
#include <functional>

namespace gstice {

/// First in, first out; started at first use; outlives every agent. Work runs under no lock of ours; an exception or a
/// slow handler stalls only later events, never media.
class EventThread {
 public:
  static void post(std::function<void()> work);
  /// Not before this time, and not ahead of what was posted before it.
  static void post_at(std::chrono::steady_clock::time_point time, std::function<void()> work);
  [[nodiscard]] static bool is_current();
};

}  // namespace gstice
