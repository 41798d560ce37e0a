// SPDX-License-Identifier: LGPL-2.1-or-later
// A sending and a receiving element of one implementation, connected over loopback in this process.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace bench {

/// Two pipelines: the sending element alone in one, the receiving element and a fakesink in the other.
class MediaLink {
 public:
  virtual ~MediaLink();
  MediaLink(const MediaLink&) = delete;
  MediaLink& operator=(const MediaLink&) = delete;

  /// Sends from the calling thread, as an element upstream would. Takes ownership. False when the sink refused it.
  bool push(GstBuffer* buffer) { return gst_pad_push(feeder_, buffer) == GST_FLOW_OK; }
  bool push(GstBufferList* list) { return gst_pad_push_list(feeder_, list) == GST_FLOW_OK; }
  /// Datagrams that came out of the receiving element so far.
  [[nodiscard]] std::uint64_t received() const { return received_; }
  /// Blocks until `count` were received, or for a moment.
  void wait_received(std::uint64_t count);

 protected:
  /// `sender` and `receiver` are launch descriptions of one element each, named `sender` and `receiver`.
  MediaLink(const std::string& sender, const std::string& receiver);
  void play();
  void stop();

  GstElement* sending_ = nullptr;  // the pipelines
  GstElement* receiving_ = nullptr;
  GstElement* sender_ = nullptr;  // the elements
  GstElement* receiver_ = nullptr;

 private:
  static GstPadProbeReturn on_received(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  GstPad* feeder_ = nullptr;
  std::atomic<std::uint64_t> received_ = 0;
  std::atomic<std::uint64_t> awaited_ = 0;  // 0: nobody waits
  std::mutex mutex_;
  std::condition_variable arrived_;
};

/// Each waits until media can flow; throws std::runtime_error when that takes too long.
std::unique_ptr<MediaLink> make_ice_link();
std::unique_ptr<MediaLink> make_nice_link();
std::unique_ptr<MediaLink> make_udp_link();

}  // namespace bench
