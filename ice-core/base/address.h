// SPDX-License-Identifier: LGPL-2.1-or-later
// An IP address and port. No sockaddr, no scope: the driver adds the scope of the interface a transport belongs to.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ice {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// A transport address without its protocol: IPv4 or IPv6, and a port (0 where only the IP matters).
class Address {
 public:
  /// 0.0.0.0:0
  Address() = default;
  /// `ip` in network byte order: 4 bytes make an IPv4 address, 16 an IPv6 one.
  static Address v4(std::array<std::uint8_t, 4> ip, std::uint16_t port);
  static Address v6(std::array<std::uint8_t, 16> ip, std::uint16_t port);
  /// Parses "192.0.2.1" or "2001:db8::1" (RFC 4291 2.2; no brackets, no scope, no name).
  /// Gives nothing for anything else; never looks a name up.
  static std::optional<Address> parse(std::string_view ip, std::uint16_t port = 0);

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Address with_port(std::uint16_t port) const;
  /// The IP in network byte order, 4 or 16 bytes.
  [[nodiscard]] std::span<const std::uint8_t> ip() const;
  [[nodiscard]] bool same_ip(const Address& other) const;

  [[nodiscard]] bool is_unspecified() const;  ///< 0.0.0.0 or ::
  [[nodiscard]] bool is_loopback() const;     ///< 127.0.0.0/8 or ::1
  [[nodiscard]] bool is_link_local() const;   ///< 169.254.0.0/16 or fe80::/10
  [[nodiscard]] bool is_multicast() const;    ///< 224.0.0.0/4, 255.255.255.255 or ff00::/8
  [[nodiscard]] bool is_site_local() const;   ///< fec0::/10 (deprecated, RFC 3879)
  [[nodiscard]] bool is_v4_mapped() const;    ///< ::ffff:0:0/96
  [[nodiscard]] bool is_v4_compatible() const;  ///< ::/96 but :: and ::1
  [[nodiscard]] bool is_unique_local() const; ///< fc00::/7

  /// "192.0.2.1" or "2001:db8::1" (RFC 5952)
  [[nodiscard]] std::string ip_text() const;
  /// "192.0.2.1:5000" or "[2001:db8::1]:5000"
  [[nodiscard]] std::string text() const;

  auto operator<=>(const Address&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 trips over it

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::uint16_t port_ = 0;
  Family family_ = Family::ipv4;
};

}  // namespace ice

template <>
struct std::hash<ice::Address> {
  std::size_t operator()(const ice::Address& address) const noexcept;
};
