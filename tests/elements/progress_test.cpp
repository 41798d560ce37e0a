// SPDX-License-Identifier: LGPL-2.1-or-later
// Progress messages: what is told while a session comes about, by whom, and that every step told of ends.
#include <map>

#include "tests/elements/support.h"

using namespace test;

namespace {

const char* word(GstProgressType type) {
  switch (type) {
    case GST_PROGRESS_TYPE_START:
      return "start";
    case GST_PROGRESS_TYPE_CONTINUE:
      return "continue";
    case GST_PROGRESS_TYPE_COMPLETE:
      return "complete";
    case GST_PROGRESS_TYPE_CANCELED:
      return "canceled";
    case GST_PROGRESS_TYPE_ERROR:
      return "error";
  }
  return "?";
}

/// "peer start" and so on. Also keeps count of what is open.
class Told {
 public:
  std::string note(const Message& message) {
    GstProgressType type;
    gchar* code = nullptr;
    gchar* words = nullptr;
    gst_message_parse_progress(message.get(), &type, &code, &words);
    const std::string step = code;
    fail_if(std::string(words).empty(), "%s without a word", code);
    g_free(code);
    g_free(words);
    const bool open = open_[step];
    if (type == GST_PROGRESS_TYPE_START) {
      fail_if(open, "%s started twice", step.c_str());
      open_[step] = true;
    } else {
      fail_unless(open, "%s %s without a start", step.c_str(), word(type));
      open_[step] = type == GST_PROGRESS_TYPE_CONTINUE;
    }
    const char* name = GST_MESSAGE_SRC_NAME(message.get());
    fail_unless(teller_.empty() || teller_ == name, "%s and %s both tell", teller_.c_str(), name);
    teller_ = name;
    return step + " " + word(type);
  }
  /// Reads messages until this comes.
  void wait(GstBus* bus, const std::string& wanted) {
    while (note(wait_message(bus, GST_MESSAGE_PROGRESS)) != wanted) {
    }
  }
  /// What has come and was not read.
  std::string rest(GstBus* bus) {
    std::string all;
    while (const Message message = take_message(bus, GST_MESSAGE_PROGRESS)) all += note(message) + ", ";
    return all;
  }
  bool any_open() const {
    for (const auto& [step, open] : open_) {
      if (open) return true;
    }
    return false;
  }

 private:
  std::map<std::string, bool> open_;
  std::string teller_;
};

}  // namespace

GST_START_TEST(in_paused_only_what_ends_by_itself_is_told) {
  Harness src("icesrc interfaces=127.0.0.1");
  Told told;
  src.set_state(GST_STATE_PAUSED);
  told.wait(src.bus(), "gathering start");
  told.wait(src.bus(), "gathering complete");
  drain_events(src.element());
  expect_text(told.rest(src.bus()), "");
  src.set_state(GST_STATE_PLAYING);
  expect_text(told.rest(src.bus()), "peer start, ");
}
GST_END_TEST

GST_START_TEST(waiting_is_told_of_again_after_a_pause_and_has_ended_when_a_state_change_returns) {
  for (const char* element : {"icesrc interfaces=127.0.0.1", "icesink interfaces=127.0.0.1"}) {
    Harness alone(element);
    Told told;
    alone.set_state(GST_STATE_PLAYING);
    told.wait(alone.bus(), "gathering complete");
    drain_events(alone.element());
    told.rest(alone.bus());
    for (int round = 0; round < 3; ++round) {
      alone.set_state(GST_STATE_PAUSED);
      expect_text(told.rest(alone.bus()), "peer canceled, ");
      alone.set_state(GST_STATE_PLAYING);
      expect_text(told.rest(alone.bus()), "peer start, ");
    }
    alone.set_state(GST_STATE_NULL);
    expect_text(told.rest(alone.bus()), "peer canceled, ");
  }
}
GST_END_TEST

GST_START_TEST(every_step_has_ended_in_null_however_early_that_comes) {
  Harness src("icesrc interfaces=127.0.0.1 rendezvous=ws://127.0.0.1:9/room");
  for (const GstState state : {GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING}) {
    Told told;
    src.set_state(state);
    src.set_state(GST_STATE_NULL);
    told.rest(src.bus());
    fail_if(told.any_open(), "something is still open after %s", gst_element_state_get_name(state));
  }
}
GST_END_TEST

GST_START_TEST(a_peer_that_comes_is_told_of_and_so_is_the_connection) {
  Harness sink("icesink interfaces=127.0.0.1");
  Harness src("icesrc interfaces=127.0.0.1 controlling=false");
  Signaling signaling(sink.element(), src.element());
  Told of_sink;
  Told of_src;
  sink.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  of_sink.wait(sink.bus(), "peer start");
  signaling.exchange_credentials();
  for (auto [harness, told] : {std::pair{&sink, &of_sink}, std::pair{&src, &of_src}}) {
    told->wait(harness->bus(), "peer complete");
    told->wait(harness->bus(), "connecting start");
    told->wait(harness->bus(), "connecting complete");
    // Not again after a pause.
    drain_events(harness->element());
    harness->set_state(GST_STATE_PAUSED);
    harness->set_state(GST_STATE_PLAYING);
    expect_text(told->rest(harness->bus()), "");
    fail_if(told->any_open());
  }
}
GST_END_TEST

GST_START_TEST(a_failure_ends_the_step_before_the_error_is_posted) {
  Harness src("icesrc interfaces=127.0.0.1 rendezvous=ws://127.0.0.1:9/room");
  src.set_state(GST_STATE_PLAYING);
  Told told;
  std::string all;
  while (true) {
    const Message message = wait_message(src.bus(), GST_MESSAGE_PROGRESS | GST_MESSAGE_ERROR);
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) break;
    all += told.note(message) + ", ";
  }
  fail_unless(contains(all, "rendezvous error"), "%s", all.c_str());
  fail_unless(!contains(all, "peer start"), "nobody can be waited for: %s", all.c_str());
  drain_events(src.element());
  told.rest(src.bus());
  fail_if(told.any_open());
}
GST_END_TEST

GST_START_TEST(one_element_tells_for_all_of_its_session) {
  Pipeline pipeline("icesrc interfaces=127.0.0.1 ! fakesink async=false  fakesrc is-live=true ! icesink");
  g_object_set(pipeline.get(), "auto-flush-bus", FALSE, nullptr);
  Told told;
  pipeline.set_state(GST_STATE_PLAYING);
  told.wait(pipeline.bus(), "peer start");
  pipeline.set_state(GST_STATE_NULL);
  told.rest(pipeline.bus());
  fail_if(told.any_open());
}
GST_END_TEST

namespace {

Suite* progress_suite() {
  Suite* s = suite_create("progress");
  TCase* c = tcase_create("progress");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, in_paused_only_what_ends_by_itself_is_told);
  tcase_add_test(c, waiting_is_told_of_again_after_a_pause_and_has_ended_when_a_state_change_returns);
  tcase_add_test(c, every_step_has_ended_in_null_however_early_that_comes);
  tcase_add_test(c, a_peer_that_comes_is_told_of_and_so_is_the_connection);
  tcase_add_test(c, a_failure_ends_the_step_before_the_error_is_posted);
  tcase_add_test(c, one_element_tells_for_all_of_its_session);
  return s;
}

}  // namespace

GST_CHECK_MAIN(progress)
