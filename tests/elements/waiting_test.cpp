// SPDX-License-Identifier: LGPL-2.1-or-later
// icesink before there is a connection: it blocks or drops, and lets itself be interrupted.
#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include <gst/base/gstbasesink.h>

#include "tests/elements/support.h"

using namespace test;

namespace {

/// Pushes from a thread of its own, as upstream would.
std::future<GstFlowReturn> push_later(Harness& sink, unsigned number = 0, std::size_t size = 100) {
  return std::async(std::launch::async,
                    [&sink, number, size] { return gst_harness_push(sink.get(), numbered_buffer(number, size)); });
}

bool blocked(std::future<GstFlowReturn>& push) {
  return push.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout;
}

GstFlowReturn result_of(std::future<GstFlowReturn>& push) {
  fail_unless(push.wait_for(std::chrono::seconds(10)) == std::future_status::ready, "push() never came back");
  return push.get();
}

/// Two icesinks of one component in a pipeline, with pads to push into.
GstPad* request_feed(GstElement* sink, const char* stream_id) {
  GstPad* feed = gst_pad_new("feed", GST_PAD_SRC);
  gst_pad_set_active(feed, TRUE);
  GstPad* pad = gst_element_get_static_pad(sink, "sink");
  fail_unless_equals_int(gst_pad_link(feed, pad), GST_PAD_LINK_OK);
  gst_object_unref(pad);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_push_event(feed, gst_event_new_stream_start(stream_id));
  gst_pad_push_event(feed, gst_event_new_segment(&segment));
  return feed;
}

}  // namespace

GST_START_TEST(it_blocks_upstream_until_connected_and_then_sends_what_it_held) {
  Harness sink("icesink interfaces=127.0.0.1");
  Harness src("icesrc interfaces=127.0.0.1 controlling=false");
  Signaling signaling(sink.element(), src.element());
  sink.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  auto push = push_later(sink, 5);
  fail_unless(blocked(push));
  signaling.exchange_credentials();
  fail_unless_equals_int(result_of(push), GST_FLOW_OK);
  GstBuffer* buffer = gst_harness_pull(src.get());
  fail_unless(is_numbered(buffer, 5, 100));
  gst_buffer_unref(buffer);
}
GST_END_TEST

GST_START_TEST(without_waiting_it_drops_and_counts) {
  Harness sink("icesink interfaces=127.0.0.1 wait-for-connection=false");
  sink.set_state(GST_STATE_PLAYING);
  for (unsigned i = 0; i < 4; ++i) {
    fail_unless_equals_int(gst_harness_push(sink.get(), numbered_buffer(i, 100)), GST_FLOW_OK);
  }
  GstBufferList* list = gst_buffer_list_new();
  for (unsigned i = 0; i < 3; ++i) gst_buffer_list_add(list, numbered_buffer(i, 50));
  fail_unless_equals_int(gst_pad_push_list(sink.get()->srcpad, list), GST_FLOW_OK);
  fail_unless_equals_uint64(stat(sink.element(), "packets-discarded-on-send"), 7);
  fail_unless_equals_uint64(stat(sink.element(), "bytes-discarded-on-send"), 550);
  fail_unless_equals_uint64(stat(sink.element(), "packets-sent"), 0);
}
GST_END_TEST

GST_START_TEST(a_flush_frees_a_waiting_push_and_the_next_one_waits_again) {
  Harness sink("icesink interfaces=127.0.0.1");
  sink.set_state(GST_STATE_PLAYING);
  auto push = push_later(sink);
  fail_unless(blocked(push));
  fail_unless(gst_harness_push_event(sink.get(), gst_event_new_flush_start()));
  fail_unless_equals_int(result_of(push), GST_FLOW_FLUSHING);
  fail_unless(gst_harness_push_event(sink.get(), gst_event_new_flush_stop(TRUE)));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(sink.get(), gst_event_new_segment(&segment));
  auto again = push_later(sink);
  fail_unless(blocked(again));
  sink.set_state(GST_STATE_NULL);
  fail_unless_equals_int(result_of(again), GST_FLOW_FLUSHING);
}
GST_END_TEST

GST_START_TEST(every_state_can_be_reached_from_waiting) {
  Harness sink("icesink interfaces=127.0.0.1");
  sink.set_state(GST_STATE_PLAYING);
  auto push = push_later(sink);
  fail_unless(blocked(push));
  sink.set_state(GST_STATE_PAUSED);
  fail_unless(blocked(push));
  sink.set_state(GST_STATE_PLAYING);
  fail_unless(blocked(push));
  sink.set_state(GST_STATE_READY);
  fail_unless_equals_int(result_of(push), GST_FLOW_FLUSHING);
}
GST_END_TEST

GST_START_TEST(a_push_that_waits_since_before_playing_goes_on_when_connected) {
  Harness sink("icesink interfaces=127.0.0.1");
  Harness src("icesrc interfaces=127.0.0.1 controlling=false");
  sink.set_state(GST_STATE_READY);
  std::future<GstFlowReturn> push;
  // From PAUSED on the way to PLAYING, on the thread that changes the state: the push is in render() before it goes on.
  const auto on_paused = [&] {
    push = push_later(sink, 5);
    poll_until([&] { return GST_BASE_SINK(sink.element())->need_preroll == FALSE; }, "the buffer is being rendered");
  };
  const std::function<void()> handler = on_paused;
  const Ref<GstBus> bus(gst_element_get_bus(sink.element()));
  gst_bus_set_sync_handler(
      bus.get(),
      [](GstBus*, GstMessage* message, gpointer data) {
        GstState now = GST_STATE_VOID_PENDING;
        GstState pending = GST_STATE_VOID_PENDING;
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_STATE_CHANGED) {
          gst_message_parse_state_changed(message, nullptr, &now, &pending);
        }
        if (now == GST_STATE_PAUSED && pending == GST_STATE_PLAYING) {
          (*static_cast<const std::function<void()>*>(data))();
        }
        return GST_BUS_PASS;
      },
      const_cast<std::function<void()>*>(&handler), nullptr);
  sink.set_state(GST_STATE_PLAYING);
  fail_unless(push.valid() && blocked(push));

  Signaling signaling(sink.element(), src.element());
  src.set_state(GST_STATE_PLAYING);
  signaling.exchange_credentials();
  fail_unless_equals_int(result_of(push), GST_FLOW_OK);
  gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
}
GST_END_TEST

GST_START_TEST(paused_is_reached_at_once_without_a_buffer) {
  Pipeline pipeline("fakesrc num-buffers=0 ! icesink name=sink");
  fail_unless_equals_int(gst_element_set_state(pipeline["sink"], GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
}
GST_END_TEST

GST_START_TEST(flushing_one_icesink_leaves_its_neighbour_on_the_same_component_alone) {
  Pipeline pipeline("icesink name=a interfaces=127.0.0.1  icesink name=b");
  Harness src("icesrc interfaces=127.0.0.1 controlling=false");
  Signaling signaling(pipeline["a"], src.element());
  pipeline.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  const Ref<GstPad> feed_a(request_feed(pipeline["a"], "a"));
  const Ref<GstPad> feed_b(request_feed(pipeline["b"], "b"));
  auto push_a = std::async(std::launch::async, [&] { return gst_pad_push(feed_a.get(), numbered_buffer(1, 100)); });
  auto push_b = std::async(std::launch::async, [&] { return gst_pad_push(feed_b.get(), numbered_buffer(2, 100)); });
  fail_unless(blocked(push_a) && blocked(push_b));
  gst_pad_push_event(feed_a.get(), gst_event_new_flush_start());
  fail_unless_equals_int(result_of(push_a), GST_FLOW_FLUSHING);
  fail_unless(blocked(push_b));
  // While a is still flushing, b connects and sends.
  signaling.exchange_credentials();
  fail_unless_equals_int(result_of(push_b), GST_FLOW_OK);
  GstBuffer* buffer = gst_harness_pull(src.get());
  fail_unless(is_numbered(buffer, 2, 100));
  gst_buffer_unref(buffer);
  gst_pad_push_event(feed_a.get(), gst_event_new_flush_stop(TRUE));
}
GST_END_TEST

GST_START_TEST(an_end_of_stream_is_posted_when_all_before_it_is_sent) {
  Pipeline sender("fakesrc num-buffers=50 sizetype=fixed sizemax=800 ! icesink name=sink interfaces=127.0.0.1");
  Harness src("icesrc interfaces=127.0.0.1 controlling=false");
  Signaling signaling(sender["sink"], src.element());
  sender.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  fail_unless(take_message(sender.bus(), GST_MESSAGE_EOS) == nullptr);
  signaling.exchange_credentials();
  wait_message(sender.bus(), GST_MESSAGE_EOS);
  for (unsigned i = 0; i < 50; ++i) gst_buffer_unref(gst_harness_pull(src.get()));
  fail_unless_equals_uint64(stat(sender["sink"], "packets-sent"), 50);
}
GST_END_TEST

GST_START_TEST(icesrc_lets_go_of_its_wait_in_every_state_change_and_flush) {
  Pipeline pipeline("icesrc name=src interfaces=127.0.0.1 ! fakesink sync=false async=false");
  for (int round = 0; round < 10; ++round) {
    pipeline.set_state(GST_STATE_PLAYING);
    const Ref<GstPad> pad(gst_element_get_static_pad(pipeline["src"], "src"));
    gst_element_send_event(pipeline["src"], gst_event_new_flush_start());
    gst_element_send_event(pipeline["src"], gst_event_new_flush_stop(TRUE));
    pipeline.set_state(GST_STATE_PAUSED);
    pipeline.set_state(GST_STATE_PLAYING);
    pipeline.set_state(GST_STATE_READY);
  }
  pipeline.set_state(GST_STATE_NULL);
}
GST_END_TEST

namespace {

Suite* waiting_suite() {
  Suite* s = suite_create("waiting");
  TCase* c = tcase_create("waiting");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, it_blocks_upstream_until_connected_and_then_sends_what_it_held);
  tcase_add_test(c, without_waiting_it_drops_and_counts);
  tcase_add_test(c, a_flush_frees_a_waiting_push_and_the_next_one_waits_again);
  tcase_add_test(c, every_state_can_be_reached_from_waiting);
  tcase_add_test(c, a_push_that_waits_since_before_playing_goes_on_when_connected);
  tcase_add_test(c, paused_is_reached_at_once_without_a_buffer);
  tcase_add_test(c, flushing_one_icesink_leaves_its_neighbour_on_the_same_component_alone);
  tcase_add_test(c, an_end_of_stream_is_posted_when_all_before_it_is_sent);
  tcase_add_test(c, icesrc_lets_go_of_its_wait_in_every_state_change_and_flush);
  return s;
}

}  // namespace

GST_CHECK_MAIN(waiting)
