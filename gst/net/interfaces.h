// SPDX-License-Identifier: LGPL-2.1-or-later
// Which addresses this machine has.
#pragma once

#include <vector>

#include "ice-core/base/result.h"
#include "ice-core/gathering/local_addresses.h"

namespace gstice {

/// Every IPv4 and IPv6 address of every interface, but those that are still being tested for duplicates (RFC 4862 5.4).
/// Unfiltered: ice::gathering_addresses() chooses.
ice::Result<std::vector<ice::LocalAddress>> local_addresses();

}  // namespace gstice
