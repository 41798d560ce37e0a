// SPDX-License-Identifier: LGPL-2.1-or-later
// Carries descriptions and candidates as text, as real signaling does.
#include "tests/sim/signaling.h"

#include <algorithm>

#include "ice-core/candidates/candidate_line.h"
#include "ice-core/candidates/description.h"

namespace sim {

Signaling::Signaling(AgentHost& from, AgentHost& to, SignalingConditions conditions)
    : from_(from), to_(to), conditions_(conditions), random_(from.world().random("signaling " + from.name())) {
  from_.on_event = [this](const ice::Event& event) { heard(event); };
}

void Signaling::begin() {
  begun_ = true;
  if (!conditions_.full) {
    send_description();
  } else if (from_.agent().gathering_state() == ice::GatheringState::complete && !sent_full_) {
    sent_full_ = true;
    send_description();
  }
}

void Signaling::begin_anew() {
  drop_what_is_under_way();
  begun_ = sent_full_ = false;
}

void Signaling::heard(const ice::Event& event) {
  if (!begun_) return;  // what was found before stands in the first description
  if (conditions_.full) {
    const auto* gathering = std::get_if<ice::GatheringStateChanged>(&event);
    if (gathering != nullptr && gathering->state == ice::GatheringState::complete && !sent_full_) {
      sent_full_ = true;
      send_description();
    }
    return;
  }
  if (const auto* found = std::get_if<ice::LocalCandidateFound>(&event)) {
    const std::string line = ice::candidate_line(found->candidate);
    const ice::Duration late =
        random_.chance(conditions_.late_candidate) ? conditions_.late_candidate_delay : ice::Duration::zero();
    deliver(late, [this, stream = found->stream, line] {
      if (const auto candidate = ice::parse_candidate_line(line)) to_.hear(stream, *candidate);
    });
    if (random_.chance(conditions_.repeat_description)) send_description();
  } else if (const auto* ended = std::get_if<ice::LocalCandidatesEnded>(&event)) {
    if (!conditions_.end_in_band) return;
    const auto end = [this, stream = ended->stream] { to_.hear_end_of_candidates(stream); };
    // Never before the candidates it ends, unless the plan is that it is.
    const ice::TimePoint now = from_.world().now();
    const ice::Duration wait = latest_ > now ? latest_ - now : ice::Duration::zero();
    deliver(conditions_.end_overtakes ? ice::Duration::zero() : wait + conditions_.end_delay, end);
  }
}

void Signaling::send_description() {
  // Asked for when the event queue is drained: the agent is not called from within its own events.
  from_.world().after(ice::Duration::zero(), [this] {
    ice::Description description = from_.agent().local_description();
    if (conditions_.without_pacing) description.pacing_ms.reset();
    if (!conditions_.end_in_band) {
      for (auto& stream : description.streams) stream.end_of_candidates = false;
    }
    deliver_description(description);
  });
}

void Signaling::deliver_description(const ice::Description& description) {
  deliver(conditions_.description_delay, [this, text = ice::write_description(description)] {
    if (const auto parsed = ice::parse_description(text)) to_.hear(parsed->description);
  });
}

void Signaling::deliver(ice::Duration extra, std::function<void()> what) {
  if (cut_) return;
  World& world = from_.world();
  const ice::Duration jitter = conditions_.jitter > ice::Duration::zero()
                                   ? random_.from_to(ice::Duration::zero(), conditions_.jitter)
                                   : ice::Duration::zero();
  const ice::TimePoint at = world.now() + conditions_.delay + jitter + extra;
  latest_ = std::max(latest_, at);
  world.at(at, [this, epoch = epoch_, what = std::move(what)] {
    if (!cut_ && epoch == epoch_) what();
  });
}

}  // namespace sim
