// SPDX-License-Identifier: LGPL-2.1-or-later
// See progress_reporter.h.
#include "gst/agent/progress_reporter.h"

#include <algorithm>
#include <utility>

namespace gstice {
namespace {

/// Players that find a step open do not go to PLAYING: what may last is told by who is there already.
bool may_tell(const ProgressReporter::Member& member, ProgressStep step) {
  return member.playing || !needs_playing(step);
}

}  // namespace

void ProgressReporter::update(const std::function<View()>& look, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  collect_locked(look());
  tell_locked(lock, patience);
}

void ProgressReporter::collect_locked(const View& view) {
  for (std::size_t i = 0; i < kProgressSteps; ++i) {
    const auto step = static_cast<ProgressStep>(i);
    if (!progress_.is_open(step)) continue;
    const auto teller = tellers_[i].lock();
    const bool can = std::ranges::any_of(
        view.members, [&](const Member& member) { return member.member == teller && may_tell(member, step); });
    if (can) continue;
    // With nobody else to tell, the step ends in its own words.
    const bool anybody =
        std::ranges::any_of(view.members, [&](const Member& member) { return may_tell(member, step); });
    if (anybody) add_locked(progress_.cancel(step), view);
  }
  add_locked(progress_.update(view.facts), view);
}

void ProgressReporter::add_locked(const std::vector<ProgressNote>& notes, const View& view) {
  for (const ProgressNote& note : notes) {
    auto& teller = tellers_[static_cast<std::size_t>(note.step)];
    if (note.type == ProgressType::start) {
      const auto found =
          std::ranges::find_if(view.members, [&](const Member& member) { return may_tell(member, note.step); });
      teller = found != view.members.end() ? found->member : nullptr;
    }
    if (auto member = teller.lock()) outbox_.push_back({std::move(member), note});
  }
}

void ProgressReporter::tell_locked(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds patience) {
  if (telling_) {
    // By ourselves, further up the stack: told there.
    if (teller_thread_ != std::this_thread::get_id()) told_.wait_for(lock, patience, [this] { return !telling_; });
    return;
  }
  telling_ = true;
  teller_thread_ = std::this_thread::get_id();
  while (!outbox_.empty()) {
    const Telling next = std::move(outbox_.front());
    outbox_.pop_front();
    lock.unlock();
    next.member->progress(next.note);
    lock.lock();
  }
  telling_ = false;
  told_.notify_all();
}

}  // namespace gstice
