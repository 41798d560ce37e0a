// SPDX-License-Identifier: LGPL-2.1-or-later
// The client of the rendezvous (docs/rendezvous.md): a WebSocket to a room, on a GLib thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gst/rendezvous/flows.h"
#include "ice-core/base/result.h"

extern "C" {
using GTlsDatabase = struct _GTlsDatabase;
}

namespace gstice {

/// The client's clocks and trust. The defaults are what docs/rendezvous.md promises; tests use shorter ones.
struct RendezvousOptions {
  std::chrono::milliseconds connect_timeout{10'000};  ///< until the server's welcome, in each attempt
  std::chrono::milliseconds first_pause{500};         ///< before the second attempt; doubles
  std::chrono::milliseconds longest_pause{10'000};
  std::chrono::seconds ping_interval{5};
  std::chrono::milliseconds silence_timeout{15'000};    ///< of the server; then we connect anew
  std::chrono::milliseconds comeback_patience{15'000};  ///< for the peer, after we had to connect anew
  std::chrono::milliseconds full_pause{1'000};          ///< between attempts while the room is full
  std::chrono::milliseconds full_patience{17'000};      ///< then it is: a dead peer's place was free by now
  GTlsDatabase* trust = nullptr;                        ///< for wss; null: the system's authorities. Not owned
};

class RendezvousClient {
 public:
  /// Called on the GLib thread, in order, under no lock; never after close() has returned, unless close() is called
  /// from inside one of them.
  struct Callbacks {
    /// We are in the room. `first`: nobody was there before us, so we control by default. Called again, before
    /// peer_joined, when that changes because of who came and went meanwhile.
    std::function<void(bool first)> joined;
    /// A peer is in the room with us. Called again with another id when a newcomer took its place, and with the same id
    /// when that peer comes back after peer_left. While a connection to the server is lost and mended within the
    /// comeback patience nothing is called: what was sent last is sent again by the client itself.
    std::function<void(const std::string& peer_id)> peer_joined;
    /// The peer's RFC 8840 fragment (or SDP), whole or as far as it is gathered.
    std::function<void(const std::string& description)> description;
    /// One trickled candidate line; an empty line ends the stream's candidates.
    std::function<void(unsigned stream, const std::string& candidate)> candidate;
    /// Every flow that the peer sends on, as far as it knows its caps. Replaces what it said before. Any text.
    std::function<void(const std::vector<FlowCaps>& flows)> caps;
    /// Somebody behind the peer wants a key frame on this flow of ours.
    std::function<void(unsigned stream, unsigned component)> key_frame;
    /// The peer left. `goodbye`: it said so; else its connection was lost. `sent`: what it sent to us.
    std::function<void(bool goodbye, const FlowCounts& sent)> peer_left;
    /// The rendezvous cannot be used: bad certificate, 404, room full, garbage, nobody listening … One sentence that
    /// names the part at fault and the address. `fatal`: no further attempt is made; else it tries again by itself.
    /// Also, not fatal, when something could not be sent as it is (too large, no Unicode).
    std::function<void(const std::string& message, bool fatal)> failed;
  };

  /// Refuses what is no `ws://host[:port]/room` or `wss://…`; the error names the part. Room: 1 to 128 characters.
  static ice::Result<> check_url(std::string_view url);

  /// Begins connecting, in the background; retries with growing pauses when the connection breaks after it was up.
  static std::unique_ptr<RendezvousClient> connect(std::string url, Callbacks callbacks,
                                                   RendezvousOptions options = {});
  /// Same as close().
  ~RendezvousClient();

  /// Sends to the peer in the room; what is sent before a peer is there is dropped (peer_joined is the moment to send).
  void send_description(std::string description);
  void send_candidate(unsigned stream, std::string candidate);
  /// All flows that we send on; the latest is sent anew by itself when one of us had to connect anew.
  void send_caps(std::vector<FlowCaps> flows);
  void send_key_frame(unsigned stream, unsigned component);
  /// Says goodbye, with what was sent to this peer where that is known, then leaves in the background. Any thread,
  /// callbacks included; does not block on the network. From another thread it waits for a callback that is running
  /// just now: hold no lock meanwhile that a callback takes.
  void close(FlowCounts sent = std::nullopt);

 private:
  class Impl;
  explicit RendezvousClient(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace gstice
