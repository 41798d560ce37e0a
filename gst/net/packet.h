// SPDX-License-Identifier: LGPL-2.1-or-later
// Datagrams as they travel through gst/: slices of shared blocks coming in, lists of iovecs going out.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>

namespace gstice {

/// A piece of receive memory that several datagrams share. Freed, or returned to its pool, with its last holder.
class PacketBlock {
 public:
  virtual ~PacketBlock() = default;
  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 protected:
  PacketBlock(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::byte* data_;
  std::size_t size_;
};

/// One received datagram: `length` bytes at `offset` of `block`.
struct InboundDatagram {
  std::shared_ptr<PacketBlock> block;
  std::size_t offset = 0;
  std::size_t length = 0;
  std::chrono::steady_clock::time_point arrival;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {block->data() + offset, length}; }
};

/// One datagram to send, gathered from the caller's memory; nothing is copied.
struct OutboundDatagram {
  std::span<const iovec> parts;
  std::size_t length = 0;  ///< the sum of the parts
};

}  // namespace gstice
