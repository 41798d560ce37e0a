// SPDX-License-Identifier: LGPL-2.1-or-later
// Bounds what a stranger may make libsoup read. libsoup collects the fragments of a WebSocket message (RFC 6455 5.4)
// and of an HTTP request without a bound of its own, and reads for as long as bytes come; so the bounds stand in the
// stream below it: bytes per second, and bytes until something complete has come of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "gst/rendezvous/token_bucket.h"
#include "gst/util/gobject_ptr.h"

namespace gstice::rendezvous {

/// The bounds of one stream; shared between the stream and who set it up. One thread.
class InputGuard {
 public:
  /// `exceeded` is called from inside a read, once; after it nothing more is read.
  InputGuard(TokenBucket rate, std::size_t limit, std::function<void()> exceeded)
      : rate_(rate), limit_(limit), exceeded_(std::move(exceeded)) {}

  /// Something complete has come: a message, a pong.
  void progress() { pending_ = 0; }
  /// Bytes that may come until there is progress.
  void set_limit(std::size_t limit) { limit_ = limit; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// From now on the stream is at its end.
  void end() { ended_ = true; }

  // ---- for the stream ----
  /// How many bytes may be read now.
  [[nodiscard]] std::size_t allowance();
  /// When some more may be read; meaningful while the allowance is 0.
  [[nodiscard]] std::chrono::milliseconds pause();
  [[nodiscard]] bool is_ended() const { return ended_; }
  void consumed(std::size_t bytes);

 private:
  TokenBucket rate_;
  std::size_t limit_;
  std::function<void()> exceeded_;
  std::size_t pending_ = 0;
  std::uint64_t total_ = 0;
  bool stopped_ = false;  ///< the limit was exceeded
  bool ended_ = false;
};

/// `base` with its reading guarded. Writing and closing are the base's own.
GObjectPtr<GIOStream> guard_input(GIOStream* base, std::shared_ptr<InputGuard> guard);

}  // namespace gstice::rendezvous
