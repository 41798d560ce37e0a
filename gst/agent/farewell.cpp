// SPDX-License-Identifier: LGPL-2.1-or-later
// See farewell.h.
#include "gst/agent/farewell.h"

#include <algorithm>

namespace gstice {

std::optional<Farewell::TimePoint> Farewell::look(TimePoint now) const {
  TimePoint latest = begun_;
  bool complete = true;
  for (const Awaited& flow : awaited_) {
    const auto counters = flow.receiver->counters();
    complete = complete && flow.packets && counters.packets_received >= *flow.packets;
    latest = std::max(latest, counters.last_arrival);
  }
  const TimePoint end = std::min(latest + kSilence, begun_ + kLongest);
  if (complete || now >= end) return std::nullopt;
  return end;
}

}  // namespace gstice
