// SPDX-License-Identifier: LGPL-2.1-or-later
// Random numbers and text out of random bytes.
#include "ice-core/base/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

namespace ice {

std::uint64_t RandomSource::next_u64() {
  std::array<std::byte, 8> bytes{};
  fill(bytes);
  // Composed by hand, so that a seed gives the same numbers on every machine.
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

std::uint64_t RandomSource::below(std::uint64_t bound) {
  if (bound <= 1) return 0;
  // The lowest 2^64 mod bound values are drawn again: else small results would be likelier than large ones.
  const std::uint64_t rejected = (std::numeric_limits<std::uint64_t>::max() - bound + 1) % bound;
  for (;;) {
    const std::uint64_t value = next_u64();
    if (value >= rejected) return value % bound;
  }
}

std::string RandomSource::text(std::size_t length, std::string_view alphabet) {
  std::string out;
  if (alphabet.empty()) return out;
  out.reserve(length);
  for (std::size_t i = 0; i < length; ++i) out += alphabet[below(alphabet.size())];
  return out;
}

void SecureRandom::fill(std::span<std::byte> out) {
  constexpr std::size_t kMost = 1 << 20;  // RAND_bytes counts in int
  while (!out.empty()) {
    const std::size_t count = std::min(out.size(), kMost);
    // Without randomness there are no credentials and no transaction ids that a stranger cannot guess: going on would
    // be worse than ending.
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1) std::abort();
    out = out.subspan(count);
  }
}

}  // namespace ice
