// SPDX-License-Identifier: LGPL-2.1-or-later
// Media from an icesink to an icesrc in one process: what arrives, in what shape, with which times.
#include <algorithm>
#include <atomic>

#include "tests/elements/support.h"
#include "tests/elements/watched_memory.h"

using namespace test;

namespace {

GstPadProbeReturn note_list(GstPad*, GstPadProbeInfo* info, gpointer longest) {
  auto& most = *static_cast<std::atomic<guint>*>(longest);
  if ((GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0) {
    most = std::max(most.load(), gst_buffer_list_length(GST_PAD_PROBE_INFO_BUFFER_LIST(info)));
  }
  return GST_PAD_PROBE_OK;
}

void expect_numbered(Harness& src, unsigned number, std::size_t size) {
  GstBuffer* buffer = gst_harness_pull(src.get());
  fail_unless(buffer != nullptr, "buffer %u did not arrive", number);
  fail_unless(is_numbered(buffer, number, size), "buffer %u arrived changed, with %" G_GSIZE_FORMAT " bytes", number,
              gst_buffer_get_size(buffer));
  gst_buffer_unref(buffer);
}

void push(Harness& sink, unsigned number, std::size_t size) {
  fail_unless_equals_int(gst_harness_push(sink.get(), numbered_buffer(number, size)), GST_FLOW_OK);
}

}  // namespace

GST_START_TEST(bytes_arrive_as_they_were_sent_in_the_order_they_were_sent) {
  ConnectedPair pair;
  for (unsigned i = 0; i < 200; ++i) {
    push(pair.sink, i, 1 + i * 7);
    expect_numbered(pair.src, i, 1 + i * 7);
  }
  fail_unless_equals_uint64(stat(pair.sink.element(), "packets-sent"), 200);
  fail_unless_equals_uint64(stat(pair.src.element(), "packets-received"), 200);
  fail_unless_equals_uint64(stat(pair.sink.element(), "bytes-sent"), stat(pair.src.element(), "bytes-received"));
  fail_unless_equals_uint64(stat(pair.src.element(), "packets-dropped"), 0);
}
GST_END_TEST

GST_START_TEST(a_buffer_list_goes_out_whole_and_comes_in_as_lists) {
  ConnectedPair pair;
  std::atomic<guint> longest{0};
  gst_pad_add_probe(pair.src.get()->sinkpad,
                    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST), note_list,
                    &longest, nullptr);
  unsigned sent = 0;
  unsigned received = 0;
  // Whether icesrc sees at once what arrived or in pieces is up to the scheduler: several lists make sure.
  for (unsigned round = 0; round < 10; ++round) {
    GstBufferList* list = gst_buffer_list_new();
    for (unsigned i = 0; i < 32; ++i) gst_buffer_list_add(list, numbered_buffer(sent++, i % 8 == 7 ? 500 : 1200));
    fail_unless_equals_int(gst_pad_push_list(pair.sink.get()->srcpad, list), GST_FLOW_OK);
    for (unsigned i = 0; i < 32; ++i) expect_numbered(pair.src, received++, i % 8 == 7 ? 500 : 1200);
  }
  fail_unless_equals_uint64(stat(pair.sink.element(), "packets-sent"), 320);
  fail_unless(longest > 1, "everything came one by one");
}
GST_END_TEST

GST_START_TEST(memories_of_a_buffer_are_sent_from_where_they_lie_as_one_datagram) {
  ConnectedPair pair;
  GstBuffer* content = numbered_buffer(7, 900);
  GstMapInfo map;
  gst_buffer_map(content, &map, GST_MAP_READ);
  MemoryWatch watch;
  GstBuffer* buffer = gst_buffer_new();
  for (gsize i = 0; i < 3; ++i) gst_buffer_append_memory(buffer, watched_memory(map.data + i * 300, 300, watch));
  gst_buffer_unmap(content, &map);
  gst_buffer_unref(content);

  fail_unless_equals_int(gst_harness_push(pair.sink.get(), gst_buffer_ref(buffer)), GST_FLOW_OK);
  expect_numbered(pair.src, 7, 900);
  fail_unless_equals_uint64(stat(pair.sink.element(), "packets-sent"), 1);
  fail_unless_equals_int(gst_buffer_n_memory(buffer), 3);
  fail_unless_equals_int(watch.copies, 0);
  fail_unless_equals_int(watch.maps, 3);
  fail_unless_equals_int(watch.unmaps, 3);
  gst_buffer_unref(buffer);
}
GST_END_TEST

GST_START_TEST(an_empty_buffer_is_skipped_and_what_follows_arrives) {
  ConnectedPair pair;
  fail_unless_equals_int(gst_harness_push(pair.sink.get(), gst_buffer_new()), GST_FLOW_OK);
  push(pair.sink, 1, 100);
  expect_numbered(pair.src, 1, 100);
  fail_unless_equals_uint64(stat(pair.sink.element(), "packets-sent"), 1);
}
GST_END_TEST

GST_START_TEST(a_buffer_no_datagram_can_hold_is_dropped_with_one_warning_and_media_goes_on) {
  ConnectedPair pair;
  for (unsigned i = 0; i < 3; ++i) push(pair.sink, i, 70000);
  push(pair.sink, 3, 65507);
  expect_numbered(pair.src, 3, 65507);
  const Message warning = wait_message(pair.sink.bus(), GST_MESSAGE_WARNING);
  fail_unless(contains(text(warning), "70000 bytes"), "%s", text(warning).c_str());
  drain_events(pair.sink.element());
  fail_unless(take_message(pair.sink.bus(), GST_MESSAGE_WARNING) == nullptr, "it warned twice");
  fail_unless_equals_uint64(stat(pair.sink.element(), "packets-discarded-on-send"), 3);
}
GST_END_TEST

GST_START_TEST(datagrams_above_mtu_are_dropped_and_counted) {
  ConnectedPair pair("", "mtu=500");
  push(pair.sink, 0, 501);
  push(pair.sink, 1, 500);
  expect_numbered(pair.src, 1, 500);
  fail_unless_equals_uint64(stat(pair.src.element(), "packets-above-mtu"), 1);
}
GST_END_TEST

GST_START_TEST(received_buffers_carry_the_running_time_of_their_arrival_and_never_go_back) {
  ConnectedPair pair;
  GstElement* src = pair.src.element();
  const Ref<GstClock> clock(gst_element_get_clock(src));
  const auto running_time = [&] { return gst_clock_get_time(clock.get()) - gst_element_get_base_time(src); };
  GstClockTime latest = 0;
  for (unsigned i = 0; i < 50; ++i) {
    const GstClockTime before = running_time();
    push(pair.sink, i, 200);
    GstBuffer* buffer = gst_harness_pull(pair.src.get());
    const GstClockTime after = running_time();
    fail_unless(GST_BUFFER_PTS_IS_VALID(buffer));
    fail_unless(GST_BUFFER_PTS(buffer) >= latest, "time went backwards");
    // The two clocks are read one after the other.
    constexpr GstClockTime kSlack = 2 * GST_MSECOND;
    fail_unless(GST_BUFFER_PTS(buffer) + kSlack >= before && GST_BUFFER_PTS(buffer) <= after + kSlack,
                "stamped %" GST_TIME_FORMAT " but arrived between %" GST_TIME_FORMAT " and %" GST_TIME_FORMAT,
                GST_TIME_ARGS(GST_BUFFER_PTS(buffer)), GST_TIME_ARGS(before), GST_TIME_ARGS(after));
    latest = GST_BUFFER_PTS(buffer);
    gst_buffer_unref(buffer);
  }
}
GST_END_TEST

GST_START_TEST(icesrc_is_live_with_a_time_segment_and_answers_the_latency_query) {
  ConnectedPair pair;
  push(pair.sink, 0, 10);
  expect_numbered(pair.src, 0, 10);
  GstEvent* event = gst_pad_get_sticky_event(pair.src.get()->sinkpad, GST_EVENT_SEGMENT, 0);
  fail_unless(event != nullptr);
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  fail_unless_equals_int(segment->format, GST_FORMAT_TIME);
  gst_event_unref(event);

  GstQuery* query = gst_query_new_latency();
  fail_unless(gst_pad_peer_query(pair.src.get()->sinkpad, query));
  gboolean live = FALSE;
  GstClockTime least = 1;
  GstClockTime most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  gst_query_unref(query);
  fail_unless(live);
  fail_unless_equals_uint64(least, 0);
  fail_unless_equals_uint64(most, GST_CLOCK_TIME_NONE);
}
GST_END_TEST

GST_START_TEST(caps_that_were_set_are_announced_and_changed_ones_again) {
  ConnectedPair pair("", "caps=application/x-rtp,media=video");
  push(pair.sink, 0, 10);
  expect_numbered(pair.src, 0, 10);
  GstCaps* caps = gst_pad_get_current_caps(pair.src.get()->sinkpad);
  fail_unless(caps != nullptr, "no caps were announced");
  expect_text(gst_structure_get_string(gst_caps_get_structure(caps, 0), "media"), "video");
  gst_caps_unref(caps);

  caps = gst_caps_from_string("application/x-rtp,media=audio");
  g_object_set(pair.src.element(), "caps", caps, nullptr);
  gst_caps_unref(caps);
  // create() may have been under way with the old ones.
  push(pair.sink, 1, 10);
  expect_numbered(pair.src, 1, 10);
  push(pair.sink, 2, 10);
  expect_numbered(pair.src, 2, 10);
  caps = gst_pad_get_current_caps(pair.src.get()->sinkpad);
  expect_text(gst_structure_get_string(gst_caps_get_structure(caps, 0), "media"), "audio");
  gst_caps_unref(caps);
}
GST_END_TEST

GST_START_TEST(without_caps_anything_goes_and_none_are_announced) {
  ConnectedPair pair;
  push(pair.sink, 0, 10);
  expect_numbered(pair.src, 0, 10);
  fail_unless(gst_pad_get_current_caps(pair.src.get()->sinkpad) == nullptr);
  GstCaps* caps = gst_pad_peer_query_caps(pair.src.get()->sinkpad, nullptr);
  fail_unless(gst_caps_is_any(caps));
  gst_caps_unref(caps);
}
GST_END_TEST

GST_START_TEST(stats_of_icesink_stand_beside_those_of_its_base_class) {
  ConnectedPair pair;
  push(pair.sink, 0, 10);
  expect_numbered(pair.src, 0, 10);
  fail_unless_equals_uint64(stat(pair.sink.element(), "packets-sent"), 1);
  fail_unless_equals_uint64(stat(pair.sink.element(), "bytes-sent"), 10);
  fail_unless_equals_uint64(stat(pair.sink.element(), "rendered"), 1);
  fail_unless_equals_uint64(stat(pair.sink.element(), "dropped"), 0);
  fail_unless(stat(pair.sink.element(), "requests-sent") > 0);
  fail_unless(stat(pair.src.element(), "responses-sent") > 0);
}
GST_END_TEST

GST_START_TEST(the_selected_pair_names_both_candidates) {
  ConnectedPair pair;
  wait_for_nick(pair.sink.element(), "ice-connection-state", "completed");
  const Structure selected = structure(pair.sink.element(), "selected-pair");
  fail_unless(selected != nullptr);
  const char* local = gst_structure_get_string(selected.get(), "local-candidate");
  const char* remote = gst_structure_get_string(selected.get(), "remote-candidate");
  fail_unless(local != nullptr && contains(local, "127.0.0.1"));
  fail_unless(remote != nullptr && contains(remote, "127.0.0.1"));
  expect_text(gst_structure_get_string(selected.get(), "local-type"), "host");
  fail_unless(gst_structure_has_field_typed(selected.get(), "round-trip-time", G_TYPE_UINT64));
  const Structure other = structure(pair.src.element(), "selected-pair");
  expect_text(gst_structure_get_string(other.get(), "local-candidate"), remote);
}
GST_END_TEST

GST_START_TEST(media_that_comes_while_the_pipeline_starts_is_not_lost) {
  Harness sink("icesink interfaces=127.0.0.1");
  Harness src("icesrc controlling=false interfaces=127.0.0.1");
  Signaling signaling(sink.element(), src.element());
  sink.set_state(GST_STATE_READY);
  src.set_state(GST_STATE_READY);
  sink.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PAUSED);
  signaling.exchange_credentials();
  wait_connected(sink.element());
  for (unsigned i = 0; i < 5; ++i) push(sink, i, 100);
  src.set_state(GST_STATE_PLAYING);
  for (unsigned i = 0; i < 5; ++i) expect_numbered(src, i, 100);
}
GST_END_TEST

GST_START_TEST(media_that_came_while_paused_is_dropped_and_counted_not_played_later) {
  ConnectedPair pair;
  pair.src.set_state(GST_STATE_PAUSED);
  for (unsigned i = 0; i < 5; ++i) push(pair.sink, i, 100);
  poll_until([&] { return stat(pair.src.element(), "packets-dropped") == 5; }, "five dropped datagrams");
  pair.src.set_state(GST_STATE_PLAYING);
  push(pair.sink, 77, 100);
  expect_numbered(pair.src, 77, 100);
}
GST_END_TEST

namespace {

Suite* media_suite() {
  Suite* s = suite_create("media");
  TCase* c = tcase_create("media");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, bytes_arrive_as_they_were_sent_in_the_order_they_were_sent);
  tcase_add_test(c, a_buffer_list_goes_out_whole_and_comes_in_as_lists);
  tcase_add_test(c, memories_of_a_buffer_are_sent_from_where_they_lie_as_one_datagram);
  tcase_add_test(c, an_empty_buffer_is_skipped_and_what_follows_arrives);
  tcase_add_test(c, a_buffer_no_datagram_can_hold_is_dropped_with_one_warning_and_media_goes_on);
  tcase_add_test(c, datagrams_above_mtu_are_dropped_and_counted);
  tcase_add_test(c, received_buffers_carry_the_running_time_of_their_arrival_and_never_go_back);
  tcase_add_test(c, icesrc_is_live_with_a_time_segment_and_answers_the_latency_query);
  tcase_add_test(c, caps_that_were_set_are_announced_and_changed_ones_again);
  tcase_add_test(c, without_caps_anything_goes_and_none_are_announced);
  tcase_add_test(c, stats_of_icesink_stand_beside_those_of_its_base_class);
  tcase_add_test(c, the_selected_pair_names_both_candidates);
  tcase_add_test(c, media_that_comes_while_the_pipeline_starts_is_not_lost);
  tcase_add_test(c, media_that_came_while_paused_is_dropped_and_counted_not_played_later);
  return s;
}

}  // namespace

GST_CHECK_MAIN(media)
