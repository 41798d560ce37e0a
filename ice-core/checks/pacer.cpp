// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/pacer.h"

#include <algorithm>

namespace ice {

void Pacer::set_peer(std::optional<Duration> proposed) {
  peer_ = proposed ? std::optional(std::min(*proposed, kMaximumTa)) : std::nullopt;
}

Duration Pacer::ta() const {
  return std::max({ours_, peer_.value_or(kDefaultPeerTa), kMinimumTa});
}

Duration Pacer::check_rto(std::size_t running_checklists, std::size_t waiting_and_in_progress) const {
  const auto factor = static_cast<Duration::rep>(running_checklists * waiting_and_in_progress);
  return std::max(kMinimumRto, ta() * factor);
}

Duration Pacer::gathering_rto(std::size_t transactions) const {
  return std::max(kMinimumRto, ta() * static_cast<Duration::rep>(transactions));
}

}  // namespace ice
