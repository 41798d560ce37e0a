// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be wrong with a STUN or TURN server, beside the network on the way to it. Plain data.
#pragma once

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"

namespace sim {

enum class Trouble {
  none,
  silent,    ///< takes everything, answers nothing
  slow,      ///< answers after `delay`
  lying,     ///< says that the client (and its relay) is somewhere else
  refusing,  ///< answers everything with the error `code`
};
inline const char* text(Trouble trouble) {
  switch (trouble) {
    case Trouble::none:
      return "well";
    case Trouble::silent:
      return "silent";
    case Trouble::slow:
      return "slow";
    case Trouble::lying:
      return "lying";
    case Trouble::refusing:
      return "refusing";
  }
  return "";
}

struct ServerTrouble {
  Trouble kind = Trouble::none;
  ice::Duration delay = std::chrono::seconds(3);
  int code = 500;

  bool operator==(const ServerTrouble&) const = default;
};

/// Where a lying server says that a client is: nobody lives there.
inline ice::Address lie_about(const ice::Address& truth) {
  if (truth.family() == ice::Family::ipv4) return ice::Address::v4({203, 0, 113, 254}, truth.port());
  return ice::Address::v6({0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 254}, truth.port());
}

}  // namespace sim
