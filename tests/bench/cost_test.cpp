// SPDX-License-Identifier: LGPL-2.1-or-later
// The bounds on what a call costs, as tests. `./check bench` prints the figures themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "tests/bench/agent_pair.h"
#include "tests/bench/check_cost.h"
#include "tests/bench/live_bytes.h"

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostMemory = 32 * 1024;
// In the program's first moments, before OpenSSL has allocated anything.
const bool kOpensslIsCounted = cost::count_openssl();

/// What a connected agent holds, after so much of a call.
std::size_t held(const cost::AgentPairOptions& options, ice::Duration talk) {
  {
    cost::AgentPair first(options);  // what OpenSSL and the allocator keep for the process is there by now
    EXPECT_TRUE(first.connect());
  }
  cost::AgentPair pair(options);
  EXPECT_TRUE(pair.connect());
  EXPECT_EQ(pair.agent(0).local_description().streams.at(0).candidates.size(), options.components * options.addresses);
  pair.pass(talk);
  const std::size_t controlling = pair.release(0);
  return std::max(controlling, pair.release(1));
}

TEST(Cost, AConnectedAgentOfTwoComponentsAndTenCandidatesOnEachSideHoldsAtMost32KiB) {
  ASSERT_TRUE(kOpensslIsCounted);
  const std::size_t at_once = held({.components = 2, .addresses = 5}, 0ms);
  const std::size_t later = held({.components = 2, .addresses = 5}, 60s);
  std::cout << "held: " << at_once << " bytes when connected, " << later << " a minute later\n";
  EXPECT_LE(at_once, kMostMemory);
  EXPECT_LE(later, kMostMemory);
}

/// The best of many short runs: what else the machine does makes a run slower, never faster.
template <typename Work>
double best_nanoseconds(Work&& work) {
  constexpr int kRuns = 60;
  constexpr int kTimes = 2000;
  double best = std::numeric_limits<double>::max();
  for (int run = 0; run < kRuns; ++run) {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < kTimes; ++i) work();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    best = std::min(best, took.count() / kTimes);
  }
  return best;
}

TEST(Cost, EncodingWithSigningAndParsingWithVerifyingEachCostAtMost2Point2TimesTheBareHmac) {
  const cost::Check check;
  cost::BareHmac bare(check);
  ASSERT_TRUE(check.parse_and_verify());
  volatile std::size_t sum = 0;
  double encode_ratio = std::numeric_limits<double>::max();
  double parse_ratio = encode_ratio;
  for (int i = 0; i < 5; ++i) {
    const double hmac = best_nanoseconds([&] { sum = sum + bare.digest(); });
    const double encode = best_nanoseconds([&] { sum = sum + check.encode_and_sign().size(); });
    const double parse = best_nanoseconds([&] { sum = sum + (check.parse_and_verify() ? 1 : 0); });
    std::cout << "bare HMAC " << hmac << " ns, encode and sign " << encode << " ns (" << encode / hmac
              << " times), parse and verify " << parse << " ns (" << parse / hmac << " times)\n";
    encode_ratio = std::min(encode_ratio, encode / hmac);
    parse_ratio = std::min(parse_ratio, parse / hmac);
  }
  EXPECT_LE(encode_ratio, cost::kMostOfHmac);
  EXPECT_LE(parse_ratio, cost::kMostOfHmac);
}

}  // namespace
