// SPDX-License-Identifier: LGPL-2.1-or-later
// RoomTable: the rules of a room.
#include "gst/rendezvous/room.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace gstice::rendezvous {
namespace {

/// In constant time: a token is a secret.
bool equal_secrets(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_for_the_peer(const Message& message) {
  return std::holds_alternative<Description>(message) || std::holds_alternative<CandidateLine>(message) ||
         std::holds_alternative<Caps>(message) || std::holds_alternative<KeyFrame>(message) ||
         std::holds_alternative<Unknown>(message);
}

Actions operator+(Actions first, Actions second) {
  first.insert(first.end(), std::make_move_iterator(second.begin()), std::make_move_iterator(second.end()));
  return first;
}

}  // namespace

Actions refuse(ConnectionId connection, const RefusalKind& kind, const std::string& reason) {
  return {SendText{connection, to_text(Refusal{kind.code, reason})},
          EndConnection{connection, kind.close_code, reason}};
}

Actions RoomTable::receive(ConnectionId connection, const std::string& room, const Parsed& message) {
  const bool joined = is_in_room(connection);
  if (const auto* greeting = std::get_if<Hello>(&message.message)) {
    if (!joined) return hello(connection, room, *greeting);
    return refuse(connection, kRefusedMessage, "a second hello") + lost(connection);
  }
  if (!joined) return refuse(connection, kRefusedHello, "the first message is no hello");
  if (std::holds_alternative<Goodbye>(message.message)) {
    Actions actions = relay(connection, message.canonical);
    actions.emplace_back(EndConnection{connection, 1000, ""});
    return std::move(actions) + leave(connection, true);
  }
  if (is_for_the_peer(message.message)) return relay(connection, message.canonical);
  // Nobody may speak to the other peer in the server's name.
  return refuse(connection, kRefusedMessage, "a message that only the server sends") + lost(connection);
}

Actions RoomTable::hello(ConnectionId connection, const std::string& room_name, const Hello& hello) {
  const auto found = rooms_.find(room_name);
  if (found == rooms_.end() && rooms_.size() >= max_rooms_) {
    return refuse(connection, kRefusedBusy, "the server has no more rooms");
  }
  Room& room = found == rooms_.end() ? rooms_[room_name] : found->second;

  Actions actions;
  auto self = std::find_if(room.begin(), room.end(), [&](const Member& member) { return member.peer == hello.peer; });
  if (self != room.end()) {
    if (!equal_secrets(self->token, hello.token)) {
      return refuse(connection, kRefusedTaken, "another connection has this peer-id in the room, with another token");
    }
    const ConnectionId old = std::exchange(self->connection, connection);
    room_of_.erase(old);
    actions = refuse(old, kRefusedReplaced, "a newer connection of the same peer took the place");
  } else if (room.size() >= 2) {
    return {SendText{connection, to_text(RoomFull{})},
            EndConnection{connection, kRefusedFull.close_code, "the room is full"}};
  } else {
    self = room.insert(room.end(), Member{connection, hello.peer, hello.token});
  }
  room_of_[connection] = room_name;

  const bool first = self == room.begin();
  actions.emplace_back(SendText{connection, to_text(Welcome{std::min(hello.version, kVersion), first})});
  for (const Member& other : room) {
    if (other.connection == connection) continue;
    actions.emplace_back(SendText{connection, to_text(PeerPresent{other.peer, first})});
    actions.emplace_back(SendText{other.connection, to_text(PeerPresent{hello.peer, !first})});
  }
  return actions;
}

Actions RoomTable::relay(ConnectionId connection, const std::string& text) {
  Actions actions;
  for (const Member& member : rooms_.at(room_of_.at(connection))) {
    if (member.connection != connection) actions.emplace_back(SendText{member.connection, text});
  }
  return actions;
}

Actions RoomTable::lost(ConnectionId connection) {
  return leave(connection, false);
}

Actions RoomTable::leave(ConnectionId connection, bool goodbye) {
  const auto entry = room_of_.extract(connection);
  if (entry.empty()) return {};
  const auto room = rooms_.find(entry.mapped());
  const auto self = std::find_if(room->second.begin(), room->second.end(),
                                 [&](const Member& member) { return member.connection == connection; });
  const std::string peer = self->peer;
  room->second.erase(self);
  if (room->second.empty()) {
    rooms_.erase(room);
    return {};
  }
  return {SendText{room->second.front().connection, to_text(PeerLeft{peer, goodbye})}};
}

}  // namespace gstice::rendezvous
