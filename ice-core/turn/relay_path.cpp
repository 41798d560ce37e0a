// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/relay_path.h"

#include <algorithm>

#include "ice-core/stun/message.h"
#include "ice-core/stun/wire.h"

namespace ice {

namespace {

constexpr std::size_t kChannelDataHeader = 4;

void put_u16(RelayEnvelope& out, std::size_t value) {
  out.header[out.header_size++] = static_cast<std::byte>(value >> 8 & 0xFF);
  out.header[out.header_size++] = static_cast<std::byte>(value & 0xFF);
}

void put(RelayEnvelope& out, ByteView bytes) {
  std::copy(bytes.begin(), bytes.end(), out.header.begin() + static_cast<std::ptrdiff_t>(out.header_size));
  out.header_size += bytes.size();
}

std::optional<RelayedPayload> unwrap_channel_data(ByteView datagram) {
  // RFC 8656 12.4, 12.6
  if (datagram.size() < kChannelDataHeader) return std::nullopt;
  const std::uint16_t channel = wire::u16(datagram, 0);
  const std::size_t length = wire::u16(datagram, 2);
  if (channel < kFirstChannel || channel > kLastChannel) return std::nullopt;
  if (length > datagram.size() - kChannelDataHeader) return std::nullopt;
  return RelayedPayload{channel, std::nullopt, kChannelDataHeader, length};
}

std::optional<RelayedPayload> unwrap_data_indication(ByteView datagram) {
  const auto message = StunMessage::parse(datagram);
  if (!message || message->message_class() != StunClass::indication || message->method() != StunMethod::data) {
    return std::nullopt;
  }
  // RFC 8656 11.6: both, or it is discarded; and what we do not understand we cannot obey (RFC 8489 6.3.2).
  const auto peer = message->xor_peer_address();
  const auto payload = message->raw(StunAttribute::data);
  if (!peer || !payload || !message->unknown_required().empty()) return std::nullopt;
  const auto offset = static_cast<std::size_t>(payload->data() - message->bytes().data());
  return RelayedPayload{std::nullopt, *peer, offset, payload->size()};
}

}  // namespace

RelayEnvelope relay_envelope(const RelayPath& path, std::size_t payload_size, RandomSource& random) {
  RelayEnvelope out;
  const std::size_t padding = wire::padded(payload_size) - payload_size;
  if (path.channel) {
    put_u16(out, *path.channel);
    put_u16(out, payload_size);
    // RFC 8656 12.5: over UDP it may be left out.
    out.padding = path.stream ? padding : 0;
    return out;
  }
  const TransactionId id = TransactionId::random(random);
  const Bytes peer = wire::write_address(path.peer, wire::xor_mask(id));
  put_u16(out, 0x0016);  // a Send indication
  put_u16(out, 4 + peer.size() + 4 + payload_size + padding);
  Bytes cookie;
  wire::put_u32(cookie, wire::kMagicCookie);
  put(out, cookie);
  put(out, id.bytes);
  put_u16(out, static_cast<std::size_t>(StunAttribute::xor_peer_address));
  put_u16(out, peer.size());
  put(out, peer);
  put_u16(out, static_cast<std::size_t>(StunAttribute::data));
  put_u16(out, payload_size);
  out.padding = padding;
  return out;
}

Bytes relay_wrap(const RelayPath& path, ByteView payload, RandomSource& random) {
  const RelayEnvelope envelope = relay_envelope(path, payload.size(), random);
  Bytes out;
  out.reserve(envelope.header_size + payload.size() + envelope.padding);
  out.insert(out.end(), envelope.header.begin(),
             envelope.header.begin() + static_cast<std::ptrdiff_t>(envelope.header_size));
  out.insert(out.end(), payload.begin(), payload.end());
  out.resize(out.size() + envelope.padding);
  return out;
}

std::optional<RelayedPayload> relay_unwrap(ByteView datagram) {
  if (looks_like_stun(datagram)) return unwrap_data_indication(datagram);
  return unwrap_channel_data(datagram);
}

}  // namespace ice
