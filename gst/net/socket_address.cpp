// SPDX-License-Identifier: LGPL-2.1-or-later
// See socket_address.h.
#include "gst/net/socket_address.h"

#include <algorithm>
#include <array>

namespace gstice {

SocketAddress::SocketAddress(const ice::Address& address, unsigned scope) {
  const auto ip = address.ip();
  if (address.family() == ice::Family::ipv4) {
    storage_.v4.sin_family = AF_INET;
    storage_.v4.sin_port = htons(address.port());
    std::memcpy(&storage_.v4.sin_addr, ip.data(), 4);
  } else {
    storage_.v6.sin6_family = AF_INET6;
    storage_.v6.sin6_port = htons(address.port());
    std::memcpy(&storage_.v6.sin6_addr, ip.data(), 16);
    if (address.is_link_local()) storage_.v6.sin6_scope_id = scope;
  }
}

std::optional<ice::Address> SocketAddress::address() const {
  if (storage_.any.sa_family == AF_INET) {
    std::array<std::uint8_t, 4> ip;
    std::memcpy(ip.data(), &storage_.v4.sin_addr, ip.size());
    return ice::Address::v4(ip, ntohs(storage_.v4.sin_port));
  }
  if (storage_.any.sa_family == AF_INET6) {
    std::array<std::uint8_t, 16> ip;
    std::memcpy(ip.data(), &storage_.v6.sin6_addr, ip.size());
    return ice::Address::v6(ip, ntohs(storage_.v6.sin6_port));
  }
  return std::nullopt;
}

}  // namespace gstice
