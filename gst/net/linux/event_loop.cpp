// SPDX-License-Identifier: LGPL-2.1-or-later
// EventLoop on epoll.
#include "gst/net/event_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gst/net/arrival_rate.h"
#include "gst/net/thread_start.h"
#include "gst/net/timer_queue.h"
#include "gst/net/wake_signal.h"

namespace gstice {

namespace {

constexpr std::uint64_t kWakeToken = 0;
constexpr int kEventsPerWait = 64;

ice::Error system_error(const char* what) {
  return ice::Error{std::string(what) + ": " + std::strerror(errno)};
}

/// Waits with the timer's full resolution where the kernel has epoll_pwait2 (5.11), else in whole milliseconds.
int wait(int epoll, std::array<epoll_event, kEventsPerWait>& events,
         std::optional<std::chrono::steady_clock::time_point> deadline) {
  static std::atomic<bool> coarse{false};
  std::optional<std::chrono::nanoseconds> left;
  if (deadline) left = std::max(*deadline - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0));
  if (!coarse.load(std::memory_order_relaxed)) {
    timespec timeout{};
    if (left) {
      timeout.tv_sec = static_cast<time_t>(left->count() / 1'000'000'000);
      timeout.tv_nsec = static_cast<long>(left->count() % 1'000'000'000);
    }
    const int count = epoll_pwait2(epoll, events.data(), kEventsPerWait, left ? &timeout : nullptr, nullptr);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
    coarse.store(true, std::memory_order_relaxed);
  }
  int milliseconds = -1;
  if (left) milliseconds = static_cast<int>(std::min<long long>((left->count() + 999'999) / 1'000'000, 60'000));
  return epoll_wait(epoll, events.data(), kEventsPerWait, milliseconds);
}

}  // namespace

class EventLoop::Impl {
 public:
  Impl(int epoll, std::unique_ptr<WakeSignal> wake) : epoll_(epoll), wake_(std::move(wake)) {}
  ~Impl() { ::close(epoll_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool watch_wake_signal() {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kWakeToken;
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_->fd(), &event) == 0;
  }

  void start(const std::string& name) {
    thread_ = start_thread(name, [this] { run(); });
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      wake_locked();
    }
    thread_.join();
  }

  ice::Result<WatchId> watch(int fd, std::shared_ptr<Handler> handler) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = ++last_id_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = id;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return system_error("cannot watch a socket");
    watched_.emplace(id, Watched{fd, std::move(handler)});
    return WatchId{id};
  }

  void unwatch(WatchId id) {
    std::shared_ptr<Handler> let_go;  // its destructor may run here, but not under our mutex
    const std::lock_guard lock(mutex_);
    const auto found = watched_.find(static_cast<std::uint64_t>(id));
    if (found == watched_.end()) return;
    epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second.fd, nullptr);
    let_go = std::move(found->second.handler);
    watched_.erase(found);
  }

  TimerId add_timer(std::function<void()> callback) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t id = ++last_id_;
    timers_.add(id, std::move(callback));
    return TimerId{id};
  }

  void arm(TimerId id, TimePoint deadline) {
    const std::lock_guard lock(mutex_);
    const auto before = timers_.next();
    if (!timers_.arm(static_cast<std::uint64_t>(id), deadline)) return;
    if (!before || deadline < *before) wake_locked();
  }

  void remove_timer(TimerId id) {
    const std::lock_guard lock(mutex_);
    timers_.remove(static_cast<std::uint64_t>(id));
  }

  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    wake_locked();
  }

  [[nodiscard]] bool is_current() const { return std::this_thread::get_id() == thread_id_.load(); }

 private:
  struct Watched {
    int fd;
    std::shared_ptr<Handler> handler;
  };

  void wake_locked() {
    // The thread itself looks at everything again before it waits.
    if (wake_pending_ || is_current()) return;
    wake_pending_ = true;
    wake_->set();
  }

  void run() {
    thread_id_ = std::this_thread::get_id();
    std::array<epoll_event, kEventsPerWait> events;
    while (true) {
      run_posted();
      run_timers();
      std::optional<TimePoint> deadline;
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        deadline = posted_.empty() ? timers_.next() : TimePoint{};
      }
      const int count = wait(epoll_, events, deadline);
      if (count > 0) gather();
      std::size_t bytes = 0;
      for (int i = 0; i < count; ++i) bytes += dispatch(events[static_cast<std::size_t>(i)]);
      rate_.note(std::chrono::steady_clock::now(), bytes);
    }
  }

  /// Waking up costs several times what reading a datagram does. When they come fast, some more are waited for.
  void gather() {
    const auto pause = rate_.pause(std::chrono::steady_clock::now());
    if (pause.count() <= 0) return;
    const timespec time{0, static_cast<long>(pause.count())};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  }

  void run_posted() {
    std::vector<std::function<void()>> work;
    {
      const std::lock_guard lock(mutex_);
      work.swap(posted_);
    }
    for (auto& item : work) item();
  }

  void run_timers() {
    // One reading of the clock: timers that callbacks arm for now are served in the next round, after the sockets.
    const auto now = std::chrono::steady_clock::now();
    while (true) {
      std::shared_ptr<TimerQueue::Callback> due;
      {
        const std::lock_guard lock(mutex_);
        due = timers_.take_due(now);
      }
      if (!due) return;
      (*due)();
    }
  }

  std::size_t dispatch(const epoll_event& event) {
    const std::uint64_t token = event.data.u64;
    if (token == kWakeToken) {
      const std::lock_guard lock(mutex_);
      wake_->clear();
      wake_pending_ = false;
      return 0;
    }
    std::shared_ptr<Handler> handler;
    {
      const std::lock_guard lock(mutex_);
      const auto found = watched_.find(token);
      if (found == watched_.end()) return 0;  // unwatched since the wait
      handler = found->second.handler;
    }
    return handler->ready((event.events & EPOLLHUP) != 0);
  }

  const int epoll_;
  const std::unique_ptr<WakeSignal> wake_;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_{};
  ArrivalRate rate_;  ///< the thread's own

  std::mutex mutex_;  ///< guards what follows; a leaf lock, never held while calling out
  bool stopping_ = false;
  bool wake_pending_ = false;
  std::uint64_t last_id_ = kWakeToken;
  std::unordered_map<std::uint64_t, Watched> watched_;
  TimerQueue timers_;
  std::vector<std::function<void()>> posted_;
};

ice::Result<std::unique_ptr<EventLoop>> EventLoop::create(const std::string& name) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return system_error("cannot start a network thread");
  auto wake = WakeSignal::create();
  const bool have_wake = wake != nullptr;
  auto impl = std::make_unique<Impl>(epoll, std::move(wake));
  if (!have_wake || !impl->watch_wake_signal()) return system_error("cannot start a network thread");
  try {
    impl->start(name);
  } catch (const std::system_error& error) {
    return ice::Error{std::string("cannot start a network thread: ") + error.what()};
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(impl)));
}

EventLoop::EventLoop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventLoop::~EventLoop() {
  impl_->stop();
}

ice::Result<EventLoop::WatchId> EventLoop::watch(int fd, std::shared_ptr<Handler> handler) {
  return impl_->watch(fd, std::move(handler));
}
void EventLoop::unwatch(WatchId id) {
  impl_->unwatch(id);
}
EventLoop::TimerId EventLoop::add_timer(std::function<void()> callback) {
  return impl_->add_timer(std::move(callback));
}
void EventLoop::arm(TimerId id, TimePoint deadline) {
  impl_->arm(id, deadline);
}
void EventLoop::remove_timer(TimerId id) {
  impl_->remove_timer(id);
}
void EventLoop::post(std::function<void()> work) {
  impl_->post(std::move(work));
}
bool EventLoop::is_current() const {
  return impl_->is_current();
}

}  // namespace gstice
