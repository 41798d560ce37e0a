// SPDX-License-Identifier: LGPL-2.1-or-later
// The checksums that close a STUN message: HMACs and the CRC of FINGERPRINT (RFC 8489 14.5 to 14.7).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ice-core/base/types.h"

namespace ice {

inline constexpr std::size_t kSha1Size = 20;
inline constexpr std::size_t kSha256Size = 32;

/// The HMAC of `message` as if it had `length` in its length field (RFC 8489 14.5: the length up to and including the
/// integrity attribute, whatever follows it). `message`: from the first byte up to that attribute, at least 20 bytes.
[[nodiscard]] std::array<std::byte, kSha1Size> stun_hmac_sha1(ByteView key, ByteView message, std::uint16_t length);
[[nodiscard]] std::array<std::byte, kSha256Size> stun_hmac_sha256(ByteView key, ByteView message, std::uint16_t length);

/// Compares in constant time. False when the sizes differ.
[[nodiscard]] bool equal_in_constant_time(ByteView a, ByteView b);

/// FINGERPRINT's value: the CRC-32 of what stands before the attribute, XOR 0x5354554E. The length field must already
/// count the attribute.
[[nodiscard]] std::uint32_t stun_fingerprint(ByteView message);

}  // namespace ice
