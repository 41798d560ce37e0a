// SPDX-License-Identifier: LGPL-2.1-or-later
// Lives thousands of random calls through, each from its own seed, and says which seeds break an invariant:
//
//   sim-calls [--calls N] [--from SEED] [--threads N]     many calls; the exit status tells whether all held
//   sim-calls --seed SEED                                 one call, with its story
//   sim-calls --shrink SEED                               the same, with all left out that its breach does not need
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/sim/random_call.h"
#include "tests/sim/shrink.h"

namespace {

struct Arguments {
  std::uint64_t calls = 10000;
  std::uint64_t from = 1;
  unsigned threads = 2;
  std::optional<std::uint64_t> seed;
  bool shrink = false;
};

std::optional<Arguments> parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    if (i + 1 >= count) return std::nullopt;
    const std::string name = values[i];
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(values[i + 1], &end, 10);
    if (end == values[i + 1] || *end != '\0') return std::nullopt;
    if (name == "--calls")
      arguments.calls = value;
    else if (name == "--from")
      arguments.from = value;
    else if (name == "--threads")
      arguments.threads = static_cast<unsigned>(std::clamp<std::uint64_t>(value, 1, 64));
    else if (name == "--seed")
      arguments.seed = value;
    else if (name == "--shrink")
      arguments.seed = value, arguments.shrink = true;
    else
      return std::nullopt;
  }
  return arguments;
}

int one(std::uint64_t seed, bool shorter) {
  sim::CallPlan plan = sim::random_plan(seed);
  if (shorter) plan = sim::shrink(plan);
  std::cout << describe(plan) << '\n';
  const sim::CallResult result = run_call(plan, &std::cout);
  std::cout << '\n'
            << (result.breach ? result.breach->text : std::string("every invariant held"))
            << (result.completed ? "; completed"
                : result.unlucky ? "; not completed, by heavy loss"
                                 : "; not completed")
            << '\n';
  return result.breach ? 1 : 0;
}

struct Tally {
  std::uint64_t completed = 0;
  std::uint64_t impossible = 0;
  std::uint64_t unlucky = 0;
  std::uint64_t broken = 0;
  std::uint64_t steps = 0;
  std::vector<double> first_path_ms;
  std::vector<double> completed_ms;
};

double percentile(std::vector<double>& values, double which) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(which * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

int many(const Arguments& arguments, const char* program) {
  constexpr std::uint64_t kShown = 20;
  Tally tally;
  std::mutex mutex;  // guards tally and std::cout
  std::atomic<std::uint64_t> next{arguments.from};
  const std::uint64_t end = arguments.from + arguments.calls;
  const auto began = std::chrono::steady_clock::now();

  std::vector<std::thread> threads;
  for (unsigned i = 0; i < arguments.threads; ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t seed = next++; seed < end; seed = next++) {
        const sim::CallResult result = run_call(sim::random_plan(seed));
        const std::lock_guard lock(mutex);
        tally.completed += result.completed ? 1 : 0;
        tally.impossible += result.possible ? 0 : 1;
        tally.unlucky += result.unlucky ? 1 : 0;
        tally.steps += result.steps;
        const auto ms = [](ice::Duration time) { return std::chrono::duration<double, std::milli>(time).count(); };
        if (result.to_first_path) tally.first_path_ms.push_back(ms(*result.to_first_path));
        if (result.to_completed) tally.completed_ms.push_back(ms(*result.to_completed));
        if (result.breach && ++tally.broken <= kShown) {
          std::cout << "seed " << seed << ": " << result.breach->text << "\n  repeat it: " << program << " --seed "
                    << seed << std::endl;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::cout << arguments.calls << " calls in " << took << " s, " << static_cast<double>(arguments.calls) / took
            << " calls per second, " << tally.steps / std::max<std::uint64_t>(arguments.calls, 1) << " steps each\n"
            << tally.completed << " completed, " << tally.impossible << " could not and said why, " << tally.unlucky
            << " failed by heavy loss, " << tally.broken << " broke an invariant\n"
            << "to the last flow's first path, ms after both knew credentials: median "
            << percentile(tally.first_path_ms, 0.5) << ", 99% " << percentile(tally.first_path_ms, 0.99)
            << "; to completed: median " << percentile(tally.completed_ms, 0.5) << ", 99% "
            << percentile(tally.completed_ms, 0.99) << '\n';
  // Luck must stay rare: more than one call in a hundred is a defect that hides behind loss.
  const bool too_unlucky = tally.unlucky * 100 > arguments.calls && arguments.calls >= 100;
  if (too_unlucky) std::cout << "too many calls failed by loss\n";
  return tally.broken == 0 && !too_unlucky ? 0 : 1;
}

}  // namespace

int main(int count, char** values) {
  const auto arguments = parse(count, values);
  if (!arguments) {
    std::cerr << "usage: sim-calls [--calls N] [--from SEED] [--threads N] [--seed SEED | --shrink SEED]\n";
    return 2;
  }
  return arguments->seed ? one(*arguments->seed, arguments->shrink) : many(*arguments, values[0]);
}
