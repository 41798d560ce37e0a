// SPDX-License-Identifier: LGPL-2.1-or-later
// Peers that meet in a room of a real gst-ice-rendezvous, on loopback: how they connect, and how they part.
#ifdef __SANITIZE_ADDRESS__
#include <dlfcn.h>
#include <sanitizer/asan_interface.h>
#endif
#include <sys/prctl.h>

#include <atomic>
#include <csignal>

#include "tests/elements/room.h"
#include "tests/elements/support.h"

using namespace test;

namespace {

bool controlling(gpointer element) {
  gboolean value = FALSE;
  g_object_get(element, "controlling", &value, nullptr);
  return value != FALSE;
}

void expect(Harness& src, unsigned number) {
  GstBuffer* buffer = gst_harness_pull(src.get());
  fail_unless(buffer != nullptr && is_numbered(buffer, number, 100), "buffer %u did not come", number);
  gst_buffer_unref(buffer);
}

void send(Harness& sink, unsigned number) {
  fail_unless_equals_int(gst_harness_push(sink.get(), numbered_buffer(number, 100)), GST_FLOW_OK);
}

void send_one(Harness& sink, Harness& src, unsigned number) {
  send(sink, number);
  expect(src, number);
}

void wait_eos(Harness& src) {
  poll_until(
      [&] {
        GstEvent* event = gst_harness_try_pull_event(src.get());
        if (event == nullptr) return false;
        const bool eos = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
        gst_event_unref(event);
        return eos;
      },
      "the end of the stream");
}

}  // namespace

GST_START_TEST(two_peers_that_know_only_the_room_connect_and_who_came_first_controls) {
  const Server server;
  Harness sink(in_room("icesink", server));
  Harness src(in_room("icesrc", server));
  sink.set_state(GST_STATE_PLAYING);
  // In the room, gathered, and nobody to talk to.
  wait_for_nick(sink.element(), "ice-gathering-state", "complete");
  src.set_state(GST_STATE_PLAYING);
  wait_connected(sink.element());
  wait_connected(src.element());
  for (unsigned i = 0; i < 20; ++i) send_one(sink, src, i);
  fail_unless(controlling(sink.element()) != controlling(src.element()));
}
GST_END_TEST

GST_START_TEST(a_role_that_was_set_is_not_decided_by_the_room) {
  const Server server;
  Harness first(in_room("icesink", server, "controlling=false"));
  Harness second(in_room("icesrc", server, "controlling=true"));
  first.set_state(GST_STATE_PLAYING);
  second.set_state(GST_STATE_PLAYING);
  wait_connected(first.element());
  wait_connected(second.element());
  fail_if(controlling(first.element()));
  fail_unless(controlling(second.element()));
}
GST_END_TEST

GST_START_TEST(after_a_goodbye_icesrc_hands_on_what_came_and_ends) {
  const Server server;
  Harness src(in_room("icesrc", server));
  src.set_state(GST_STATE_PLAYING);
  {
    Harness sink(in_room("icesink", server));
    sink.set_state(GST_STATE_PLAYING);
    wait_connected(sink.element());
    wait_connected(src.element());
    for (unsigned i = 0; i < 50; ++i) send(sink, i);
    sink.set_state(GST_STATE_NULL);
  }
  for (unsigned i = 0; i < 50; ++i) expect(src, i);
  wait_eos(src);
  drain_events(src.element());
  fail_unless(take_message(src.bus(), GST_MESSAGE_ERROR) == nullptr);
}
GST_END_TEST

GST_START_TEST(after_a_goodbye_icesink_ends_its_upstream) {
  const Server server;
  Harness sink(in_room("icesink", server));
  sink.set_state(GST_STATE_PLAYING);
  {
    Harness src(in_room("icesrc", server));
    src.set_state(GST_STATE_PLAYING);
    wait_connected(sink.element());
  }
  poll_until([&] { return gst_harness_push(sink.get(), numbered_buffer(0, 100)) == GST_FLOW_EOS; },
             "push() to say EOS");
}
GST_END_TEST

GST_START_TEST(after_a_goodbye_a_waiting_icesink_with_eos_lets_go) {
  const Server server;
  Pipeline sender("fakesrc sizetype=fixed sizemax=100 ! identity sleep-time=2000 ! " +
                  in_room("icesink name=sink", server));
  sender.set_state(GST_STATE_PLAYING);
  {
    Harness src(in_room("icesrc", server));
    src.set_state(GST_STATE_PLAYING);
    gst_buffer_unref(gst_harness_pull(src.get()));
  }
  wait_message(sender.bus(), GST_MESSAGE_EOS);
}
GST_END_TEST

GST_START_TEST(with_disconnect_action_error_a_goodbye_is_an_error_message) {
  const Server server;
  Harness src(in_room("icesrc", server, "disconnect-action=error"));
  src.set_state(GST_STATE_PLAYING);
  {
    Harness sink(in_room("icesink", server));
    sink.set_state(GST_STATE_PLAYING);
    wait_connected(src.element());
  }
  const std::string error = text(wait_message(src.bus(), GST_MESSAGE_ERROR));
  fail_unless(contains(error, "goodbye"), "%s", error.c_str());
}
GST_END_TEST

GST_START_TEST(with_disconnect_action_wait_both_elements_go_on_with_a_newcomer) {
  const Server server;
  Pipeline stays(in_room("icesrc name=src", server, "disconnect-action=wait") +
                 " ! fakesink name=out sync=false async=false signal-handoffs=true  "
                 "fakesrc sizetype=fixed sizemax=100 ! identity sleep-time=2000 ! icesink name=sink");
  std::atomic<int> received{0};
  g_signal_connect_swapped(stays["out"], "handoff",
                           G_CALLBACK(+[](gpointer count) { ++*static_cast<std::atomic<int>*>(count); }), &received);
  stays.set_state(GST_STATE_PLAYING);
  std::string ufrag;
  for (int visit = 0; visit < 3; ++visit) {
    Pipeline guest(in_room("icesrc name=src", server) +
                   " ! fakesink name=out sync=false async=false  "
                   "fakesrc sizetype=fixed sizemax=100 ! identity sleep-time=2000 ! icesink name=sink");
    received = 0;
    guest.set_state(GST_STATE_PLAYING);
    poll_until([&] { return received > 10; }, "media of the guest");
    poll_until([&] { return stat(guest["src"], "packets-received") > 10; }, "media for the guest");
    fail_if(text(stays["src"], "local-ufrag") == ufrag, "a newcomer met old credentials");
    ufrag = text(stays["src"], "local-ufrag");
  }
  fail_unless(take_message(stays.bus(), GST_MESSAGE_EOS | GST_MESSAGE_ERROR) == nullptr);
}
GST_END_TEST

GST_START_TEST(a_third_peer_is_told_that_the_room_is_full_and_takes_the_place_that_becomes_free) {
  const Server server;
  Harness sink(in_room("icesink", server));
  Harness src(in_room("icesrc", server));
  sink.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  wait_connected(sink.element());
  wait_connected(src.element());
  Harness third(in_room("icesrc", server));
  third.set_state(GST_STATE_PLAYING);
  const std::string said = text(wait_message(third.bus(), GST_MESSAGE_WARNING | GST_MESSAGE_ERROR));
  fail_unless(contains(said, "full"), "%s", said.c_str());
  send_one(sink, src, 1);
  src.set_state(GST_STATE_NULL);
  sink.set_state(GST_STATE_NULL);
  sink.set_state(GST_STATE_PLAYING);
  wait_connected(third.element());
  send_one(sink, third, 2);
}
GST_END_TEST

namespace {

/// A sender in a process of its own, which can be killed or stopped without a word.
class OtherProcess {
 public:
  explicit OtherProcess(const Server& server) {
    GSubprocessLauncher* launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_subprocess_launcher_set_child_setup(
        launcher, [](gpointer) { prctl(PR_SET_PDEATHSIG, SIGKILL); }, nullptr, nullptr);
    g_subprocess_launcher_unsetenv(launcher, "GST_TRACERS");
#ifdef __SANITIZE_ADDRESS__
    // gst-launch-1.0 itself has none, but the plugin that it loads wants the sanitizer to have come first, and that
    // wants what throws exceptions.
    Dl_info runtime;
    fail_unless(dladdr(reinterpret_cast<void*>(&__asan_describe_address), &runtime) != 0);
    g_subprocess_launcher_setenv(launcher, "LD_PRELOAD", (std::string(runtime.dli_fname) + " libstdc++.so.6").c_str(),
                                 TRUE);
#endif
    const std::string room = "rendezvous=" + server.room("my-room");
    GError* error = nullptr;
    process_ = g_subprocess_launcher_spawn(launcher, &error, "gst-launch-1.0", "fakesrc", "sizetype=fixed",
                                           "sizemax=100", "!", "identity", "sleep-time=2000", "!", "icesink",
                                           "interfaces=127.0.0.1", room.c_str(), nullptr);
    g_object_unref(launcher);
    fail_unless(process_ != nullptr, "%s", error != nullptr ? error->message : "");
  }
  ~OtherProcess() {
    kill();
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;
  void stop() {
    g_subprocess_send_signal(process_, SIGSTOP);
  }
  void kill() {
    if (process_ == nullptr) return;
    g_subprocess_force_exit(process_);
    g_subprocess_wait(process_, nullptr, nullptr);
    g_clear_object(&process_);
  }

 private:
  GSubprocess* process_ = nullptr;
};

/// icesrc with disconnect-action=wait, and how much it hands on.
struct Waiting {
  explicit Waiting(const Server& server)
      : pipeline(in_room("icesrc name=src", server, "disconnect-action=wait") +
                 " ! fakesink name=out sync=false async=false signal-handoffs=true") {
    g_signal_connect_swapped(pipeline["out"], "handoff",
                             G_CALLBACK(+[](gpointer count) { ++*static_cast<std::atomic<int>*>(count); }), &received);
    pipeline.set_state(GST_STATE_PLAYING);
  }
  void expect_media(const char* of) {
    received = 0;
    poll_long([&] { return received > 10; }, of);
  }
  std::atomic<int> received{0};
  Pipeline pipeline;
};

}  // namespace

GST_START_TEST(whoever_waits_goes_on_with_a_newcomer_when_a_peer_was_killed) {
  const Server server;
  Waiting stays(server);
  for (int visit = 0; visit < 5; ++visit) {
    OtherProcess guest(server);
    stays.expect_media("media of a guest");
    guest.kill();
  }
  fail_unless(take_message(stays.pipeline.bus(), GST_MESSAGE_EOS | GST_MESSAGE_ERROR) == nullptr);
}
GST_END_TEST

GST_START_TEST(a_newcomer_waits_for_the_place_of_a_ghost) {
  const Server server;
  Waiting stays(server);
  OtherProcess ghost(server);
  stays.expect_media("media of the peer that will hang");
  const std::string ufrag = text(stays.pipeline["src"], "local-ufrag");
  // Its connection to the server stays open, and nobody answers there.
  ghost.stop();
  OtherProcess newcomer(server);
  // A newcomer is met with new credentials.
  poll_long([&] { return text(stays.pipeline["src"], "local-ufrag") != ufrag; }, "the newcomer in the ghost's place");
  stays.expect_media("media of the newcomer");
  fail_unless(take_message(stays.pipeline.bus(), GST_MESSAGE_EOS | GST_MESSAGE_ERROR) == nullptr);
}
GST_END_TEST

GST_START_TEST(a_server_that_is_not_there_is_named_on_the_bus) {
  Server server;
  const std::string room = server.room("my-room");
  server.stop();
  Harness sink("icesink interfaces=127.0.0.1 rendezvous=" + room);
  sink.set_state(GST_STATE_PLAYING);
  const std::string said = text(wait_message(sink.bus(), GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
  const auto address = room.substr(5, room.find('/', 5) - 5);
  fail_unless(contains(said, address), "%s", said.c_str());
}
GST_END_TEST

GST_START_TEST(media_goes_on_when_the_server_goes) {
  Server server;
  Harness sink(in_room("icesink", server));
  Harness src(in_room("icesrc", server));
  sink.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  wait_for_nick(sink.element(), "ice-connection-state", "completed");
  wait_for_nick(src.element(), "ice-connection-state", "completed");
  server.stop();
  wait_message(sink.bus(), GST_MESSAGE_WARNING);
  send_one(sink, src, 1);
  fail_unless(take_message(sink.bus(), GST_MESSAGE_ERROR) == nullptr);
}
GST_END_TEST

GST_START_TEST(a_room_may_be_set_while_running) {
  const Server server;
  Harness sink("icesink interfaces=127.0.0.1");
  Harness src(in_room("icesrc", server));
  sink.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  set_text(sink.element(), "rendezvous", server.room("my-room"));
  wait_connected(sink.element());
  wait_connected(src.element());
}
GST_END_TEST

namespace {

Suite* rendezvous_suite() {
  Suite* s = suite_create("rendezvous");
  TCase* c = tcase_create("rendezvous");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, two_peers_that_know_only_the_room_connect_and_who_came_first_controls);
  tcase_add_test(c, a_role_that_was_set_is_not_decided_by_the_room);
  tcase_add_test(c, after_a_goodbye_icesrc_hands_on_what_came_and_ends);
  tcase_add_test(c, after_a_goodbye_icesink_ends_its_upstream);
  tcase_add_test(c, after_a_goodbye_a_waiting_icesink_with_eos_lets_go);
  tcase_add_test(c, with_disconnect_action_error_a_goodbye_is_an_error_message);
  tcase_add_test(c, with_disconnect_action_wait_both_elements_go_on_with_a_newcomer);
  tcase_add_test(c, a_third_peer_is_told_that_the_room_is_full_and_takes_the_place_that_becomes_free);
  tcase_add_test(c, whoever_waits_goes_on_with_a_newcomer_when_a_peer_was_killed);
  tcase_add_test(c, a_newcomer_waits_for_the_place_of_a_ghost);
  tcase_add_test(c, a_server_that_is_not_there_is_named_on_the_bus);
  tcase_add_test(c, media_goes_on_when_the_server_goes);
  tcase_add_test(c, a_room_may_be_set_while_running);
  return s;
}

}  // namespace

GST_CHECK_MAIN(rendezvous)
