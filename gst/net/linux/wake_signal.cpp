// SPDX-License-Identifier: LGPL-2.1-or-later
// WakeSignal as an eventfd.
#include "gst/net/wake_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace gstice {

std::unique_ptr<WakeSignal> WakeSignal::create() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? nullptr : std::unique_ptr<WakeSignal>(new WakeSignal(fd));
}

WakeSignal::~WakeSignal() {
  ::close(fd_);
}

void WakeSignal::set() const {
  const std::uint64_t one = 1;
  // Fails only when the counter is at its end, and then it is set already.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void WakeSignal::clear() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_, &count, sizeof count);
}

}  // namespace gstice
