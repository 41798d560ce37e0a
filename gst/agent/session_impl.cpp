// SPDX-License-Identifier: LGPL-2.1-or-later
// How a session drives its agent: datagrams and timers in, transmits and events out.
#include "gst/agent/session_impl.h"

#include <algorithm>
#include <string>

#include "gst/net/interfaces.h"
#include "gst/net/loop_pool.h"

namespace gstice {

namespace {

/// An agent that asks to be called at once, over and over, must not take its thread from the other sessions.
constexpr std::chrono::microseconds kShortestTimer{100};

bool is_for_application(const ice::Event& event) {
  return !std::holds_alternative<ice::OpenTransport>(event) && !std::holds_alternative<ice::CloseTransport>(event) &&
         !std::holds_alternative<ice::SourceValidated>(event) && !std::holds_alternative<ice::SourceRevoked>(event) &&
         !std::holds_alternative<ice::RelayOpened>(event) && !std::holds_alternative<ice::RelayClosed>(event) &&
         !std::holds_alternative<ice::Finished>(event);
}

}  // namespace

Session::Impl::Impl(ice::AgentConfig config, Observer observer)
    : observer_(std::make_shared<ObserverLink>(std::move(observer))), agent_(std::move(config), random_) {}

// ---- the application's calls ----

void Session::Impl::set_socket_options(SocketOptions options) {
  const std::lock_guard lock(mutex_);
  options_ = std::move(options);
}

ice::Result<> Session::Impl::add_component(const ComponentKey& key) {
  return drive([&](ice::Agent& agent, ice::TimePoint at) {
    auto added = agent.add_component(at, key.first, key.second);
    if (added) components_.try_emplace(key);
    return added;
  });
}

void Session::Impl::remove_component(const ComponentKey& key) {
  const std::lock_guard lock(mutex_);
  agent_.remove_component(now(), key.first, key.second);
  settle();
  settings_.erase(key);
  const auto found = components_.find(key);
  if (found == components_.end()) return;
  found->second.sender->close();
  found->second.receiver->close();
  components_.erase(found);
}

void Session::Impl::gather() {
  std::vector<std::string> wanted;
  {
    const std::lock_guard lock(mutex_);
    if (gathered_ || closed_) return;
    gathered_ = true;
    wanted = options_.interfaces;
  }
  const auto all = local_addresses();  // system calls, so not under the lock
  drive([&](ice::Agent& agent, ice::TimePoint at) {
    if (closed_) return;
    if (all) {
      for (const std::string& name : ice::unmatched_interfaces(*all, wanted)) {
        for_observer_.push_back(ice::Warning{"interfaces: this machine has no interface or address '" + name + "'"});
      }
      agent.set_local_addresses(ice::gathering_addresses(*all, wanted));
    } else {
      for_observer_.push_back(ice::Warning{all.error().message});
    }
    agent.gather(at);
  });
}

void Session::Impl::close() {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  closed_ = true;
  for_observer_.clear();
  agent_.close(now());
  settle();
  std::erase_if(for_observer_, [](const ice::Event& event) {
    const auto* const state = std::get_if<ice::ConnectionStateChanged>(&event);
    return state == nullptr || state->state != ice::ConnectionState::closed;
  });
  observer_->end(std::exchange(for_observer_, {}));

  for (auto& [key, component] : components_) {
    component.sender->close();
    component.receiver->close();
  }
  components_.clear();
  settings_.clear();
  for (auto& [id, opened] : transports_) release(opened);
  transports_.clear();
  if (loop_ && timer_ != EventLoop::TimerId::none) loop_->remove_timer(timer_);
  loop_.reset();
}

std::shared_ptr<MediaSender> Session::Impl::sender(const ComponentKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = components_.find(key);
  return found == components_.end() ? nullptr : found->second.sender;
}

std::shared_ptr<MediaReceiver> Session::Impl::receiver(const ComponentKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = components_.find(key);
  return found == components_.end() ? nullptr : found->second.receiver;
}

void Session::Impl::set_buffer_sizes(const ComponentKey& key, int send_bytes, int receive_bytes) {
  const std::lock_guard lock(mutex_);
  SocketSettings& settings = settings_[key];
  if (send_bytes > 0) settings.send_buffer = send_bytes;
  if (receive_bytes > 0) settings.receive_buffer = receive_bytes;
  for_sockets_of(key, [&](const UdpSocket& socket) { socket.set_buffer_sizes(send_bytes, receive_bytes); });
}

void Session::Impl::set_dscp(const ComponentKey& key, int dscp) {
  const std::lock_guard lock(mutex_);
  settings_[key].dscp = dscp;
  for_sockets_of(key, [&](const UdpSocket& socket) { socket.set_dscp(dscp); });
}

template <typename Apply>
void Session::Impl::for_sockets_of(const ComponentKey& key, Apply&& apply) {
  for (const auto& [id, opened] : transports_) {
    if (opened.component == key) apply(*opened.transport->socket());
  }
}

// ---- on the driver thread ----

void Session::Impl::stun_arrived(ice::TransportId id, const ice::Address& remote, ice::ByteView datagram) {
  drive([&](ice::Agent& agent, ice::TimePoint at) { agent.handle_datagram(at, id, remote, datagram); });
}

void Session::Impl::transport_broke(ice::TransportId id, const std::string& reason) {
  drive([&](ice::Agent& agent, ice::TimePoint at) {
    // Whatever the agent makes of it, the loop must not be woken by this socket any more.
    obey(ice::CloseTransport{id});
    agent.transport_failed(at, id, reason);
  });
}

void Session::Impl::timer_fired() {
  drive([&](ice::Agent& agent, ice::TimePoint at) {
    armed_.reset();
    // It may have been set for an earlier reason that is no more.
    if (const auto next = agent.next_timeout(); next && *next <= at) agent.handle_timeout(at);
  });
}

// ---- under the lock ----

void Session::Impl::settle() {
  while (true) {
    if (const auto transmit = agent_.poll_transmit()) {
      send(*transmit);
      continue;
    }
    auto event = agent_.poll_event();
    if (!event) break;
    std::visit([this](const auto& each) { obey(each); }, *event);
    if (is_for_application(*event)) for_observer_.push_back(std::move(*event));
  }
  if (closed_) return;
  observer_->post(std::exchange(for_observer_, {}));
  set_timer();
}

void Session::Impl::send(const ice::Transmit& transmit) {
  if (closed_) return;
  const auto found = transports_.find(transmit.transport);
  // A full buffer drops it, as the network might: STUN repeats itself.
  if (found != transports_.end()) found->second.transport->socket()->send(transmit.remote, transmit.bytes);
}

void Session::Impl::obey(const ice::OpenTransport& event) {
  if (closed_) return;
  if (event.protocol != ice::TransportProtocol::udp) {
    agent_.transport_failed(now(), event.id, "only UDP is spoken here yet");
    return;
  }
  auto opened = open(event);
  if (!opened) {
    agent_.transport_failed(now(), event.id, opened.error().message);
    return;
  }
  const ice::Address local = opened->transport->socket()->local();
  transports_[event.id] = std::move(opened).value();
  agent_.transport_ready(now(), event.id, local);
}

ice::Result<Session::Impl::OpenedTransport> Session::Impl::open(const ice::OpenTransport& event) {
  const ComponentKey key{event.stream, event.component};
  const SocketSettings settings = settings_.contains(key) ? settings_.at(key) : SocketSettings{};
  auto socket = UdpSocket::open({.local = event.local.address,
                                 .interface_index = event.local.interface_index,
                                 .min_port = options_.min_port,
                                 .max_port = options_.max_port,
                                 .send_buffer = settings.send_buffer,
                                 .receive_buffer = settings.receive_buffer,
                                 .dscp = settings.dscp},
                                random_);
  if (!socket) return socket.error();
  auto driver = loop();
  if (!driver) return driver.error();

  const auto id = event.id;
  Transport::Callbacks callbacks{
      .stun =
          [self = self_, id](const ice::Address& remote, ice::ByteView datagram) {
            if (const auto session = self.lock()) session->impl_->stun_arrived(id, remote, datagram);
          },
      .broken =
          [self = self_, id](const std::string& reason) {
            if (const auto session = self.lock()) session->impl_->transport_broke(id, reason);
          },
  };
  auto transport = std::make_shared<Transport>(*socket, strangers_, std::move(callbacks));
  const auto watch = (*driver)->watch((*socket)->fd(), transport);
  if (!watch) return watch.error();
  return OpenedTransport{key, std::move(transport), *watch};
}

void Session::Impl::release(OpenedTransport& opened) {
  opened.transport->stop();
  loop_->unwatch(opened.watch);
}

void Session::Impl::obey(const ice::CloseTransport& event) {
  const auto found = transports_.find(event.id);
  if (found == transports_.end()) return;
  release(found->second);
  transports_.erase(found);
}

void Session::Impl::obey(const ice::SourceValidated& event) {
  const auto transport = transports_.find(event.transport);
  const auto component = components_.find({event.stream, event.component});
  if (transport == transports_.end() || component == components_.end() || event.relay) return;
  transport->second.transport->validate(event.remote, component->second.receiver);
}

void Session::Impl::obey(const ice::SourceRevoked& event) {
  const auto found = transports_.find(event.transport);
  if (found != transports_.end() && !event.relay) found->second.transport->revoke(event.remote);
}

void Session::Impl::obey(const ice::PathChanged& event) {
  const auto component = components_.find({event.stream, event.component});
  if (component == components_.end()) return;
  MediaSender& sender = *component->second.sender;
  const auto transport = event.path ? transports_.find(event.path->transport) : transports_.end();
  if (transport == transports_.end() || event.path->relay) return sender.revoke();
  sender.set_path(transport->second.transport->socket(), event.path->remote);
}

void Session::Impl::set_timer() {
  const auto next = agent_.next_timeout();
  // A timer that is early is only looked at again, which costs less than moving it with every call.
  if (!next || (armed_ && *armed_ <= *next)) return;
  const auto driver = loop();
  if (!driver) return;
  if (timer_ == EventLoop::TimerId::none) {
    timer_ = (*driver)->add_timer([self = self_] {
      if (const auto session = self.lock()) session->impl_->timer_fired();
    });
  }
  armed_ = std::max(*next, now() + kShortestTimer);
  (*driver)->arm(timer_, *armed_);
}

ice::Result<EventLoop*> Session::Impl::loop() {
  if (!loop_) {
    auto lease = LoopPool::instance().lease();
    if (!lease) return lease.error();
    loop_ = std::move(lease).value();
  }
  return loop_.get();
}

}  // namespace gstice
