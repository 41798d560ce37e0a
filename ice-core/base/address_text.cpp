// SPDX-License-Identifier: LGPL-2.1-or-later
// IP addresses from text and to text (RFC 4291 2.2, RFC 5952), by hand: the core includes no socket headers.
#include <algorithm>
#include <array>
#include <charconv>

#include "ice-core/base/address.h"
#include "ice-core/base/text.h"

namespace ice {

namespace {

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
  std::array<std::uint8_t, 4> ip{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t end = i < 3 ? text.find('.') : text.size();
    if (end == std::string_view::npos || end > 3) return std::nullopt;
    const std::string_view octet = text.substr(0, end);
    if (octet.size() > 1 && octet[0] == '0') return std::nullopt;  // some read it as octal
    const auto value = parse_decimal<std::uint8_t>(octet);
    if (!value) return std::nullopt;
    ip[i] = *value;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return ip;
}

std::optional<std::uint16_t> parse_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint16_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// The bytes of groups separated by single colons; the last may be a dotted IPv4 address where `v4_tail` says so.
/// Gives nothing for bad text or more than 16 bytes.
struct Groups {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;
};

std::optional<Groups> parse_groups(std::string_view text, bool v4_tail) {
  Groups groups;
  if (text.empty()) return groups;
  for (;;) {
    const std::size_t end = text.find(':');
    const std::string_view group = text.substr(0, end);
    if (v4_tail && end == std::string_view::npos && group.find('.') != std::string_view::npos) {
      const auto v4 = parse_v4(group);
      if (!v4 || groups.size + 4 > groups.bytes.size()) return std::nullopt;
      std::copy(v4->begin(), v4->end(), groups.bytes.begin() + static_cast<std::ptrdiff_t>(groups.size));
      groups.size += 4;
      return groups;
    }
    const auto value = parse_group(group);
    if (!value || groups.size + 2 > groups.bytes.size()) return std::nullopt;
    groups.bytes[groups.size++] = static_cast<std::uint8_t>(*value >> 8);
    groups.bytes[groups.size++] = static_cast<std::uint8_t>(*value & 0xFF);
    if (end == std::string_view::npos) return groups;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) {
  if (text.size() > 45) return std::nullopt;  // the longest there is: six full groups and a full IPv4 address
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto groups = parse_groups(text, true);
    if (!groups || groups->size != 16) return std::nullopt;
    return groups->bytes;
  }
  const auto head = parse_groups(text.substr(0, gap), false);
  const auto tail = parse_groups(text.substr(gap + 2), true);
  // "::" stands for one group at least, as inet_pton has it.
  if (!head || !tail || head->size + tail->size > 14) return std::nullopt;
  std::array<std::uint8_t, 16> ip = head->bytes;
  std::copy_n(tail->bytes.begin(), tail->size, ip.end() - static_cast<std::ptrdiff_t>(tail->size));
  return ip;
}

void append_number(std::string& out, unsigned value, int base) {
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error == std::errc{}) out.append(digits.data(), end);
}

std::string v4_text(std::span<const std::uint8_t> ip) {
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) out += '.';
    append_number(out, ip[i], 10);
  }
  return out;
}

std::string v6_text(std::span<const std::uint8_t> ip) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(ip[2 * i] << 8 | ip[2 * i + 1]);
  // RFC 5952 4.2: the longest run of at least two zero groups is shortened, the first of equals.
  std::size_t run = 8;
  std::size_t run_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > run_length) {
      run = i;
      run_length = length;
    }
    i += length + 1;
  }
  std::string out;
  for (std::size_t i = 0; i < 8;) {
    if (i == run) {
      out += "::";
      i += run_length;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_number(out, groups[i], 16);
    ++i;
  }
  return out;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view ip, std::uint16_t port) {
  if (ip.find(':') != std::string_view::npos) {
    if (const auto bytes = parse_v6(ip)) return v6(*bytes, port);
    return std::nullopt;
  }
  if (const auto bytes = parse_v4(ip)) return v4(*bytes, port);
  return std::nullopt;
}

std::string Address::ip_text() const {
  if (family_ == Family::ipv4) return v4_text(ip());
  // RFC 5952 5: mixed notation where the prefix says that an IPv4 address is inside.
  if (is_v4_mapped()) return "::ffff:" + v4_text(ip().subspan(12));
  return v6_text(ip());
}

std::string Address::text() const {
  std::string out = family_ == Family::ipv6 ? "[" + ip_text() + "]" : ip_text();
  out += ':';
  append_number(out, port_, 10);
  return out;
}

}  // namespace ice
