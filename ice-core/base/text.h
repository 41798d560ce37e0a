// SPDX-License-Identifier: LGPL-2.1-or-later
// Small helpers for text that strangers wrote: strict numbers, trimming, and quoting that is safe to show.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ice {

/// A decimal number and nothing else: no sign, no white space, no overflow.
template <std::unsigned_integral T>
[[nodiscard]] std::optional<T> parse_decimal(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// SP, HTAB, CR, LF
[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
/// VCHAR (RFC 5234 B.1)
[[nodiscard]] constexpr bool is_vchar(char c) {
  return c >= 0x21 && c <= 0x7E;
}
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/// token-char of SDP (RFC 8866 9)
[[nodiscard]] bool is_token_char(char c);

/// `text` without white space at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// Takes the first word off `rest`: what stands before the next white space. Empty when there is none.
[[nodiscard]] std::string_view take_word(std::string_view& rest);
/// ASCII letters compare without case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

/// `text` cut to at most `limit` bytes at a character's border, with everything that is not printable UTF-8 replaced by
/// '?': fit for a log line or a message, whatever the bytes were.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 80);
/// printable() in double quotes, with "…" where something was cut off.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t limit = 80);
/// The length of the valid UTF-8 character that `text` begins with, 1 to 4; 0 when there is none (RFC 3629 4).
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace ice
