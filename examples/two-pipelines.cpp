// SPDX-License-Identifier: LGPL-2.1-or-later
// Two pipelines that an application introduces to each other, without a rendezvous server: what one side's signals say
// is handed to the other's. In a real application the two are on different machines, and your own signaling lies
// between.
//
//   meson devenv -C build examples/two-pipelines
#include <gst/gst.h>

#include <cstdio>
#include <string>

namespace {

/// A candidate of one side is for the other; the application only carries it. An empty line ends the stream's
/// candidates.
void on_candidate(GstElement*, guint stream, const gchar* candidate, gpointer other) {
  g_signal_emit_by_name(other, "add-ice-candidate", stream, candidate);
}

std::string get(GstElement* element, const char* property) {
  gchar* value = nullptr;
  g_object_get(element, property, &value, nullptr);
  const std::string text = value != nullptr ? value : "";
  g_free(value);
  return text;
}

/// The other side has to know who is allowed to talk to it.
void introduce(GstElement* element, GstElement* other) {
  g_object_set(other, "remote-ufrag", get(element, "local-ufrag").c_str(), "remote-pwd",
               get(element, "local-pwd").c_str(), nullptr);
  g_signal_connect(element, "on-ice-candidate", G_CALLBACK(on_candidate), other);
}

void print_selected_pair(GstElement* element) {
  GstStructure* pair = nullptr;
  g_object_get(element, "selected-pair", &pair, nullptr);
  if (pair == nullptr) return;
  std::printf("from  %s\nto    %s\n", gst_structure_get_string(pair, "local-candidate"),
              gst_structure_get_string(pair, "remote-candidate"));
  gst_structure_free(pair);
}

/// Waits for the end of what the receiver receives; false on an error of either pipeline.
bool wait_for_end(GstElement* receiving) {
  GstBus* bus = gst_element_get_bus(receiving);
  const auto ends = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  GstMessage* message = gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, ends);
  gst_object_unref(bus);
  const bool good = message != nullptr && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  if (message != nullptr) gst_message_unref(message);
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  GError* error = nullptr;
  GstElement* sending =
      gst_parse_launch("audiotestsrc is-live=true ! opusenc ! rtpopuspay ! icesink name=ice controlling=true", &error);
  GstElement* receiving = error != nullptr
                              ? nullptr
                              : gst_parse_launch(
                                    "icesrc name=ice controlling=false"
                                    " caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS,payload=96"
                                    " ! rtpjitterbuffer ! rtpopusdepay ! opusdec ! fakesink num-buffers=50",
                                    &error);
  if (error != nullptr) {
    std::fprintf(stderr, "%s\n", error->message);
    return 1;
  }
  GstElement* icesink = gst_bin_get_by_name(GST_BIN(sending), "ice");
  GstElement* icesrc = gst_bin_get_by_name(GST_BIN(receiving), "ice");

  // In READY each has its credentials; in PAUSED it begins to gather candidates.
  for (GstElement* pipeline : {sending, receiving}) gst_element_set_state(pipeline, GST_STATE_READY);
  introduce(icesink, icesrc);
  introduce(icesrc, icesink);
  for (GstElement* pipeline : {sending, receiving}) gst_element_set_state(pipeline, GST_STATE_PLAYING);

  const bool good = wait_for_end(receiving);
  if (good) {
    print_selected_pair(icesink);
    std::printf("a second of sound has arrived\n");
  } else {
    std::fprintf(stderr, "nothing arrived\n");
  }

  for (GstElement* pipeline : {sending, receiving}) gst_element_set_state(pipeline, GST_STATE_NULL);
  for (GstElement* object : {icesink, icesrc, sending, receiving}) gst_object_unref(object);
  return good ? 0 : 1;
}
