// SPDX-License-Identifier: LGPL-2.1-or-later
// The strong types that everything else is written in.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ice {

/// Bytes that somebody else owns. Valid only during the call that receives them.
using ByteView = std::span<const std::byte>;
/// Bytes that the holder owns.
using Bytes = std::vector<std::byte>;

/// Time is always an argument; the core never reads a clock.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// An integer of its own type: a StreamId is not a ComponentId.
template <typename Tag, typename Value>
struct StrongId {
  Value value{};

  constexpr StrongId() = default;
  constexpr explicit StrongId(Value v) : value(v) {}
  auto operator<=>(const StrongId&) const = default;
};

/// A data stream of the session, counted from 0 as the SDP's m= lines are (RFC 8839 4).
using StreamId = StrongId<struct StreamTag, std::uint32_t>;
/// A component of a stream, 1 to 256; RTP is 1 and RTCP is 2 (RFC 8445 4).
using ComponentId = StrongId<struct ComponentTag, std::uint16_t>;
/// A way to send and receive that the driver opened at the agent's request: a UDP socket, later a TCP connection
/// or a path to a TURN server. Never reused within one agent.
using TransportId = StrongId<struct TransportTag, std::uint64_t>;
/// What a transport speaks below STUN.
enum class TransportProtocol : std::uint8_t { udp, tcp, tls, dtls };
/// TCP and TLS deliver a stream of bytes, UDP and DTLS datagrams.
[[nodiscard]] constexpr bool is_stream(TransportProtocol protocol) {
  return protocol == TransportProtocol::tcp || protocol == TransportProtocol::tls;
}

/// A candidate's priority, 1 to 2^31 - 1 (RFC 8445 5.1.2).
using Priority = StrongId<struct PriorityTag, std::uint32_t>;
/// A pair's priority (RFC 8445 6.1.2.3).
using PairPriority = StrongId<struct PairPriorityTag, std::uint64_t>;

/// Which agent nominates (RFC 8445 6.1.1).
enum class Role { controlling, controlled };

}  // namespace ice

template <typename Tag, typename Value>
struct std::hash<ice::StrongId<Tag, Value>> {
  std::size_t operator()(const ice::StrongId<Tag, Value>& id) const noexcept { return std::hash<Value>{}(id.value); }
};
