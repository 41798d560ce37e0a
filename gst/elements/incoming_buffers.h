// SPDX-License-Identifier: LGPL-2.1-or-later
// Received datagrams as GstBuffers that share the driver's memory.
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <vector>

#include "gst/agent/object_ref.h"
#include "gst/net/packet.h"

namespace gstice {

/// Makes GstMemory of slices of PacketBlocks. One for the process suffices.
GstAllocator* block_allocator();

/// Converts arrival times into running times of a pipeline, never backwards.
class ArrivalClock {
 public:
  /// Looks at both clocks once, for a batch. Without a clock every time is unknown.
  void look(GstElement* element);
  [[nodiscard]] GstClockTime running_time(std::chrono::steady_clock::time_point arrival);
  void reset() { latest_ = 0; }

 private:
  std::chrono::steady_clock::time_point now_;
  GstClockTime running_now_ = GST_CLOCK_TIME_NONE;
  GstClockTime latest_ = 0;
};

/// A buffer that holds the datagram where it lies.
GstBuffer* wrap(InboundDatagram&& datagram, GstClockTime timestamp);

}  // namespace gstice
