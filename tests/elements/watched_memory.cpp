// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/watched_memory.h"

#include <memory>
#include <vector>

namespace {

struct WatchedMemory {
  GstMemory base;
  std::vector<guint8> bytes;
  test::MemoryWatch* watch;
};

WatchedMemory* watched(GstMemory* memory) {
  return reinterpret_cast<WatchedMemory*>(memory);
}

struct WatchedAllocator {
  GstAllocator parent;
};
struct WatchedAllocatorClass {
  GstAllocatorClass parent_class;
};

}  // namespace

G_DEFINE_TYPE(WatchedAllocator, watched_allocator, GST_TYPE_ALLOCATOR)

static void watched_allocator_class_init(WatchedAllocatorClass* klass) {
  klass->parent_class.free = [](GstAllocator*, GstMemory* memory) {
    std::unique_ptr<WatchedMemory>(watched(memory)).reset();
  };
}

static void watched_allocator_init(WatchedAllocator* self) {
  auto* allocator = GST_ALLOCATOR_CAST(self);
  allocator->mem_type = "Watched";
  allocator->mem_map = [](GstMemory* memory, gsize, GstMapFlags) -> gpointer {
    ++watched(memory)->watch->maps;
    return watched(memory)->bytes.data();
  };
  allocator->mem_unmap = [](GstMemory* memory) { ++watched(memory)->watch->unmaps; };
  allocator->mem_copy = [](GstMemory* memory, gssize offset, gssize size) -> GstMemory* {
    ++watched(memory)->watch->copies;
    const gsize length = size == -1 ? memory->size - static_cast<gsize>(offset) : static_cast<gsize>(size);
    return test::watched_memory(watched(memory)->bytes.data() + offset, length, *watched(memory)->watch);
  };
  GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

GstMemory* test::watched_memory(const void* data, gsize size, MemoryWatch& watch) {
  static GstAllocator* const allocator = [] {
    auto* made = GST_ALLOCATOR(gst_object_ref_sink(g_object_new(watched_allocator_get_type(), nullptr)));
    GST_OBJECT_FLAG_SET(made, GST_OBJECT_FLAG_MAY_BE_LEAKED);
    return made;
  }();
  auto memory = std::make_unique<WatchedMemory>();
  const auto* bytes = static_cast<const guint8*>(data);
  memory->bytes.assign(bytes, bytes + size);
  memory->watch = &watch;
  // Sharing is not offered: whoever wants a part must copy, and is seen.
  gst_memory_init(&memory->base, GST_MEMORY_FLAG_NO_SHARE, allocator, nullptr, size, 0, 0, size);
  return &memory.release()->base;
}
