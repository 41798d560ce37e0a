// SPDX-License-Identifier: LGPL-2.1-or-later
// STUN messages (RFC 8489 5 and 14): any bytes in, a message or a typed error out.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/base/random.h"
#include "ice-core/base/result.h"
#include "ice-core/base/types.h"
#include "ice-core/stun/attributes.h"
#include "ice-core/stun/integrity.h"

namespace ice {

/// The 96-bit id that a response is matched by (RFC 8489 5).
struct TransactionId {
  std::array<std::byte, 12> bytes{};
  static TransactionId random(RandomSource& random);
  auto operator<=>(const TransactionId&) const = default;
};

enum class StunClass : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

enum class StunMethod : std::uint16_t {
  binding = 0x001,
  allocate = 0x003,
  refresh = 0x004,
  send = 0x006,
  data = 0x007,
  create_permission = 0x008,
  channel_bind = 0x009,
};

struct StunErrorCode {
  int code = 0;        ///< 300 to 699
  std::string reason;  ///< printable(), whatever the sender wrote
};

/// True when the datagram can only be STUN: two zero bits, the magic cookie, a length that is a multiple of four and
/// exactly fits (RFC 8489 5, RFC 7983). Says nothing about attributes; everything else may be media.
[[nodiscard]] bool looks_like_stun(ByteView datagram);

/// A received STUN message. Owns a copy of its bytes, so it outlives the datagram.
///
/// Attributes after MESSAGE-INTEGRITY are invisible but for MESSAGE-INTEGRITY-SHA256 and FINGERPRINT, those after
/// MESSAGE-INTEGRITY-SHA256 but for FINGERPRINT, and none follow FINGERPRINT (RFC 8489 14.5 to 14.7). Of repeated
/// attributes only the first counts (14). A malformed known attribute makes parse() fail.
class StunMessage {
 public:
  /// Parses one whole datagram. A FINGERPRINT that is present and wrong is an error.
  static Result<StunMessage> parse(ByteView datagram);

  [[nodiscard]] StunClass message_class() const { return class_; }
  [[nodiscard]] StunMethod method() const { return method_; }  ///< may hold a value that is not enumerated
  [[nodiscard]] const TransactionId& transaction_id() const { return id_; }
  [[nodiscard]] ByteView bytes() const { return bytes_; }

  [[nodiscard]] bool has(StunAttribute type) const { return raw(type).has_value(); }
  /// The attribute's value without padding. Valid as long as this message.
  [[nodiscard]] std::optional<ByteView> raw(StunAttribute type) const;

  [[nodiscard]] std::optional<std::string_view> username() const;
  [[nodiscard]] std::optional<std::string_view> realm() const;
  [[nodiscard]] std::optional<std::string_view> nonce() const;
  [[nodiscard]] std::optional<std::string_view> software() const;
  [[nodiscard]] std::optional<Address> mapped_address() const;  ///< XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS
  [[nodiscard]] std::optional<Address> xor_peer_address() const;
  [[nodiscard]] std::optional<Address> xor_relayed_address() const;
  /// All of a repeated XORed attribute: XOR-RELAYED-ADDRESS of a dual allocation (RFC 8656 7.2), XOR-PEER-ADDRESS of a
  /// CreatePermission (9.1). Elsewhere only the first counts.
  [[nodiscard]] std::vector<Address> xor_addresses(StunAttribute type) const;
  [[nodiscard]] std::optional<Address> alternate_server() const;
  [[nodiscard]] std::optional<StunErrorCode> error_code() const;
  [[nodiscard]] std::optional<std::uint32_t> priority() const;         ///< RFC 8445 7.1.1
  [[nodiscard]] bool use_candidate() const;                            ///< RFC 8445 7.1.2
  [[nodiscard]] std::optional<std::uint64_t> ice_controlling() const;  ///< tie-breaker, RFC 8445 7.1.3
  [[nodiscard]] std::optional<std::uint64_t> ice_controlled() const;
  [[nodiscard]] std::optional<std::uint32_t> lifetime() const;  ///< seconds
  [[nodiscard]] bool has_fingerprint() const { return has(StunAttribute::fingerprint); }

  /// Comprehension-required attributes (type < 0x8000) that this parser does not know, for a 420 (RFC 8489 6.3).
  [[nodiscard]] const std::vector<std::uint16_t>& unknown_required() const { return unknown_required_; }

  /// True when the message carries MESSAGE-INTEGRITY-SHA256 or MESSAGE-INTEGRITY.
  [[nodiscard]] bool has_integrity() const;
  /// Verifies whichever integrity attribute is present, SHA-256 first, in constant time (RFC 8489 9.1.3, 14.5).
  /// False when none is present. `key`: the short-term password, or a long-term key.
  [[nodiscard]] bool verify_integrity(const IntegrityKey& key) const;
  [[nodiscard]] bool verify_integrity(ByteView key) const;
  [[nodiscard]] bool verify_integrity(std::string_view key) const;

 private:
  struct Entry {
    std::uint16_t type;
    std::uint16_t length;  // without padding
    std::uint32_t offset;  // of the value, from the message's first byte
  };
  StunMessage() = default;

  Bytes bytes_;
  StunClass class_ = StunClass::request;
  StunMethod method_ = StunMethod::binding;
  TransactionId id_;
  std::vector<Entry> entries_;
  std::vector<std::uint16_t> unknown_required_;
};

/// Writes one STUN message, attribute by attribute, in the order of the calls. Strings that are too long for their
/// attribute are cut, an attribute that the message has no room for (65,532 bytes) is left out; integrity and
/// fingerprint must be added last, in that order.
class StunBuilder {
 public:
  StunBuilder(StunClass message_class, StunMethod method, const TransactionId& id);

  StunBuilder& raw(StunAttribute type, ByteView value);
  StunBuilder& text(StunAttribute type, std::string_view value);
  StunBuilder& u32(StunAttribute type, std::uint32_t value);
  StunBuilder& u64(StunAttribute type, std::uint64_t value);
  StunBuilder& flag(StunAttribute type);
  StunBuilder& address(StunAttribute type, const Address& value);      ///< plain, as MAPPED-ADDRESS
  StunBuilder& xor_address(StunAttribute type, const Address& value);  ///< as XOR-MAPPED-ADDRESS
  StunBuilder& error_code(int code, std::string_view reason);
  StunBuilder& unknown_attributes(const std::vector<std::uint16_t>& types);
  StunBuilder& message_integrity(const IntegrityKey& key);         ///< HMAC-SHA1, RFC 8489 14.5
  StunBuilder& message_integrity_sha256(const IntegrityKey& key);  ///< RFC 8489 14.6
  StunBuilder& message_integrity(std::string_view key);
  StunBuilder& message_integrity_sha256(std::string_view key);
  StunBuilder& fingerprint();  ///< RFC 8489 14.7

  /// The finished message; the builder is empty afterwards.
  [[nodiscard]] Bytes build();

 private:
  Bytes bytes_;
};

}  // namespace ice
