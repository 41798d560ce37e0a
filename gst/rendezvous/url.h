// SPDX-License-Identifier: LGPL-2.1-or-later
// The address of a room: ws://host[:port]/room or wss://….
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ice-core/base/result.h"

namespace gstice::rendezvous {

struct Url {
  bool tls = false;
  std::string host;  ///< a name, or an address without brackets
  std::uint16_t port = 0;
  std::string room;
  std::string text;  ///< as it was given

  /// The error names the part at fault.
  static ice::Result<Url> parse(std::string_view text);
};

/// For messages: bounded in length, without control characters, without a user name or password.
std::string presentable_url(std::string_view text);

}  // namespace gstice::rendezvous
