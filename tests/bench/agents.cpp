// SPDX-License-Identifier: LGPL-2.1-or-later
// Gathering and connecting two agents in one process.
#include "tests/bench/agents.h"

#include <stdexcept>

namespace bench {

void BothReported::report(int agent) {
  const std::scoped_lock lock(mutex_);
  if (reported_[agent]) return;
  reported_[agent] = true;
  last_ = Clock::now();
  changed_.notify_all();
}

Clock::time_point BothReported::wait(const char* what) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::seconds(10), [this] { return reported_[0] && reported_[1]; }))
    throw std::runtime_error(std::string("not ") + what + " within 10 s");
  return last_;
}

// ---- ours ----

namespace {

std::string state_of(GstElement* element, const char* property) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), property);
  gint state = 0;
  g_object_get(element, property, &state, nullptr);
  const GEnumValue* value = g_enum_get_value(G_PARAM_SPEC_ENUM(spec)->enum_class, state);
  return value != nullptr ? value->value_nick : "";
}

}  // namespace

IceAgents::IceAgents(GstElement* first, GstElement* second)
    : elements_{first, second}, watches_{{this, 0}, {this, 1}}, handlers_{} {
  for (int i = 0; i < 2; ++i) {
    g_object_set(elements_[i], "controlling", i == 0 ? TRUE : FALSE, "interfaces", "lo", nullptr);
    handlers_[i] =
        g_signal_connect(elements_[i], "notify::ice-gathering-state", G_CALLBACK(on_gathering), &watches_[i]);
    handlers_[2 + i] =
        g_signal_connect(elements_[i], "notify::ice-connection-state", G_CALLBACK(on_connection), &watches_[i]);
  }
}

IceAgents::~IceAgents() {
  for (int i = 0; i < 4; ++i) g_signal_handler_disconnect(elements_[i % 2], handlers_[i]);
}

void IceAgents::on_gathering(GstElement* element, GParamSpec*, gpointer data) {
  const auto* watch = static_cast<Watch*>(data);
  if (state_of(element, "ice-gathering-state") == "complete") watch->agents->gathered_.report(watch->index);
}

void IceAgents::on_connection(GstElement* element, GParamSpec*, gpointer data) {
  const auto* watch = static_cast<Watch*>(data);
  const std::string state = state_of(element, "ice-connection-state");
  if (state == "connected" || state == "completed") watch->agents->connected_.report(watch->index);
}

void IceAgents::wait_gathered() {
  gathered_.wait("gathered");
}

Clock::duration IceAgents::connect() {
  gchar* descriptions[2] = {nullptr, nullptr};
  for (int i = 0; i < 2; ++i) g_object_get(elements_[i], "local-description", &descriptions[i], nullptr);
  g_object_set(elements_[1], "remote-description", descriptions[0], nullptr);
  // From before the second call: what it takes is counted.
  const Clock::time_point both_have_it = Clock::now();
  g_object_set(elements_[0], "remote-description", descriptions[1], nullptr);
  for (gchar* description : descriptions) g_free(description);
  return connected_.wait("connected") - both_have_it;
}

// ---- libnice ----

NiceAgents::NiceAgents()
    : context_(g_main_context_new()),
      loop_(g_main_loop_new(context_, FALSE)),
      thread_([this] {
        g_main_context_push_thread_default(context_);
        g_main_loop_run(loop_);
        g_main_context_pop_thread_default(context_);
      }),
      watches_{{this, 0}, {this, 1}} {
  for (int i = 0; i < 2; ++i) {
    agents_[i] = nice_agent_new(context_, NICE_COMPATIBILITY_RFC5245);
    g_object_set(agents_[i], "controlling-mode", i == 0 ? TRUE : FALSE, "ice-tcp", FALSE, "upnp", FALSE, nullptr);
    NiceAddress loopback;
    nice_address_init(&loopback);
    nice_address_set_from_string(&loopback, "127.0.0.1");
    nice_agent_add_local_address(agents_[i], &loopback);
    streams_[i] = nice_agent_add_stream(agents_[i], 1);
    g_signal_connect(agents_[i], "candidate-gathering-done", G_CALLBACK(on_gathered), &watches_[i]);
    g_signal_connect(agents_[i], "component-state-changed", G_CALLBACK(on_state), &watches_[i]);
  }
}

NiceAgents::~NiceAgents() {
  for (int i = 0; i < 2; ++i) {
    nice_agent_remove_stream(agents_[i], streams_[i]);
    g_object_unref(agents_[i]);
  }
  g_main_loop_quit(loop_);
  thread_.join();
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

void NiceAgents::discard_media(int index) {
  nice_agent_attach_recv(
      agents_[index], streams_[index], 1, context_, [](NiceAgent*, guint, guint, guint, gchar*, gpointer) {}, nullptr);
}

void NiceAgents::gather() {
  for (int i = 0; i < 2; ++i) nice_agent_gather_candidates(agents_[i], streams_[i]);
  gathered_.wait("gathered");
}

Clock::duration NiceAgents::connect() {
  GSList* candidates[2];
  for (int i = 0; i < 2; ++i) candidates[i] = nice_agent_get_local_candidates(agents_[i], streams_[i], 1);
  const auto tell = [&](int who) {
    gchar* ufrag = nullptr;
    gchar* pwd = nullptr;
    nice_agent_get_local_credentials(agents_[1 - who], streams_[1 - who], &ufrag, &pwd);
    nice_agent_set_remote_credentials(agents_[who], streams_[who], ufrag, pwd);
    g_free(ufrag);
    g_free(pwd);
    nice_agent_set_remote_candidates(agents_[who], streams_[who], 1, candidates[1 - who]);
  };
  tell(1);
  const Clock::time_point both_have_it = Clock::now();
  tell(0);
  for (GSList* list : candidates) g_slist_free_full(list, reinterpret_cast<GDestroyNotify>(nice_candidate_free));
  return connected_.wait("connected") - both_have_it;
}

void NiceAgents::on_gathered(NiceAgent*, guint, gpointer data) {
  const auto* watch = static_cast<Watch*>(data);
  watch->agents->gathered_.report(watch->index);
}

void NiceAgents::on_state(NiceAgent*, guint, guint, guint state, gpointer data) {
  const auto* watch = static_cast<Watch*>(data);
  // "connected" of libnice is ours: a working pair, not yet nominated.
  if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY)
    watch->agents->connected_.report(watch->index);
}

}  // namespace bench
