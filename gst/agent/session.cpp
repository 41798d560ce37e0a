// SPDX-License-Identifier: LGPL-2.1-or-later
// Session's calls, handed to the agent under the lock. What happens around them: session_impl.cpp.
#include "gst/agent/session.h"

#include <utility>

#include "gst/agent/session_impl.h"

namespace gstice {

std::shared_ptr<Session> Session::create(ice::AgentConfig config, Observer observer) {
  const std::shared_ptr<Session> session(new Session(std::make_unique<Impl>(std::move(config), std::move(observer))));
  session->impl_->set_self(session);
  return session;
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() {
  impl_->close();
}

void Session::set_socket_options(SocketOptions options) {
  impl_->set_socket_options(std::move(options));
}

ice::Result<> Session::add_component(ice::StreamId stream, ice::ComponentId component) {
  return impl_->add_component({stream, component});
}

void Session::remove_component(ice::StreamId stream, ice::ComponentId component) {
  impl_->remove_component({stream, component});
}

ice::Result<> Session::set_local_credentials(const ice::Credentials& credentials) {
  return impl_->drive([&](ice::Agent& agent, ice::TimePoint) { return agent.set_local_credentials(credentials); });
}

ice::Result<> Session::set_role(ice::Role role) {
  return impl_->drive([&](ice::Agent& agent, ice::TimePoint) { return agent.set_role(role); });
}

ice::Result<> Session::set_pacing(std::chrono::milliseconds pacing) {
  return impl_->drive([&](ice::Agent& agent, ice::TimePoint) { return agent.set_pacing(pacing); });
}

void Session::gather() {
  impl_->gather();
}

ice::Result<> Session::set_remote_description(const ice::Description& description) {
  return impl_->drive(
      [&](ice::Agent& agent, ice::TimePoint now) { return agent.set_remote_description(now, description); });
}

ice::Result<> Session::set_remote_credentials(const ice::Credentials& credentials) {
  return impl_->drive(
      [&](ice::Agent& agent, ice::TimePoint now) { return agent.set_remote_credentials(now, credentials); });
}

ice::Result<> Session::add_remote_candidate(ice::StreamId stream, const ice::Candidate& candidate) {
  return impl_->drive(
      [&](ice::Agent& agent, ice::TimePoint now) { return agent.add_remote_candidate(now, stream, candidate); });
}

void Session::end_remote_candidates(ice::StreamId stream) {
  impl_->drive([&](ice::Agent& agent, ice::TimePoint now) { agent.end_remote_candidates(now, stream); });
}

void Session::new_generation() {
  impl_->drive([](ice::Agent& agent, ice::TimePoint now) { agent.new_generation(now); });
}

void Session::close() {
  impl_->close();
}

ice::GatheringState Session::gathering_state() const {
  return impl_->look([](const ice::Agent& agent) { return agent.gathering_state(); });
}

ice::ConnectionState Session::connection_state() const {
  return impl_->look([](const ice::Agent& agent) { return agent.connection_state(); });
}

ice::Role Session::role() const {
  return impl_->look([](const ice::Agent& agent) { return agent.role(); });
}

ice::Credentials Session::local_credentials() const {
  return impl_->look([](const ice::Agent& agent) -> ice::Credentials { return agent.local_credentials(); });
}

ice::Credentials Session::remote_credentials() const {
  return impl_->look([](const ice::Agent& agent) -> ice::Credentials { return agent.remote_credentials(); });
}

ice::Description Session::local_description() const {
  return impl_->look([](const ice::Agent& agent) { return agent.local_description(); });
}

std::optional<ice::SelectedPair> Session::selected_pair(ice::StreamId stream, ice::ComponentId component) const {
  return impl_->look([&](const ice::Agent& agent) { return agent.selected_pair(stream, component); });
}

ice::AgentCounters Session::counters() const {
  auto counters = impl_->look([](const ice::Agent& agent) { return agent.counters(); });
  counters.discarded_strangers += impl_->strangers();
  return counters;
}

ice::Snapshot Session::snapshot() const {
  auto snapshot = impl_->look([](const ice::Agent& agent) { return agent.snapshot(); });
  snapshot.counters.discarded_strangers += impl_->strangers();
  return snapshot;
}

std::string Session::explain() const {
  return impl_->look([](const ice::Agent& agent) { return agent.explain(); });
}

std::shared_ptr<MediaSender> Session::sender(ice::StreamId stream, ice::ComponentId component) const {
  return impl_->sender({stream, component});
}

std::shared_ptr<MediaReceiver> Session::receiver(ice::StreamId stream, ice::ComponentId component) const {
  return impl_->receiver({stream, component});
}

void Session::set_buffer_sizes(ice::StreamId stream, ice::ComponentId component, int send_bytes, int receive_bytes) {
  impl_->set_buffer_sizes({stream, component}, send_bytes, receive_bytes);
}

void Session::set_dscp(ice::StreamId stream, ice::ComponentId component, int dscp) {
  impl_->set_dscp({stream, component}, dscp);
}

}  // namespace gstice
