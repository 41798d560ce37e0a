// SPDX-License-Identifier: LGPL-2.1-or-later
// A queue of datagrams that does not allocate once it has grown to what its user needs.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "gst/net/packet.h"

namespace gstice {

/// First in, first out. Not thread-safe. (std::deque allocates for every dozen of these.)
class DatagramRing {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  void push(InboundDatagram&& datagram) {
    if (size_ == slots_.size()) grow();
    slots_[(first_ + size_) & (slots_.size() - 1)] = std::move(datagram);
    ++size_;
  }

  /// Not to be called when empty.
  InboundDatagram& front() { return slots_[first_]; }
  /// Not to be called when empty.
  InboundDatagram pop() {
    InboundDatagram datagram = std::move(slots_[first_]);
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
    return datagram;
  }

  /// Gives the memory back, too.
  void clear() { *this = DatagramRing(); }

 private:
  static constexpr std::size_t kFirstCapacity = 64;  // capacities are powers of two

  void grow() {
    std::vector<InboundDatagram> larger(slots_.empty() ? kFirstCapacity : 2 * slots_.size());
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<InboundDatagram> slots_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace gstice
