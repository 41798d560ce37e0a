// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that counts what is done to it.
#pragma once

#include <gst/gst.h>

#include <atomic>

namespace test {

struct MemoryWatch {
  std::atomic<int> maps{0};
  std::atomic<int> unmaps{0};
  std::atomic<int> copies{0};
};

/// New memory of this content, watched.
GstMemory* watched_memory(const void* data, gsize size, MemoryWatch& watch);

}  // namespace test
