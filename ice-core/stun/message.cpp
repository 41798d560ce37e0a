// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading STUN messages. Total: any bytes in, a message or an error out.
#include "ice-core/stun/message.h"

#include <algorithm>

#include "ice-core/base/text.h"
#include "ice-core/stun/attribute_rules.h"
#include "ice-core/stun/integrity.h"
#include "ice-core/stun/wire.h"

namespace ice {

namespace {

using wire::kHeaderSize;

/// No honest message has more; it bounds what one datagram can make us remember and answer.
constexpr std::size_t kMaxUnknownAttributes = 32;

/// As many as a check has, with room for an extension or two.
constexpr std::size_t kUsualAttributes = 10;

std::optional<std::string_view> as_text(const std::optional<ByteView>& value) {
  if (!value) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(value->data()), value->size());
}

std::optional<std::uint32_t> as_u32(const std::optional<ByteView>& value) {
  if (!value) return std::nullopt;
  return wire::u32(*value, 0);
}

std::optional<std::uint64_t> as_u64(const std::optional<ByteView>& value) {
  if (!value) return std::nullopt;
  return wire::u64(*value, 0);
}

/// Which attributes still count, given those that went before (RFC 8489 14.5 to 14.7).
class Visibility {
 public:
  bool admits(StunAttribute type) {
    const bool visible = after_sha256_ ? type == StunAttribute::fingerprint
                         : after_sha1_
                             ? type == StunAttribute::fingerprint || type == StunAttribute::message_integrity_sha256
                             : true;
    if (visible) {
      after_sha1_ |= type == StunAttribute::message_integrity;
      after_sha256_ |= type == StunAttribute::message_integrity_sha256;
    }
    return visible;
  }

 private:
  bool after_sha1_ = false;
  bool after_sha256_ = false;
};

}  // namespace

TransactionId TransactionId::random(RandomSource& random) {
  TransactionId id;
  random.fill(id.bytes);
  return id;
}

bool looks_like_stun(ByteView datagram) {
  return datagram.size() >= kHeaderSize && (datagram[0] & std::byte{0xC0}) == std::byte{0} &&
         (datagram[3] & std::byte{0x03}) == std::byte{0} && wire::u16(datagram, 2) == datagram.size() - kHeaderSize &&
         wire::u32(datagram, 4) == wire::kMagicCookie;
}

Result<StunMessage> StunMessage::parse(ByteView datagram) {
  if (!looks_like_stun(datagram)) return Error{"not a STUN message: the header does not fit the datagram"};

  StunMessage message;
  message.bytes_.assign(datagram.begin(), datagram.end());
  message.entries_.reserve(kUsualAttributes);
  // RFC 8489 5: the class bits C1 and C0 stand between the method's.
  const unsigned type = wire::u16(datagram, 0);
  message.class_ = static_cast<StunClass>((type >> 7 & 2U) | (type >> 4 & 1U));
  message.method_ = static_cast<StunMethod>((type & 0xFU) | (type >> 1 & 0x70U) | (type >> 2 & 0xF80U));
  std::copy_n(datagram.begin() + 8, message.id_.bytes.size(), message.id_.bytes.begin());

  Visibility visibility;
  bool fingerprint_seen = false;
  std::size_t at = kHeaderSize;
  while (at < datagram.size()) {
    // Everything is a multiple of four, so four bytes are left.
    const std::uint16_t code = wire::u16(datagram, at);
    const auto attribute = static_cast<StunAttribute>(code);
    const std::uint16_t length = wire::u16(datagram, at + 2);
    if (fingerprint_seen) return Error{"an attribute follows FINGERPRINT: " + attribute_name(attribute)};
    if (wire::padded(length) > datagram.size() - at - 4) {
      return Error{attribute_name(attribute) + " runs over the end of the message"};
    }
    if (visibility.admits(attribute)) {
      const ByteView value = datagram.subspan(at + 4, length);
      const AttributeVerdict verdict = judge_attribute(attribute, value);
      if (verdict == AttributeVerdict::unknown) {
        auto& unknown = message.unknown_required_;
        if (code < 0x8000 && unknown.size() < kMaxUnknownAttributes &&
            std::find(unknown.begin(), unknown.end(), code) == unknown.end()) {
          unknown.push_back(code);
        }
      } else if (verdict == AttributeVerdict::malformed) {
        return Error{attribute_name(attribute) + " is malformed (" + std::to_string(length) + " bytes)"};
      }
      message.entries_.push_back({code, length, static_cast<std::uint32_t>(at + 4)});
      if (attribute == StunAttribute::fingerprint) {
        fingerprint_seen = true;
        if (wire::u32(value, 0) != stun_fingerprint(datagram.first(at))) return Error{"FINGERPRINT is wrong"};
      }
    }
    at += 4 + wire::padded(length);
  }
  return message;
}

std::optional<ByteView> StunMessage::raw(StunAttribute type) const {
  // RFC 8489 14: of repeated attributes the first counts.
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& e) { return e.type == static_cast<std::uint16_t>(type); });
  if (entry == entries_.end()) return std::nullopt;
  return ByteView(bytes_).subspan(entry->offset, entry->length);
}

std::optional<std::string_view> StunMessage::username() const {
  return as_text(raw(StunAttribute::username));
}
std::optional<std::string_view> StunMessage::realm() const {
  return as_text(raw(StunAttribute::realm));
}
std::optional<std::string_view> StunMessage::nonce() const {
  return as_text(raw(StunAttribute::nonce));
}
std::optional<std::string_view> StunMessage::software() const {
  return as_text(raw(StunAttribute::software));
}

std::optional<Address> StunMessage::mapped_address() const {
  if (const auto value = raw(StunAttribute::xor_mapped_address)) return wire::read_address(*value, wire::xor_mask(id_));
  if (const auto value = raw(StunAttribute::mapped_address)) return wire::read_address(*value, {});
  return std::nullopt;
}

std::optional<Address> StunMessage::xor_peer_address() const {
  if (const auto value = raw(StunAttribute::xor_peer_address)) return wire::read_address(*value, wire::xor_mask(id_));
  return std::nullopt;
}

std::optional<Address> StunMessage::xor_relayed_address() const {
  if (const auto value = raw(StunAttribute::xor_relayed_address)) {
    return wire::read_address(*value, wire::xor_mask(id_));
  }
  return std::nullopt;
}

std::vector<Address> StunMessage::xor_addresses(StunAttribute type) const {
  std::vector<Address> all;
  for (const Entry& entry : entries_) {
    if (entry.type != static_cast<std::uint16_t>(type)) continue;
    const ByteView value = ByteView(bytes_).subspan(entry.offset, entry.length);
    if (const auto address = wire::read_address(value, wire::xor_mask(id_))) all.push_back(*address);
  }
  return all;
}

std::optional<Address> StunMessage::alternate_server() const {
  if (const auto value = raw(StunAttribute::alternate_server)) return wire::read_address(*value, {});
  return std::nullopt;
}

std::optional<StunErrorCode> StunMessage::error_code() const {
  const auto value = raw(StunAttribute::error_code);
  if (!value) return std::nullopt;
  const int hundreds = std::to_integer<int>((*value)[2] & std::byte{0x07});
  const int rest = std::to_integer<int>((*value)[3]);
  // The reason is shown to people and comes from a stranger.
  return StunErrorCode{hundreds * 100 + rest, printable(*as_text(value->subspan(4)), 200)};
}

std::optional<std::uint32_t> StunMessage::priority() const {
  return as_u32(raw(StunAttribute::priority));
}
bool StunMessage::use_candidate() const {
  return has(StunAttribute::use_candidate);
}
std::optional<std::uint64_t> StunMessage::ice_controlling() const {
  return as_u64(raw(StunAttribute::ice_controlling));
}
std::optional<std::uint64_t> StunMessage::ice_controlled() const {
  return as_u64(raw(StunAttribute::ice_controlled));
}
std::optional<std::uint32_t> StunMessage::lifetime() const {
  return as_u32(raw(StunAttribute::lifetime));
}

bool StunMessage::has_integrity() const {
  return has(StunAttribute::message_integrity_sha256) || has(StunAttribute::message_integrity);
}

bool StunMessage::verify_integrity(const IntegrityKey& key) const {
  // What the attribute's sender signed: everything before it, with a length field as if the message ended with it
  // (14.5).
  const auto verify = [&](ByteView value, auto hmac) {
    const auto begin = static_cast<std::size_t>(value.data() - bytes_.data()) - 4;
    const auto length = static_cast<std::uint16_t>(begin + 4 + value.size() - kHeaderSize);
    const auto digest = (key.*hmac)(ByteView(bytes_).first(begin), length);
    return equal_in_constant_time(value, ByteView(digest).first(value.size()));
  };
  if (const auto value = raw(StunAttribute::message_integrity_sha256))
    return verify(*value, &IntegrityKey::hmac_sha256);
  if (const auto value = raw(StunAttribute::message_integrity)) return verify(*value, &IntegrityKey::hmac_sha1);
  return false;
}

bool StunMessage::verify_integrity(ByteView key) const {
  return verify_integrity(IntegrityKey(key));
}

bool StunMessage::verify_integrity(std::string_view key) const {
  return verify_integrity(IntegrityKey(key));
}

}  // namespace ice
