// SPDX-License-Identifier: LGPL-2.1-or-later
// GstBuffers as datagrams to send: mapped where they lie, nothing copied.
#pragma once

#include <gst/gst.h>

#include <algorithm>
#include <span>
#include <vector>

#include "gst/net/packet.h"

namespace gstice {

/// The largest payload of an IPv4 datagram.
inline constexpr std::size_t kMaxDatagram = 65507;

/// Holds buffers' memories mapped for reading while they are sent. Reused from call to call, so that it soon allocates
/// nothing. One thread.
class OutgoingBuffers {
 public:
  OutgoingBuffers() = default;
  ~OutgoingBuffers() { clear(); }
  OutgoingBuffers(const OutgoingBuffers&) = delete;
  OutgoingBuffers& operator=(const OutgoingBuffers&) = delete;

  enum class Added { ok, empty, too_large, unreadable };
  /// Maps a buffer, which must live until clear(). Anything but `ok` adds nothing.
  Added add(GstBuffer* buffer);
  /// One datagram for each buffer added, but for those taken out again.
  [[nodiscard]] std::span<const OutboundDatagram> datagrams();
  [[nodiscard]] std::size_t size() const { return extents_.size(); }
  /// Takes out again, from the `first` datagram on, those whose buffers `unwanted` says.
  template <typename Unwanted>
  void take_out(std::size_t first, Unwanted unwanted) {
    const auto from = extents_.begin() + static_cast<std::ptrdiff_t>(first);
    extents_.erase(std::remove_if(from, extents_.end(), [&](const Extent& extent) { return unwanted(extent.buffer); }),
                   extents_.end());
  }
  /// Unmaps everything.
  void clear();

 private:
  struct Extent {
    GstBuffer* buffer;
    std::size_t first_part;
    std::size_t parts;
    std::size_t length;
  };
  std::vector<GstMapInfo> mapped_;
  std::vector<iovec> parts_;
  std::vector<Extent> extents_;
  std::vector<OutboundDatagram> datagrams_;
};

}  // namespace gstice
