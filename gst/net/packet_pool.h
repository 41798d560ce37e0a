// SPDX-License-Identifier: LGPL-2.1-or-later
// Recycled memory for received datagrams.
#pragma once

#include <cstddef>
#include <memory>

#include "gst/net/packet.h"

namespace gstice {

/// Hands out blocks of kBlockSize bytes; a block's memory returns with its last holder, on whichever thread, even when
/// the pool is gone by then. All methods from any thread.
class PacketPool {
 public:
  /// The longest datagram, or coalesced run of them, that the kernel delivers.
  static constexpr std::size_t kBlockSize = 65'536;
  /// So many unused blocks are kept (8 MiB); what is more goes back to the system.
  static constexpr std::size_t kMaxIdle = 128;

  PacketPool();
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  /// A block with unspecified content.
  [[nodiscard]] std::shared_ptr<PacketBlock> take();
  [[nodiscard]] std::size_t idle() const;

 private:
  class Shelf;
  class Block;
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace gstice
