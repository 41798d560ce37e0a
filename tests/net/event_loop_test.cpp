// SPDX-License-Identifier: LGPL-2.1-or-later
// Event loops: timers, posted work, descriptors, and the pool of them.
#include "gst/net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "gst/net/loop_pool.h"
#include "gst/net/timer_queue.h"
#include "gst/net/wake_signal.h"

namespace gstice {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::unique_ptr<EventLoop> make_loop() {
  return EventLoop::create("test-loop").value();
}

/// Counts calls, lets a test wait for them, and clears the signal that caused them unless told to leave it.
class CountingHandler final : public EventLoop::Handler {
 public:
  CountingHandler(const WakeSignal& signal, bool clears) : signal_(signal), clears_(clears) {}
  std::size_t ready(bool hung_up) override {
    if (hung_up) hung_up_ = true;
    if (clears_) signal_.clear();
    if (++calls_ == 1) first_.set_value();
    return 0;
  }
  void wait_for_first() { first_.get_future().wait(); }
  int calls() const { return calls_; }
  bool hung_up() const { return hung_up_; }

 private:
  const WakeSignal& signal_;
  const bool clears_;
  std::atomic<int> calls_{0};
  std::atomic<bool> hung_up_{false};
  std::promise<void> first_;
};

void drain(EventLoop& loop) {
  std::promise<void> done;
  loop.post([&] { done.set_value(); });
  done.get_future().wait();
}

TEST(TimerQueue, GivesTimersInTheOrderOfTheirDeadlinesAndEqualOnesInTheOrderOfArming) {
  TimerQueue queue;
  std::vector<int> order;
  for (int i = 1; i <= 4; ++i) queue.add(static_cast<std::uint64_t>(i), [&order, i] { order.push_back(i); });
  const TimerQueue::TimePoint start{};
  queue.arm(1, start + 3ms);
  queue.arm(2, start + 1ms);
  queue.arm(3, start + 3ms);
  queue.arm(4, start + 9ms);
  queue.arm(4, start + 2ms);  // replaces
  EXPECT_EQ(queue.next(), start + 1ms);
  EXPECT_EQ(queue.take_due(start), nullptr);
  while (const auto due = queue.take_due(start + 3ms)) (*due)();
  EXPECT_EQ(order, (std::vector{2, 4, 1, 3}));
  EXPECT_FALSE(queue.next());
}

TEST(TimerQueue, ForgetsARemovedTimer) {
  TimerQueue queue;
  queue.add(1, [] {});
  queue.arm(1, TimerQueue::TimePoint{});
  queue.remove(1);
  EXPECT_FALSE(queue.next());
  EXPECT_FALSE(queue.arm(1, TimerQueue::TimePoint{}));
}

TEST(EventLoop, RunsPostedWorkInOrderOnItsOwnThread) {
  const auto loop = make_loop();
  std::vector<int> order;
  std::promise<void> done;
  bool on_thread = true;
  for (int i = 0; i < 100; ++i) {
    loop->post([&, i] {
      on_thread = on_thread && loop->is_current();
      order.push_back(i);
      if (i == 99) done.set_value();
    });
  }
  done.get_future().wait();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_TRUE(on_thread);
  EXPECT_FALSE(loop->is_current());
}

TEST(EventLoop, FiresTimersInOrderAndNeverEarly) {
  const auto loop = make_loop();
  std::vector<int> order;
  std::vector<Clock::duration> early;
  std::promise<void> done;
  const auto start = Clock::now();
  const std::vector<Clock::duration> delays{30ms, 1ms, 300us, 10ms, 20ms};
  for (std::size_t i = 0; i < delays.size(); ++i) {
    const auto deadline = start + delays[i];
    const auto id = loop->add_timer([&, i, deadline] {
      order.push_back(static_cast<int>(i));
      if (Clock::now() < deadline) early.push_back(deadline - Clock::now());
      if (order.size() == delays.size()) done.set_value();
    });
    loop->arm(id, deadline);
  }
  done.get_future().wait();
  // The first three are so close together that the machine may have slept over them; their order holds all the same.
  EXPECT_EQ(order, (std::vector{2, 1, 3, 4, 0}));
  EXPECT_TRUE(early.empty());
}

TEST(EventLoop, ATimerArmedFromAnotherThreadForEarlierWakesTheSleepingThread) {
  const auto loop = make_loop();
  const auto far = loop->add_timer([] {});
  loop->arm(far, Clock::now() + 1h);
  drain(*loop);
  std::promise<void> fired;
  const auto near = loop->add_timer([&] { fired.set_value(); });
  loop->arm(near, Clock::now() + 1ms);
  EXPECT_EQ(fired.get_future().wait_for(10s), std::future_status::ready);
}

TEST(EventLoop, ARemovedTimerDoesNotFire) {
  const auto loop = make_loop();
  std::atomic<bool> fired{false};
  const auto id = loop->add_timer([&] { fired = true; });
  loop->arm(id, Clock::now() + 5ms);
  loop->remove_timer(id);
  std::promise<void> later;
  const auto after = loop->add_timer([&] { later.set_value(); });
  loop->arm(after, Clock::now() + 10ms);
  later.get_future().wait();
  EXPECT_FALSE(fired);
}

TEST(EventLoop, TellsAHandlerAgainAsLongAsItsDescriptorIsReadable) {
  const auto loop = make_loop();
  const auto signal = WakeSignal::create();
  const auto handler = std::make_shared<CountingHandler>(*signal, false);
  const auto id = loop->watch(signal->fd(), handler).value();
  signal->set();
  handler->wait_for_first();
  drain(*loop);
  drain(*loop);
  EXPECT_GE(handler->calls(), 2);
  loop->unwatch(id);
}

TEST(EventLoop, AfterUnwatchTheHandlerIsNotCalledAndIsLetGo) {
  const auto loop = make_loop();
  const auto signal = WakeSignal::create();
  auto handler = std::make_shared<CountingHandler>(*signal, true);
  const auto id = loop->watch(signal->fd(), handler).value();
  signal->set();
  handler->wait_for_first();
  loop->unwatch(id);
  drain(*loop);
  const int calls = handler->calls();
  signal->set();
  drain(*loop);
  drain(*loop);
  EXPECT_EQ(handler->calls(), calls);
  const std::weak_ptr<CountingHandler> alive = handler;
  handler.reset();
  EXPECT_TRUE(alive.expired());
}

TEST(EventLoop, TellsOfASocketThatWasShutDown) {
  const auto loop = make_loop();
  const auto signal = WakeSignal::create();
  const auto handler = std::make_shared<CountingHandler>(*signal, false);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(fd, 0);
  ::shutdown(fd, SHUT_RDWR);
  const auto id = loop->watch(fd, handler).value();
  handler->wait_for_first();
  EXPECT_TRUE(handler->hung_up());
  loop->unwatch(id);
  ::close(fd);
}

TEST(EventLoop, SaysWhyADescriptorCannotBeWatched) {
  const auto loop = make_loop();
  const auto signal = WakeSignal::create();
  const auto result = loop->watch(-1, std::make_shared<CountingHandler>(*signal, true));
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("Bad file descriptor"), std::string::npos) << result.error().message;
}

TEST(EventLoop, CanBeUsedFromItsOwnCallbacks) {
  const auto loop = make_loop();
  std::promise<void> done;
  EventLoop::TimerId id{};
  id = loop->add_timer([&] { loop->post([&] { done.set_value(); }); });
  loop->post([&] { loop->arm(id, Clock::now()); });
  EXPECT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
}

TEST(LoopPool, SpreadsSessionsOverAFixedNumberOfThreadsAndReusesWhatIsLetGo) {
  LoopPool pool(2);
  std::vector<std::shared_ptr<EventLoop>> leases;
  std::set<EventLoop*> loops;
  for (int i = 0; i < 10; ++i) {
    leases.push_back(pool.lease().value());
    loops.insert(leases.back().get());
  }
  EXPECT_EQ(loops.size(), 2u);
  EventLoop* const freed = leases[0].get();
  std::erase_if(leases, [&](const auto& lease) { return lease.get() == freed; });
  for (int i = 0; i < 5; ++i) {
    leases.push_back(pool.lease().value());
    EXPECT_EQ(leases.back().get(), freed);
  }
}

TEST(LoopPool, HasAtMostAsManyThreadsAsCoresAndFour) {
  EXPECT_GE(LoopPool::default_size(), 1u);
  EXPECT_LE(LoopPool::default_size(), 4u);
  EXPECT_LE(LoopPool::default_size(), std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace gstice
