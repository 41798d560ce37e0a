// SPDX-License-Identifier: LGPL-2.1-or-later
// Addresses in STUN attributes.
#include "ice-core/stun/wire.h"

#include <algorithm>
#include <limits>

namespace ice::wire {

namespace {

constexpr std::byte kIpv4{0x01};
constexpr std::byte kIpv6{0x02};

template <std::size_t N>
std::array<std::uint8_t, N> read_ip(ByteView value, const Mask& mask) {
  std::array<std::uint8_t, N> ip{};
  for (std::size_t i = 0; i < N; ++i) ip[i] = std::to_integer<std::uint8_t>(value[4 + i] ^ mask[i]);
  return ip;
}

}  // namespace

Mask xor_mask(const TransactionId& id) {
  Mask mask{std::byte{0x21}, std::byte{0x12}, std::byte{0xA4}, std::byte{0x42}};
  std::copy(id.bytes.begin(), id.bytes.end(), mask.begin() + 4);
  return mask;
}

std::optional<Address> read_address(ByteView value, const Mask& mask) {
  if (value.size() < 4) return std::nullopt;
  const auto port = static_cast<std::uint16_t>(u16(value, 2) ^ u16(mask, 0));
  if (value[1] == kIpv4 && value.size() == 8) return Address::v4(read_ip<4>(value, mask), port);
  if (value[1] == kIpv6 && value.size() == 20) return Address::v6(read_ip<16>(value, mask), port);
  return std::nullopt;
}

Bytes write_address(const Address& address, const Mask& mask) {
  Bytes out;
  out.push_back(std::byte{0});
  out.push_back(address.family() == Family::ipv4 ? kIpv4 : kIpv6);
  put_u16(out, static_cast<std::uint16_t>(address.port() ^ u16(mask, 0)));
  const auto ip = address.ip();
  for (std::size_t i = 0; i < ip.size(); ++i) out.push_back(static_cast<std::byte>(ip[i]) ^ mask[i]);
  return out;
}

std::size_t text_limit(StunAttribute type) {
  switch (type) {
    case StunAttribute::username:
      return 508;
    case StunAttribute::realm:
    case StunAttribute::nonce:
    case StunAttribute::software:
    case StunAttribute::error_code:
      return 763;
    case StunAttribute::alternate_domain:
      return 255;
    default:
      return std::numeric_limits<std::uint16_t>::max();
  }
}

}  // namespace ice::wire
