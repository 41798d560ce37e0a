// SPDX-License-Identifier: LGPL-2.1-or-later
// The keys that one agent signs and verifies with, each made ready once.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "ice-core/stun/integrity.h"

namespace ice {

class IntegrityKeys {
 public:
  /// Ours and the peer's, those of a generation that ends, and of streams that have their own. More of them work too,
  /// but slower.
  static constexpr std::size_t kKept = 4;

  /// The key of this password. Valid until so many other passwords were asked for.
  [[nodiscard]] const IntegrityKey& of(std::string_view password);
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  std::vector<std::unique_ptr<IntegrityKey>> keys_;  // the latest used first
};

}  // namespace ice
