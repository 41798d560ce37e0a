// SPDX-License-Identifier: LGPL-2.1-or-later
// The way between us and a TURN server's relay, and how payload is wrapped for it: ChannelData where a channel is
// bound, else Send indications (RFC 8656 11, 12). What a driver needs to send and receive relayed media by itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ice-core/base/address.h"
#include "ice-core/base/random.h"
#include "ice-core/base/types.h"

namespace ice {

/// The channel numbers of RFC 8656 12.
inline constexpr std::uint16_t kFirstChannel = 0x4000;
inline constexpr std::uint16_t kLastChannel = 0x4FFF;

/// To one peer by one relay.
struct RelayPath {
  Address server;  ///< where the TURN server receives, on the path's transport
  Address peer;    ///< whom the relay sends to
  /// Bound to `peer`, 0x4000 to 0x4FFF: wrap in ChannelData. None: wrap in a Send indication.
  std::optional<std::uint16_t> channel;
  /// The transport is a byte stream: ChannelData is padded to a multiple of four (RFC 8656 12.5).
  bool stream = false;

  bool operator==(const RelayPath&) const = default;
};

/// What goes before and after a payload, so that it need not be copied.
struct RelayEnvelope {
  std::array<std::byte, 48> header{};
  std::size_t header_size = 0;
  std::size_t padding = 0;  ///< so many zero bytes after the payload, 0 to 3
};

/// Most payload bytes that fit one ChannelData message or Send indication.
inline constexpr std::size_t kMaxRelayPayload = 65'000;

/// `payload_size` at most kMaxRelayPayload. `random` is only used for the transaction id of a Send indication.
[[nodiscard]] RelayEnvelope relay_envelope(const RelayPath& path, std::size_t payload_size, RandomSource& random);
/// The whole message, copied together.
[[nodiscard]] Bytes relay_wrap(const RelayPath& path, ByteView payload, RandomSource& random);

/// What came from a TURN server with payload in it.
struct RelayedPayload {
  std::optional<std::uint16_t> channel;  ///< of ChannelData
  std::optional<Address> peer;           ///< of a Data indication
  std::size_t offset = 0;                ///< the payload's place in the datagram
  std::size_t length = 0;
};

/// ChannelData or a Data indication; nothing for anything else, malformed ones included. A datagram may be longer than
/// its ChannelData (RFC 8656 12.5). Only datagrams from a server with an allocation may be looked at: media can begin
/// with any byte.
[[nodiscard]] std::optional<RelayedPayload> relay_unwrap(ByteView datagram);

}  // namespace ice
