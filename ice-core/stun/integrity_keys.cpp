// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/stun/integrity_keys.h"

#include <algorithm>

namespace ice {

const IntegrityKey& IntegrityKeys::of(std::string_view password) {
  auto found = std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) { return key->is(password); });
  if (found == keys_.end()) {
    if (keys_.size() == kKept) keys_.pop_back();
    keys_.push_back(std::make_unique<IntegrityKey>(password));
    found = keys_.end() - 1;
  }
  std::rotate(keys_.begin(), found, found + 1);
  return *keys_.front();
}

}  // namespace ice
