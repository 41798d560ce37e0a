// SPDX-License-Identifier: LGPL-2.1-or-later
// What the fuzz targets share: an input that is eaten from the front, and a check that stays in every build.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "ice-core/base/types.h"

/// Ends the process with the place and the rule that was broken; libFuzzer then keeps the input.
#define FUZZ_CHECK(condition, rule)                                                           \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      std::fprintf(stderr, "%s:%d: broken: %s (%s)\n", __FILE__, __LINE__, rule, #condition); \
      std::abort();                                                                           \
    }                                                                                         \
  } while (false)

namespace fuzz {

inline ice::ByteView bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view text_of(ice::ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The fuzzer's bytes, from the front. At the end everything is zero or empty, so that any input is a whole one.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(std::as_bytes(std::span(data, size))) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t u8() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(u8() << 8 | u8()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(u16()) << 16 | u16(); }
  /// A number in [0, bound); bound > 0.
  std::size_t below(std::size_t bound) { return u8() % bound; }
  bool flag() { return (u8() & 1) != 0; }
  /// At most `count` bytes.
  ice::ByteView bytes(std::size_t count) {
    const ice::ByteView taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  ice::ByteView rest() { return bytes(rest_.size()); }

 private:
  ice::ByteView rest_;
};

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
