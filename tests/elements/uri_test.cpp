// SPDX-License-Identifier: LGPL-2.1-or-later
// The property `uri` and GstURIHandler of icesrc and icesink.
#include "tests/elements/support.h"

using namespace test;

namespace {

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

std::string factory_of(GstElement* element) {
  return GST_OBJECT_NAME(gst_element_get_factory(element));
}

/// What the handler says to an address; nothing when it takes it.
struct Outcome {
  int code = -1;
  std::string message;
};
Outcome hand_uri(GstElement* element, const char* uri) {
  GError* error = nullptr;
  const bool taken = gst_uri_handler_set_uri(GST_URI_HANDLER(element), uri, &error) != FALSE;
  fail_unless(taken == (error == nullptr));
  Outcome outcome;
  if (error != nullptr) {
    fail_unless(error->domain == GST_URI_ERROR);
    outcome = {error->code, error->message};
    g_error_free(error);
  }
  return outcome;
}

}  // namespace

GST_START_TEST(an_address_sets_the_room_and_reads_back) {
  for (const char* factory : {"icesink", "icesrc"}) {
    const auto it = make(factory);
    fail_unless(is_null(it.get(), "uri"));
    set_text(it.get(), "uri", "ice://host/room");
    expect_text(text(it.get(), "uri"), "ice://host/room");
    expect_text(text(it.get(), "rendezvous"), "ws://host:8765/room");
    fail_unless_equals_int(uint_of(it.get(), "stream"), 0);
    fail_unless_equals_int(uint_of(it.get(), "component"), 1);

    set_text(it.get(), "uri", "ices://[::1]:99/room?component=2&stream=3");
    expect_text(text(it.get(), "uri"), "ices://[::1]:99/room?component=2&stream=3");
    expect_text(text(it.get(), "rendezvous"), "wss://[::1]:99/room");
    fail_unless_equals_int(uint_of(it.get(), "stream"), 3);
    fail_unless_equals_int(uint_of(it.get(), "component"), 2);
  }
}
GST_END_TEST

GST_START_TEST(an_address_that_is_no_longer_in_force_does_not_read_back) {
  const auto it = make("icesrc");
  set_text(it.get(), "uri", "ice://host/room");
  set_text(it.get(), "rendezvous", "ws://host:1/other");
  fail_unless(is_null(it.get(), "uri"));
  expect_text(text(it.get(), "rendezvous"), "ws://host:1/other");

  set_text(it.get(), "uri", "ice://host/room");
  g_object_set(it.get(), "uri", nullptr, nullptr);
  fail_unless(is_null(it.get(), "uri"));
  fail_unless(is_null(it.get(), "rendezvous"));

  // Not the address's to take away.
  set_text(it.get(), "rendezvous", "ws://host:1/other");
  g_object_set(it.get(), "uri", nullptr, nullptr);
  expect_text(text(it.get(), "rendezvous"), "ws://host:1/other");
}
GST_END_TEST

GST_START_TEST(a_bad_address_is_refused_with_a_warning_and_the_one_before_stays) {
  Pipeline pipeline("icesrc name=it");
  GstElement* it = pipeline["it"];
  set_text(it, "uri", "ice://host/room?stream=2");
  for (const auto& [uri, part] : {std::pair{"ice://host", "room"}, std::pair{"http://host/room", "ice://"},
                                  std::pair{"ice://host/other?stream=1&interfaces=lo", "\"interfaces\""},
                                  std::pair{"ice://host/other?stun-server=stun://host", "\"stun-server\""}}) {
    set_text(it, "uri", uri);
    const std::string warning = text(wait_message(pipeline.bus(), GST_MESSAGE_WARNING));
    fail_unless(contains(warning, part), "%s", warning.c_str());
    expect_text(text(it, "uri"), "ice://host/room?stream=2");
    expect_text(text(it, "rendezvous"), "ws://host:8765/room");
    fail_unless_equals_int(uint_of(it, "stream"), 2);
    fail_unless(is_null(it, "interfaces"));
  }
}
GST_END_TEST

GST_START_TEST(the_address_is_settled_once_gathering_has_begun) {
  Pipeline pipeline("icesrc name=it interfaces=127.0.0.1 ! fakesink async=false");
  GstElement* it = pipeline["it"];
  pipeline.set_state(GST_STATE_READY);
  set_text(it, "uri", "ice://127.0.0.1:1/room");
  expect_text(text(it, "uri"), "ice://127.0.0.1:1/room");
  // It has joined with its stream.
  fail_unless_equals_int(hand_uri(it, "ice://127.0.0.1:1/room?stream=1").code, GST_URI_ERROR_BAD_STATE);
  fail_unless_equals_int(hand_uri(it, "ice://127.0.0.1:1/room?stream=0").code, -1);
  for (const GstState state : {GST_STATE_PAUSED, GST_STATE_PLAYING}) {
    pipeline.set_state(state);
    const Outcome outcome = hand_uri(it, "ice://127.0.0.1:1/other");
    fail_unless_equals_int(outcome.code, GST_URI_ERROR_BAD_STATE);
    fail_unless(contains(outcome.message, "NULL and READY"), "%s", outcome.message.c_str());
    expect_text(text(it, "uri"), "ice://127.0.0.1:1/room?stream=0");
  }
}
GST_END_TEST

GST_START_TEST(both_elements_are_handlers_of_both_schemes) {
  for (const char* factory : {"icesink", "icesrc"}) {
    const auto it = make(factory);
    auto* handler = GST_URI_HANDLER(it.get());
    fail_unless_equals_int(gst_uri_handler_get_uri_type(handler),
                           std::string(factory) == "icesink" ? GST_URI_SINK : GST_URI_SRC);
    const gchar* const* schemes = gst_uri_handler_get_protocols(handler);
    fail_unless_equals_string(schemes[0], "ice");
    fail_unless_equals_string(schemes[1], "ices");
    fail_unless(schemes[2] == nullptr);

    fail_unless(gst_uri_handler_get_uri(handler) == nullptr);
    fail_unless_equals_int(hand_uri(it.get(), "ices://host/room").code, -1);
    gchar* uri = gst_uri_handler_get_uri(handler);
    fail_unless_equals_string(uri, "ices://host/room");
    g_free(uri);
    expect_text(text(it.get(), "rendezvous"), "wss://host:8765/room");

    const Outcome outcome = hand_uri(it.get(), "ice://user:secret@host/room");
    fail_unless_equals_int(outcome.code, GST_URI_ERROR_BAD_URI);
    fail_if(contains(outcome.message, "secret"), "%s", outcome.message.c_str());
    expect_text(text(it.get(), "uri"), "ices://host/room");
  }
}
GST_END_TEST

GST_START_TEST(iceurisrc_takes_the_same_addresses) {
  const auto it = make("iceurisrc");
  fail_unless(is_null(it.get(), "uri"));
  fail_unless_equals_int(hand_uri(it.get(), "ices://host/room?stream=3").code, -1);
  expect_text(text(it.get(), "uri"), "ices://host/room?stream=3");
  expect_text(text(it.get(), "rendezvous"), "wss://host:8765/room");
  fail_unless_equals_int(hand_uri(it.get(), "ice://host").code, GST_URI_ERROR_BAD_URI);
  fail_unless_equals_int(hand_uri(it.get(), "http://host/room").code, GST_URI_ERROR_UNSUPPORTED_PROTOCOL);
  expect_text(text(it.get(), "uri"), "ices://host/room?stream=3");
}
GST_END_TEST

GST_START_TEST(an_element_is_made_for_an_address) {
  for (const char* uri : {"ice://host/room", "ices://host/room"}) {
    GError* error = nullptr;
    Ref<GstElement> sink(
        GST_ELEMENT(gst_object_ref_sink(gst_element_make_from_uri(GST_URI_SINK, uri, nullptr, &error))));
    fail_unless(error == nullptr);
    expect_text(factory_of(sink.get()), "icesink");
    expect_text(text(sink.get(), "uri"), uri);
  }
  GError* error = nullptr;
  fail_unless(gst_element_make_from_uri(GST_URI_SINK, "ice://host", nullptr, &error) == nullptr);
  fail_unless(error != nullptr && contains(error->message, "room"));
  g_clear_error(&error);
}
GST_END_TEST

namespace {

Suite* uri_suite() {
  Suite* s = suite_create("uri");
  TCase* c = tcase_create("uri");
  suite_add_tcase(s, c);
  tcase_add_test(c, an_address_sets_the_room_and_reads_back);
  tcase_add_test(c, an_address_that_is_no_longer_in_force_does_not_read_back);
  tcase_add_test(c, a_bad_address_is_refused_with_a_warning_and_the_one_before_stays);
  tcase_add_test(c, the_address_is_settled_once_gathering_has_begun);
  tcase_add_test(c, both_elements_are_handlers_of_both_schemes);
  tcase_add_test(c, iceurisrc_takes_the_same_addresses);
  tcase_add_test(c, an_element_is_made_for_an_address);
  return s;
}

}  // namespace

GST_CHECK_MAIN(uri)
