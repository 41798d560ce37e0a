// SPDX-License-Identifier: LGPL-2.1-or-later
// A session that never connects: the patience of RFC 8863 (39.5 s), then one clear error.
#include "tests/elements/support.h"

using namespace test;

GST_START_TEST(a_session_that_never_connects_fails_with_what_was_tried) {
  Harness sink("icesink interfaces=127.0.0.1 disconnect-action=wait");
  sink.set_state(GST_STATE_PLAYING);
  g_object_set(sink.element(), "remote-description",
               "a=ice-ufrag:gone\na=ice-pwd:abcdefghijklmnopqrstuv12\nm=audio 9 RTP/AVP 0\n"
               "a=candidate:1 1 UDP 2130706431 127.0.0.2 9 typ host\na=end-of-candidates\n",
               nullptr);
  poll_long([&] { return nick(sink.element(), "ice-connection-state") == "failed"; }, "the session to fail");
  const Message message = wait_message(sink.bus(), GST_MESSAGE_ERROR);
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE));
  fail_unless(contains(error->message, "1 pair") || contains(error->message, "pairs"), "%s", error->message);
  fail_if(contains(error->message, "abcdefghijklmnopqrstuv12"));
  g_error_free(error);
  drain_events(sink.element());
  fail_unless(take_message(sink.bus(), GST_MESSAGE_ERROR) == nullptr, "it failed twice");
}
GST_END_TEST

namespace {

Suite* failure_suite() {
  Suite* s = suite_create("failure");
  TCase* c = tcase_create("failure");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, a_session_that_never_connects_fails_with_what_was_tried);
  return s;
}

}  // namespace

GST_CHECK_MAIN(failure)
