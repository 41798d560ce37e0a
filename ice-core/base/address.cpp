// SPDX-License-Identifier: LGPL-2.1-or-later
// IP addresses: what kind they are. Their text is in address_text.cpp.
#include "ice-core/base/address.h"

#include <algorithm>
#include <cstring>

namespace ice {

namespace {

template <std::size_t N>
bool starts_with(std::span<const std::uint8_t> bytes, const std::array<std::uint8_t, N>& prefix) {
  return bytes.size() >= N && std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

}  // namespace

Address Address::v4(std::array<std::uint8_t, 4> ip, std::uint16_t port) {
  Address address;
  std::copy(ip.begin(), ip.end(), address.bytes_.begin());
  address.port_ = port;
  return address;
}

Address Address::v6(std::array<std::uint8_t, 16> ip, std::uint16_t port) {
  Address address;
  address.bytes_ = ip;
  address.port_ = port;
  address.family_ = Family::ipv6;
  return address;
}

Address Address::with_port(std::uint16_t port) const {
  Address address = *this;
  address.port_ = port;
  return address;
}

std::span<const std::uint8_t> Address::ip() const {
  return {bytes_.data(), family_ == Family::ipv4 ? 4U : 16U};
}

bool Address::same_ip(const Address& other) const {
  return family_ == other.family_ && bytes_ == other.bytes_;
}

bool Address::is_unspecified() const {
  return all_zero(ip());
}

bool Address::is_loopback() const {
  if (family_ == Family::ipv4) return bytes_[0] == 127;
  return all_zero(ip().first(15)) && bytes_[15] == 1;
}

bool Address::is_link_local() const {
  if (family_ == Family::ipv4) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xFE && (bytes_[1] & 0xC0) == 0x80;
}

bool Address::is_multicast() const {
  if (family_ == Family::ipv6) return bytes_[0] == 0xFF;
  return (bytes_[0] & 0xF0) == 0xE0 || starts_with<4>(ip(), {255, 255, 255, 255});
}

bool Address::is_site_local() const {
  return family_ == Family::ipv6 && bytes_[0] == 0xFE && (bytes_[1] & 0xC0) == 0xC0;
}

bool Address::is_v4_mapped() const {
  return family_ == Family::ipv6 && starts_with<12>(ip(), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF});
}

bool Address::is_v4_compatible() const {
  return family_ == Family::ipv6 && all_zero(ip().first(12)) && !is_unspecified() && !is_loopback();
}

bool Address::is_unique_local() const {
  return family_ == Family::ipv6 && (bytes_[0] & 0xFE) == 0xFC;
}

}  // namespace ice

std::size_t std::hash<ice::Address>::operator()(const ice::Address& address) const noexcept {
  std::array<std::uint64_t, 2> words{};
  const auto ip = address.ip();
  std::memcpy(words.data(), ip.data(), ip.size());
  std::uint64_t mixed = address.port() + (static_cast<std::uint64_t>(ip.size()) << 16);
  for (const std::uint64_t word : words) {
    mixed = (mixed ^ word) * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 32;
  }
  return static_cast<std::size_t>(mixed);
}
