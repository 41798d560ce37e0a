// SPDX-License-Identifier: LGPL-2.1-or-later
// ice::Address as the socket calls want it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "ice-core/base/address.h"

namespace gstice {

/// A sockaddr of either family. Two are equal when they name the same endpoint; comparing costs a few instructions,
/// which is why the receive path compares these and not ice::Address.
class SocketAddress {
 public:
  SocketAddress() = default;
  /// `scope` is the interface index that link-local IPv6 addresses get; others get none.
  SocketAddress(const ice::Address& address, unsigned scope);

  /// Nothing when it is of neither family (the kernel gave no source).
  [[nodiscard]] std::optional<ice::Address> address() const;

  [[nodiscard]] sockaddr* data() { return &storage_.any; }
  [[nodiscard]] const sockaddr* data() const { return &storage_.any; }
  [[nodiscard]] socklen_t size() const {
    return storage_.any.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  }
  static constexpr socklen_t kCapacity = sizeof(sockaddr_in6);

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) {
    if (a.storage_.any.sa_family != b.storage_.any.sa_family) return false;
    if (a.storage_.any.sa_family == AF_INET) {
      return a.storage_.v4.sin_addr.s_addr == b.storage_.v4.sin_addr.s_addr &&
             a.storage_.v4.sin_port == b.storage_.v4.sin_port;
    }
    return a.storage_.v6.sin6_port == b.storage_.v6.sin6_port &&
           a.storage_.v6.sin6_scope_id == b.storage_.v6.sin6_scope_id &&
           std::memcmp(&a.storage_.v6.sin6_addr, &b.storage_.v6.sin6_addr, sizeof(in6_addr)) == 0;
  }

 private:
  union Storage {
    sockaddr_in6 v6;  // the largest first, so that all of it is zeroed
    sockaddr_in v4;
    sockaddr any;
  };
  Storage storage_{};
};

}  // namespace gstice
