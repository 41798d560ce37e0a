// SPDX-License-Identifier: LGPL-2.1-or-later
// See loop_pool.h.
#include "gst/net/loop_pool.h"

#include <algorithm>
#include <future>
#include <string>
#include <thread>

#include "gst/net/process_lifetime.h"

namespace gstice {

LoopPool& LoopPool::instance() {
  static ProcessLifetime<LoopPool> pool(default_size());
  return *pool;
}

std::size_t LoopPool::default_size() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
}

LoopPool::LoopPool(std::size_t size) : seats_(size) {}

ice::Result<std::shared_ptr<EventLoop>> LoopPool::lease() {
  const std::lock_guard lock(mutex_);
  const auto least = std::min_element(seats_.begin(), seats_.end(),
                                      [](const Seat& a, const Seat& b) { return a.sessions < b.sessions; });
  if (!least->loop) {
    auto created = EventLoop::create("ice-net-" + std::to_string(least - seats_.begin()));
    if (!created) return created.error();
    least->loop = std::move(created).value();
  }
  ++least->sessions;
  const auto index = static_cast<std::size_t>(least - seats_.begin());
  return std::shared_ptr<EventLoop>(least->loop.get(), [this, index](EventLoop*) {
    const std::lock_guard release(mutex_);
    --seats_[index].sessions;
  });
}

void LoopPool::drain() {
  std::vector<std::future<void>> done;
  {
    const std::lock_guard lock(mutex_);
    for (Seat& seat : seats_) {
      if (!seat.loop) continue;
      auto promise = std::make_shared<std::promise<void>>();
      done.push_back(promise->get_future());
      seat.loop->post([promise] { promise->set_value(); });
    }
  }
  for (auto& each : done) each.wait();
}

}  // namespace gstice
