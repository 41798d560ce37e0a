// SPDX-License-Identifier: LGPL-2.1-or-later
// GstBuffers as datagrams to send: mapped where they lie, nothing copied.
#pragma once

#include <gst/gst.h>

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
  /// One datagram for each buffer added.
  [[nodiscard]] std::span<const OutboundDatagram> datagrams();
  /// Unmaps everything.
  void clear();

 private:
  struct Extent {
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
