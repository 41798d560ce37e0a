// SPDX-License-Identifier: LGPL-2.1-or-later
// Credentials made and checked. No value of them ever stands in an error.
#include "ice-core/candidates/credentials.h"

#include <algorithm>

#include "ice-core/base/text.h"

namespace ice {

namespace {

constexpr std::string_view kIceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Result<> check(const char* field, std::string_view value, std::size_t least, std::size_t most) {
  if (value.size() < least || value.size() > most) {
    return Error{std::string(field) + " has " + std::to_string(value.size()) + " characters instead of " +
                 std::to_string(least) + " to " + std::to_string(most)};
  }
  if (!std::all_of(value.begin(), value.end(), is_ice_char)) {
    return Error{std::string(field) + " holds characters other than letters, digits, + and /"};
  }
  return Ok{};
}

}  // namespace

bool is_ice_char(char c) {
  return is_alpha(c) || is_digit(c) || c == '+' || c == '/';
}

Credentials random_credentials(RandomSource& random) {
  Credentials credentials;
  credentials.ufrag = random.text(8, kIceChars);
  credentials.pwd = random.text(24, kIceChars);
  return credentials;
}

Result<> check_local_ufrag(std::string_view ufrag) {
  return check("ice-ufrag", ufrag, 4, 32);
}
Result<> check_local_pwd(std::string_view pwd) {
  return check("ice-pwd", pwd, 22, 256);
}
Result<> check_remote_ufrag(std::string_view ufrag) {
  return check("ice-ufrag", ufrag, 4, 256);
}
Result<> check_remote_pwd(std::string_view pwd) {
  return check("ice-pwd", pwd, 22, 256);
}

}  // namespace ice
