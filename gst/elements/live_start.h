// SPDX-License-Identifier: LGPL-2.1-or-later
// What of a live stream is too old to be sent once there is a connection. Knows nothing of GStreamer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace gstice {

/// While icesink waits for a peer, a live upstream goes on or falls behind; what it made before the connection would
/// arrive in a burst. Judges buffer by buffer what is dropped instead. One thread.
class LiveStart {
 public:
  using Nanoseconds = std::chrono::nanoseconds;
  using Time = std::chrono::steady_clock::time_point;

  /// Dropping that gets no nearer to the present than this in so long is given up: these timestamps do not follow the
  /// pipeline's running time, and would never reach it.
  static constexpr std::chrono::seconds kPatience{2};

  /// A connection began, at this running time. Nothing: nothing is dropped on it.
  void begin(std::optional<Nanoseconds> running_time);
  /// Running time began anew (a flush).
  void forget() { start_.reset(); }

  enum class Verdict {
    drop,
    send,
    begin,  ///< send; it is the first one sent on this connection
  };
  /// Of a buffer with this running time (nothing: it has none, and goes the way of the one before it).
  Verdict judge(std::optional<Nanoseconds> running_time, Time now);

  /// Every buffer would be sent, and none of them is the first.
  [[nodiscard]] bool idle() const { return !start_ && !beginning_; }

 private:
  [[nodiscard]] bool is_old(std::optional<Nanoseconds> running_time, Time now);
  [[nodiscard]] bool hopeless(Nanoseconds running_time, Time now);

  std::optional<Nanoseconds> start_;
  bool beginning_ = false;
  bool dropping_ = false;  ///< the buffer before was dropped
  /// Where dropping began, to see how fast it proceeds.
  struct Mark {
    Nanoseconds running_time;
    Time at;
  };
  std::optional<Mark> mark_;
};

}  // namespace gstice
