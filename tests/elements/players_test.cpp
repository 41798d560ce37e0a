// SPDX-License-Identifier: LGPL-2.1-or-later
// GStreamer's own players with an ice:// address. Without the leak tracer: playsink of GStreamer 1.22 leaks its volume
// element with any source; that ours is let go of is looked at by hand.
#include <atomic>

#include "tests/elements/room.h"
#include "tests/elements/support.h"

using namespace test;

namespace {

const std::string kVideo =
    "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=30/1 ! "
    "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay pt=96";
const std::string kSound = "audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=97";

std::string sink(const Server& server) {
  return " ! icesink interfaces=127.0.0.1 uri=" + server.uri("my-room") + " ";
}

/// Decoded frames at the fakesinks.
struct Frames {
  std::atomic<int> video{0};
  std::atomic<int> audio{0};
};

const char* const kPlayers[] = {"uridecodebin", "uridecodebin3", "playbin", "playbin3"};

/// A pipeline that plays the address with one of GStreamer's own players, into fakesinks.
struct OwnPlayer {
  OwnPlayer(const std::string& player, const std::string& uri) {
    if (contains(player, "playbin")) {
      pipeline.reset(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(player.c_str(), nullptr))));
      for (const auto& [property, count] :
           {std::pair{"video-sink", &frames.video}, std::pair{"audio-sink", &frames.audio}}) {
        g_object_set(pipeline.get(), property, make_sink(count), nullptr);
      }
      bin = pipeline.get();
    } else {
      pipeline.reset(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
      bin = gst_element_factory_make(player.c_str(), nullptr);
      gst_bin_add(GST_BIN(pipeline.get()), bin);
      g_signal_connect(
          bin, "pad-added",
          G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer self) { static_cast<OwnPlayer*>(self)->take(pad); }), this);
    }
    g_signal_connect(bin, "source-setup", G_CALLBACK(+[](GstElement*, GstElement* made, gpointer self) {
                       g_object_set(made, "interfaces", "127.0.0.1", nullptr);
                       static_cast<OwnPlayer*>(self)->keep(made);
                     }),
                     this);
    g_object_set(bin, "uri", uri.c_str(), nullptr);
    bus.reset(gst_element_get_bus(pipeline.get()));
  }
  ~OwnPlayer() {
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    drain_events(nullptr);
  }
  OwnPlayer(const OwnPlayer&) = delete;
  OwnPlayer& operator=(const OwnPlayer&) = delete;

  void keep(GstElement* made) {
    const std::lock_guard lock(mutex);
    source.reset(GST_ELEMENT(gst_object_ref(made)));
  }
  /// The iceurisrc that it plays from; null before it made one.
  Ref<GstElement> its_source() const {
    const std::lock_guard lock(mutex);
    return Ref<GstElement>(source ? GST_ELEMENT(gst_object_ref(source.get())) : nullptr);
  }

  static GstElement* make_sink(std::atomic<int>* count) {
    GstElement* sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "sync", TRUE, "signal-handoffs", TRUE, nullptr);
    g_signal_connect(sink, "handoff", G_CALLBACK(+[](GstElement*, GstBuffer*, GstPad*, gpointer number) {
                       ++*static_cast<std::atomic<int>*>(number);
                     }),
                     count);
    return sink;
  }
  void take(GstPad* pad) {
    GstCaps* caps = gst_pad_get_current_caps(pad);
    if (caps == nullptr) caps = gst_pad_query_caps(pad, nullptr);
    const bool video = gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw") != FALSE;
    gst_caps_unref(caps);
    GstElement* sink = make_sink(video ? &frames.video : &frames.audio);
    gst_bin_add(GST_BIN(pipeline.get()), sink);
    gst_element_sync_state_with_parent(sink);
    Ref<GstPad> in(gst_element_get_static_pad(sink, "sink"));
    gst_pad_link(pad, in.get());
  }

  Frames frames;
  Ref<GstElement> pipeline;
  GstElement* bin = nullptr;
  Ref<GstBus> bus;
  mutable std::mutex mutex;  ///< guards source
  Ref<GstElement> source;
};

void play_with(const std::string& player, bool sender_first) {
  const Server server;
  auto sender = std::make_unique<Pipeline>(kVideo + sink(server) + kSound + " ! icesink stream=1");
  OwnPlayer viewer(player, server.uri("my-room"));
  if (sender_first) sender->set_state(GST_STATE_PLAYING);
  fail_if(gst_element_set_state(viewer.pipeline.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE);
  if (!sender_first) sender->set_state(GST_STATE_PLAYING);
  poll_until([&] { return viewer.frames.video > 10 && viewer.frames.audio > 10; },
             (player + " to show picture and sound").c_str());
  sender.reset();
  const Message message = wait_message(viewer.bus.get(), GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS, "%s", text(message).c_str());
}

}  // namespace

GST_START_TEST(players_of_gstreamer_play_picture_and_sound_to_the_end) {
  play_with(kPlayers[__i__ / 2], __i__ % 2 == 0);
}
GST_END_TEST

GST_START_TEST(players_of_gstreamer_wait_and_close_with_nobody_there) {
  const Server server;
  OwnPlayer viewer(kPlayers[__i__], server.uri("my-room"));
  fail_if(gst_element_set_state(viewer.pipeline.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE);
  poll_until(
      [&] {
        const auto source = viewer.its_source();
        return source != nullptr && nick(source.get(), "ice-gathering-state") == "complete";
      },
      "the source to be in the room");
  fail_unless_equals_int(gst_element_set_state(viewer.pipeline.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  fail_unless(take_message(viewer.bus.get(), GST_MESSAGE_ERROR | GST_MESSAGE_EOS) == nullptr);
}
GST_END_TEST

namespace {

Suite* players_suite() {
  Suite* s = suite_create("players");
  TCase* c = tcase_create("players");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, players_of_gstreamer_play_picture_and_sound_to_the_end, 0, 8);
  tcase_add_loop_test(c, players_of_gstreamer_wait_and_close_with_nobody_there, 0, 4);
  return s;
}

}  // namespace

GST_CHECK_MAIN(players)
