// SPDX-License-Identifier: LGPL-2.1-or-later
// Randomness is an argument: OpenSSL's in production, seeded in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ice {

/// A source of random bytes. Production uses SecureRandom; tests and the simulator a seeded one, so that the same
/// inputs give the same outputs byte for byte.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  /// Fills `out` completely.
  virtual void fill(std::span<std::byte> out) = 0;

  [[nodiscard]] std::uint64_t next_u64();
  /// A uniformly distributed value in [0, bound); bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// `length` characters drawn uniformly from `alphabet` (1 to 256 characters).
  [[nodiscard]] std::string text(std::size_t length, std::string_view alphabet);
};

/// OpenSSL's RAND_bytes. Thread-safe.
class SecureRandom final : public RandomSource {
 public:
  void fill(std::span<std::byte> out) override;
};

}  // namespace ice
