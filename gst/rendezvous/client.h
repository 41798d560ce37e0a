// SPDX-License-Identifier: LGPL-2.1-or-later
// The client of the rendezvous (docs/rendezvous.md): a WebSocket to a room, on a GLib thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ice-core/base/result.h"

namespace gstice {

class RendezvousClient {
 public:
  /// Called on the GLib thread, in order, under no lock; never after close() has returned, unless close() is called
  /// from inside one of them.
  struct Callbacks {
    /// We are in the room. `first`: nobody was there before us, so we control by default.
    std::function<void(bool first)> joined;
    /// A peer is in the room with us. Called again with another id when a newcomer took its place.
    std::function<void(const std::string& peer_id)> peer_joined;
    /// The peer's RFC 8840 fragment (or SDP), whole or as far as it is gathered.
    std::function<void(const std::string& description)> description;
    /// One trickled candidate line; an empty line ends the stream's candidates.
    std::function<void(unsigned stream, const std::string& candidate)> candidate;
    /// The peer left. `goodbye`: it said so; else its connection was lost.
    std::function<void(bool goodbye)> peer_left;
    /// The rendezvous cannot be used: bad certificate, 404, room full, garbage, nobody listening … One sentence that names
    /// the part at fault and the address. `fatal`: no further attempt is made; else it tries again by itself.
    std::function<void(const std::string& message, bool fatal)> failed;
  };

  /// Refuses what is no `ws://host[:port]/room` or `wss://…`; the error names the part. Room: 1 to 128 characters.
  static ice::Result<> check_url(std::string_view url);

  /// Begins connecting, in the background; retries with growing pauses when the connection breaks after it was up.
  static std::unique_ptr<RendezvousClient> connect(std::string url, Callbacks callbacks);
  /// Same as close().
  ~RendezvousClient();

  /// Sends to the peer in the room; what is sent before a peer is there is dropped (peer_joined is the moment to send).
  void send_description(std::string description);
  void send_candidate(unsigned stream, std::string candidate);
  /// Says goodbye, then leaves in the background. Any thread; does not block on the network.
  void close();

 private:
  class Impl;
  explicit RendezvousClient(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace gstice
