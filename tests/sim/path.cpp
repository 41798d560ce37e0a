// SPDX-License-Identifier: LGPL-2.1-or-later
// Loss, delay and order on one direction between two networks.
#include "tests/sim/path.h"

namespace sim {

const char* text(Loss loss) {
  switch (loss) {
    case Loss::none:
      return "arrives";
    case Loss::unreachable:
      return "unreachable";
    case Loss::too_long:
      return "longer than the MTU";
    case Loss::by_chance:
      return "lost";
    case Loss::in_burst:
      return "lost in a burst";
  }
  return "";
}

Fate Path::carry(ice::TimePoint now, std::size_t size) {
  Fate fate;
  if (!conditions.up) {
    fate.loss = Loss::unreachable;
  } else if (size > conditions.mtu) {
    fate.loss = Loss::too_long;
  } else if (now < burst_until_) {
    fate.loss = Loss::in_burst;
  } else if (random_.chance(conditions.burst)) {
    burst_until_ = now + conditions.burst_length;
    fate.loss = Loss::in_burst;
  } else if (random_.chance(conditions.loss)) {
    fate.loss = Loss::by_chance;
  }
  if (fate.loss != Loss::none) return fate;

  fate.arrivals[0] = arrival(now);
  if (random_.chance(conditions.duplicate)) fate.arrivals[1] = arrival(now);
  return fate;
}

ice::TimePoint Path::arrival(ice::TimePoint now) {
  ice::TimePoint at = now + conditions.delay;
  if (conditions.jitter > ice::Duration::zero()) at += random_.from_to(ice::Duration::zero(), conditions.jitter);
  if (random_.chance(conditions.reorder)) return at + conditions.reorder_delay;
  if (at < latest_in_order_) at = latest_in_order_;
  latest_in_order_ = at;
  return at;
}

}  // namespace sim
