// SPDX-License-Identifier: LGPL-2.1-or-later
// See background_work.h.
#include "gst/elements/background_work.h"

#include <condition_variable>
#include <system_error>
#include <utility>

#include "gst/net/thread_start.h"

namespace gstice {

struct BackgroundWork::Shared {
  std::mutex mutex;  ///< guards what follows; a leaf lock
  std::condition_variable changed;
  bool wanted = false;
  bool stopping = false;
};

bool BackgroundWork::start(Work work) {
  stop();
  auto shared = std::make_shared<Shared>();
  try {
    thread_ = start_thread("ice-urisrc", [shared, work = std::move(work)] { run(*shared, work); });
  } catch (const std::system_error&) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  shared_ = std::move(shared);
  return true;
}

void BackgroundWork::stop() {
  std::shared_ptr<Shared> shared;
  {
    const std::lock_guard lock(mutex_);
    shared = std::move(shared_);
  }
  if (!shared) return;
  {
    const std::lock_guard lock(shared->mutex);
    shared->stopping = true;
    shared->changed.notify_all();
  }
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void BackgroundWork::wake() {
  std::shared_ptr<Shared> shared;
  {
    const std::lock_guard lock(mutex_);
    shared = shared_;
  }
  if (!shared) return;
  const std::lock_guard lock(shared->mutex);
  shared->wanted = true;
  shared->changed.notify_all();
}

void BackgroundWork::run(Shared& shared, const Work& work) {
  std::optional<Clock::time_point> again;
  while (true) {
    {
      std::unique_lock lock(shared.mutex);
      const auto due = [&] { return shared.stopping || shared.wanted; };
      if (again) {
        shared.changed.wait_until(lock, *again, due);
      } else {
        shared.changed.wait(lock, due);
      }
      if (shared.stopping) return;
      shared.wanted = false;
    }
    again = work();
  }
}

}  // namespace gstice
