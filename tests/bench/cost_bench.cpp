// SPDX-License-Identifier: LGPL-2.1-or-later
// What a check and an agent cost, beside the bare HMAC of the same bytes.
#include <benchmark/benchmark.h>
#include <openssl/hmac.h>

#include <array>

#include "tests/bench/agent_pair.h"
#include "tests/bench/check_cost.h"
#include "tests/bench/live_bytes.h"

namespace {

using namespace std::chrono_literals;

[[maybe_unused]] const bool kOpensslIsCounted = cost::count_openssl();

void keyed_evp_mac(benchmark::State& state) {
  const cost::Check check;
  cost::BareHmac bare(check);
  for (auto _ : state) benchmark::DoNotOptimize(bare.digest());
}
BENCHMARK(keyed_evp_mac);

void one_shot_hmac(benchmark::State& state) {
  const cost::Check check;
  std::array<unsigned char, 20> digest{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(HMAC(EVP_sha1(), check.password().data(), static_cast<int>(check.password().size()),
                                  reinterpret_cast<const unsigned char*>(check.bytes().data()), check.bytes().size(),
                                  digest.data(), nullptr));
  }
}
BENCHMARK(one_shot_hmac);

void encode_and_sign(benchmark::State& state) {
  const cost::Check check;
  for (auto _ : state) benchmark::DoNotOptimize(check.encode_and_sign());
}
BENCHMARK(encode_and_sign);

void parse_and_verify(benchmark::State& state) {
  const cost::Check check;
  for (auto _ : state) benchmark::DoNotOptimize(check.parse_and_verify());
}
BENCHMARK(parse_and_verify);

/// Components, addresses on each side. Time is that of the whole call of two agents, from nothing to completed.
void connect(benchmark::State& state) {
  const cost::AgentPairOptions options{static_cast<unsigned>(state.range(0)), static_cast<unsigned>(state.range(1))};
  std::size_t bytes = 0;
  for (auto _ : state) {
    cost::AgentPair pair(options);
    if (!pair.connect()) state.SkipWithError("not connected");
    bytes = pair.release(0);
  }
  state.counters["bytes_held"] = static_cast<double>(bytes);
}
BENCHMARK(connect)->Args({1, 1})->Args({2, 5})->Args({2, 10})->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
