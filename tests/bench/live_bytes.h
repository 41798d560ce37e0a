// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts what is allocated and not yet freed: by operator new, and by OpenSSL. Only in programs that link
// live_bytes.cpp.
#pragma once

#include <cstddef>

namespace cost {

/// Has OpenSSL's allocations counted too. Before anything of OpenSSL is used; false when that is too late.
bool count_openssl();
/// Heap bytes in use now, each with what the allocator adds to it.
std::size_t live_bytes();

}  // namespace cost
