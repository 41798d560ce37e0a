// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/password_algorithms.h"

#include <openssl/evp.h>

#include <array>

#include "ice-core/base/text.h"
#include "ice-core/stun/wire.h"

namespace ice {

namespace {

std::string digest(const EVP_MD* algorithm, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), out.data(), &size, algorithm, nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(out.data()), size};
}

/// Unicode's space separators (Zs) but U+0020, as UTF-8.
bool is_wide_space(std::string_view character) {
  if (character == "\xC2\xA0" || character == "\xE1\x9A\x80" || character == "\xE2\x80\xAF" ||
      character == "\xE2\x81\x9F" || character == "\xE3\x80\x80") {
    return true;
  }
  return character >= "\xE2\x80\x80" && character <= "\xE2\x80\x8A";  // U+2000 to U+200A; char_traits compare as bytes
}

std::string opaque_string(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    out += is_wide_space(character) ? std::string_view(" ") : character;
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace

std::string long_term_key(PasswordAlgorithm algorithm, std::string_view user, std::string_view realm,
                          std::string_view password) {
  const std::string text = std::string(user) + ":" + opaque_string(realm) + ":" + opaque_string(password);
  return digest(algorithm == PasswordAlgorithm::sha256 ? EVP_sha256() : EVP_md5(), text);
}

Bytes userhash(std::string_view user, std::string_view realm) {
  const std::string hash = digest(EVP_sha256(), std::string(user) + ":" + opaque_string(realm));
  const auto bytes = std::as_bytes(std::span(hash.data(), hash.size()));
  return {bytes.begin(), bytes.end()};
}

std::optional<PasswordAlgorithm> first_supported_algorithm(ByteView value) {
  while (value.size() >= 4) {
    const std::uint16_t algorithm = wire::u16(value, 0);
    const std::size_t parameters = wire::u16(value, 2);
    if (wire::padded(parameters) > value.size() - 4) return std::nullopt;
    // Neither has parameters (18.5.1).
    if (parameters == 0 && (algorithm == 1 || algorithm == 2)) return static_cast<PasswordAlgorithm>(algorithm);
    value = value.subspan(4 + wire::padded(parameters));
  }
  return std::nullopt;
}

}  // namespace ice
