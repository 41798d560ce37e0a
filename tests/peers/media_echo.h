// SPDX-License-Identifier: LGPL-2.1-or-later
// The media that two peers exchange in these tests: numbered questions of many sizes, each of which the other side
// sends back as an answer, byte for byte.
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace peers {

/// Sits between an appsrc named `in` (what we send) and an appsink named `out` (what we received) of a pipeline.
/// The first byte of each datagram is 'Q' (a question: send it back) or 'A' (an answer: compare it).
class MediaEcho {
 public:
  /// The pipeline must outlive this.
  explicit MediaEcho(GstElement* pipeline);
  ~MediaEcho();
  MediaEcho(const MediaEcho&) = delete;
  MediaEcho& operator=(const MediaEcho&) = delete;

  /// Sends `count` questions, a few at a time. Prints `echoed COUNT` when all came back unchanged, `error …` when one
  /// came back changed.
  void ask(std::size_t count);

 private:
  static GstFlowReturn on_sample(GstElement* appsink, gpointer self);
  void take(const std::vector<std::uint8_t>& datagram);
  void send(const std::vector<std::uint8_t>& datagram);
  [[nodiscard]] static std::vector<std::uint8_t> question(std::size_t index);

  GstElement* appsrc_ = nullptr;
  GstElement* appsink_ = nullptr;
  gulong handler_ = 0;
  std::mutex mutex_;  ///< guards what follows
  std::vector<bool> answered_;
  std::size_t asked_ = 0;
  std::size_t answers_ = 0;
};

}  // namespace peers
