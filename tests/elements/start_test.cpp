// SPDX-License-Identifier: LGPL-2.1-or-later
// How icesink starts: with a key unit, without what a live upstream made before the connection, and what it says.
#include <future>

#include "tests/elements/support.h"

using namespace test;

namespace {

const std::string kSink = "icesink interfaces=127.0.0.1";
const std::string kSource = "icesrc interfaces=127.0.0.1 controlling=false";

GstClockTime running_time(GstElement* element) {
  const Ref<GstClock> clock(gst_element_get_clock(element));
  return gst_clock_get_time(clock.get()) - gst_element_get_base_time(element);
}

GstBuffer* stamped(unsigned number, GstClockTime time) {
  GstBuffer* buffer = numbered_buffer(number, 100);
  GST_BUFFER_PTS(buffer) = time;
  return buffer;
}

void expect(Harness& src, unsigned number) {
  GstBuffer* buffer = gst_harness_pull(src.get());
  fail_unless(buffer != nullptr && is_numbered(buffer, number, 100), "buffer %u did not come next", number);
  gst_buffer_unref(buffer);
}

/// The structure of the next GstForceKeyUnit that went upstream of this sink.
Structure next_key_unit(Harness& sink) {
  while (GstEvent* event = gst_harness_pull_upstream_event(sink.get())) {
    const GstStructure* structure = gst_event_get_structure(event);
    const bool found = structure != nullptr && gst_structure_has_name(structure, "GstForceKeyUnit") != FALSE;
    Structure result(found ? gst_structure_copy(structure) : nullptr);
    gst_event_unref(event);
    if (found) return result;
  }
  fail("no key unit was asked for");
  return nullptr;
}

/// A sink that plays, and a source it is not connected to yet.
struct Apart {
  explicit Apart(bool live = true) : sink(kSink), src(kSource), signaling(sink.element(), src.element()) {
    gst_harness_set_live(sink.get(), live ? TRUE : FALSE);
    sink.set_state(GST_STATE_PLAYING);
    src.set_state(GST_STATE_PLAYING);
  }
  void connect() {
    signaling.exchange_credentials();
    wait_connected(sink.element());
    wait_connected(src.element());
  }
  std::future<GstFlowReturn> push_later(GstBuffer* buffer) {
    return std::async(std::launch::async, [this, buffer] { return gst_harness_push(sink.get(), buffer); });
  }
  GstClockTime now() const { return running_time(sink.element()); }

  Harness sink;
  Harness src;
  Signaling signaling;
};

}  // namespace

GST_START_TEST(a_key_unit_with_all_headers_is_asked_for_when_media_becomes_possible) {
  ConnectedPair pair;
  const Structure request = next_key_unit(pair.sink);
  gboolean all_headers = FALSE;
  fail_unless(gst_structure_get_boolean(request.get(), "all-headers", &all_headers));
  fail_unless(all_headers);
  fail_unless(gst_structure_has_field_typed(request.get(), "running-time", G_TYPE_UINT64));
}
GST_END_TEST

GST_START_TEST(another_peer_gets_a_key_unit_too) {
  ConnectedPair pair;
  next_key_unit(pair.sink);
  Harness other(kSource);
  Signaling signaling(pair.sink.element(), other.element());
  other.set_state(GST_STATE_PLAYING);
  set_text(other.element(), "remote-description", text(pair.sink.element(), "local-description"));
  set_text(pair.sink.element(), "remote-ufrag", text(other.element(), "local-ufrag"));
  set_text(pair.sink.element(), "remote-pwd", text(other.element(), "local-pwd"));
  next_key_unit(pair.sink);
  wait_connected(other.element());
}
GST_END_TEST

GST_START_TEST(a_live_upstreams_key_unit_is_for_the_moment_of_the_connection) {
  Apart peers;
  const GstClockTime before = peers.now();
  peers.connect();
  GstClockTime time = 0;
  gst_structure_get_clock_time(next_key_unit(peers.sink).get(), "running-time", &time);
  fail_unless(time >= before && time <= peers.now());
}
GST_END_TEST

GST_START_TEST(what_a_live_upstream_made_before_the_connection_is_dropped_and_counted) {
  Apart peers;
  // Old enough not to be waited with; the other waits, and is too old by the time of the connection.
  fail_unless_equals_int(gst_harness_push(peers.sink.get(), stamped(0, peers.now() - GST_SECOND)), GST_FLOW_OK);
  fail_unless_equals_uint64(stat(peers.sink.element(), "packets-older-than-connection"), 1);
  auto waiting = peers.push_later(stamped(1, peers.now()));
  peers.connect();
  fail_unless_equals_int(waiting.get(), GST_FLOW_OK);
  const GstClockTime connected = peers.now();
  GstBufferList* list = gst_buffer_list_new();
  gst_buffer_list_add(list, stamped(2, connected - GST_SECOND));
  gst_buffer_list_add(list, stamped(3, connected));
  fail_unless_equals_int(gst_pad_push_list(peers.sink.get()->srcpad, list), GST_FLOW_OK);
  fail_unless_equals_int(gst_harness_push(peers.sink.get(), stamped(4, peers.now())), GST_FLOW_OK);
  expect(peers.src, 3);
  expect(peers.src, 4);
  fail_unless_equals_uint64(stat(peers.sink.element(), "packets-older-than-connection"), 3);
  fail_unless_equals_uint64(stat(peers.sink.element(), "bytes-older-than-connection"), 300);
  fail_unless_equals_uint64(stat(peers.sink.element(), "packets-discarded-on-send"), 3);
  fail_unless_equals_uint64(stat(peers.sink.element(), "packets-sent"), 2);
}
GST_END_TEST

GST_START_TEST(a_live_upstream_is_held_back_but_not_for_long) {
  Apart peers;
  const GstClockTime begun = peers.now();
  fail_unless_equals_int(gst_harness_push(peers.sink.get(), stamped(0, begun)), GST_FLOW_OK);
  const GstClockTime held = peers.now() - begun;
  fail_unless(held >= 250 * GST_MSECOND && held < 10 * GST_SECOND, "%" GST_TIME_FORMAT, GST_TIME_ARGS(held));
  fail_unless_equals_uint64(stat(peers.sink.element(), "packets-older-than-connection"), 1);
}
GST_END_TEST

GST_START_TEST(of_an_upstream_that_is_not_live_nothing_is_dropped) {
  Apart peers(false);
  auto waiting = peers.push_later(stamped(0, 0));
  fail_unless(waiting.wait_for(std::chrono::milliseconds(500)) == std::future_status::timeout);
  peers.connect();
  fail_unless_equals_int(waiting.get(), GST_FLOW_OK);
  for (unsigned i = 1; i < 4; ++i) {
    fail_unless_equals_int(gst_harness_push(peers.sink.get(), stamped(i, i * GST_MSECOND)), GST_FLOW_OK);
  }
  for (unsigned i = 0; i < 4; ++i) expect(peers.src, i);
  fail_unless_equals_uint64(stat(peers.sink.element(), "packets-discarded-on-send"), 0);
}
GST_END_TEST

GST_START_TEST(after_a_flush_that_begins_running_time_anew_nothing_is_too_old) {
  Apart peers;
  peers.connect();
  fail_unless_equals_int(gst_harness_push(peers.sink.get(), stamped(0, peers.now())), GST_FLOW_OK);
  gst_harness_push_event(peers.sink.get(), gst_event_new_flush_start());
  gst_harness_push_event(peers.sink.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(peers.sink.get(), gst_event_new_segment(&segment));
  fail_unless_equals_int(gst_harness_push(peers.sink.get(), stamped(1, 0)), GST_FLOW_OK);
  expect(peers.src, 0);
  expect(peers.src, 1);
}
GST_END_TEST

GST_START_TEST(it_says_once_on_the_bus_that_clear_rtp_can_be_read) {
  for (const char* caps : {"application/x-rtp,media=video", "application/x-rtcp"}) {
    Harness sink(kSink);
    sink.set_state(GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(sink.get(), caps);
    gst_harness_set_src_caps_str(sink.get(), (std::string(caps) + ",ssrc=(uint)7").c_str());
    const Message info = wait_message(sink.bus(), GST_MESSAGE_INFO);
    GError* error = nullptr;
    gchar* details = nullptr;
    gst_message_parse_info(info.get(), &error, &details);
    // gst-launch-1.0 prints only these.
    fail_unless(contains(details, "in the clear") && contains(error->message, "srtpenc"), "%s", details);
    g_clear_error(&error);
    g_free(details);
    drain_events(sink.element());
    fail_unless(take_message(sink.bus(), GST_MESSAGE_INFO) == nullptr, "it said so twice");
  }
}
GST_END_TEST

GST_START_TEST(it_says_nothing_of_the_kind_about_srtp) {
  Harness sink(kSink);
  sink.set_state(GST_STATE_PLAYING);
  gst_harness_set_src_caps_str(sink.get(), "application/x-srtp,media=video");
  drain_events(sink.element());
  fail_unless(take_message(sink.bus(), GST_MESSAGE_INFO) == nullptr);
}
GST_END_TEST

GST_START_TEST(a_buffer_too_large_within_a_list_is_named_with_its_size) {
  ConnectedPair pair;
  GstBufferList* list = gst_buffer_list_new();
  for (unsigned i = 0; i < 3; ++i) gst_buffer_list_add(list, numbered_buffer(i, i == 1 ? 66000 : 100));
  fail_unless_equals_int(gst_pad_push_list(pair.sink.get()->srcpad, list), GST_FLOW_OK);
  expect(pair.src, 0);
  expect(pair.src, 2);
  const std::string warning = text(wait_message(pair.sink.bus(), GST_MESSAGE_WARNING));
  fail_unless(contains(warning, "66000 bytes") && contains(warning, "payloader"), "%s", warning.c_str());
}
GST_END_TEST

namespace {

Suite* start_suite() {
  Suite* s = suite_create("start");
  TCase* c = tcase_create("start");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, a_key_unit_with_all_headers_is_asked_for_when_media_becomes_possible);
  tcase_add_test(c, another_peer_gets_a_key_unit_too);
  tcase_add_test(c, a_live_upstreams_key_unit_is_for_the_moment_of_the_connection);
  tcase_add_test(c, what_a_live_upstream_made_before_the_connection_is_dropped_and_counted);
  tcase_add_test(c, a_live_upstream_is_held_back_but_not_for_long);
  tcase_add_test(c, of_an_upstream_that_is_not_live_nothing_is_dropped);
  tcase_add_test(c, after_a_flush_that_begins_running_time_anew_nothing_is_too_old);
  tcase_add_test(c, it_says_once_on_the_bus_that_clear_rtp_can_be_read);
  tcase_add_test(c, it_says_nothing_of_the_kind_about_srtp);
  tcase_add_test(c, a_buffer_too_large_within_a_list_is_named_with_its_size);
  return s;
}

}  // namespace

GST_CHECK_MAIN(start)
