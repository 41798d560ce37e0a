// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the pads of iceurisrc what the peer offers: the one place that adds and removes them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "gst/elements/background_work.h"
#include "gst/elements/ice_element.h"
#include "gst/elements/stream_pad.h"

namespace gstice {

/// Works on a thread of its own between start() and stop(): it calls an application's handlers.
class OfferFollower {
 public:
  /// Both outlive it.
  OfferFollower(GstBin* bin, IceElement& ice);

  /// READY→PAUSED, joined. False when there is no thread to be had.
  bool start(guint latency);
  /// PAUSED→READY, before the children: afterwards no pad comes or goes.
  void stop();
  /// PAUSED→READY, after the children.
  void remove_pads();

  /// Any thread: what the peer offers may have changed.
  void look() { work_.wake(); }
  /// Any thread: the peer is gone for good.
  void peer_gone();
  void set_latency(guint latency);

 private:
  using Pads = std::map<unsigned, std::shared_ptr<StreamPad>>;

  std::optional<BackgroundWork::Clock::time_point> follow();
  void wait_for_another_peer();
  void remove_ended();
  void end_missing(const OfferedStreams& offer);
  void add_new(const OfferedStreams& offer);
  void keep_a_living_flow();
  void say_what_is_missing(const OfferedStreams& offer, const Selection& selection);
  std::optional<BackgroundWork::Clock::time_point> finish_when_complete(const OfferedStreams& offer);
  [[nodiscard]] Selection selection() const;
  [[nodiscard]] Pads pads() const;

  GstBin* const bin_;
  IceElement& ice_;
  BackgroundWork work_;

  mutable std::mutex mutex_;  ///< guards what follows; not held while GStreamer is called
  Pads pads_;                 ///< by stream
  bool peer_gone_ = false;    ///< since the last look
  bool stopping_ = false;
  guint latency_ = 0;

  // The work's own, and start()'s before it.
  guint group_id_ = 0;
  std::shared_ptr<FlowReturns> returns_;
  std::optional<BackgroundWork::Clock::time_point> first_pad_;  ///< when it was added
  bool no_more_pads_ = false;                                   ///< said
  bool said_what_is_missing_ = false;
};

}  // namespace gstice
