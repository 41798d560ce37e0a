// SPDX-License-Identifier: LGPL-2.1-or-later
// One stream of iceurisrc: an icesrc, the rtpjitterbuffer behind it where it carries RTP, and the pad that shows them.
#pragma once

#include <gst/base/gstflowcombiner.h>
#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "gst/agent/agent_object.h"
#include "gst/agent/object_ref.h"
#include "gst/elements/offered_streams.h"

namespace gstice {

/// What the pads of one bin return together: a pad that nobody takes is no error as long as another is taken.
class FlowReturns {
 public:
  FlowReturns() : combiner_(gst_flow_combiner_new(), gst_flow_combiner_free) {}
  void add(GstPad* pad);
  void remove(GstPad* pad);
  GstFlowReturn combine(GstPad* pad, GstFlowReturn result);

 private:
  std::mutex mutex_;  ///< guards combiner_; a leaf lock
  std::shared_ptr<GstFlowCombiner> combiner_;
};

/// Everything but has_ended() is called by one thread at a time.
class StreamPad {
 public:
  /// What all streams of a bin share.
  struct Surroundings {
    GstBin* bin;
    GstIceAgent* agent;
    guint latency;   ///< of jitterbuffers, in ms
    guint group_id;  ///< of the stream-start events
    std::shared_ptr<FlowReturns> returns;
    std::function<void()> on_end;  ///< an EOS has left; from the streaming thread
  };

  /// Puts the elements into the bin, which does not run them yet. Null, having posted an ERROR, when one cannot be
  /// made.
  static std::shared_ptr<StreamPad> make(const Surroundings& in, const OfferedStream& stream);
  ~StreamPad();
  StreamPad(const StreamPad&) = delete;
  StreamPad& operator=(const StreamPad&) = delete;

  /// Adds the pad to the bin, with its stream-start and caps on it; handlers link it, or do not.
  void expose();
  /// Starts the elements, to the state of the bin.
  void run();
  /// Ends the stream: EOS goes out behind what is still on its way. Does not wait.
  void end();
  /// Takes everything out of the bin.
  void remove();

  void set_latency(guint latency);
  [[nodiscard]] Flow flow() const { return stream_.flow; }
  [[nodiscard]] bool is_ending() const { return ending_; }
  [[nodiscard]] bool has_ended() const;
  /// Is this still the stream that it was, but perhaps for its caps, which icesrc sees to?
  [[nodiscard]] bool carries(const OfferedStream& stream) const;

 private:
  struct Link;
  StreamPad(const Surroundings& in, const OfferedStream& stream);
  bool make_elements();
  void make_pad();
  void put_sticky_events(guint group_id);

  GstBin* const bin_;  ///< owns us
  OfferedStream stream_;
  std::shared_ptr<FlowReturns> returns_;
  std::shared_ptr<Link> link_;
  ObjectRef<GstElement> source_;
  ObjectRef<GstElement> jitterbuffer_;  ///< null where there is none
  ObjectRef<GstPad> pad_;
  bool exposed_ = false;
  bool ending_ = false;
  bool removed_ = false;
};

}  // namespace gstice
