// SPDX-License-Identifier: LGPL-2.1-or-later
// The words for each invariant.
#include "tests/sim/invariants.h"

namespace sim {

const char* text(Invariant invariant) {
  switch (invariant) {
    case Invariant::one_new_check_per_ta:
      return "one new check per Ta";
    case Invariant::requests_are_counted:
      return "requests are counted";
    case Invariant::no_check_without_credentials:
      return "no check without credentials";
    case Invariant::checks_only_known_addresses:
      return "checks only known addresses";
    case Invariant::nothing_unsigned_believed:
      return "nothing unsigned is believed";
    case Invariant::servers_only_as_told:
      return "only servers that were named";
    case Invariant::consent_only_on_own_paths:
      return "consent only on own paths";
    case Invariant::at_most_100_pairs:
      return "at most 100 pairs";
    case Invariant::responses_where_asked:
      return "responses where asked";
    case Invariant::responses_are_signed:
      return "responses are signed";
    case Invariant::path_needs_answered_check:
      return "a path needs an answered check";
    case Invariant::source_needs_authenticated:
      return "a source needs authentication";
    case Invariant::path_needs_consent:
      return "a path needs consent";
    case Invariant::media_is_accepted:
      return "media is accepted";
    case Invariant::strangers_are_dropped:
      return "strangers are dropped";
    case Invariant::only_open_transports:
      return "only open transports";
    case Invariant::timer_moves_on:
      return "the timer moves on";
    case Invariant::bounded_memory:
      return "bounded memory";
    case Invariant::role_conflict_ends:
      return "a role conflict ends";
    case Invariant::bounded_steps:
      return "bounded steps";
    case Invariant::events_match_getters:
      return "events match getters";
    case Invariant::state_matches_paths:
      return "the state matches the paths";
    case Invariant::none_stuck:
      return "none stuck";
    case Invariant::completes_where_possible:
      return "completes where possible";
    case Invariant::fails_with_reason:
      return "fails with a reason";
    case Invariant::one_controlling:
      return "one controlling";
    case Invariant::pairs_mirror:
      return "pairs mirror";
    case Invariant::server_has_no_complaint:
      return "the server has no complaint";
    case Invariant::allocations_released:
      return "allocations are released";
    case Invariant::closes_everything:
      return "close closes everything";
    case Invariant::silent_after_close:
      return "silent after close";
  }
  return "";
}

}  // namespace sim
