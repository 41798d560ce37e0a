// SPDX-License-Identifier: LGPL-2.1-or-later
// ufrag and pwd (RFC 8445 5.3, RFC 8839 5.4).
#pragma once

#include <string>
#include <string_view>

#include "ice-core/base/random.h"
#include "ice-core/base/result.h"

namespace ice {

/// A username fragment and a password. The password is a secret: never logged.
struct Credentials {
  std::string ufrag;
  std::string pwd;

  [[nodiscard]] bool complete() const { return !ufrag.empty() && !pwd.empty(); }
  bool operator==(const Credentials&) const = default;
};

/// ALPHA / DIGIT / "+" / "/" (RFC 8839 5.1)
[[nodiscard]] bool is_ice_char(char c);

/// Fresh credentials: 8 ice-chars of ufrag (48 bits) and 24 of pwd (144 bits); at least 24 and 128 are demanded
/// (RFC 8445 5.3).
[[nodiscard]] Credentials random_credentials(RandomSource& random);

/// What we may send: ufrag 4 to 32, pwd 22 to 256 ice-chars. The error names the field, never its value.
[[nodiscard]] Result<> check_local_ufrag(std::string_view ufrag);
[[nodiscard]] Result<> check_local_pwd(std::string_view pwd);
/// What we accept from a peer: ufrag 4 to 256, pwd 22 to 256 ice-chars (RFC 8839 5.4).
[[nodiscard]] Result<> check_remote_ufrag(std::string_view ufrag);
[[nodiscard]] Result<> check_remote_pwd(std::string_view pwd);

}  // namespace ice
