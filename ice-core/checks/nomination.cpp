// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/nomination.h"

#include <algorithm>

namespace ice {

NominationVerdict judge_nomination(const Checklist& checklist, ComponentId component, TimePoint now, Duration ta) {
  CandidatePair* best = nullptr;
  for (const auto& pair : checklist.pairs()) {
    if (pair->component != component) continue;
    if (pair->nominated || pair->nomination != NominationStep::none) return {};
    if (best == nullptr && pair->valid) best = pair.get();
  }
  if (best == nullptr) return {};

  // A round trip that could not be measured (its request was repeated) is taken as what RTO would allow it.
  const Duration round_trip = best->round_trip_time.value_or(std::chrono::milliseconds(250));
  const Duration patience = 2 * round_trip + ta;
  std::optional<TimePoint> ask_again;
  for (const auto& pair : checklist.pairs()) {
    if (pair->priority <= best->priority) break;
    if (pair->component != component || !pair->listed) continue;
    if (pair->id == best->checked_pair) continue;
    TimePoint until{};
    if (pair->state == PairState::waiting) {
      until = now + ta;
    } else if (pair->state == PairState::in_progress) {
      until = pair->check_started + patience;
    } else {
      continue;
    }
    if (until > now) ask_again = std::max(ask_again.value_or(until), until);
  }
  if (ask_again) return {nullptr, ask_again};
  return {best, std::nullopt};
}

}  // namespace ice
