// SPDX-License-Identifier: LGPL-2.1-or-later
// How icesink starts in time: it asks for a key unit, and what a live upstream made before the connection is not sent.
#pragma once

#include <gst/base/gstbasesink.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "gst/agent/media_path.h"
#include "gst/elements/live_start.h"
#include "gst/elements/outgoing_buffers.h"

namespace gstice {

/// One icesink's. The streaming thread's, but for what is said to be anybody's.
class SinkStart {
 public:
  explicit SinkStart(GstBaseSink* sink) : sink_(sink) {}

  /// READY→PAUSED: counts from nothing.
  void reset_counters();
  /// Joined: whatever connection there is is new to us.
  void join(std::shared_ptr<MediaSender> sender);
  /// PAUSED→PLAYING (before the parent's own change), and back. A state change's thread.
  void set_playing(bool playing);
  /// PAUSED→PLAYING is done: there may have been a path in PAUSED, when nobody knew at which running time media begins.
  void ask_again();
  /// There is a path: asks upstream for a key unit, once for each connection. Returns at once. Any thread.
  void media_possible();

  /// Running time began anew.
  void flushed() { live_start_.forget(); }
  /// send() met a connection that it had nothing to do with yet: what of it is too old is taken out.
  void begin_connection(OutgoingBuffers& waiting, std::size_t first);
  /// Too old to be sent on this connection? Then it is counted as such.
  bool is_old(GstBuffer* buffer);
  /// Without a path: takes out what waited long enough. A live upstream is not held back for long: what it made before
  /// the connection is not sent anyway, and what it would have to make up for delays the first picture. Gives how long
  /// the rest may wait; nothing: as long as it takes.
  std::optional<std::chrono::nanoseconds> patience(OutgoingBuffers& waiting, std::size_t first);

  // ---- any thread ----
  [[nodiscard]] guint64 old_packets() const { return old_; }
  [[nodiscard]] guint64 old_bytes() const { return old_bytes_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Nanoseconds = LiveStart::Nanoseconds;

  [[nodiscard]] std::optional<Nanoseconds> running_time_at(Clock::time_point time) const;
  [[nodiscard]] std::optional<Nanoseconds> running_time_of(GstBuffer* buffer) const;
  [[nodiscard]] bool upstream_is_live() const;
  /// MPEG-TS, in RTP or as it is.
  [[nodiscard]] bool is_transport_stream() const;
  void request_key_unit();
  void count(GstBuffer* buffer);
  void note_first(GstBuffer* buffer);

  GstBaseSink* const sink_;  ///< it holds us
  LiveStart live_start_;
  guint64 told_ = 0;  ///< of old_

  std::atomic<std::shared_ptr<MediaSender>> sender_;
  std::atomic<std::uint64_t> asked_{0};  ///< on which connection upstream was asked for a key unit last
  std::atomic<std::uint64_t> begun_{0};  ///< on which connection something was sent last
  std::atomic<Clock::duration> playing_since_{Clock::duration::max()};  ///< max() when not PLAYING
  std::atomic<guint64> old_{0};
  std::atomic<guint64> old_bytes_{0};
};

}  // namespace gstice
