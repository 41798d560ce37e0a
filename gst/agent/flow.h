// SPDX-License-Identifier: LGPL-2.1-or-later
// A flow: what one icesrc receives, and any number of icesinks send.
#pragma once

#include <compare>

#include "ice-core/base/types.h"

namespace gstice {

/// Which component of which stream.
struct Flow {
  ice::StreamId stream{0};
  ice::ComponentId component{1};
  auto operator<=>(const Flow&) const = default;
};

}  // namespace gstice
