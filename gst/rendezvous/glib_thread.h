// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread with a GMainContext of its own. The process has one shared such thread for everything that needs GLib's main
// loop (libsoup, GResolver), so that no application main loop is needed and none is disturbed.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "gst/util/gobject_ptr.h"

namespace gstice {

class GlibThread {
 public:
  /// The process's one GLib thread, started at first use. It outlives everything.
  static GlibThread& shared();

  explicit GlibThread(const char* name);
  /// Ends the thread after what was posted before has run. Not from the thread itself.
  ~GlibThread();
  GlibThread(const GlibThread&) = delete;
  GlibThread& operator=(const GlibThread&) = delete;

  /// Runs `work` on the thread, first in, first out; never inside this call. Any thread.
  void post(std::function<void()> work);
  [[nodiscard]] bool is_current() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  GMainContextPtr context_;
  GMainLoopPtr loop_;
  std::thread thread_;
};

/// A timer on the thread-default GMainContext of the thread that starts it, which is also the one that may touch it.
/// Inert when destroyed; destroying or restarting it from inside its own function is fine.
class GlibTimer {
 public:
  GlibTimer() = default;
  ~GlibTimer() { stop(); }
  GlibTimer(const GlibTimer&) = delete;
  GlibTimer& operator=(const GlibTimer&) = delete;

  void start_once(std::chrono::milliseconds delay, std::function<void()> work) { start(delay, std::move(work), false); }
  void start_repeating(std::chrono::milliseconds interval, std::function<void()> work) {
    start(interval, std::move(work), true);
  }
  void stop();

 private:
  void start(std::chrono::milliseconds delay, std::function<void()> work, bool repeat);
  GSource* source_ = nullptr;
};

}  // namespace gstice
