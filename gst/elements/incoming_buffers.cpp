// SPDX-License-Identifier: LGPL-2.1-or-later
// GstMemory over PacketBlock. A memory is a slice with an end of its own: nobody downstream can grow into its
// neighbour.
#include "gst/elements/incoming_buffers.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace {

struct BlockMemory {
  GstMemory base;
  std::byte* data;
  std::shared_ptr<gstice::PacketBlock> block;
};

struct BlockAllocator {
  GstAllocator parent;
};
struct BlockAllocatorClass {
  GstAllocatorClass parent_class;
};

BlockMemory* block_memory(GstMemory* memory) {
  return reinterpret_cast<BlockMemory*>(memory);
}

GstMemory* new_memory(GstAllocator* allocator, GstMemory* parent, std::shared_ptr<gstice::PacketBlock> block,
                      std::byte* data, std::size_t maxsize, std::size_t offset, std::size_t size) {
  // Freed by free_memory(), which the last unref calls.
  auto memory = std::make_unique<BlockMemory>();
  memory->data = data;
  memory->block = std::move(block);
  gst_memory_init(&memory->base, parent != nullptr ? GST_MEMORY_FLAG_READONLY : static_cast<GstMemoryFlags>(0),
                  allocator, parent, maxsize, 0, offset, size);
  return &memory.release()->base;
}

void free_memory(GstAllocator*, GstMemory* memory) {
  std::unique_ptr<BlockMemory>(block_memory(memory)).reset();
}

gpointer map_memory(GstMemory* memory, gsize, GstMapFlags) {
  return block_memory(memory)->data;
}

void unmap_memory(GstMemory*) {}

GstMemory* share_memory(GstMemory* memory, gssize offset, gssize size) {
  GstMemory* parent = memory->parent != nullptr ? memory->parent : memory;
  BlockMemory* of = block_memory(memory);
  const std::size_t start = memory->offset + static_cast<std::size_t>(offset);
  const std::size_t length =
      size == -1 ? memory->size - static_cast<std::size_t>(offset) : static_cast<std::size_t>(size);
  return new_memory(memory->allocator, parent, of->block, of->data, memory->maxsize, start, length);
}

}  // namespace

G_DEFINE_TYPE(BlockAllocator, gst_ice_block_allocator, GST_TYPE_ALLOCATOR)

static void gst_ice_block_allocator_class_init(BlockAllocatorClass* klass) {
  // Memory is only ever made of a block that is there: see wrap().
  klass->parent_class.alloc = [](GstAllocator*, gsize, GstAllocationParams*) -> GstMemory* { return nullptr; };
  klass->parent_class.free = free_memory;
}

static void gst_ice_block_allocator_init(BlockAllocator* self) {
  GstAllocator* allocator = GST_ALLOCATOR_CAST(self);
  allocator->mem_type = "IceBlock";
  allocator->mem_map = map_memory;
  allocator->mem_unmap = unmap_memory;
  allocator->mem_share = share_memory;
  GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

namespace gstice {

GstAllocator* block_allocator() {
  static GstAllocator* const allocator = [] {
    auto* made =
        static_cast<GstAllocator*>(gst_object_ref_sink(g_object_new(gst_ice_block_allocator_get_type(), nullptr)));
    GST_OBJECT_FLAG_SET(made, GST_OBJECT_FLAG_MAY_BE_LEAKED);
    return made;
  }();
  return allocator;
}

void ArrivalClock::look(GstElement* element) {
  running_now_ = GST_CLOCK_TIME_NONE;
  const ObjectRef<GstClock> clock(gst_element_get_clock(element));
  if (!clock) return;
  now_ = std::chrono::steady_clock::now();
  const GstClockTime time = gst_clock_get_time(clock.get());
  const GstClockTime base = gst_element_get_base_time(element);
  running_now_ = time > base ? time - base : 0;
}

GstClockTime ArrivalClock::running_time(std::chrono::steady_clock::time_point arrival) {
  if (running_now_ == GST_CLOCK_TIME_NONE) return GST_CLOCK_TIME_NONE;
  const auto waited = std::chrono::duration_cast<std::chrono::nanoseconds>(now_ - arrival).count();
  GstClockTime time = running_now_;
  if (waited > 0) time -= std::min<GstClockTime>(time, static_cast<GstClockTime>(waited));
  latest_ = std::max(latest_, time);
  return latest_;
}

GstBuffer* wrap(InboundDatagram&& datagram, GstClockTime timestamp) {
  GstBuffer* buffer = gst_buffer_new();
  std::byte* data = datagram.block->data() + datagram.offset;
  gst_buffer_append_memory(buffer, new_memory(block_allocator(), nullptr, std::move(datagram.block), data,
                                              datagram.length, 0, datagram.length));
  GST_BUFFER_PTS(buffer) = timestamp;
  GST_BUFFER_DTS(buffer) = timestamp;
  return buffer;
}

}  // namespace gstice
