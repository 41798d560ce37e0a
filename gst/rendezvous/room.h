// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is in which room, and who is told what. No sockets, no clock: messages in, things to do out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "gst/rendezvous/protocol.h"

namespace gstice::rendezvous {

/// One connection to the server; never used twice.
using ConnectionId = std::uint64_t;

/// Send this text to that connection.
struct SendText {
  ConnectionId to = 0;
  std::string text;
};
/// End that connection; it is in no room any more. What is to be sent to it comes before.
struct EndConnection {
  ConnectionId connection = 0;
  std::uint16_t close_code = 0;
  std::string reason;
};
using Action = std::variant<SendText, EndConnection>;
/// To be done in this order.
using Actions = std::vector<Action>;

class RoomTable {
 public:
  explicit RoomTable(std::size_t max_rooms) : max_rooms_(max_rooms) {}

  /// `connection` came to `room` and sent this message. Before its hello it is in no room.
  Actions receive(ConnectionId connection, const std::string& room, const Parsed& message);
  /// `connection` broke. Nothing happens when it was in no room.
  Actions lost(ConnectionId connection);

  [[nodiscard]] bool is_in_room(ConnectionId connection) const { return room_of_.contains(connection); }
  [[nodiscard]] std::size_t room_count() const { return rooms_.size(); }

 private:
  struct Member {
    ConnectionId connection = 0;
    std::string peer;
    std::string token;
  };
  /// One or two, in the order in which they came; a comeback keeps its place.
  using Room = std::vector<Member>;

  Actions hello(ConnectionId connection, const std::string& room_name, const Hello& hello);
  Actions relay(ConnectionId connection, const std::string& text);
  Actions leave(ConnectionId connection, bool goodbye);

  std::size_t max_rooms_;
  std::unordered_map<std::string, Room> rooms_;
  std::unordered_map<ConnectionId, std::string> room_of_;
};

/// Tells `connection` why, then ends it. For refusals that the table does not decide (rate, silence, …).
Actions refuse(ConnectionId connection, const RefusalKind& kind, const std::string& reason);

}  // namespace gstice::rendezvous
