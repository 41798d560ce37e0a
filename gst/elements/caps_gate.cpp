// SPDX-License-Identifier: LGPL-2.1-or-later
// See caps_gate.h.
#include "gst/elements/caps_gate.h"

#include <algorithm>

namespace gstice {

void CapsGate::hear(const PeerCaps& caps, TimePoint now) {
  const bool newcomer = caps.peer != latest_.peer;
  const bool unknown_again = caps.state == PeerCaps::State::unknown && latest_.state != PeerCaps::State::unknown;
  if (newcomer || unknown_again) {
    // We may hear of a newcomer later than its media comes.
    unknown_since_ = newcomer ? caps.since : now;
    given_up_ = false;
  }
  latest_ = caps;
}

CapsGate::Verdict CapsGate::judge(std::span<const InboundDatagram> waiting, TimePoint now) const {
  using What = Verdict::What;
  const Verdict pass{What::pass, waiting.size(), nullptr, {}};
  if (!latest_.expected) return pass;
  // What is still there of an earlier peer goes as all of it went.
  const auto first = std::ranges::find_if(
      waiting, [this](const InboundDatagram& datagram) { return datagram.arrival >= unknown_since_; });
  const auto of_earlier = static_cast<std::size_t>(first - waiting.begin());
  if (of_earlier > 0) return {What::pass, of_earlier, nullptr, {}};
  if (latest_.state == PeerCaps::State::known && latest_.caps != applied_) {
    return {What::pass, waiting.size(), latest_.caps, {}};
  }
  if (latest_.state != PeerCaps::State::unknown || given_up_) return pass;
  const TimePoint until = waiting.front().arrival + kLongestHold;
  std::size_t bytes = 0;
  for (const InboundDatagram& datagram : waiting) bytes += datagram.length;
  const bool full = bytes >= kMaxHeldBytes || waiting.size() >= kMaxHeldDatagrams;
  if (now >= until || full) return {What::give_up, waiting.size(), nullptr, {}};
  return {What::hold, 0, nullptr, until};
}

}  // namespace gstice
