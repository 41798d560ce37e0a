// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties: defaults, round trips, what is refused and how that is said.
#include "tests/elements/support.h"

using namespace test;

namespace {

const std::string kPwd = "abcdefghijklmnopqrstuv12";

Ref<GstElement> make(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  fail_unless(element != nullptr, "no %s", factory);
  return Ref<GstElement>(GST_ELEMENT(gst_object_ref_sink(element)));
}

guint uint_of(gpointer object, const char* property) {
  guint value = 0;
  g_object_get(object, property, &value, nullptr);
  return value;
}

int int_of(gpointer object, const char* property) {
  int value = 0;
  g_object_get(object, property, &value, nullptr);
  return value;
}

bool flag_of(gpointer object, const char* property) {
  gboolean value = FALSE;
  g_object_get(object, property, &value, nullptr);
  return value != FALSE;
}

/// An element in a pipeline, so that complaints reach a bus.
struct InPipeline {
  explicit InPipeline(const char* factory) : pipeline(std::string(factory) + " name=it") { it = pipeline["it"]; }
  /// The complaint about what was just done.
  std::string complaint() { return text(wait_message(pipeline.bus(), GST_MESSAGE_WARNING)); }
  void expect_silence() {
    drain_events(it);
    const Message message = take_message(pipeline.bus(), GST_MESSAGE_WARNING);
    fail_unless(message == nullptr, "unexpected: %s", message ? text(message).c_str() : "");
  }
  Pipeline pipeline;
  GstElement* it;
};

const char* kDescription =
    "a=ice-ufrag:peer\r\na=ice-pwd:abcdefghijklmnopqrstuv12\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
    "a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\r\n";

}  // namespace

GST_START_TEST(defaults_are_those_of_the_contract) {
  for (const char* factory : {"icesink", "icesrc"}) {
    const auto element = make(factory);
    GstElement* it = element.get();
    expect_text(text(it, "session"), "default");
    fail_unless(is_null(it, "agent"));
    fail_unless_equals_int(uint_of(it, "stream"), 0);
    fail_unless_equals_int(uint_of(it, "component"), 1);
    fail_unless(flag_of(it, "controlling"));
    fail_unless_equals_int(uint_of(it, "pacing"), 10);
    fail_unless_equals_int(uint_of(it, "min-port"), 0);
    fail_unless_equals_int(uint_of(it, "max-port"), 0);
    for (const char* unset : {"interfaces", "local-description", "remote-description", "remote-ufrag", "remote-pwd",
                              "remote-candidates", "selected-pair", "rendezvous"}) {
      fail_unless(is_null(it, unset), "%s of %s is set", unset, factory);
    }
    expect_text(nick(it, "ice-gathering-state"), "new");
    expect_text(nick(it, "ice-connection-state"), "new");
    expect_text(nick(it, "disconnect-action"), "eos");
    fail_unless_equals_int(int_of(it, "buffer-size"), 0);
    fail_unless(structure(it, "stats") != nullptr);
  }
  const auto sink = make("icesink");
  fail_unless(flag_of(sink.get(), "wait-for-connection"));
  fail_unless_equals_int(int_of(sink.get(), "qos-dscp"), -1);
  for (const char* off : {"sync", "async", "enable-last-sample"}) fail_if(flag_of(sink.get(), off), "%s is on", off);
  fail_unless(is_null(make("icesrc").get(), "caps"));
}
GST_END_TEST

GST_START_TEST(what_a_later_version_brings_is_absent) {
  for (const char* factory : {"icesink", "icesrc"}) {
    const auto element = make(factory);
    for (const char* later : {"stun-server", "turn-server", "ice-transport-policy", "ice-lite"}) {
      fail_unless(g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), later) == nullptr, "%s", later);
    }
    for (const char* later : {"add-turn-server", "restart"}) {
      fail_unless_equals_int(g_signal_lookup(later, G_OBJECT_TYPE(element.get())), 0);
    }
  }
}
GST_END_TEST

GST_START_TEST(values_read_back_as_they_were_set_before_and_after_joining) {
  InPipeline sink("icesink");
  g_object_set(sink.it, "session", "talk", "stream", 3U, "component", 2U, "controlling", FALSE, "pacing", 20U,
               "min-port", 40000U, "max-port", 40100U, "interfaces", "lo, 127.0.0.1", "local-ufrag", "mine",
               "local-pwd", kPwd.c_str(), "remote-description", kDescription, "remote-candidates",
               "candidate:2 1 UDP 2130706431 192.0.2.2 5000 typ host", "wait-for-connection", FALSE, "qos-dscp", 46,
               "buffer-size", 100000, nullptr);
  gst_util_set_object_arg(G_OBJECT(sink.it), "disconnect-action", "wait");
  for (const GstState state : {GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED}) {
    sink.pipeline.set_state(state);
    expect_text(text(sink.it, "session"), "talk");
    fail_unless_equals_int(uint_of(sink.it, "stream"), 3);
    fail_unless_equals_int(uint_of(sink.it, "component"), 2);
    fail_if(flag_of(sink.it, "controlling"));
    fail_unless_equals_int(uint_of(sink.it, "pacing"), 20);
    fail_unless_equals_int(uint_of(sink.it, "min-port"), 40000);
    fail_unless_equals_int(uint_of(sink.it, "max-port"), 40100);
    expect_text(text(sink.it, "interfaces"), "lo, 127.0.0.1");
    expect_text(text(sink.it, "local-ufrag"), "mine");
    expect_text(text(sink.it, "local-pwd"), kPwd);
    expect_text(text(sink.it, "remote-description"), kDescription);
    expect_text(nick(sink.it, "disconnect-action"), "wait");
    fail_if(flag_of(sink.it, "wait-for-connection"));
    fail_unless_equals_int(int_of(sink.it, "qos-dscp"), 46);
    fail_unless_equals_int(int_of(sink.it, "buffer-size"), 100000);
  }
  sink.expect_silence();
}
GST_END_TEST

GST_START_TEST(the_remote_password_reads_back_masked) {
  for (const bool ready : {false, true}) {
    InPipeline sink("icesink");
    if (ready) sink.pipeline.set_state(GST_STATE_READY);
    g_object_set(sink.it, "remote-ufrag", "peer", "remote-pwd", kPwd.c_str(), nullptr);
    expect_text(text(sink.it, "remote-ufrag"), "peer");
    expect_text(text(sink.it, "remote-pwd"), "***");
  }
}
GST_END_TEST

GST_START_TEST(random_credentials_are_there_from_ready_on_and_in_the_description) {
  InPipeline sink("icesink");
  sink.pipeline.set_state(GST_STATE_READY);
  const std::string ufrag = text(sink.it, "local-ufrag");
  const std::string pwd = text(sink.it, "local-pwd");
  fail_unless(ufrag.size() >= 4 && pwd.size() >= 22);
  const std::string description = text(sink.it, "local-description");
  fail_unless(contains(description, "a=ice-ufrag:" + ufrag), "%s", description.c_str());
  fail_unless(contains(description, "a=ice-pwd:" + pwd));
  fail_unless(contains(description, "a=ice-pacing:10"));
}
GST_END_TEST

GST_START_TEST(illegal_credentials_are_refused_by_name_and_never_quoted) {
  for (const GstState state : {GST_STATE_NULL, GST_STATE_READY}) {
    InPipeline sink("icesink");
    sink.pipeline.set_state(state);
    set_text(sink.it, "local-ufrag", "good");
    set_text(sink.it, "local-ufrag", "abc");
    fail_unless(contains(sink.complaint(), "ufrag"));
    set_text(sink.it, "local-ufrag", std::string(33, 'a'));
    fail_unless(contains(sink.complaint(), "ufrag"));
    set_text(sink.it, "local-ufrag", "with space");
    fail_unless(contains(sink.complaint(), "ufrag"));
    expect_text(text(sink.it, "local-ufrag"), "good");

    const std::string secret = "short-secret";
    for (const char* property : {"local-pwd", "remote-pwd"}) {
      set_text(sink.it, property, secret);
      const std::string complaint = sink.complaint();
      fail_unless(contains(complaint, property), "%s", complaint.c_str());
      fail_if(contains(complaint, secret), "%s", complaint.c_str());
    }
    sink.expect_silence();
  }
}
GST_END_TEST

GST_START_TEST(a_malformed_description_is_refused_and_the_one_before_stays_in_force) {
  InPipeline sink("icesink");
  sink.pipeline.set_state(GST_STATE_READY);
  set_text(sink.it, "remote-description", kDescription);
  for (const std::string& bad :
       {std::string("nothing of ICE in here"), std::string("a=ice-ufrag:peer\r\n"), std::string(4 << 20, 'x'),
        std::string("a=ice-ufrag:p\r\na=ice-pwd:abcdefghijklmnopqrstuv12\r\n")}) {
    set_text(sink.it, "remote-description", bad);
    const std::string complaint = sink.complaint();
    fail_unless(contains(complaint, "remote-description is refused"), "%s", complaint.c_str());
    fail_unless(complaint.size() < 2000);
    expect_text(text(sink.it, "remote-description"), kDescription);
    expect_text(text(sink.it, "remote-ufrag"), "peer");
  }
  sink.expect_silence();
}
GST_END_TEST

GST_START_TEST(four_megabytes_of_candidate_lines_are_refused_quickly) {
  InPipeline sink("icesink");
  sink.pipeline.set_state(GST_STATE_READY);
  std::string lines = kDescription;
  while (lines.size() < 4U << 20) lines += "a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\r\n";
  const gint64 before = g_get_monotonic_time();
  set_text(sink.it, "remote-description", lines);
  set_text(sink.it, "remote-candidates", lines);
  fail_unless(g_get_monotonic_time() - before < G_USEC_PER_SEC);
  fail_unless(contains(sink.complaint(), "remote-description is refused"));
  fail_unless(contains(sink.complaint(), "remote-candidates is refused"));
}
GST_END_TEST

GST_START_TEST(a_bad_candidate_line_costs_only_itself) {
  InPipeline sink("icesink");
  const std::string good = "candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host";
  const std::string other = "candidate:2 1 UDP 2130706431 192.0.2.2 5000 typ host";
  set_text(sink.it, "remote-candidates", good + ",candidate:1 1 UDP nonsense 192.0.2.1 5000 typ host\n" + other);
  const std::string complaint = sink.complaint();
  fail_unless(contains(complaint, "remote-candidates"), "%s", complaint.c_str());
  fail_unless(contains(complaint, "priority"), "%s", complaint.c_str());
  expect_text(text(sink.it, "remote-candidates"), (good + "\n" + other));
  set_text(sink.it, "remote-candidates", "candidate:nothing else");
  fail_unless(contains(sink.complaint(), "remote-candidates is refused"));
  expect_text(text(sink.it, "remote-candidates"), (good + "\n" + other));
}
GST_END_TEST

GST_START_TEST(a_bad_candidate_through_the_action_is_refused_by_name) {
  InPipeline sink("icesink");
  sink.pipeline.set_state(GST_STATE_READY);
  g_signal_emit_by_name(sink.it, "add-ice-candidate", 0U, "candidate:1 1 UDP 1 192.0.2.1 99999 typ host");
  const std::string complaint = sink.complaint();
  fail_unless(contains(complaint, "add-ice-candidate") && contains(complaint, "port"), "%s", complaint.c_str());
  g_signal_emit_by_name(sink.it, "add-ice-candidate", 0U, "a=candidate:1 1 UDP 1 192.0.2.1 9999 typ host");
  g_signal_emit_by_name(sink.it, "add-ice-candidate", 0U, "candidate:1 1 UDP 1 192.0.2.2 9999 typ host");
  g_signal_emit_by_name(sink.it, "add-ice-candidate", 0U, "");
  g_signal_emit_by_name(sink.it, "add-ice-candidate", 0U, nullptr);
  sink.expect_silence();
}
GST_END_TEST

GST_START_TEST(a_bad_rendezvous_address_is_refused_by_name) {
  InPipeline sink("icesink");
  for (const char* bad : {"http://host/room", "ws://", "ws://host", "ws://host/", "room"}) {
    set_text(sink.it, "rendezvous", bad);
    const std::string complaint = sink.complaint();
    fail_unless(contains(complaint, "rendezvous is refused"), "%s", complaint.c_str());
    fail_unless(is_null(sink.it, "rendezvous"));
  }
  set_text(sink.it, "rendezvous", "ws://host:8765/room");
  sink.expect_silence();
}
GST_END_TEST

GST_START_TEST(a_complaint_from_before_the_pipeline_reaches_its_bus_later) {
  const auto element = make("icesink");
  set_text(element.get(), "local-ufrag", "abc");
  drain_events(element.get());
  Pipeline pipeline("fakesink");
  gst_bin_add(GST_BIN(pipeline.get()), element.get());
  pipeline.set_state(GST_STATE_READY);
  fail_unless(contains(text(wait_message(pipeline.bus(), GST_MESSAGE_WARNING)), "local-ufrag is refused"));
}
GST_END_TEST

GST_START_TEST(what_cannot_change_after_gathering_is_refused_then) {
  InPipeline sink("icesink");
  set_text(sink.it, "interfaces", "127.0.0.1");
  sink.pipeline.set_state(GST_STATE_PAUSED);
  const std::string ufrag = text(sink.it, "local-ufrag");
  set_text(sink.it, "interfaces", "lo");
  fail_unless(contains(sink.complaint(), "interfaces is refused"));
  expect_text(text(sink.it, "interfaces"), "127.0.0.1");
  set_text(sink.it, "local-ufrag", "different");
  fail_unless(contains(sink.complaint(), "local-ufrag is refused"));
  expect_text(text(sink.it, "local-ufrag"), ufrag);
}
GST_END_TEST

GST_START_TEST(a_literal_backslash_n_ends_a_line) {
  InPipeline sink("icesink");
  sink.pipeline.set_state(GST_STATE_READY);
  set_text(sink.it, "remote-description", "a=ice-ufrag:peer\\na=ice-pwd:abcdefghijklmnopqrstuv12");
  expect_text(text(sink.it, "remote-ufrag"), "peer");
  sink.expect_silence();
}
GST_END_TEST

GST_START_TEST(a_range_upside_down_is_said_and_ignored) {
  InPipeline sink("icesink");
  g_object_set(sink.it, "min-port", 6000U, "max-port", 5000U, nullptr);
  sink.pipeline.set_state(GST_STATE_READY);
  const std::string complaint = sink.complaint();
  fail_unless(contains(complaint, "min-port=6000") && contains(complaint, "max-port=5000"), "%s", complaint.c_str());
}
GST_END_TEST

namespace {

Suite* properties_suite() {
  Suite* s = suite_create("properties");
  TCase* c = tcase_create("properties");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, defaults_are_those_of_the_contract);
  tcase_add_test(c, what_a_later_version_brings_is_absent);
  tcase_add_test(c, values_read_back_as_they_were_set_before_and_after_joining);
  tcase_add_test(c, the_remote_password_reads_back_masked);
  tcase_add_test(c, random_credentials_are_there_from_ready_on_and_in_the_description);
  tcase_add_test(c, illegal_credentials_are_refused_by_name_and_never_quoted);
  tcase_add_test(c, a_malformed_description_is_refused_and_the_one_before_stays_in_force);
  tcase_add_test(c, four_megabytes_of_candidate_lines_are_refused_quickly);
  tcase_add_test(c, a_bad_candidate_line_costs_only_itself);
  tcase_add_test(c, a_bad_candidate_through_the_action_is_refused_by_name);
  tcase_add_test(c, a_bad_rendezvous_address_is_refused_by_name);
  tcase_add_test(c, a_complaint_from_before_the_pipeline_reaches_its_bus_later);
  tcase_add_test(c, what_cannot_change_after_gathering_is_refused_then);
  tcase_add_test(c, a_literal_backslash_n_ends_a_line);
  tcase_add_test(c, a_range_upside_down_is_said_and_ignored);
  return s;
}

}  // namespace

GST_CHECK_MAIN(properties)
