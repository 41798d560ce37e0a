// SPDX-License-Identifier: LGPL-2.1-or-later
// Randomness that counts: every value differs from the last, and a test always sees the same.
#pragma once

#include "ice-core/base/random.h"

namespace ice::test {

class CountingRandom final : public RandomSource {
 public:
  void fill(std::span<std::byte> out) override {
    ++count_;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(count_ >> (8 * (i % 4)) & 0xFF);
  }

 private:
  unsigned count_ = 0;
};

}  // namespace ice::test
