// SPDX-License-Identifier: LGPL-2.1-or-later
// The checksums that close a STUN message: HMACs and the CRC of FINGERPRINT (RFC 8489 14.5 to 14.7).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ice-core/base/types.h"

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX

namespace ice {

inline constexpr std::size_t kSha1Size = 20;
inline constexpr std::size_t kSha256Size = 32;

/// A short-term password or long-term key, ready to sign: what an HMAC computes of the key alone is computed once.
/// Wiped when it is destroyed. Not for several threads at once.
class IntegrityKey {
 public:
  explicit IntegrityKey(std::string_view key);
  explicit IntegrityKey(ByteView key);
  ~IntegrityKey();
  IntegrityKey(const IntegrityKey&) = delete;
  IntegrityKey& operator=(const IntegrityKey&) = delete;

  /// Whether it was made of `key`.
  [[nodiscard]] bool is(std::string_view key) const { return key_ == key; }

  /// The HMAC of `message` as if it had `length` in its length field (RFC 8489 14.5: the length up to and including the
  /// integrity attribute, whatever follows it). `message`: from the first byte up to that attribute, at least 20 bytes.
  [[nodiscard]] std::array<std::byte, kSha1Size> hmac_sha1(ByteView message, std::uint16_t length) const;
  [[nodiscard]] std::array<std::byte, kSha256Size> hmac_sha256(ByteView message, std::uint16_t length) const;

 private:
  struct FreeContext {
    void operator()(evp_mac_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_mac_ctx_st, FreeContext>;
  void hmac(Context& context, const evp_mac_ctx_st* prepared, ByteView message, std::uint16_t length,
            std::span<std::byte> digest) const;

  std::string key_;
  mutable Context sha1_;  // made when first used
  mutable Context sha256_;
};

/// IntegrityKey::hmac_sha1() and so on of a key that is used once.
[[nodiscard]] std::array<std::byte, kSha1Size> stun_hmac_sha1(ByteView key, ByteView message, std::uint16_t length);
[[nodiscard]] std::array<std::byte, kSha256Size> stun_hmac_sha256(ByteView key, ByteView message, std::uint16_t length);

/// Compares in constant time. False when the sizes differ.
[[nodiscard]] bool equal_in_constant_time(ByteView a, ByteView b);

/// FINGERPRINT's value: the CRC-32 of what stands before the attribute, XOR 0x5354554E. The length field must already
/// count the attribute.
[[nodiscard]] std::uint32_t stun_fingerprint(ByteView message);

}  // namespace ice
