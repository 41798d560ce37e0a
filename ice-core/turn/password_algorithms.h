// SPDX-License-Identifier: LGPL-2.1-or-later
// Keys of long-term credentials and the choice among password algorithms (RFC 8489 9.2.2, 14.4, 14.11, 18.5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ice-core/base/types.h"

namespace ice {

enum class PasswordAlgorithm : std::uint16_t { md5 = 1, sha256 = 2 };

/// `user:realm:password`, hashed; empty where OpenSSL lacks the digest (MD5 under FIPS). Texts are taken as they are,
/// but that non-ASCII spaces become U+0020 in realm and password (OpaqueString, RFC 8265 4.2, whose normalization to
/// NFC is the caller's: hardly anything types otherwise).
[[nodiscard]] std::string long_term_key(PasswordAlgorithm algorithm, std::string_view user, std::string_view realm,
                                        std::string_view password);

/// USERHASH: SHA-256 of `user:realm` (RFC 8489 14.4).
[[nodiscard]] Bytes userhash(std::string_view user, std::string_view realm);

/// The first entry of a PASSWORD-ALGORITHMS value that we can use, nothing when there is none or the value is
/// malformed.
[[nodiscard]] std::optional<PasswordAlgorithm> first_supported_algorithm(ByteView password_algorithms);

}  // namespace ice
