// SPDX-License-Identifier: LGPL-2.1-or-later
// What all links have in common, and the one of udpsink and udpsrc.
#include "tests/bench/media_link.h"

#include <chrono>
#include <stdexcept>

namespace bench {

namespace {

GstElement* launch(const std::string& description) {
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  if (error != nullptr) {
    const std::string message = error->message;
    g_error_free(error);
    throw std::runtime_error(message);
  }
  return pipeline;
}

}  // namespace

MediaLink::MediaLink(const std::string& sender, const std::string& receiver) {
  receiving_ = launch(receiver + " ! fakesink name=end sync=false async=false");
  // A lone element is not parsed into a pipeline.
  sending_ = gst_pipeline_new(nullptr);
  sender_ = launch(sender);
  gst_bin_add(GST_BIN(sending_), sender_);
  gst_object_ref(sender_);
  receiver_ = gst_bin_get_by_name(GST_BIN(receiving_), "receiver");

  GstElement* end = gst_bin_get_by_name(GST_BIN(receiving_), "end");
  GstPad* pad = gst_element_get_static_pad(end, "sink");
  gst_pad_add_probe(pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
                    on_received, this, nullptr);
  gst_object_unref(pad);
  gst_object_unref(end);
}

MediaLink::~MediaLink() {
  stop();
  if (feeder_ != nullptr) gst_object_unref(feeder_);
  for (GstElement* object : {sender_, receiver_, sending_, receiving_}) gst_object_unref(object);
}

void MediaLink::stop() {
  gst_element_set_state(sending_, GST_STATE_NULL);
  gst_element_set_state(receiving_, GST_STATE_NULL);
}

void MediaLink::play() {
  GstPad* pad = gst_element_get_static_pad(sender_, "sink");
  feeder_ = gst_pad_new("feeder", GST_PAD_SRC);
  gst_object_ref_sink(feeder_);
  gst_pad_set_active(feeder_, TRUE);
  gst_pad_link(feeder_, pad);
  gst_object_unref(pad);
  gst_element_set_state(receiving_, GST_STATE_PLAYING);
  gst_element_set_state(sending_, GST_STATE_PLAYING);
  gst_pad_push_event(feeder_, gst_event_new_stream_start("bench"));
  GstCaps* caps = gst_caps_new_empty_simple("application/x-bench");
  gst_pad_push_event(feeder_, gst_event_new_caps(caps));
  gst_caps_unref(caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(feeder_, gst_event_new_segment(&segment));
}

void MediaLink::wait_received(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  awaited_ = count;
  if (received_ < count) arrived_.wait_for(lock, std::chrono::milliseconds(5));
  awaited_ = 0;
}

GstPadProbeReturn MediaLink::on_received(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const bool list = (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0;
  auto* link = static_cast<MediaLink*>(self);
  link->received_ += list ? gst_buffer_list_length(GST_PAD_PROBE_INFO_BUFFER_LIST(info)) : 1;
  const std::uint64_t awaited = link->awaited_;
  if (awaited != 0 && link->received_ >= awaited) {
    const std::scoped_lock lock(link->mutex_);
    link->awaited_ = 0;
    link->arrived_.notify_one();
  }
  return GST_PAD_PROBE_OK;
}

namespace {

class UdpLink : public MediaLink {
 public:
  UdpLink()
      : MediaLink("udpsink name=sender host=127.0.0.1 sync=false async=false",
                  "udpsrc name=receiver address=127.0.0.1 port=0") {
    gst_element_set_state(receiving_, GST_STATE_PAUSED);
    gint port = 0;
    g_object_get(receiver_, "port", &port, nullptr);
    g_object_set(sender_, "port", port, nullptr);
    play();
  }
};

}  // namespace

std::unique_ptr<MediaLink> make_udp_link() {
  return std::make_unique<UdpLink>();
}

}  // namespace bench
