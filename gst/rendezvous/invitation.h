// SPDX-License-Identifier: LGPL-2.1-or-later
// What gst-ice-rendezvous prints for people to paste: the lines that send, receive and play in one of its rooms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ice-core/base/random.h"

namespace gstice {

struct Invitation {
  std::vector<std::string> hosts;  ///< names and addresses of this machine, without brackets
  std::uint16_t port = 0;
  bool tls = false;
  std::string room;
};

/// A room's name that nobody guesses.
std::string suggest_room(ice::RandomSource& random);

/// Several lines, the last one ended too: for each host the line to send, to receive and to play with.
std::string lines_to_paste(const Invitation& invitation);

}  // namespace gstice
