// SPDX-License-Identifier: LGPL-2.1-or-later
// The messages of the rendezvous (docs/rendezvous.md) as values; JSON text in, JSON text out. Total: any bytes give a
// message or an error. Client and server share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gst/rendezvous/flows.h"
#include "ice-core/base/result.h"

namespace gstice::rendezvous {

/// The version of the wire format that we speak. A peer that knows none in common is refused.
inline constexpr int kVersion = 1;

inline constexpr std::size_t kMaxMessageBytes = 320u << 10;      ///< one JSON text
inline constexpr std::size_t kMaxDescriptionBytes = 256u << 10;  ///< what it carries, unescaped
inline constexpr std::size_t kMaxCandidateBytes = 4096;
inline constexpr std::size_t kMaxReasonBytes = 512;
inline constexpr std::size_t kMaxRoomLength = 128;
inline constexpr std::size_t kMaxNesting = 16;
inline constexpr unsigned kMaxStream = 65535;
inline constexpr unsigned kMaxComponent = 256;
inline constexpr std::size_t kMaxFlows = 64;                              ///< that one peer may name
inline constexpr std::size_t kMaxCapsBytes = 16u << 10;                   ///< of one flow
inline constexpr std::int64_t kMaxPackets = (std::int64_t{1} << 53) - 1;  ///< the integers that JSON carries exactly

// ---- client to server ----

/// The first message of a client.
struct Hello {
  int version = kVersion;
  std::string peer;   ///< random, names the peer to the other one
  std::string token;  ///< random and secret: who has it may take the place of `peer` over
};

// ---- server to client ----

/// We are in the room.
struct Welcome {
  int version = kVersion;
  bool first = false;  ///< nobody was there before us
};
/// Another peer is in the room, now or already. Comes again with the same id when that peer had to connect anew.
struct PeerPresent {
  std::string peer;
  bool first = false;  ///< the receiver was in the room before that peer
};
/// Two others are in the room; the connection ends.
struct RoomFull {};
/// The other peer is gone.
struct PeerLeft {
  std::string peer;
  bool goodbye = false;  ///< it said so; else its connection was lost
};
/// The server refuses to go on; the connection ends. `code` is for machines, `reason` for people.
struct Refusal {
  std::string code;
  std::string reason;
};

// ---- peer to peer, through the server ----

struct Description {
  std::string description;
};
struct CandidateLine {
  std::uint32_t stream = 0;
  std::string candidate;  ///< empty: no more candidates of this stream
};
/// Every flow that the sender sends on. Replaces what it said before.
struct Caps {
  std::vector<FlowCaps> flows;
};
/// The sender would like a key frame on this flow.
struct KeyFrame {
  std::uint32_t stream = 0;
  std::uint32_t component = 1;
};
/// The sender is about to leave; with what it sent to this peer, where it knows that.
struct Goodbye {
  FlowCounts sent;
};
/// A type that we do not know: relayed by the server, ignored by the client.
struct Unknown {
  std::string type;
};

using Message = std::variant<Hello, Welcome, PeerPresent, RoomFull, PeerLeft, Refusal, Description, CandidateLine, Caps,
                             KeyFrame, Goodbye, Unknown>;

/// A message, and the JSON text that says the same, written anew: strict JSON with every member once, unknown members
/// included. That is what a server may relay.
struct Parsed {
  Message message;
  std::string canonical;
};

/// Errors name what is wrong, and never quote what was received.
ice::Result<Message> parse(std::string_view text);
ice::Result<Parsed> parse_for_relay(std::string_view text);

/// The JSON text of a message.
std::string to_text(const Message& message);

/// 1 to 128 of the characters that need no escaping in a URL (RFC 3986 2.3).
[[nodiscard]] bool is_room_name(std::string_view name);
/// 8 to 64 characters of A-Z a-z 0-9 _ - .
[[nodiscard]] bool is_peer_id(std::string_view id);
/// 16 to 128 characters of the same.
[[nodiscard]] bool is_token(std::string_view token);

/// Codes of Refusal, and the WebSocket close codes (RFC 6455 7.4.2: 4000 to 4999 are ours) that go with them.
struct RefusalKind {
  const char* code;
  std::uint16_t close_code;
};
inline constexpr RefusalKind kRefusedFull{"full", 4001};
inline constexpr RefusalKind kRefusedReplaced{"replaced", 4002};
inline constexpr RefusalKind kRefusedVersion{"version", 4003};
inline constexpr RefusalKind kRefusedHello{"hello", 4004};
inline constexpr RefusalKind kRefusedMessage{"message", 4005};
inline constexpr RefusalKind kRefusedRate{"rate", 4006};
inline constexpr RefusalKind kRefusedSilent{"silent", 4007};
inline constexpr RefusalKind kRefusedBusy{"busy", 4008};
inline constexpr RefusalKind kRefusedTaken{"taken", 4009};
inline constexpr RefusalKind kRefusedSlow{"slow", 4010};

}  // namespace gstice::rendezvous
