// SPDX-License-Identifier: LGPL-2.1-or-later
// A flag that can be waited for together with sockets.
#pragma once

#include <memory>

namespace gstice {

/// Readable once set() was called, until clear(). All methods from any thread.
class WakeSignal {
 public:
  /// Null when the process has no file descriptor left.
  static std::unique_ptr<WakeSignal> create();
  ~WakeSignal();
  WakeSignal(const WakeSignal&) = delete;
  WakeSignal& operator=(const WakeSignal&) = delete;

  void set() const;
  void clear() const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  explicit WakeSignal(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace gstice
