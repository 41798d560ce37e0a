// SPDX-License-Identifier: LGPL-2.1-or-later
// The event is built by hand, as GStreamer's video library does it, so as not to need that library.
#include "gst/elements/key_unit_request.h"

#include <atomic>
#include <memory>

namespace gstice {
namespace {

std::atomic<guint> requests{0};

struct Request {
  GstClockTime running_time;
};

void push(GstElement* sink, gpointer data) {
  const auto* request = static_cast<const Request*>(data);
  GstStructure* structure =
      gst_structure_new("GstForceKeyUnit", "running-time", GST_TYPE_CLOCK_TIME, request->running_time, "all-headers",
                        G_TYPE_BOOLEAN, TRUE, "count", G_TYPE_UINT, ++requests, nullptr);
  GstPad* pad = gst_element_get_static_pad(sink, "sink");
  gst_pad_push_event(pad, gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, structure));
  gst_object_unref(pad);
}

}  // namespace

void request_key_unit(GstElement* sink, GstClockTime running_time) {
  auto request = std::make_unique<Request>(Request{running_time});
  gst_element_call_async(sink, push, request.release(),
                         [](gpointer data) { std::unique_ptr<Request>(static_cast<Request*>(data)).reset(); });
}

}  // namespace gstice
