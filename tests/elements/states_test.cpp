// SPDX-License-Identifier: LGPL-2.1-or-later
// Coming up and going down: in any order, from any thread, from inside handlers, a hundred times, with nothing left.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "tests/elements/support.h"

using namespace test;
using Clock = std::chrono::steady_clock;

namespace {

const char* const kBothWays =
    "icesrc name=src interfaces=127.0.0.1 ! fakesink sync=false async=false  "
    "fakesrc sizetype=fixed sizemax=500 do-timestamp=true ! identity sleep-time=1000 ! icesink name=sink";

/// How long until NULL.
std::chrono::milliseconds time_to_null(GstElement* pipeline) {
  const auto before = Clock::now();
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - before);
}

struct TwoPeers {
  TwoPeers() : a(kBothWays), b(kBothWays), signaling(a["src"], b["src"]) {
    g_object_set(b["src"], "controlling", FALSE, nullptr);
  }
  void ready() { set(GST_STATE_READY); }
  void play() { set(GST_STATE_PLAYING); }
  void connect() {
    ready();
    play();
    signaling.exchange_credentials();
    wait_connected(a["src"]);
    wait_connected(b["src"]);
  }
  void set(GstState state) {
    a.set_state(state);
    b.set_state(state);
  }
  Pipeline a;
  Pipeline b;
  Signaling signaling;
};

/// The phases of a session in which it may be closed.
enum class Phase { ready, gathering, checking, connected, media };

void reach(TwoPeers& peers, Phase phase) {
  switch (phase) {
    case Phase::ready:
      peers.ready();
      return;
    case Phase::gathering:
      peers.play();
      return;
    case Phase::checking:
      // Nobody answers at this address.
      peers.play();
      set_text(peers.a["src"], "remote-ufrag", "gone");
      set_text(peers.a["src"], "remote-pwd", "abcdefghijklmnopqrstuv12");
      set_text(peers.a["src"], "remote-candidates", "candidate:1 1 UDP 2130706431 127.0.0.2 9 typ host");
      wait_for_nick(peers.a["src"], "ice-connection-state", "checking");
      return;
    case Phase::connected:
      peers.connect();
      return;
    case Phase::media:
      peers.connect();
      poll_until([&] { return stat(peers.a["src"], "packets-received") > 20; }, "media");
      return;
  }
}

constexpr Phase kPhases[] = {Phase::ready, Phase::gathering, Phase::checking, Phase::connected, Phase::media};

}  // namespace

GST_START_TEST(closing_in_any_phase_from_any_thread_is_done_within_a_tenth_of_a_second) {
  for (const Phase phase : kPhases) {
    // The bound is the product's own; the best of five runs counts, as the machine is shared.
    std::chrono::milliseconds best = std::chrono::milliseconds::max();
    for (int run = 0; run < 5 && best > std::chrono::milliseconds(100); ++run) {
      TwoPeers peers;
      reach(peers, phase);
      auto one = std::async(std::launch::async, [&] { return time_to_null(peers.a.get()); });
      auto other = std::async(std::launch::async, [&] { return time_to_null(peers.b.get()); });
      best = std::min(best, std::max(one.get(), other.get()));
    }
    fail_unless(best <= std::chrono::milliseconds(100), "phase %d took %d ms", static_cast<int>(phase),
                static_cast<int>(best.count()));
  }
}
GST_END_TEST

GST_START_TEST(several_threads_may_stop_the_same_elements_at_once) {
  for (int run = 0; run < 5; ++run) {
    TwoPeers peers;
    reach(peers, run % 2 == 0 ? Phase::media : Phase::gathering);
    std::vector<std::future<void>> stops;
    for (int i = 0; i < 4; ++i) {
      stops.push_back(std::async(std::launch::async, [&, i] {
        gst_element_set_state(i % 2 == 0 ? peers.a.get() : peers.b.get(), GST_STATE_NULL);
      }));
    }
    for (auto& stop : stops) {
      fail_unless(stop.wait_for(std::chrono::seconds(10)) == std::future_status::ready, "a stop hangs");
    }
  }
}
GST_END_TEST

namespace {

struct StopInside {
  GstElement* pipeline;
  std::atomic<bool> done{false};
};

void stop_inside(gpointer data) {
  auto& stop = *static_cast<StopInside*>(data);
  if (stop.done) return;
  gst_element_set_state(stop.pipeline, GST_STATE_NULL);
  stop.done = true;
}

}  // namespace

GST_START_TEST(a_handler_of_any_signal_may_stop_the_pipeline_that_emits_it) {
  for (const char* signal : {"on-ice-candidate", "notify::local-description", "notify::ice-gathering-state",
                             "notify::ice-connection-state", "notify::selected-pair"}) {
    TwoPeers peers;
    StopInside stop{peers.a.get()};
    g_signal_connect_swapped(peers.a["sink"], signal, G_CALLBACK(stop_inside), &stop);
    peers.ready();
    peers.play();
    peers.signaling.exchange_credentials();
    poll_until([&] { return stop.done.load(); }, signal);
    drain_events(nullptr);
  }
}
GST_END_TEST

GST_START_TEST(a_handler_may_drop_the_last_reference) {
  GstElement* pipeline = gst_parse_launch("icesrc name=src interfaces=127.0.0.1 ! fakesink", nullptr);
  gst_object_ref_sink(pipeline);
  GstElement* src = gst_bin_get_by_name(GST_BIN(pipeline), "src");
  std::atomic<bool> gone{false};
  g_object_weak_ref(
      G_OBJECT(src), [](gpointer flag, GObject*) { *static_cast<std::atomic<bool>*>(flag) = true; }, &gone);
  g_signal_connect_swapped(src, "on-ice-candidate", G_CALLBACK(+[](gpointer data) {
                             auto** held = static_cast<GstElement**>(data);
                             if (*held == nullptr) return;
                             gst_element_set_state(*held, GST_STATE_NULL);
                             gst_object_unref(*held);
                             *held = nullptr;
                           }),
                           &pipeline);
  gst_object_unref(src);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  poll_until([&] { return gone.load(); }, "the element to be gone");
}
GST_END_TEST

GST_START_TEST(elements_and_agents_are_gone_when_their_pipeline_is) {
  // Buffers, memory, pads and the rest are GStreamer's leak tracer's to find, as in every one of these tests.
  std::atomic<int> gone{0};
  {
    TwoPeers peers;
    peers.connect();
    poll_until([&] { return stat(peers.a["src"], "packets-received") > 20; }, "media");
    const auto agent = agent_of(peers.a["src"]);
    for (GObject* object : {agent.get(), G_OBJECT(peers.a["src"]), G_OBJECT(peers.a["sink"])}) {
      g_object_weak_ref(
          object, [](gpointer count, GObject*) { ++*static_cast<std::atomic<int>*>(count); }, &gone);
    }
  }
  poll_until([&] { return gone == 3; }, "everything to be gone");
}
GST_END_TEST

GST_START_TEST(a_hundred_cycles_leave_no_descriptor_and_no_thread) {
  TwoPeers peers;
  std::size_t descriptors = 0;
  std::size_t most_threads = 0;
  for (int cycle = 0; cycle < 100; ++cycle) {
    // Most cycles end somewhere on the way; every tenth gets to media.
    if (cycle % 10 == 0) {
      peers.connect();
    } else if (cycle % 2 == 0) {
      peers.play();
    } else {
      peers.ready();
      peers.set(GST_STATE_PAUSED);
    }
    peers.set(GST_STATE_NULL);
    drain_events(nullptr);
    if (cycle == 1) {
      // Threads of the process, and of GStreamer's pools, stay once they are there.
      descriptors = open_descriptors();
      most_threads = threads();
    }
  }
  // The driver's threads let go of sockets a moment later.
  poll_until([&] { return open_descriptors() <= descriptors; }, "descriptors to be closed");
  poll_until([&] { return threads() <= most_threads + 4; }, "threads to be gone");
}
GST_END_TEST

GST_START_TEST(state_changes_in_any_order_end_where_they_should) {
  Pipeline pipeline(kBothWays);
  const GstState states[] = {GST_STATE_READY,   GST_STATE_PLAYING, GST_STATE_PAUSED,  GST_STATE_READY, GST_STATE_PAUSED,
                             GST_STATE_NULL,    GST_STATE_PAUSED,  GST_STATE_NULL,    GST_STATE_READY, GST_STATE_NULL,
                             GST_STATE_PLAYING, GST_STATE_READY,   GST_STATE_PLAYING, GST_STATE_NULL};
  for (const GstState state : states) {
    pipeline.set_state(state);
    GstState now = GST_STATE_VOID_PENDING;
    gst_element_get_state(pipeline.get(), &now, nullptr, kPatience);
    fail_unless_equals_int(now, state);
  }
}
GST_END_TEST

GST_START_TEST(a_port_that_is_taken_is_said_by_its_number) {
  Pipeline holder("icesrc name=src interfaces=127.0.0.1 ! fakesink");
  holder.set_state(GST_STATE_PAUSED);
  wait_for_nick(holder["src"], "ice-gathering-state", "complete");
  std::string description = text(holder["src"], "local-description");
  const auto at = description.find(" 127.0.0.1 ") + 11;
  const std::string port = description.substr(at, description.find(' ', at) - at);

  Pipeline other("icesrc name=src interfaces=127.0.0.1 min-port=" + port + " max-port=" + port + " ! fakesink");
  other.set_state(GST_STATE_PAUSED);
  const std::string warning = text(wait_message(other.bus(), GST_MESSAGE_WARNING));
  fail_unless(contains(warning, port), "%s", warning.c_str());
  wait_for_nick(other["src"], "ice-gathering-state", "complete");
}
GST_END_TEST

GST_START_TEST(an_interface_that_is_not_there_is_said_by_its_name) {
  Pipeline pipeline("icesrc name=src interfaces=nosuch0,127.0.0.1 ! fakesink");
  pipeline.set_state(GST_STATE_PAUSED);
  const std::string warning = text(wait_message(pipeline.bus(), GST_MESSAGE_WARNING));
  fail_unless(contains(warning, "nosuch0"), "%s", warning.c_str());
}
GST_END_TEST

namespace {

Suite* states_suite() {
  Suite* s = suite_create("states");
  TCase* c = tcase_create("states");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, closing_in_any_phase_from_any_thread_is_done_within_a_tenth_of_a_second);
  tcase_add_test(c, several_threads_may_stop_the_same_elements_at_once);
  tcase_add_test(c, a_handler_of_any_signal_may_stop_the_pipeline_that_emits_it);
  tcase_add_test(c, a_handler_may_drop_the_last_reference);
  tcase_add_test(c, elements_and_agents_are_gone_when_their_pipeline_is);
  tcase_add_test(c, a_hundred_cycles_leave_no_descriptor_and_no_thread);
  tcase_add_test(c, state_changes_in_any_order_end_where_they_should);
  tcase_add_test(c, a_port_that_is_taken_is_said_by_its_number);
  tcase_add_test(c, an_interface_that_is_not_there_is_said_by_its_name);
  return s;
}

}  // namespace

GST_CHECK_MAIN(states)
