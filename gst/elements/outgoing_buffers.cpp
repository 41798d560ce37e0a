// SPDX-License-Identifier: LGPL-2.1-or-later
// Mapping memory by memory: gst_buffer_map() would merge, that is copy, a buffer of several.
#include "gst/elements/outgoing_buffers.h"

namespace gstice {

OutgoingBuffers::Added OutgoingBuffers::add(GstBuffer* buffer) {
  const std::size_t length = gst_buffer_get_size(buffer);
  if (length == 0) return Added::empty;
  if (length > kMaxDatagram) return Added::too_large;

  const std::size_t first_mapped = mapped_.size();
  const std::size_t first_part = parts_.size();
  const guint memories = gst_buffer_n_memory(buffer);
  for (guint i = 0; i < memories; ++i) {
    GstMapInfo map;
    if (gst_memory_map(gst_buffer_peek_memory(buffer, i), &map, GST_MAP_READ) == FALSE) {
      while (mapped_.size() > first_mapped) {
        gst_memory_unmap(mapped_.back().memory, &mapped_.back());
        mapped_.pop_back();
      }
      parts_.resize(first_part);
      return Added::unreadable;
    }
    mapped_.push_back(map);
    if (map.size > 0) parts_.push_back({map.data, map.size});
  }
  extents_.push_back({buffer, first_part, parts_.size() - first_part, length});
  return Added::ok;
}

std::span<const OutboundDatagram> OutgoingBuffers::datagrams() {
  datagrams_.clear();
  for (const Extent& extent : extents_) {
    datagrams_.push_back({std::span(parts_).subspan(extent.first_part, extent.parts), extent.length});
  }
  return datagrams_;
}

void OutgoingBuffers::clear() {
  for (GstMapInfo& map : mapped_) gst_memory_unmap(map.memory, &map);
  mapped_.clear();
  parts_.clear();
  extents_.clear();
  datagrams_.clear();
}

}  // namespace gstice
