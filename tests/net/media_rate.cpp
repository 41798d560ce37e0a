// SPDX-License-Identifier: LGPL-2.1-or-later
// How much media two sessions carry over loopback: media-rate [seconds per run]. Prints, does not judge.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/net/media.h"
#include "tests/net/two_sessions.h"

namespace {

using namespace gstice;
using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void run(std::size_t list_length, double seconds) {
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
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  const auto until = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  while (Clock::now() < until) sender->send(list);
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  const double cpu = cpu_seconds() - cpu_before;
  const double sent = static_cast<double>(sender->counters().packets_sent);
  const auto counters = call.b.receiver()->counters();
  std::printf("lists of %3zu: sent %.2f M/s, received %.2f M/s, taken %.2f M/s, %.2f us of CPU per packet taken\n",
              list_length, sent / elapsed / 1e6, static_cast<double>(counters.packets_received) / elapsed / 1e6,
              static_cast<double>(taken.load()) / elapsed / 1e6, cpu / static_cast<double>(taken.load()) * 1e6);
  call.a.session->close();
  call.b.session->close();
  consumer.join();
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  for (const std::size_t length : {1, 8, 32, 64}) run(length, seconds);
  return 0;
}
