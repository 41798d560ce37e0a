// SPDX-License-Identifier: LGPL-2.1-or-later
// How much media two sessions carry over loopback: media-rate [seconds per run]. Prints, does not judge.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

#include "tests/net/media.h"
#include "tests/net/two_sessions.h"

namespace {

using namespace gstice;
using Clock = std::chrono::steady_clock;

double cpu_seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// `rate` packets per second are offered; 0 = as many as go.
void run(std::size_t list_length, double rate, double seconds) {
  test::Call call;
  if (!call.connect()) {
    std::fprintf(stderr, "the sessions do not connect: %s\n", call.a.session->explain().c_str());
    return;
  }
  std::atomic<std::uint64_t> taken{0};
  std::thread consumer([&, receiver = call.b.receiver()] {
    std::vector<InboundDatagram> out;
    while (receiver->pop(out, 1024) != MediaReceiver::Outcome::closed) {
      taken += out.size();
      out.clear();
    }
  });
  const test::MediaList list(test::media_from(0, list_length));
  const auto sender = call.a.sender();
  const double cpu_before = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const double sender_before = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  const auto start = Clock::now();
  const auto until = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::uint64_t lists = 0;
  for (auto now = start; now < until; now = Clock::now()) {
    const double due = std::chrono::duration<double>(now - start).count() * rate / static_cast<double>(list_length);
    if (rate > 0 && static_cast<double>(lists) > due) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      continue;
    }
    sender->send(list);
    ++lists;
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  const double sender_cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - sender_before;
  const double receiver_cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before - sender_cpu;
  const double sent = static_cast<double>(sender->counters().packets_sent);
  const double got = static_cast<double>(taken.load());
  std::printf(
      "lists of %2zu, %s: sent %.2f M/s, taken %.2f M/s (%.1f%% lost), CPU: %.2f us per packet sent, %.2f us per "
      "packet "
      "taken\n",
      list_length, rate > 0 ? "paced" : "flood", sent / elapsed / 1e6, got / elapsed / 1e6, 100 * (1 - got / sent),
      sender_cpu / sent * 1e6, receiver_cpu / got * 1e6);
  call.a.session->close();
  call.b.session->close();
  consumer.join();
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  for (const std::size_t length : {1, 32}) {
    for (const double rate : {1e5, 3e5, 1e6, 0.0}) {
      if (length > 1 || rate != 1e6) run(length, rate, seconds);
    }
  }
  return 0;
}
