// SPDX-License-Identifier: LGPL-2.1-or-later
// See progress_reporter.h.
#include "gst/agent/progress_reporter.h"

#include <utility>

namespace gstice {
void ProgressReporter::update(const std::function<View()>& look, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  collect_locked(look());
  tell_locked(lock, patience);
}

void ProgressReporter::collect_locked(const View& view) {
  for (std::size_t i = 0; view.teller && i < kProgressSteps; ++i) {
    // Somebody else's step: who told of it has left the session.
    if (tellers_[i].lock() != view.teller) add_locked(progress_.cancel(static_cast<ProgressStep>(i)), nullptr);
  }
  add_locked(progress_.update(view.facts), view.teller);
}

void ProgressReporter::add_locked(const std::vector<ProgressNote>& notes, const std::shared_ptr<AgentMember>& teller) {
  for (const ProgressNote& note : notes) {
    auto& its_teller = tellers_[static_cast<std::size_t>(note.step)];
    if (note.type == ProgressType::start) its_teller = teller;
    if (auto member = its_teller.lock()) outbox_.push_back({std::move(member), note});
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
