// SPDX-License-Identifier: LGPL-2.1-or-later
// Sessions on loopback for tests: what their observers saw, and how two of them meet.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gst/agent/event_thread.h"
#include "gst/agent/session.h"
#include "gst/net/loop_pool.h"

namespace gstice::test {

inline constexpr ice::StreamId kStream{0};
inline constexpr ice::ComponentId kRtp{1};
/// Nothing here takes long; on a loaded machine under a sanitizer it may.
inline constexpr std::chrono::seconds kPatience{20};

/// Keeps every event and lets a test wait for one.
class EventLog {
 public:
  Session::Observer observer() {
    return [this](const ice::Event& event) {
      const std::lock_guard lock(mutex_);
      on_event_thread_ = on_event_thread_ && EventThread::is_current();
      events_.push_back(event);
      changed_.notify_all();
    };
  }

  /// True once an event satisfies `wanted`; false when none does in time.
  bool wait_for(const std::function<bool(const ice::Event&)>& wanted) {
    std::unique_lock lock(mutex_);
    std::size_t seen = 0;
    return changed_.wait_for(lock, kPatience, [&] {
      for (; seen < events_.size(); ++seen) {
        if (wanted(events_[seen])) return true;
      }
      return false;
    });
  }

  bool wait_for_state(ice::ConnectionState state) {
    return wait_for([state](const ice::Event& event) {
      const auto* const changed = std::get_if<ice::ConnectionStateChanged>(&event);
      return changed != nullptr && changed->state == state;
    });
  }

  bool wait_for_gathering() {
    return wait_for([](const ice::Event& event) {
      const auto* const changed = std::get_if<ice::GatheringStateChanged>(&event);
      return changed != nullptr && changed->state == ice::GatheringState::complete;
    });
  }

  std::vector<ice::Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  std::vector<std::string> warnings() const {
    std::vector<std::string> texts;
    for (const ice::Event& event : events()) {
      if (const auto* const warning = std::get_if<ice::Warning>(&event)) texts.push_back(warning->text);
    }
    return texts;
  }
  bool always_on_event_thread() const {
    const std::lock_guard lock(mutex_);
    return on_event_thread_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ice::Event> events_;
  bool on_event_thread_ = true;
};

/// Returns once the event thread has done what was posted before.
inline void drain_event_thread() {
  std::promise<void> done;
  EventThread::post([&] { done.set_value(); });
  done.get_future().wait();
}

/// Returns once all threads have let go of what earlier calls released.
inline void settle_threads() {
  LoopPool::instance().drain();
  drain_event_thread();
}

/// One side of a call: a session with one component on 127.0.0.1, and its log.
struct Peer {
  explicit Peer(ice::Role role, std::vector<std::string> interfaces = {"127.0.0.1"}, SocketOptions options = {})
      : log(std::make_shared<EventLog>()) {
    ice::AgentConfig config;
    config.role = role;
    // The log lives as long as events may come.
    session =
        Session::create(config, [log = log, observer = log->observer()](const ice::Event& event) { observer(event); });
    options.interfaces = std::move(interfaces);
    session->set_socket_options(options);
  }

  std::shared_ptr<MediaSender> sender(ice::ComponentId component = kRtp) const {
    return session->sender(kStream, component);
  }
  std::shared_ptr<MediaReceiver> receiver(ice::ComponentId component = kRtp) const {
    return session->receiver(kStream, component);
  }

  std::shared_ptr<EventLog> log;
  std::shared_ptr<Session> session;
};

/// A controlling and a controlled peer.
struct Call {
  Peer a{ice::Role::controlling};
  Peer b{ice::Role::controlled};

  /// Adds the component, gathers on both sides, hands the descriptions over.
  bool meet() {
    for (Peer* peer : {&a, &b}) {
      if (!peer->session->add_component(kStream, kRtp)) return false;
      peer->receiver()->set_listening(true);
      peer->session->gather();
    }
    if (!a.log->wait_for_gathering() || !b.log->wait_for_gathering()) return false;
    return a.session->set_remote_description(b.session->local_description()).ok() &&
           b.session->set_remote_description(a.session->local_description()).ok();
  }

  bool connect() {
    return meet() && a.log->wait_for_state(ice::ConnectionState::completed) &&
           b.log->wait_for_state(ice::ConnectionState::completed);
  }

  /// Why they are not where they should be.
  std::string explain() const {
    std::string text;
    for (const Peer* peer : {&a, &b}) {
      text += std::string(ice::text(peer->session->connection_state())) + ": " + peer->session->explain() + "\n";
      for (const auto& pair : peer->session->snapshot().pairs) {
        text += pair.local.address.text() + " -> " + pair.remote.address.text() + " " + ice::text(pair.state) +
                (pair.valid ? " valid" : "") + (pair.nominated ? " nominated" : "") + ", " +
                std::to_string(pair.requests_sent) + " sent, " + std::to_string(pair.responses_received) +
                " answered\n";
      }
    }
    return text;
  }
};

}  // namespace gstice::test
