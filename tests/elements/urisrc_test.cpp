// SPDX-License-Identifier: LGPL-2.1-or-later
// iceurisrc: a pad for each stream that the peer offers, when it comes and when it goes.
#include <algorithm>
#include <atomic>
#include <map>

#include "tests/elements/room.h"
#include "tests/elements/support.h"

using namespace test;

namespace {

const std::string kVideo =
    "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=30/1 ! "
    "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay pt=96";
const std::string kSound = "audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=97";
const std::string kBytes = "fakesrc is-live=true sizetype=fixed sizemax=100 ! identity sleep-time=2000";

std::string sink(const Server& server, const std::string& more = "") {
  return " ! icesink interfaces=127.0.0.1 uri=" + server.uri("my-room") + " " + more + " ";
}

std::string uri_src(const Server& server, const std::string& query = "") {
  return "iceurisrc name=src interfaces=127.0.0.1 uri=\"" + server.uri("my-room") + query + "\"";
}

/// An iceurisrc whose pads are taken by fakesinks, but for those that are not wanted.
class Player {
 public:
  struct Stream {
    std::string caps;
    std::atomic<int> buffers{0};
    std::atomic<bool> removed{false};
  };

  explicit Player(const std::string& description, std::vector<std::string> unwanted = {})
      : pipeline_(description), unwanted_(std::move(unwanted)) {
    GstElement* src = pipeline_["src"];
    g_signal_connect(
        src, "pad-added",
        G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer self) { static_cast<Player*>(self)->added(pad); }), this);
    g_signal_connect(src, "pad-removed", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer self) {
                       static_cast<Player*>(self)->stream(GST_OBJECT_NAME(pad)).removed = true;
                     }),
                     this);
    g_signal_connect_swapped(src, "no-more-pads",
                             G_CALLBACK(+[](gpointer self) { ++static_cast<Player*>(self)->no_more_pads_; }), this);
  }
  ~Player() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  Pipeline& pipeline() { return pipeline_; }
  GstElement* src() { return pipeline_["src"]; }
  void play() { pipeline_.set_state(GST_STATE_PLAYING); }
  int no_more_pads() const { return no_more_pads_; }
  std::size_t pads() const {
    const std::lock_guard lock(mutex_);
    return streams_.size();
  }
  Stream& stream(const std::string& pad) {
    const std::lock_guard lock(mutex_);
    auto& stream = streams_[pad];
    if (!stream) stream = std::make_unique<Stream>();
    return *stream;
  }
  void wait_for(const std::string& pad, int buffers = 5) {
    const int before = stream(pad).buffers;
    poll_until([&] { return stream(pad).buffers >= before + buffers; }, ("buffers on " + pad).c_str());
  }

 private:
  void added(GstPad* pad) {
    const std::string name = GST_OBJECT_NAME(pad);
    Stream& fresh = stream(name);
    fresh.removed = false;
    GstCaps* caps = gst_pad_get_current_caps(pad);
    gchar* text = caps != nullptr ? gst_caps_to_string(caps) : g_strdup("none");
    fresh.caps = text;
    g_free(text);
    if (caps != nullptr) gst_caps_unref(caps);
    if (std::ranges::find(unwanted_, name) != unwanted_.end()) return;
    GstElement* out = gst_element_factory_make("fakesink", ("out_" + name).c_str());
    g_object_set(out, "sync", FALSE, "async", FALSE, "signal-handoffs", TRUE, nullptr);
    g_signal_connect(out, "handoff", G_CALLBACK(+[](GstElement*, GstBuffer*, GstPad*, gpointer stream) {
                       ++static_cast<Stream*>(stream)->buffers;
                     }),
                     &fresh);
    gst_bin_add(GST_BIN(pipeline_.get()), out);
    gst_element_sync_state_with_parent(out);
    GstPad* in = gst_element_get_static_pad(out, "sink");
    fail_unless_equals_int(gst_pad_link(pad, in), GST_PAD_LINK_OK);
    gst_object_unref(in);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Stream>> streams_;
  std::atomic<int> no_more_pads_{0};
  Pipeline pipeline_;
  const std::vector<std::string> unwanted_;
};

bool has_child(GstElement* bin, const char* factory) {
  bool found = false;
  GstIterator* children = gst_bin_iterate_recurse(GST_BIN(bin));
  GValue value = G_VALUE_INIT;
  while (gst_iterator_next(children, &value) == GST_ITERATOR_OK) {
    GstElementFactory* of = gst_element_get_factory(GST_ELEMENT(g_value_get_object(&value)));
    found = found || std::string(GST_OBJECT_NAME(of)) == factory;
    g_value_reset(&value);
  }
  g_value_unset(&value);
  gst_iterator_free(children);
  return found;
}

/// A part that joins a pipeline that plays.
Ref<GstElement> add_part(Pipeline& pipeline, const std::string& description) {
  GError* error = nullptr;
  GstElement* part = gst_parse_bin_from_description(description.c_str(), FALSE, &error);
  fail_unless(error == nullptr, "%s", error != nullptr ? error->message : "");
  Ref<GstElement> kept(GST_ELEMENT(gst_object_ref_sink(part)));
  gst_bin_add(GST_BIN(pipeline.get()), part);
  gst_element_sync_state_with_parent(part);
  return kept;
}

void expect_no_error(Pipeline& pipeline) {
  const Message error = take_message(pipeline.bus(), GST_MESSAGE_ERROR);
  fail_unless(error == nullptr, "%s", error ? text(error).c_str() : "");
}

}  // namespace

// ---- pads ----

GST_START_TEST(rtp_gets_a_pad_with_its_caps_behind_a_jitterbuffer) {
  const Server server;
  Pipeline sender(kVideo + sink(server));
  Player player(uri_src(server) + " latency=77");
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_0");
  fail_unless(contains(player.stream("src_0").caps, "encoding-name=(string)VP8"), "%s",
              player.stream("src_0").caps.c_str());
  fail_unless_equals_int(player.no_more_pads(), 1);
  fail_unless_equals_int(player.pads(), 1);
  guint latency = 0;
  GstElement* buffer = player.pipeline()["rtpjitterbuffer0"];
  g_object_get(buffer, "latency", &latency, nullptr);
  fail_unless_equals_int(latency, 77);
  g_object_set(player.src(), "latency", 99U, nullptr);
  g_object_get(buffer, "latency", &latency, nullptr);
  fail_unless_equals_int(latency, 99);
  // What a player's user wants to know of the connection.
  wait_connected(player.src());
  fail_unless(structure(player.src(), "selected-pair") != nullptr);
  fail_unless(stat(player.src(), "packets-received") > 0);
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(data_without_caps_gets_a_pad_without_caps_and_no_jitterbuffer) {
  const Server server;
  Pipeline sender(kBytes + sink(server));
  Player player(uri_src(server));
  player.play();
  sender.set_state(GST_STATE_PLAYING);
  player.wait_for("src_0");
  expect_text(player.stream("src_0").caps, "none");
  fail_unless_equals_int(player.no_more_pads(), 1);
  fail_if(has_child(player.src(), "rtpjitterbuffer"));
}
GST_END_TEST

GST_START_TEST(each_stream_has_a_pad_of_its_own_and_rtcp_has_none) {
  const Server server;
  Pipeline sender(kVideo + sink(server) + kSound + " ! icesink stream=3 " + kBytes +
                  " ! application/x-rtcp ! icesink component=2 " + kBytes + " ! icesink stream=5 component=4");
  Player player(uri_src(server));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  for (const char* pad : {"src_0", "src_3", "src_5"}) player.wait_for(pad);
  fail_unless(contains(player.stream("src_0").caps, "VP8"));
  fail_unless(contains(player.stream("src_3").caps, "OPUS"), "%s", player.stream("src_3").caps.c_str());
  expect_text(player.stream("src_5").caps, "none");
  fail_unless_equals_int(player.pads(), 3);
  poll_until([&] { return player.no_more_pads() == 1; }, "no-more-pads");
}
GST_END_TEST

GST_START_TEST(the_address_can_choose_a_stream) {
  const Server server;
  Pipeline sender(kVideo + sink(server) + kSound + " ! icesink stream=1");
  Player player(uri_src(server, "?stream=1"));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_1", 20);
  fail_unless_equals_int(player.pads(), 1);
  fail_unless_equals_int(player.no_more_pads(), 1);
}
GST_END_TEST

GST_START_TEST(the_pads_carry_streams_of_one_group_that_can_be_told_apart) {
  const Server server;
  Pipeline sender(kVideo + sink(server) + kSound + " ! icesink stream=1");
  Player player(uri_src(server));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  std::string ids[2];
  guint groups[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    player.wait_for("src_" + std::to_string(i));
    Ref<GstPad> pad(gst_element_get_static_pad(player.pipeline()[("out_src_" + std::to_string(i)).c_str()], "sink"));
    GstEvent* event = gst_pad_get_sticky_event(pad.get(), GST_EVENT_STREAM_START, 0);
    const gchar* id = nullptr;
    gst_event_parse_stream_start(event, &id);
    ids[i] = id;
    fail_unless(gst_event_parse_group_id(event, &groups[i]));
    gst_event_unref(event);
  }
  fail_if(ids[0] == ids[1]);
  fail_unless_equals_int(groups[0], groups[1]);
}
GST_END_TEST

GST_START_TEST(a_stream_that_appears_later_gets_its_pad_then) {
  const Server server;
  Pipeline sender(kVideo + sink(server));
  Player player(uri_src(server));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_0");
  const auto part = add_part(sender, kSound + " ! icesink stream=1");
  player.wait_for("src_1");
  player.wait_for("src_0");
  fail_unless_equals_int(player.no_more_pads(), 1);
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(a_stream_that_goes_ends_and_one_that_returns_begins_anew) {
  const Server server;
  // The first is the one with which everything began.
  Pipeline sender(kSound + sink(server, "stream=1"));
  auto part = add_part(sender, kVideo + " ! icesink stream=0");
  Player player(uri_src(server));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_0");
  player.wait_for("src_1");
  for (int round = 0; round < 2; ++round) {
    gst_element_set_state(part.get(), GST_STATE_NULL);
    gst_bin_remove(GST_BIN(sender.get()), part.get());
    poll_until([&] { return player.stream("src_0").removed.load(); }, "the pad to go");
    Ref<GstPad> in(gst_element_get_static_pad(player.pipeline()["out_src_0"], "sink"));
    fail_unless(GST_PAD_IS_EOS(in.get()), "the stream went without an end");
    player.wait_for("src_1");
    GstElement* out = player.pipeline()["out_src_0"];
    gst_element_set_state(out, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(player.pipeline().get()), out);

    part = add_part(sender, kVideo + " ! icesink stream=0");
    player.wait_for("src_0");
  }
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(changed_caps_pass_through) {
  const Server server;
  Pipeline sender(
      "videotestsrc is-live=true ! capsfilter name=size caps=video/x-raw,width=64,height=48,framerate=30/1 ! "
      "rtpvrawpay" +
      sink(server));
  Player player(uri_src(server));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_0");
  fail_unless(contains(player.stream("src_0").caps, "width=(string)64"), "%s", player.stream("src_0").caps.c_str());
  gst_util_set_object_arg(G_OBJECT(sender["size"]), "caps", "video/x-raw,width=32,height=48,framerate=30/1");
  Ref<GstPad> in(gst_element_get_static_pad(player.pipeline()["out_src_0"], "sink"));
  poll_until(
      [&] {
        GstCaps* caps = gst_pad_get_current_caps(in.get());
        const gchar* width = gst_structure_get_string(gst_caps_get_structure(caps, 0), "width");
        const bool changed = g_strcmp0(width, "32") == 0;
        gst_caps_unref(caps);
        return changed;
      },
      "the new caps");
  fail_unless_equals_int(player.pads(), 1);
}
GST_END_TEST

GST_START_TEST(a_pad_that_nobody_takes_is_no_error_while_another_is_taken) {
  const Server server;
  Pipeline sender(kVideo + sink(server) + kSound + " ! icesink stream=1");
  Player player(uri_src(server), {"src_0"});
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_1", 40);
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(when_nobody_takes_any_pad_one_error_says_so) {
  const Server server;
  Pipeline sender(kVideo + sink(server) + kSound + " ! icesink stream=1");
  Player player(uri_src(server), {"src_0", "src_1"});
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  const Message error = wait_message(player.pipeline().bus(), GST_MESSAGE_ERROR);
  fail_unless(GST_MESSAGE_SRC(error.get()) == GST_OBJECT(player.src()));
  player.pipeline().set_state(GST_STATE_NULL);
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(two_addresses_in_one_pipeline_are_two_sessions) {
  const Server server;
  Pipeline one(kVideo + " ! icesink interfaces=127.0.0.1 uri=" + server.uri("one"));
  Pipeline other(kBytes + " ! icesink interfaces=127.0.0.1 uri=" + server.uri("other"));
  Pipeline both("iceurisrc name=a interfaces=127.0.0.1 uri=" + server.uri("one") +
                " ! fakesink name=x async=false iceurisrc name=b interfaces=127.0.0.1 uri=" + server.uri("other") +
                " ! fakesink name=y async=false");
  for (Pipeline* pipeline : {&one, &other, &both}) pipeline->set_state(GST_STATE_PLAYING);
  poll_until([&] { return stat(both["a"], "packets-received") > 10 && stat(both["b"], "packets-received") > 10; },
             "media of both");
  fail_if(agent_of(both["a"]) == agent_of(both["b"]));
  expect_no_error(both);
}
GST_END_TEST

GST_START_TEST(an_icesink_with_the_same_agent_sends_back) {
  const Server server;
  Pipeline sender(kVideo + sink(server) + "icesrc name=back ! fakesink name=heard async=false");
  Pipeline viewer(uri_src(server) + " ! fakesink async=false " + kBytes + " ! icesink name=sink");
  viewer.set_state(GST_STATE_NULL);
  Ref<GObject> agent(G_OBJECT(gst_object_ref_sink(g_object_new(g_type_from_name("GstIceAgent"), nullptr))));
  g_object_set(viewer["src"], "agent", agent.get(), nullptr);
  g_object_set(viewer["sink"], "agent", agent.get(), nullptr);
  sender.set_state(GST_STATE_PLAYING);
  viewer.set_state(GST_STATE_PLAYING);
  poll_until([&] { return stat(sender["back"], "packets-received") > 10; }, "media from the viewer");
  poll_until([&] { return stat(viewer["src"], "packets-received") > 10; }, "media for the viewer");
}
GST_END_TEST

// ---- the end, and when there is nobody ----

GST_START_TEST(a_goodbye_is_the_end_of_every_stream) {
  const Server server;
  Player player(uri_src(server));
  player.play();
  {
    Pipeline sender(kVideo + sink(server) + kSound + " ! icesink stream=1");
    sender.set_state(GST_STATE_PLAYING);
    player.wait_for("src_0");
    player.wait_for("src_1");
  }
  const Message message = wait_message(player.pipeline().bus(), GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS);
}
GST_END_TEST

GST_START_TEST(with_nobody_there_it_plays_and_closes) {
  const Server server;
  Player player(uri_src(server));
  GstElement* pipeline = player.pipeline().get();
  fail_unless_equals_int(gst_element_set_state(pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  fail_unless_equals_int(gst_element_set_state(pipeline, GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  wait_for_nick(player.src(), "ice-gathering-state", "complete");
  fail_unless_equals_int(gst_element_set_state(pipeline, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  fail_unless_equals_int(gst_element_set_state(pipeline, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(beside_one_who_sends_nothing_it_says_so_and_plays_whoever_comes_then) {
  const Server server;
  Player player(uri_src(server));
  player.play();
  {
    Pipeline listener("icesrc name=it interfaces=127.0.0.1 rendezvous=" + server.room("my-room") +
                      " ! fakesink async=false");
    listener.set_state(GST_STATE_PLAYING);
    const Message said = wait_message(player.pipeline().bus(), GST_MESSAGE_INFO);
    GError* error = nullptr;
    gst_message_parse_info(said.get(), &error, nullptr);
    fail_unless(contains(error->message, "does not send"), "%s", error->message);
    g_error_free(error);
    wait_connected(listener["it"]);
    wait_connected(player.src());
  }
  Pipeline sender(kVideo + sink(server));
  sender.set_state(GST_STATE_PLAYING);
  player.wait_for("src_0");
  fail_unless(take_message(player.pipeline().bus(), GST_MESSAGE_ERROR | GST_MESSAGE_EOS) == nullptr);
}
GST_END_TEST

GST_START_TEST(with_disconnect_action_wait_it_plays_one_sender_after_the_other) {
  const Server server;
  Player player(uri_src(server) + " disconnect-action=wait");
  player.play();
  for (int visit = 0; visit < 3; ++visit) {
    Pipeline sender(kVideo + sink(server));
    sender.set_state(GST_STATE_PLAYING);
    player.wait_for("src_0");
  }
  fail_unless(take_message(player.pipeline().bus(), GST_MESSAGE_ERROR | GST_MESSAGE_EOS) == nullptr);
}
GST_END_TEST

GST_START_TEST(a_server_that_is_not_there_is_one_error_that_names_it) {
  std::string uri;
  {
    const Server gone;
    uri = gone.uri("room");
  }
  Player player("iceurisrc name=src interfaces=127.0.0.1 uri=" + uri);
  player.play();
  const Message error = wait_message(player.pipeline().bus(), GST_MESSAGE_ERROR);
  fail_unless(GST_MESSAGE_SRC(error.get()) == GST_OBJECT(player.src()));
  fail_unless(contains(text(error), uri.substr(6, uri.find('/', 6) - 6)), "%s", text(error).c_str());
  player.pipeline().set_state(GST_STATE_NULL);
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(without_an_address_it_says_what_to_set) {
  Pipeline pipeline("iceurisrc");
  fail_unless_equals_int(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  const std::string error = text(wait_message(pipeline.bus(), GST_MESSAGE_ERROR));
  fail_unless(contains(error, "uri=ice://"), "%s", error.c_str());
}
GST_END_TEST

GST_START_TEST(it_closes_in_any_phase_and_begins_again) {
  const Server server;
  Pipeline sender(kVideo + sink(server, "disconnect-action=wait") + kSound + " ! icesink stream=1");
  sender.set_state(GST_STATE_PLAYING);
  Player player(uri_src(server));
  for (int round = 0; round < 8; ++round) {
    player.play();
    // At once; when connected; when the first pad is there; when everything runs.
    if (round % 4 == 1) wait_connected(player.src());
    if (round % 4 == 2) poll_until([&] { return player.pads() > 0; }, "a pad");
    if (round % 4 == 3) player.wait_for("src_0");
    fail_unless_equals_int(gst_element_set_state(player.pipeline().get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(GST_BIN_NUMCHILDREN(player.src()), 0);
    fail_unless_equals_int(player.src()->numpads, 0);
    for (const char* out : {"out_src_0", "out_src_1"}) {
      Ref<GstElement> old(gst_bin_get_by_name(GST_BIN(player.pipeline().get()), out));
      if (old) gst_bin_remove(GST_BIN(player.pipeline().get()), old.get());
    }
  }
  player.play();
  player.wait_for("src_0");
  player.wait_for("src_1");
  expect_no_error(player.pipeline());
}
GST_END_TEST

// ---- as a source among sources ----

GST_START_TEST(it_is_live_cannot_seek_and_tells_its_latency) {
  const Server server;
  Pipeline sender(kVideo + sink(server));
  Player player(uri_src(server));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_0");
  Ref<GstPad> in(gst_element_get_static_pad(player.pipeline()["out_src_0"], "sink"));
  GstQuery* query = gst_query_new_latency();
  fail_unless(gst_pad_peer_query(in.get(), query));
  gboolean live = FALSE;
  GstClockTime least = 0;
  gst_query_parse_latency(query, &live, &least, nullptr);
  gst_query_unref(query);
  fail_unless(live);
  fail_unless(least >= 200 * GST_MSECOND && least < GST_SECOND);

  query = gst_query_new_seeking(GST_FORMAT_TIME);
  gboolean seekable = FALSE;
  if (gst_pad_peer_query(in.get(), query) != FALSE)
    gst_query_parse_seeking(query, nullptr, &seekable, nullptr, nullptr);
  gst_query_unref(query);
  fail_if(seekable);
  fail_if(gst_element_seek_simple(player.pipeline().get(), GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SECOND));
  player.wait_for("src_0");
}
GST_END_TEST

GST_START_TEST(pausing_and_playing_goes_on_with_the_present) {
  const Server server;
  Pipeline sender(kVideo + sink(server));
  Player player(uri_src(server));
  sender.set_state(GST_STATE_PLAYING);
  player.play();
  player.wait_for("src_0");
  fail_unless_equals_int(gst_element_set_state(player.pipeline().get(), GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
  player.play();
  player.wait_for("src_0");
  expect_no_error(player.pipeline());
}
GST_END_TEST

GST_START_TEST(players_take_it_for_the_schemes) {
  for (const char* uri : {"ice://host/room", "ices://host/room"}) {
    Ref<GstElement> made(
        GST_ELEMENT(gst_object_ref_sink(gst_element_make_from_uri(GST_URI_SRC, uri, nullptr, nullptr))));
    fail_unless_equals_string(GST_OBJECT_NAME(gst_element_get_factory(made.get())), "iceurisrc");
    expect_text(text(made.get(), "uri"), uri);
  }
}
GST_END_TEST

namespace {

Suite* urisrc_suite() {
  Suite* s = suite_create("urisrc");
  TCase* c = tcase_create("urisrc");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, rtp_gets_a_pad_with_its_caps_behind_a_jitterbuffer);
  tcase_add_test(c, data_without_caps_gets_a_pad_without_caps_and_no_jitterbuffer);
  tcase_add_test(c, each_stream_has_a_pad_of_its_own_and_rtcp_has_none);
  tcase_add_test(c, the_address_can_choose_a_stream);
  tcase_add_test(c, the_pads_carry_streams_of_one_group_that_can_be_told_apart);
  tcase_add_test(c, a_stream_that_appears_later_gets_its_pad_then);
  tcase_add_test(c, a_stream_that_goes_ends_and_one_that_returns_begins_anew);
  tcase_add_test(c, changed_caps_pass_through);
  tcase_add_test(c, a_pad_that_nobody_takes_is_no_error_while_another_is_taken);
  tcase_add_test(c, when_nobody_takes_any_pad_one_error_says_so);
  tcase_add_test(c, two_addresses_in_one_pipeline_are_two_sessions);
  tcase_add_test(c, an_icesink_with_the_same_agent_sends_back);
  tcase_add_test(c, a_goodbye_is_the_end_of_every_stream);
  tcase_add_test(c, with_nobody_there_it_plays_and_closes);
  tcase_add_test(c, beside_one_who_sends_nothing_it_says_so_and_plays_whoever_comes_then);
  tcase_add_test(c, with_disconnect_action_wait_it_plays_one_sender_after_the_other);
  tcase_add_test(c, a_server_that_is_not_there_is_one_error_that_names_it);
  tcase_add_test(c, without_an_address_it_says_what_to_set);
  tcase_add_test(c, it_closes_in_any_phase_and_begins_again);
  tcase_add_test(c, it_is_live_cannot_seek_and_tells_its_latency);
  tcase_add_test(c, pausing_and_playing_goes_on_with_the_present);
  tcase_add_test(c, players_take_it_for_the_schemes);
  return s;
}

}  // namespace

GST_CHECK_MAIN(urisrc)
