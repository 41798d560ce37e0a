// SPDX-License-Identifier: LGPL-2.1-or-later
// What two hosts can reach through the NATs between them, by the words of RFC 4787 alone: no agent, no network and no
// time, only who has a mapping towards whom and which filter lets what in. What it says any ICE agent can do is what
// ours must do.
#pragma once

#include "tests/sim/access.h"

namespace sim {

/// The best kind of pair, the worst first.
enum class Reach { none, relayed, reflexive, host };
const char* text(Reach reach);

struct ReachQuestion {
  AccessPlan alice;
  AccessPlan bob;
  bool alices_stun = true;  ///< she asks a STUN server, and gets the truth
  bool bobs_stun = true;
  bool alices_turn = false;  ///< alice has a TURN server, reached by UDP or TCP
  bool bobs_turn = false;
};

/// Everything that works.
struct Reaches {
  bool host = false;
  bool reflexive = false;
  bool relayed = false;
  [[nodiscard]] Reach best() const {
    return host ? Reach::host : reflexive ? Reach::reflexive : relayed ? Reach::relayed : Reach::none;
  }
};

/// The two are in networks of their own, each with its own NATs.
Reaches reaches(const ReachQuestion& question);
inline Reach best_reach(const ReachQuestion& question) {
  return reaches(question).best();
}

}  // namespace sim
