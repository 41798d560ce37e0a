// SPDX-License-Identifier: LGPL-2.1-or-later
// The inside of Session: how the agent is driven.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gst/agent/observer_link.h"
#include "gst/agent/session.h"
#include "gst/agent/transport.h"
#include "gst/net/event_loop.h"
#include "ice-core/base/random.h"

namespace gstice {

class Session::Impl {
 public:
  using ComponentKey = std::pair<ice::StreamId, ice::ComponentId>;

  Impl(ice::AgentConfig config, Observer observer);

  void set_self(std::weak_ptr<Session> self) { self_ = std::move(self); }

  /// Calls `call(agent, now)` under the lock, then does what the agent wants done.
  template <typename Call>
  auto drive(Call&& call) {
    const std::lock_guard lock(mutex_);
    if constexpr (std::is_void_v<decltype(call(agent_, ice::TimePoint()))>) {
      call(agent_, now());
      settle();
    } else {
      auto result = call(agent_, now());
      settle();
      return result;
    }
  }
  /// Calls `look(agent)` under the lock.
  template <typename Look>
  auto look(Look&& look) const {
    const std::lock_guard lock(mutex_);
    return look(agent_);
  }

  void set_socket_options(SocketOptions options);
  ice::Result<> add_component(const ComponentKey& key);
  void remove_component(const ComponentKey& key);
  void gather();
  void close();

  [[nodiscard]] std::uint64_t strangers() const { return strangers_->load(std::memory_order_relaxed); }
  [[nodiscard]] std::shared_ptr<MediaSender> sender(const ComponentKey& key) const;
  [[nodiscard]] std::shared_ptr<MediaReceiver> receiver(const ComponentKey& key) const;
  void set_buffer_sizes(const ComponentKey& key, int send_bytes, int receive_bytes);
  void set_dscp(const ComponentKey& key, int dscp);

 private:
  struct Component {
    std::shared_ptr<MediaSender> sender = std::make_shared<MediaSender>();
    std::shared_ptr<MediaReceiver> receiver = std::make_shared<MediaReceiver>();
  };
  /// What was asked for a component, be it there already or not.
  struct SocketSettings {
    int send_buffer = 0;
    int receive_buffer = 1 << 20;
    int dscp = -1;
  };
  struct OpenedTransport {
    ComponentKey component;
    std::shared_ptr<Transport> transport;
    EventLoop::WatchId watch = EventLoop::WatchId::none;
  };

  static ice::TimePoint now() { return std::chrono::steady_clock::now(); }

  // ---- on the driver thread ----
  void stun_arrived(ice::TransportId id, const ice::Address& remote, ice::ByteView datagram);
  void transport_broke(ice::TransportId id, const std::string& reason);
  void timer_fired();

  // ---- all under mutex_ ----
  /// Sends and does what the agent has waiting until there is nothing more, then sets the timer anew.
  void settle();
  void send(const ice::Transmit& transmit);
  void obey(const ice::OpenTransport& event);
  void obey(const ice::CloseTransport& event);
  void obey(const ice::SourceValidated& event);
  void obey(const ice::SourceRevoked& event);
  void obey(const ice::PathChanged& event);
  template <typename Event>
  void obey(const Event&) {}  // the application's
  ice::Result<OpenedTransport> open(const ice::OpenTransport& event);
  void release(OpenedTransport& opened);
  void set_timer();
  /// The session's loop, leased when it is needed first.
  ice::Result<EventLoop*> loop();
  template <typename Apply>
  void for_sockets_of(const ComponentKey& key, Apply&& apply);

  std::weak_ptr<Session> self_;  ///< set once, before anything else
  const std::shared_ptr<ObserverLink> observer_;
  const std::shared_ptr<std::atomic<std::uint64_t>> strangers_ = std::make_shared<std::atomic<std::uint64_t>>(0);

  mutable std::mutex mutex_;  ///< guards what follows; for its order see session.h
  ice::SecureRandom random_;
  ice::Agent agent_;
  SocketOptions options_;
  bool gathered_ = false;
  bool closed_ = false;
  std::map<ComponentKey, Component> components_;
  std::map<ComponentKey, SocketSettings> settings_;
  std::unordered_map<ice::TransportId, OpenedTransport> transports_;
  std::vector<ice::Event> for_observer_;
  std::shared_ptr<EventLoop> loop_;
  EventLoop::TimerId timer_ = EventLoop::TimerId::none;
  std::optional<ice::TimePoint> armed_;
};

}  // namespace gstice
