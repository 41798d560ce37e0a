// SPDX-License-Identifier: LGPL-2.1-or-later
// A WebSocket client written by hand, so that a test can send what no honest client sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/rendezvous/support.h"

namespace gstice::testing {

class RawClient {
 public:
  /// Connects and upgrades; `status()` tells how the server answered.
  explicit RawClient(std::uint16_t port, const std::string& room = "room");
  /// The same, and says hello; the answers are still to be read.
  static RawClient with_hello(std::uint16_t port, const std::string& room, const std::string& peer);

  [[nodiscard]] const std::string& status() const { return status_; }

  void send_bytes(std::string_view bytes) { write_all(socket_.get(), bytes); }
  void send_text(std::string_view text) { send_bytes(frame(0x81, text)); }
  /// The bytes of a masked frame; `first` holds FIN and the opcode (RFC 6455 5.2).
  static std::string frame(std::uint8_t first, std::string_view payload);

  struct Received {
    std::uint8_t opcode = 0;
    std::string payload;
  };
  /// The next frame, pings left out; nothing when the connection has ended.
  std::optional<Received> receive();
  /// The next text; "(closed <code> <reason>)" or "(ended)" when there is none.
  std::string receive_text();
  /// The text of the first that contains `part`, or how the connection ended.
  std::string receive_text_with(std::string_view part);
  /// Ends the connection without a word.
  void vanish() { socket_ = Descriptor(); }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  std::string read_exactly(std::size_t size);
  Descriptor socket_;
  std::string status_;
};

/// {"type":"hello", …} with a token made of the peer's id.
std::string hello_of(const std::string& peer);

}  // namespace gstice::testing
