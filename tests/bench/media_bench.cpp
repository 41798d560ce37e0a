// SPDX-License-Identifier: LGPL-2.1-or-later
// Media rate: datagrams a second and CPU time for each, from a thread that pushes into the sink to a probe behind the
// source, all in this process over loopback. icesink → icesrc, nicesink → nicesrc and udpsink → udpsrc in turns, with
// single buffers and with lists, twice: with no more datagrams under way than a socket buffer holds, so that nothing is
// lost and both ends count; and as fast as the sink takes them, whatever is lost.
//   media_bench [ROUNDS [SECONDS]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/media_link.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr gsize kPacketSize = 1200;
constexpr guint kListLength = 32;
// A socket buffer of Linux' default size holds about 90 datagrams of this size.
constexpr std::uint64_t kUnderWay = 64;

enum class Pace { receivers, senders };

struct Figures {
  double sent_rate = 0;  // datagrams a second
  double received_rate = 0;
  double cpu = 0;  // µs of this process for each received datagram
};

double cpu_microseconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto microseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

/// Pushes from a thread of its own, buffers that were made beforehand.
class Feeder {
 public:
  Feeder(bench::MediaLink& link, bool lists, Pace pace) : link_(link), lists_(lists), pace_(pace) {
    list_ = gst_buffer_list_new_sized(kListLength);
    for (guint i = 0; i < kListLength; ++i) {
      GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kPacketSize, nullptr);
      gst_buffer_memset(buffer, 0, static_cast<guint8>(0x80 + i), kPacketSize);
      gst_buffer_list_add(list_, buffer);
    }
    thread_ = std::thread([this] { run(); });
  }

  ~Feeder() {
    stop_ = true;
    thread_.join();
    gst_buffer_list_unref(list_);
  }

  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  void run() {
    const std::uint64_t step = lists_ ? kListLength : 1;
    for (guint i = 0; !stop_; i = (i + 1) % kListLength) {
      const bool taken =
          lists_ ? link_.push(gst_buffer_list_ref(list_)) : link_.push(gst_buffer_ref(gst_buffer_list_get(list_, i)));
      if (!taken) return;
      sent_ += step;
      if (pace_ == Pace::receivers) keep_pace(step);
    }
  }

  /// Waits while there is no room for `step` more; then until half of what is under way has arrived.
  void keep_pace(std::uint64_t step) {
    if (sent_ + step <= link_.received() + lost_ + kUnderWay) return;
    link_.wait_received(sent_ - lost_ - kUnderWay / 2);
    const std::uint64_t missing = sent_ - lost_ - link_.received();
    if (missing > kUnderWay / 2) lost_ += missing;  // nothing came for a moment: these will not come
  }

  bench::MediaLink& link_;
  const bool lists_;
  const Pace pace_;
  GstBufferList* list_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> sent_ = 0;
  std::uint64_t lost_ = 0;
  std::thread thread_;
};

Figures measure(bench::MediaLink& link, bool lists, Pace pace, std::chrono::duration<double> length) {
  const Feeder feeder(link, lists, pace);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const Clock::time_point begin = Clock::now();
  const std::uint64_t sent = feeder.sent();
  const std::uint64_t received = link.received();
  const double cpu = cpu_microseconds();
  std::this_thread::sleep_for(length);
  const double used = cpu_microseconds() - cpu;
  const auto arrived = static_cast<double>(link.received() - received);
  const auto left = static_cast<double>(feeder.sent() - sent);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return {left / seconds, arrived / seconds, arrived > 0 ? used / arrived : 0};
}

struct Contender {
  const char* name;
  std::function<std::unique_ptr<bench::MediaLink>()> make;
  std::vector<Figures> runs;

  [[nodiscard]] Figures median() const {
    std::vector<Figures> sorted = runs;
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.received_rate < b.received_rate; });
    return sorted[sorted.size() / 2];
  }
};

void compare(bool lists, Pace pace, int rounds, double seconds) {
  std::vector<Contender> contenders = {{"icesink → icesrc", bench::make_ice_link, {}},
                                       {"nicesink → nicesrc", bench::make_nice_link, {}},
                                       {"udpsink → udpsrc", bench::make_udp_link, {}}};
  for (int round = 0; round < rounds; ++round) {
    for (Contender& contender : contenders) {
      const auto link = contender.make();
      contender.runs.push_back(measure(*link, lists, pace, std::chrono::duration<double>(seconds)));
    }
  }
  std::printf("\n%s of %zu bytes, %s, median of %d runs in turns:\n\n",
              lists ? "Lists of 32 buffers" : "Single buffers", static_cast<std::size_t>(kPacketSize),
              pace == Pace::receivers ? "as fast as the receiver takes them" : "as fast as the sender sends them",
              rounds);
  std::printf("| elements           | sent, packets/s | received, packets/s |  lost | CPU, µs a packet received |\n");
  std::printf("|--------------------|----------------:|--------------------:|------:|-------------------------:|\n");
  for (const Contender& contender : contenders) {
    const Figures figures = contender.median();
    // The arrows are three bytes wide.
    std::printf("| %-20s | %15.0f | %19.0f | %4.1f%% | %24.2f |\n", contender.name, figures.sent_rate,
                figures.received_rate, std::max(0.0, 100 * (1 - figures.received_rate / figures.sent_rate)),
                figures.cpu);
  }
  const Figures ours = contenders[0].median();
  const Figures nice = contenders[1].median();
  const Figures udp = contenders[2].median();
  std::printf(
      "\nicesink → icesrc beside nicesink → nicesrc: %.2f times the packets, %.2f times the CPU for each;"
      " beside udpsink → udpsrc: %.2f and %.2f.\n",
      ours.received_rate / nice.received_rate, ours.cpu / nice.cpu, ours.received_rate / udp.received_rate,
      ours.cpu / udp.cpu);
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 3;
  const double seconds = argc > 2 ? std::max(0.1, std::atof(argv[2])) : 2;
  try {
    for (const Pace pace : {Pace::receivers, Pace::senders}) {
      for (const bool lists : {false, true}) compare(lists, pace, rounds, seconds);
    }
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "media_bench: %s\n", problem.what());
    return 1;
  }
  return 0;
}
