// SPDX-License-Identifier: LGPL-2.1-or-later
// Writing STUN messages.
#include <algorithm>
#include <array>
#include <cstddef>

#include "ice-core/base/text.h"
#include "ice-core/stun/integrity.h"
#include "ice-core/stun/message.h"
#include "ice-core/stun/wire.h"

namespace ice {

namespace {

using wire::kHeaderSize;

/// The largest multiple of four that the length field can hold.
constexpr std::size_t kMaxLength = 0xFFFC;
constexpr std::size_t kUsualSize = 128;      // of a check
constexpr std::size_t kMaxCharacters = 127;  // RFC 8489 14.8 to 14.10, 14.14

ByteView as_bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void set_length(Bytes& message, std::size_t length) {
  wire::set_u16(message, 2, static_cast<std::uint16_t>(length));
}

bool fits(const Bytes& message, std::size_t value_size) {
  return !message.empty() && value_size <= kMaxLength &&
         message.size() - kHeaderSize + 4 + wire::padded(value_size) <= kMaxLength;
}

/// The part of `text` that the attribute can hold, cut between characters.
std::string_view cut(StunAttribute type, std::string_view text) {
  const std::size_t most_bytes = wire::text_limit(type);
  const bool counts_characters = most_bytes == 763;
  if (text.size() <= most_bytes && (!counts_characters || text.size() <= kMaxCharacters)) return text;
  std::size_t end = 0;
  for (std::size_t characters = 0; end < text.size(); ++characters) {
    const std::size_t step = std::max<std::size_t>(utf8_length(text.substr(end)), 1);
    if (end + step > most_bytes || (counts_characters && characters == kMaxCharacters)) break;
    end += step;
  }
  return text.substr(0, end);
}

}  // namespace

StunBuilder::StunBuilder(StunClass message_class, StunMethod method, const TransactionId& id) {
  // RFC 8489 5: the class bits C1 and C0 stand between the method's.
  const auto m = static_cast<unsigned>(method);
  const auto c = static_cast<unsigned>(message_class);
  const unsigned type = (m & 0xFU) | (m & 0x70U) << 1 | (m & 0xF80U) << 2 | (c & 1U) << 4 | (c & 2U) << 7;
  bytes_.reserve(kUsualSize);
  bytes_.resize(kHeaderSize);
  wire::set_u16(bytes_, 0, static_cast<std::uint16_t>(type));
  wire::set_u32(bytes_, 4, wire::kMagicCookie);
  std::copy(id.bytes.begin(), id.bytes.end(), bytes_.begin() + 8);
}

StunBuilder& StunBuilder::raw(StunAttribute type, ByteView value) {
  if (!fits(bytes_, value.size())) return *this;
  const std::size_t at = bytes_.size();
  bytes_.resize(at + 4 + wire::padded(value.size()));
  wire::set_u16(bytes_, at, static_cast<std::uint16_t>(type));
  wire::set_u16(bytes_, at + 2, static_cast<std::uint16_t>(value.size()));
  std::copy(value.begin(), value.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at) + 4);
  set_length(bytes_, bytes_.size() - kHeaderSize);
  return *this;
}

StunBuilder& StunBuilder::text(StunAttribute type, std::string_view value) {
  return raw(type, as_bytes_of(cut(type, value)));
}

StunBuilder& StunBuilder::u32(StunAttribute type, std::uint32_t value) {
  std::array<std::byte, 4> bytes{};
  wire::set_u32(bytes, 0, value);
  return raw(type, bytes);
}

StunBuilder& StunBuilder::u64(StunAttribute type, std::uint64_t value) {
  std::array<std::byte, 8> bytes{};
  wire::set_u32(bytes, 0, static_cast<std::uint32_t>(value >> 32));
  wire::set_u32(bytes, 4, static_cast<std::uint32_t>(value & 0xFFFFFFFF));
  return raw(type, bytes);
}

StunBuilder& StunBuilder::flag(StunAttribute type) {
  return raw(type, {});
}

StunBuilder& StunBuilder::address(StunAttribute type, const Address& value) {
  return raw(type, wire::write_address(value, {}));
}

StunBuilder& StunBuilder::xor_address(StunAttribute type, const Address& value) {
  if (bytes_.empty()) return *this;
  TransactionId id;
  std::copy_n(bytes_.begin() + 8, id.bytes.size(), id.bytes.begin());
  return raw(type, wire::write_address(value, wire::xor_mask(id)));
}

StunBuilder& StunBuilder::error_code(int code, std::string_view reason) {
  const int clamped = std::clamp(code, 300, 699);
  Bytes bytes(4);
  bytes[2] = static_cast<std::byte>(clamped / 100);
  bytes[3] = static_cast<std::byte>(clamped % 100);
  const ByteView text = as_bytes_of(cut(StunAttribute::error_code, reason));
  bytes.insert(bytes.end(), text.begin(), text.end());
  return raw(StunAttribute::error_code, bytes);
}

StunBuilder& StunBuilder::unknown_attributes(const std::vector<std::uint16_t>& types) {
  Bytes bytes;
  for (const std::uint16_t type : types) wire::put_u16(bytes, type);
  return raw(StunAttribute::unknown_attributes, bytes);
}

StunBuilder& StunBuilder::message_integrity(const IntegrityKey& key) {
  if (!fits(bytes_, kSha1Size)) return *this;
  const auto length = static_cast<std::uint16_t>(bytes_.size() - kHeaderSize + 4 + kSha1Size);
  return raw(StunAttribute::message_integrity, key.hmac_sha1(bytes_, length));
}

StunBuilder& StunBuilder::message_integrity_sha256(const IntegrityKey& key) {
  if (!fits(bytes_, kSha256Size)) return *this;
  const auto length = static_cast<std::uint16_t>(bytes_.size() - kHeaderSize + 4 + kSha256Size);
  return raw(StunAttribute::message_integrity_sha256, key.hmac_sha256(bytes_, length));
}

StunBuilder& StunBuilder::message_integrity(std::string_view key) {
  return message_integrity(IntegrityKey(key));
}

StunBuilder& StunBuilder::message_integrity_sha256(std::string_view key) {
  return message_integrity_sha256(IntegrityKey(key));
}

StunBuilder& StunBuilder::fingerprint() {
  if (!fits(bytes_, 4)) return *this;
  set_length(bytes_, bytes_.size() - kHeaderSize + 8);  // the CRC covers the final length (14.7)
  return u32(StunAttribute::fingerprint, stun_fingerprint(bytes_));
}

Bytes StunBuilder::build() {
  Bytes out = std::move(bytes_);
  bytes_.clear();
  return out;
}

}  // namespace ice
