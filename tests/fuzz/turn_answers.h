// SPDX-License-Identifier: LGPL-2.1-or-later
// The answers of a TURN server that does anything: grants, challenges, refuses, and every way to get them wrong, as the
// input says.
#pragma once

#include "ice-core/stun/message.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {

inline constexpr std::string_view kTurnUser = "somebody";
inline constexpr std::string_view kTurnPassword = "a+Secret/Of22Characters";

/// A peer of a relay.
ice::Address turn_peer(std::size_t which);

struct TurnAnswer {
  ice::Bytes bytes;
  bool is_success = false;
};
/// An answer to `request`; two bytes of input at least.
TurnAnswer turn_answer(Input& input, const ice::StunMessage& request);
/// What a good server says to it: a challenge, or a grant with the key of whoever is asked.
TurnAnswer good_turn_answer(const ice::StunMessage& request, bool sha256);

}  // namespace fuzz
