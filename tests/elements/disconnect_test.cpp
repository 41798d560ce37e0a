// SPDX-License-Identifier: LGPL-2.1-or-later
// A peer that vanishes without a word: consent runs out (30 s, RFC 7675 5.1), then `disconnect-action` counts.
#include <atomic>
#include <future>

#include "tests/elements/support.h"

using namespace test;

namespace {

bool got_eos(Harness& src) {
  while (GstEvent* event = gst_harness_try_pull_event(src.get())) {
    const bool eos = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    gst_event_unref(event);
    if (eos) return true;
  }
  return false;
}

}  // namespace

GST_START_TEST(a_peer_that_vanishes_ends_the_stream_or_is_an_error_or_is_waited_for) {
  ConnectedPair eos("", "disconnect-action=eos");
  ConnectedPair error("", "disconnect-action=error");
  ConnectedPair wait("", "disconnect-action=wait");
  ConnectedPair sender("disconnect-action=eos");
  const std::string ufrag = text(wait.src.element(), "local-ufrag");
  for (ConnectedPair* pair : {&eos, &error, &wait}) pair->sink.set_state(GST_STATE_NULL);
  sender.src.set_state(GST_STATE_NULL);

  poll_long([&] { return got_eos(eos.src); }, "the end of the stream");
  fail_unless(take_message(eos.src.bus(), GST_MESSAGE_ERROR) == nullptr);

  fail_unless(!text(wait_message(error.src.bus(), GST_MESSAGE_ERROR)).empty());

  // Fresh credentials, ready for whoever comes.
  poll_long([&] { return nick(wait.src.element(), "ice-connection-state") == "new"; }, "a new generation");
  fail_if(text(wait.src.element(), "local-ufrag") == ufrag);
  fail_if(got_eos(wait.src));
  fail_unless(take_message(wait.src.bus(), GST_MESSAGE_ERROR) == nullptr);
  Harness newcomer("icesink interfaces=127.0.0.1");
  Signaling signaling(newcomer.element(), wait.src.element());
  newcomer.set_state(GST_STATE_PLAYING);
  g_object_set(wait.src.element(), "remote-description", text(newcomer.element(), "local-description").c_str(),
               nullptr);
  g_object_set(newcomer.element(), "remote-description", text(wait.src.element(), "local-description").c_str(),
               nullptr);
  wait_connected(newcomer.element());
  fail_unless_equals_int(gst_harness_push(newcomer.get(), numbered_buffer(9, 100)), GST_FLOW_OK);
  GstBuffer* buffer = gst_harness_pull(wait.src.get());
  fail_unless(buffer != nullptr && is_numbered(buffer, 9, 100));
  gst_buffer_unref(buffer);

  // A push that waits for a path that is gone comes back when the peer is gone for good.
  auto push = std::async(std::launch::async, [&] {
    GstFlowReturn result = GST_FLOW_OK;
    while (result == GST_FLOW_OK) {
      result = gst_harness_push(sender.sink.get(), numbered_buffer(0, 100));
      g_usleep(1000);
    }
    return result;
  });
  fail_unless(push.wait_for(std::chrono::seconds(45)) == std::future_status::ready);
  fail_unless_equals_int(push.get(), GST_FLOW_EOS);
}
GST_END_TEST

namespace {

Suite* disconnect_suite() {
  Suite* s = suite_create("disconnect");
  TCase* c = tcase_create("disconnect");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, a_peer_that_vanishes_ends_the_stream_or_is_an_error_or_is_waited_for);
  return s;
}

}  // namespace

GST_CHECK_MAIN(disconnect)
