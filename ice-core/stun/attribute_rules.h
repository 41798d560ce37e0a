// SPDX-License-Identifier: LGPL-2.1-or-later
// What each STUN attribute must look like (RFC 8489 14, RFC 8445 16.1, RFC 8656 18).
#pragma once

#include <cstdint>
#include <string>

#include "ice-core/base/types.h"
#include "ice-core/stun/attributes.h"

namespace ice {

enum class AttributeVerdict : std::uint8_t { unknown, malformed, well_formed };

/// Whether StunAttribute enumerates `type`, and `value` has a size and form that it may have.
[[nodiscard]] AttributeVerdict judge_attribute(StunAttribute type, ByteView value);
/// "USE-CANDIDATE", or "attribute 0x7ff2" for an unknown one.
[[nodiscard]] std::string attribute_name(StunAttribute type);

}  // namespace ice
