// SPDX-License-Identifier: LGPL-2.1-or-later
// The timers of one event loop, ordered by deadline. Reads no clock and takes no lock.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

namespace gstice {

class TimerQueue {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Callback = std::function<void()>;

  void add(std::uint64_t id, Callback callback);
  /// False when there is no such timer.
  bool arm(std::uint64_t id, TimePoint deadline);
  void remove(std::uint64_t id);
  [[nodiscard]] std::optional<TimePoint> next() const;
  /// Takes the earliest timer that is due at `now`: of equal deadlines the one armed first. It is disarmed, and kept.
  std::shared_ptr<Callback> take_due(TimePoint now);

 private:
  using Order = std::pair<TimePoint, std::uint64_t>;  // the second counts arm() calls
  struct Timer {
    std::shared_ptr<Callback> callback;
    std::optional<Order> armed;
  };
  std::unordered_map<std::uint64_t, Timer> timers_;
  std::map<Order, std::uint64_t> due_;
  std::uint64_t arm_count_ = 0;
};

}  // namespace gstice
