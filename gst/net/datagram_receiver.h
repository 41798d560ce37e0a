// SPDX-License-Identifier: LGPL-2.1-or-later
// Batches in: what one driver thread reads with, for all of its sockets.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>

#include "gst/net/packet.h"
#include "gst/net/socket_address.h"
#include "ice-core/base/types.h"

namespace gstice {

class UdpSocket;

/// Datagrams of one source that the kernel delivered as one: all are `segment` bytes long, the last may be shorter.
struct CoalescedRead {
  SocketAddress source;
  ice::ByteView bytes;
  std::size_t segment = 0;  ///< 0 only for an empty datagram

  /// Calls `visit(datagram)` for each, in order.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    if (bytes.size() <= segment) return visit(bytes);
    for (std::size_t at = 0; at < bytes.size(); at += segment) {
      visit(bytes.subspan(at, std::min(segment, bytes.size() - at)));
    }
  }
};

/// Reads with recvmmsg and UDP_GRO into slots of its own. Not thread-safe: every driver thread has one.
class DatagramReceiver {
 public:
  DatagramReceiver();
  ~DatagramReceiver();
  DatagramReceiver(const DatagramReceiver&) = delete;
  DatagramReceiver& operator=(const DatagramReceiver&) = delete;
  /// The calling thread's.
  static DatagramReceiver& of_this_thread();

  struct Outcome {
    std::span<const CoalescedRead> reads;  ///< valid until the next receive()
    bool maybe_more = false;               ///< the batch was full
    int error = 0;                         ///< errno when nothing could be read; EAGAIN is not one
  };
  /// Reads what waits at the socket, one batch at most, without waiting.
  Outcome receive(const UdpSocket& socket);

  /// Makes a datagram of reads()[index] outlive the batch. That of a long read shares the memory it was read into (a
  /// new block takes that place); those of short reads are copied together into a common block, so that a small
  /// datagram that somebody keeps does not keep 64 KiB alone.
  InboundDatagram keep(std::size_t index, ice::ByteView datagram, std::chrono::steady_clock::time_point arrival);

  /// Reads at least this long are shared, not copied.
  static constexpr std::size_t kShareFrom = 8 * 1024;

 private:
  struct Slots;
  std::unique_ptr<Slots> slots_;
};

}  // namespace gstice
