// SPDX-License-Identifier: LGPL-2.1-or-later
// From the rendezvous' GLib thread to the event thread.
#include "gst/agent/peer_exchange.h"

#include <atomic>
#include <deque>
#include <functional>
#include <utility>

#include "gst/agent/event_thread.h"

namespace gstice {

namespace {

/// What a room may say while it is held; then it is not held any more.
constexpr std::size_t kMaxKept = 1024;

}  // namespace

/// One stay in one room. The client's callbacks hold it weakly: it dies with the PeerExchange that left.
struct PeerExchange::Room {
  std::weak_ptr<PeerListener> listener;
  std::atomic<bool> left{false};
  std::string peer_id;  ///< the latest peer's; event thread only
  std::unique_ptr<RendezvousClient> client;

  using News = std::function<void(Room&, PeerListener&)>;
  // Event thread only:
  bool held = false;
  bool telling = false;
  std::deque<News> kept;

  /// Runs `what` with the listener on the event thread, unless we have left by then.
  static void tell(const std::weak_ptr<Room>& weak, News what) {
    EventThread::post([weak, what = std::move(what)]() mutable {
      const auto room = weak.lock();
      if (!room) return;
      room->kept.push_back(std::move(what));
      if (room->kept.size() > kMaxKept) room->held = false;
      room->tell_kept();
    });
  }

  void tell_kept() {
    if (telling) return;  // hold() or resume() from inside a listener
    telling = true;
    const auto hearer = listener.lock();
    while (!held && !left && hearer && !kept.empty()) {
      const News news = std::move(kept.front());
      kept.pop_front();
      news(*this, *hearer);
    }
    telling = false;
  }
};

PeerExchange::PeerExchange() = default;
PeerExchange::~PeerExchange() {
  stop();
}

std::shared_ptr<PeerExchange::Room> PeerExchange::replace(std::shared_ptr<Room> room) {
  const std::lock_guard lock(mutex_);
  std::swap(room_, room);
  return room;
}

void PeerExchange::start(const std::string& url, std::weak_ptr<PeerListener> listener) {
  stop();
  auto room = std::make_shared<Room>();
  room->listener = std::move(listener);
  const std::weak_ptr<Room> weak = room;

  RendezvousClient::Callbacks callbacks;
  callbacks.joined = [weak](bool first) {
    Room::tell(weak, [first](Room&, PeerListener& to) { to.on_room_entered(first); });
  };
  callbacks.peer_joined = [weak](const std::string& id) {
    Room::tell(weak, [id](Room& here, PeerListener& to) {
      const bool newcomer = !here.peer_id.empty() && here.peer_id != id;
      here.peer_id = id;
      to.on_peer_joined(newcomer);
    });
  };
  callbacks.description = [weak](const std::string& text) {
    Room::tell(weak, [text](Room&, PeerListener& to) { to.on_peer_description(text); });
  };
  callbacks.candidate = [weak](unsigned stream, const std::string& line) {
    Room::tell(weak, [stream, line](Room&, PeerListener& to) { to.on_peer_candidate(stream, line); });
  };
  callbacks.caps = [weak](const std::vector<FlowCaps>& flows) {
    Room::tell(weak, [flows](Room&, PeerListener& to) { to.on_peer_caps(flows); });
  };
  callbacks.key_frame = [weak](unsigned stream, unsigned component) {
    Room::tell(weak, [stream, component](Room&, PeerListener& to) { to.on_peer_key_frame(stream, component); });
  };
  callbacks.peer_left = [weak](bool goodbye, const FlowCounts& sent) {
    Room::tell(weak, [goodbye, sent](Room&, PeerListener& to) { to.on_peer_left(goodbye, sent); });
  };
  callbacks.failed = [weak](const std::string& message, bool fatal) {
    Room::tell(weak, [message, fatal](Room&, PeerListener& to) { to.on_rendezvous_failed(message, fatal); });
  };

  const std::lock_guard lock(mutex_);
  // What the callbacks post is run later, by which time room_ is in place.
  room->client = RendezvousClient::connect(url, std::move(callbacks));
  room_ = std::move(room);
}

void PeerExchange::stop(FlowCounts sent) {
  if (const auto room = replace(nullptr)) {
    room->left = true;
    room->client->close(std::move(sent));
  }
}

std::shared_ptr<PeerExchange::Room> PeerExchange::room() const {
  const std::lock_guard lock(mutex_);
  return room_;
}

void PeerExchange::hold() {
  if (const auto here = room()) here->held = true;
}

void PeerExchange::resume() {
  const auto here = room();
  if (!here) return;
  here->held = false;
  here->tell_kept();
}

bool PeerExchange::running() const {
  const std::lock_guard lock(mutex_);
  return room_ != nullptr;
}

void PeerExchange::send_description(std::string description) {
  const std::lock_guard lock(mutex_);
  if (room_) room_->client->send_description(std::move(description));
}

void PeerExchange::send_candidate(unsigned stream, std::string line) {
  const std::lock_guard lock(mutex_);
  if (room_) room_->client->send_candidate(stream, std::move(line));
}

void PeerExchange::send_caps(std::vector<FlowCaps> flows) {
  const std::lock_guard lock(mutex_);
  if (room_) room_->client->send_caps(std::move(flows));
}

void PeerExchange::send_key_frame(unsigned stream, unsigned component) {
  const std::lock_guard lock(mutex_);
  if (room_) room_->client->send_key_frame(stream, component);
}

}  // namespace gstice
