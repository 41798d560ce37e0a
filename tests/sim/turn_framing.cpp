// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/turn_framing.h"

#include <algorithm>

namespace sim {

namespace {
std::size_t number_at(ice::ByteView bytes, std::size_t at) {
  return std::to_integer<std::size_t>(bytes[at]) << 8 | std::to_integer<std::size_t>(bytes[at + 1]);
}
}  // namespace

bool is_channel_data(ice::ByteView bytes) {
  return bytes.size() >= 4 && (bytes[0] & std::byte{0xF0}) == std::byte{0x40};
}

std::uint16_t channel_number(ice::ByteView bytes) {
  return static_cast<std::uint16_t>(number_at(bytes, 0));
}

std::optional<ice::ByteView> channel_payload(ice::ByteView bytes) {
  const std::size_t length = number_at(bytes, 2);
  if (4 + length > bytes.size()) return std::nullopt;
  return bytes.subspan(4, length);
}

ice::Bytes frame_channel_data(std::uint16_t number, ice::ByteView payload, bool stream) {
  const std::size_t size = 4 + payload.size();
  ice::Bytes bytes(stream ? (size + 3) / 4 * 4 : size);
  bytes[0] = static_cast<std::byte>(number >> 8);
  bytes[1] = static_cast<std::byte>(number & 0xFF);
  bytes[2] = static_cast<std::byte>(payload.size() >> 8);
  bytes[3] = static_cast<std::byte>(payload.size() & 0xFF);
  std::copy(payload.begin(), payload.end(), bytes.begin() + 4);
  return bytes;
}

std::optional<std::size_t> first_frame(ice::ByteView bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::size_t size = 0;
  if (is_channel_data(bytes)) {
    size = (4 + number_at(bytes, 2) + 3) / 4 * 4;
  } else if ((bytes[0] & std::byte{0xC0}) == std::byte{0}) {
    size = 20 + number_at(bytes, 2);
  } else {
    return 0;
  }
  if (bytes.size() < size) return std::nullopt;
  return size;
}

}  // namespace sim
