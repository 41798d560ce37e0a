// SPDX-License-Identifier: LGPL-2.1-or-later
// The rendezvous as an agent sees it: what the client says on its GLib thread, brought to the event thread in order.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gst/rendezvous/client.h"

namespace gstice {

/// Hears of the room and of the peer in it; on the event thread, under no lock.
class PeerListener {
 public:
  virtual ~PeerListener() = default;
  /// We are in the room; `first`: nobody was there before us.
  virtual void on_room_entered(bool first) = 0;
  /// A peer is there: the moment to send it our description. `newcomer`: another peer than the one before.
  virtual void on_peer_joined(bool newcomer) = 0;
  virtual void on_peer_description(const std::string& text) = 0;
  /// An empty line ends the stream's candidates.
  virtual void on_peer_candidate(unsigned stream, const std::string& line) = 0;
  /// Every flow that the peer sends on; replaces what it said before.
  virtual void on_peer_caps(const std::vector<FlowCaps>& flows) = 0;
  virtual void on_peer_key_frame(unsigned stream, unsigned component) = 0;
  /// `sent`: how much it sent to us, when it said so.
  virtual void on_peer_left(bool goodbye, const FlowCounts& sent) = 0;
  /// `fatal`: no further attempt is made.
  virtual void on_rendezvous_failed(const std::string& message, bool fatal) = 0;
};

/// Any thread; nothing blocks on the network.
class PeerExchange {
 public:
  PeerExchange();
  ~PeerExchange();

  /// Enters the room, having left the one before. After this the listener hears nothing of earlier rooms.
  void start(const std::string& url, std::weak_ptr<PeerListener> listener);
  /// Says goodbye and leaves. `sent`: what was sent to the peer.
  void stop(FlowCounts sent = std::nullopt);
  [[nodiscard]] bool running() const;

  /// Until resume() the listener hears nothing; what comes meanwhile is kept for it, in order and in bounds. Event
  /// thread.
  void hold();
  void resume();

  void send_description(std::string description);
  void send_candidate(unsigned stream, std::string line);
  void send_caps(std::vector<FlowCaps> flows);
  void send_key_frame(unsigned stream, unsigned component);

 private:
  struct Room;
  std::shared_ptr<Room> replace(std::shared_ptr<Room> room);
  [[nodiscard]] std::shared_ptr<Room> room() const;

  mutable std::mutex mutex_;  ///< guards room_; a leaf lock
  std::shared_ptr<Room> room_;
};

}  // namespace gstice
