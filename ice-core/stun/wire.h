// SPDX-License-Identifier: LGPL-2.1-or-later
// How STUN lays its fields out in bytes (RFC 8489 5, 14.1, 14.2): shared by the parser and the builder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"
#include "ice-core/stun/message.h"

namespace ice::wire {

inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::uint32_t kMagicCookie = 0x2112A442;

/// The big-endian number at `offset`, which the caller knows to be inside.
[[nodiscard]] inline std::uint16_t u16(ByteView bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[offset]) << 8 |
                                    std::to_integer<unsigned>(bytes[offset + 1]));
}
[[nodiscard]] inline std::uint32_t u32(ByteView bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(u16(bytes, offset)) << 16 | u16(bytes, offset + 2);
}
[[nodiscard]] inline std::uint64_t u64(ByteView bytes, std::size_t offset) {
  return static_cast<std::uint64_t>(u32(bytes, offset)) << 32 | u32(bytes, offset + 4);
}

/// Writes a big-endian number at `offset`, which the caller knows to be inside.
inline void set_u16(std::span<std::byte> bytes, std::size_t offset, std::uint16_t value) {
  bytes[offset] = static_cast<std::byte>(value >> 8);
  bytes[offset + 1] = static_cast<std::byte>(value & 0xFF);
}
inline void set_u32(std::span<std::byte> bytes, std::size_t offset, std::uint32_t value) {
  set_u16(bytes, offset, static_cast<std::uint16_t>(value >> 16));
  set_u16(bytes, offset + 2, static_cast<std::uint16_t>(value & 0xFFFF));
}

inline void put_u16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::byte>(value >> 8));
  out.push_back(static_cast<std::byte>(value & 0xFF));
}
inline void put_u32(Bytes& out, std::uint32_t value) {
  put_u16(out, static_cast<std::uint16_t>(value >> 16));
  put_u16(out, static_cast<std::uint16_t>(value & 0xFFFF));
}

[[nodiscard]] constexpr std::size_t padded(std::size_t length) {
  return (length + 3) & ~std::size_t{3};
}

/// What an address is XORed with: the magic cookie and the transaction id, bytes 4 to 19 of the header (14.2).
using Mask = std::array<std::byte, 16>;
[[nodiscard]] Mask xor_mask(const TransactionId& id);

/// The address in a MAPPED-ADDRESS-like value, XORed with `mask`; nothing when family or size are wrong.
[[nodiscard]] std::optional<Address> read_address(ByteView value, const Mask& mask);
[[nodiscard]] Bytes write_address(const Address& address, const Mask& mask);

/// Most bytes of text that the attribute may hold (14.3, 14.8 to 14.10, 14.14).
[[nodiscard]] std::size_t text_limit(StunAttribute type);

}  // namespace ice::wire
