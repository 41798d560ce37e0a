// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulator's randomness: one seed, one run. Streams are forked by name, so that a draw more in one place does not
// shift what all other places get.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "ice-core/base/random.h"
#include "ice-core/base/types.h"

namespace sim {

/// xoshiro256** (Blackman and Vigna, public domain), seeded through splitmix64.
class SeededRandom final : public ice::RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : seed_(seed) {
    for (auto& word : state_) word = splitmix(seed);
  }

  /// An independent stream for `purpose`; forking draws nothing from this one.
  [[nodiscard]] SeededRandom fork(std::string_view purpose) const {
    std::uint64_t hash = 0xcbf29ce484222325U ^ seed_;  // FNV-1a
    for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return SeededRandom(hash);
  }

  std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      const std::uint64_t word = next();
      const std::size_t count = out.size() < sizeof word ? out.size() : sizeof word;
      std::memcpy(out.data(), &word, count);
      out = out.subspan(count);
    }
  }

  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return probability > 0 && uniform() < probability; }
  /// Both ends included; the bias of the modulo does not matter here.
  std::uint64_t from_to(std::uint64_t lowest, std::uint64_t highest) {
    return lowest + next() % (highest - lowest + 1);
  }
  ice::Duration from_to(ice::Duration lowest, ice::Duration highest) {
    return ice::Duration(
        from_to(static_cast<std::uint64_t>(lowest.count()), static_cast<std::uint64_t>(highest.count())));
  }

 private:
  static std::uint64_t splitmix(std::uint64_t& x) {
    std::uint64_t z = (x += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  std::uint64_t seed_;
  std::uint64_t state_[4]{};
};

}  // namespace sim
