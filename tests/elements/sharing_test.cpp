// SPDX-License-Identifier: LGPL-2.1-or-later
// Who shares an agent with whom, and what that means for properties, signals, streams and components.
#include <atomic>
#include <thread>

#include "tests/elements/support.h"

using namespace test;

namespace {

std::string uint_text(gpointer object, const char* property) {
  guint value = 0;
  g_object_get(object, property, &value, nullptr);
  return std::to_string(value);
}

void collect(GObject*, guint stream, const gchar* candidate, gpointer lines) {
  static_cast<std::vector<std::string>*>(lines)->push_back(std::to_string(stream) + " " + candidate);
}

bool gathered(gpointer element) {
  return nick(element, "ice-gathering-state") == "complete";
}

void wait_gathered(gpointer element) {
  wait_until(
      element, "ice-gathering-state", [&] { return gathered(element); }, "gathering to complete");
}

}  // namespace

GST_START_TEST(elements_of_one_session_in_one_pipeline_share_an_agent_however_deep_they_stand) {
  Pipeline pipeline(
      "icesrc name=src ! fakesink  bin.( fakesrc ! icesink name=sink )  icesrc name=other session=b ! fakesink");
  Pipeline other("icesrc name=src ! fakesink");
  fail_unless(agent_of(pipeline["src"]) == nullptr);
  pipeline.set_state(GST_STATE_READY);
  other.set_state(GST_STATE_READY);
  fail_unless(agent_of(pipeline["src"]) != nullptr);
  fail_unless(agent_of(pipeline["src"]) == agent_of(pipeline["sink"]));
  fail_if(agent_of(pipeline["src"]) == agent_of(pipeline["other"]));
  fail_if(agent_of(pipeline["src"]) == agent_of(other["src"]));
  expect_text(text(pipeline["src"], "local-ufrag"), text(pipeline["sink"], "local-ufrag"));
}
GST_END_TEST

GST_START_TEST(an_agent_that_is_handed_out_is_shared_between_pipelines) {
  Pipeline one("icesrc name=src ! fakesink");
  one.set_state(GST_STATE_READY);
  const auto agent = agent_of(one["src"]);
  Pipeline two("fakesrc ! icesink name=sink session=whatever");
  g_object_set(two["sink"], "agent", agent.get(), nullptr);
  two.set_state(GST_STATE_READY);
  fail_unless(agent_of(two["sink"]) == agent);
  expect_text(text(one["src"], "local-ufrag"), text(two["sink"], "local-ufrag"));
}
GST_END_TEST

GST_START_TEST(an_element_without_a_parent_is_on_its_own) {
  Harness one("icesink");
  Harness two("icesink");
  one.set_state(GST_STATE_READY);
  two.set_state(GST_STATE_READY);
  fail_if(agent_of(one.element()) == agent_of(two.element()));
}
GST_END_TEST

GST_START_TEST(what_is_set_on_one_reads_the_same_on_all_and_is_notified_there) {
  Pipeline pipeline("icesrc name=src ! fakesink  fakesrc ! icesink name=sink pacing=30");
  pipeline.set_state(GST_STATE_READY);
  const auto agent = agent_of(pipeline["sink"]);
  expect_text(uint_text(pipeline["src"], "pacing"), "30");
  expect_text(uint_text(agent.get(), "pacing"), "30");

  g_object_set(agent.get(), "pacing", 40U, nullptr);
  wait_until(
      pipeline["sink"], "pacing", [&] { return uint_text(pipeline["sink"], "pacing") == "40"; }, "pacing 40");
  expect_text(uint_text(pipeline["src"], "pacing"), "40");

  std::atomic<int> notified{0};
  const auto count = +[](GObject*, GParamSpec*, gpointer times) { ++*static_cast<std::atomic<int>*>(times); };
  g_signal_connect(agent.get(), "notify::interfaces", G_CALLBACK(count), &notified);
  g_signal_connect(pipeline["sink"], "notify::interfaces", G_CALLBACK(count), &notified);
  set_text(pipeline["src"], "interfaces", "127.0.0.1");
  expect_text(text(pipeline["sink"], "interfaces"), "127.0.0.1");
  drain_events(agent.get());
  fail_unless_equals_int(notified, 2);
}
GST_END_TEST

GST_START_TEST(conflicting_values_warn_and_the_later_to_join_wins) {
  Pipeline pipeline("icesrc name=src pacing=20 ! fakesink  fakesrc ! icesink name=sink pacing=30");
  gst_element_set_state(pipeline["src"], GST_STATE_READY);
  gst_element_set_state(pipeline["sink"], GST_STATE_READY);
  const std::string warning = text(wait_message(pipeline.bus(), GST_MESSAGE_WARNING));
  fail_unless(contains(warning, "pacing"), "%s", warning.c_str());
  expect_text(uint_text(pipeline["src"], "pacing"), "30");
  expect_text(uint_text(pipeline["sink"], "pacing"), "30");
}
GST_END_TEST

GST_START_TEST(equal_values_do_not_warn) {
  Pipeline pipeline("icesrc name=src pacing=20 ! fakesink  fakesrc ! icesink name=sink pacing=20");
  pipeline.set_state(GST_STATE_READY);
  drain_events(pipeline["src"]);
  fail_unless(take_message(pipeline.bus(), GST_MESSAGE_WARNING) == nullptr);
}
GST_END_TEST

GST_START_TEST(a_second_icesrc_of_a_component_is_an_error_that_names_the_stream) {
  Pipeline pipeline("icesrc name=a stream=2 ! fakesink  icesrc name=b stream=2 ! fakesink");
  fail_unless_equals_int(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  const std::string error = text(take_message(pipeline.bus(), GST_MESSAGE_ERROR));
  fail_unless(contains(error, "stream=2"), "%s", error.c_str());
}
GST_END_TEST

GST_START_TEST(any_number_of_icesinks_share_a_component) {
  Pipeline pipeline(
      "icesrc name=src ! fakesink  fakesrc ! icesink name=a  fakesrc ! icesink name=b  fakesrc ! icesink name=c");
  set_text(pipeline["src"], "interfaces", "127.0.0.1");
  pipeline.set_state(GST_STATE_PAUSED);
  wait_gathered(pipeline["src"]);
  const std::string description = text(pipeline["a"], "local-description");
  const auto first = description.find("a=candidate:");
  fail_unless(first != std::string::npos);
  fail_unless(description.find("a=candidate:", first + 1) == std::string::npos, "%s", description.c_str());
}
GST_END_TEST

GST_START_TEST(gathering_begins_when_all_siblings_have_joined) {
  Pipeline pipeline(
      "icesrc name=a interfaces=127.0.0.1 ! fakesink  icesrc name=b component=2 ! fakesink  fakesrc ! icesink "
      "stream=1");
  std::vector<std::string> lines;
  g_signal_connect(pipeline["a"], "on-ice-candidate", G_CALLBACK(collect), &lines);
  pipeline.set_state(GST_STATE_PAUSED);
  wait_gathered(pipeline["a"]);
  drain_events(pipeline["a"]);
  // Two components of stream 0, one of stream 1, and each stream ends once.
  std::size_t candidates = 0;
  std::size_t ends = 0;
  for (const std::string& line : lines) ++(line == "0 " || line == "1 " ? ends : candidates);
  fail_unless_equals_int(candidates, 3);
  fail_unless_equals_int(ends, 2);
  for (const std::string& line : lines) {
    if (line == "0 " || line == "1 ") continue;
    fail_unless(contains(line, " candidate:") && contains(line, " ufrag " + text(pipeline["a"], "local-ufrag")), "%s",
                line.c_str());
  }
  const std::string description = text(pipeline["a"], "local-description");
  fail_unless(contains(description, "a=mid:0") && contains(description, "a=mid:1"), "%s", description.c_str());
  fail_unless(contains(description, "a=end-of-candidates"));
}
GST_END_TEST

GST_START_TEST(a_late_element_adds_its_component_to_the_running_agent) {
  Pipeline pipeline("icesrc name=src interfaces=127.0.0.1 ! fakesink");
  pipeline.set_state(GST_STATE_PLAYING);
  wait_gathered(pipeline["src"]);
  const std::string before = text(pipeline["src"], "local-description");

  GstElement* late = gst_element_factory_make("icesink", "late");
  g_object_set(late, "component", 2U, nullptr);
  gst_bin_add(GST_BIN(pipeline.get()), late);
  gst_element_sync_state_with_parent(late);
  fail_unless(agent_of(late) == agent_of(pipeline["src"]));
  wait_until(
      pipeline["src"], "local-description",
      [&] { return contains(text(pipeline["src"], "local-description"), " 2 UDP "); },
      "component 2 in the description");
  fail_if(contains(before, " 2 UDP "));
}
GST_END_TEST

GST_START_TEST(signals_come_from_one_thread_that_is_none_of_ours) {
  Pipeline pipeline("icesrc name=src interfaces=127.0.0.1 ! fakesink");
  struct Seen {
    std::mutex mutex;
    std::vector<std::thread::id> threads;
  } seen;
  const auto note = +[](gpointer data) {
    auto& s = *static_cast<Seen*>(data);
    const std::lock_guard lock(s.mutex);
    s.threads.push_back(std::this_thread::get_id());
  };
  g_signal_connect_swapped(pipeline["src"], "on-ice-candidate", G_CALLBACK(note), &seen);
  g_signal_connect_swapped(pipeline["src"], "notify::ice-gathering-state", G_CALLBACK(note), &seen);
  g_signal_connect_swapped(pipeline["src"], "notify::local-description", G_CALLBACK(note), &seen);
  pipeline.set_state(GST_STATE_PLAYING);
  wait_gathered(pipeline["src"]);
  drain_events(pipeline["src"]);
  const std::lock_guard lock(seen.mutex);
  fail_unless(seen.threads.size() >= 4);
  for (const auto& thread : seen.threads) {
    fail_unless(thread == seen.threads.front());
    fail_if(thread == std::this_thread::get_id());
  }
}
GST_END_TEST

GST_START_TEST(candidates_can_be_gathered_before_paused) {
  Pipeline pipeline("icesrc name=src interfaces=127.0.0.1 ! fakesink");
  pipeline.set_state(GST_STATE_READY);
  expect_text(nick(pipeline["src"], "ice-gathering-state"), "new");
  g_signal_emit_by_name(pipeline["src"], "gather-candidates");
  wait_gathered(pipeline["src"]);
}
GST_END_TEST

GST_START_TEST(candidates_that_come_before_an_element_is_in_ready_are_kept_for_its_session) {
  Harness one("icesink interfaces=127.0.0.1");
  Harness other("icesrc interfaces=127.0.0.1 controlling=false");
  Signaling signaling(one.element(), other.element());
  one.set_state(GST_STATE_PLAYING);
  wait_gathered(one.element());
  drain_events(one.element());
  // All of one's candidates were given to the other, which was in NULL.
  other.set_state(GST_STATE_PLAYING);
  signaling.exchange_credentials();
  wait_connected(one.element());
  wait_connected(other.element());
}
GST_END_TEST

GST_START_TEST(two_streams_of_two_components_go_both_ways_over_one_session) {
  // Who sends what is in the first byte.
  const auto flows = [](char side) {
    std::string result;
    for (int stream = 0; stream < 2; ++stream) {
      for (int component = 1; component <= 2; ++component) {
        const std::string where = " stream=" + std::to_string(stream) + " component=" + std::to_string(component);
        const std::string tag = std::to_string(stream) + std::to_string(component);
        result += "  icesrc interfaces=127.0.0.1 name=src" + tag + where + " ! fakesink name=out" + tag +
                  " sync=false signal-handoffs=true  fakesrc num-buffers=20 sizetype=fixed sizemax=" +
                  std::to_string((side == 'a' ? 100 : 200) + stream * 10 + component) + " ! icesink" + where;
      }
    }
    return result;
  };
  Pipeline a(flows('a'));
  Pipeline b(flows('b') + "  ");
  g_object_set(b["src01"], "controlling", FALSE, nullptr);

  struct Tally {
    std::atomic<int> right{0};
    std::atomic<int> wrong{0};
    gsize wanted = 0;
  };
  std::vector<std::unique_ptr<Tally>> tallies;
  const auto count = +[](GstElement*, GstBuffer* buffer, GstPad*, gpointer data) {
    auto& tally = *static_cast<Tally*>(data);
    ++(gst_buffer_get_size(buffer) == tally.wanted ? tally.right : tally.wrong);
  };
  for (const auto& [pipeline, base] : {std::pair{&a, 200}, std::pair{&b, 100}}) {
    for (const char* tag : {"01", "02", "11", "12"}) {
      auto& tally = *tallies.emplace_back(std::make_unique<Tally>());
      tally.wanted = static_cast<gsize>(base + (tag[0] - '0') * 10 + (tag[1] - '0'));
      g_signal_connect((*pipeline)[(std::string("out") + tag).c_str()], "handoff", G_CALLBACK(count), &tally);
    }
  }
  Signaling signaling(a["src01"], b["src01"]);
  for (Pipeline* pipeline : {&a, &b}) pipeline->set_state(GST_STATE_READY);
  for (Pipeline* pipeline : {&a, &b}) pipeline->set_state(GST_STATE_PLAYING);
  signaling.exchange_credentials();
  wait_connected(a["src01"]);
  wait_connected(b["src01"]);
  for (const auto& tally : tallies) {
    poll_until([&] { return tally->right == 20; }, "all buffers of a flow");
    fail_unless_equals_int(tally->wrong, 0);
  }
}
GST_END_TEST

GST_START_TEST(the_session_ends_with_its_last_element_and_a_new_one_begins_in_ready) {
  Pipeline pipeline("icesrc name=src interfaces=127.0.0.1 ! fakesink  icesink name=sink");
  pipeline.set_state(GST_STATE_PAUSED);
  wait_gathered(pipeline["src"]);
  const auto agent = agent_of(pipeline["src"]);
  const std::string ufrag = text(pipeline["src"], "local-ufrag");
  gst_element_set_locked_state(pipeline["sink"], TRUE);
  pipeline.set_state(GST_STATE_NULL);
  fail_if(nick(agent.get(), "ice-connection-state") == "closed");
  gst_element_set_state(pipeline["sink"], GST_STATE_NULL);
  wait_for_nick(agent.get(), "ice-connection-state", "closed");
  gst_element_set_locked_state(pipeline["sink"], FALSE);

  pipeline.set_state(GST_STATE_PAUSED);
  fail_unless(agent_of(pipeline["src"]) == agent);
  fail_if(text(pipeline["src"], "local-ufrag") == ufrag);
  expect_text(text(pipeline["src"], "interfaces"), "127.0.0.1");
  wait_gathered(pipeline["src"]);
}
GST_END_TEST

namespace {

Suite* sharing_suite() {
  Suite* s = suite_create("sharing");
  TCase* c = tcase_create("sharing");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, elements_of_one_session_in_one_pipeline_share_an_agent_however_deep_they_stand);
  tcase_add_test(c, an_agent_that_is_handed_out_is_shared_between_pipelines);
  tcase_add_test(c, an_element_without_a_parent_is_on_its_own);
  tcase_add_test(c, what_is_set_on_one_reads_the_same_on_all_and_is_notified_there);
  tcase_add_test(c, conflicting_values_warn_and_the_later_to_join_wins);
  tcase_add_test(c, equal_values_do_not_warn);
  tcase_add_test(c, a_second_icesrc_of_a_component_is_an_error_that_names_the_stream);
  tcase_add_test(c, any_number_of_icesinks_share_a_component);
  tcase_add_test(c, gathering_begins_when_all_siblings_have_joined);
  tcase_add_test(c, a_late_element_adds_its_component_to_the_running_agent);
  tcase_add_test(c, signals_come_from_one_thread_that_is_none_of_ours);
  tcase_add_test(c, candidates_can_be_gathered_before_paused);
  tcase_add_test(c, candidates_that_come_before_an_element_is_in_ready_are_kept_for_its_session);
  tcase_add_test(c, two_streams_of_two_components_go_both_ways_over_one_session);
  tcase_add_test(c, the_session_ends_with_its_last_element_and_a_new_one_begins_in_ready);
  return s;
}

}  // namespace

GST_CHECK_MAIN(sharing)
