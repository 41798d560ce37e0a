// SPDX-License-Identifier: LGPL-2.1-or-later
// A UDP socket bound to one local address, for STUN and media of one component.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "gst/net/packet.h"
#include "gst/net/socket_address.h"
#include "ice-core/base/address.h"
#include "ice-core/base/random.h"
#include "ice-core/base/result.h"
#include "ice-core/base/types.h"

namespace gstice {

class WakeSignal;

struct UdpSocketOptions {
  ice::Address local;            ///< its port is not looked at
  unsigned interface_index = 0;  ///< scope of link-local addresses
  std::uint16_t min_port = 0;    ///< 0, 0 = any; one of them 0 = open on that side
  std::uint16_t max_port = 0;
  int send_buffer = 0;  ///< bytes, 0 = the kernel's default
  int receive_buffer = 0;
  int dscp = -1;  ///< 0 to 63, -1 = leave alone
};

/// What segmentation offload can do on one path: learned from the kernel's refusals. Begin anew for a new path.
struct GsoState {
  std::size_t largest_segment = 65'000;  ///< longer datagrams go one by one; 0 = no offload at all
};

/// What became of a batch: `done` datagrams from the first are dealt with, and of these …
struct SendBatchResult {
  std::size_t done = 0;
  std::size_t too_large = 0;        ///< … the kernel refused so many for their size
  std::size_t largest_refused = 0;  ///< the length of the longest of those
  std::size_t errors = 0;           ///< … and so many for other reasons
  std::size_t bytes_sent = 0;
  bool buffer_full = false;  ///< why `done` is less than all: try again once wait_writable() says so
};

/// Never blocks but in wait_writable(). All methods may be called from any thread; closed with the last holder.
class UdpSocket {
 public:
  /// Binds to `options.local`, to a free port of the range, beginning at a random one. The error names address and
  /// port.
  static ice::Result<std::shared_ptr<UdpSocket>> open(const UdpSocketOptions& options, ice::RandomSource& random);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// The address bound, with its port.
  [[nodiscard]] const ice::Address& local() const { return local_; }
  void set_buffer_sizes(int send_bytes, int receive_bytes) const;
  void set_dscp(int dscp) const;

  /// Sends one datagram; false when it was dropped.
  bool send(const ice::Address& remote, ice::ByteView datagram) const;
  /// Sends datagrams in order with as few system calls as possible, straight from where they lie: sendmmsg, and
  /// UDP_SEGMENT for runs of equal size.
  SendBatchResult send_batch(std::span<const OutboundDatagram> datagrams, const ice::Address& remote,
                             GsoState& gso) const;
  /// Blocks until there is room in the send buffer, `interrupt` (may be null) is set, or the patience is over.
  void wait_writable(const WakeSignal* interrupt, std::chrono::milliseconds patience) const;

 private:
  UdpSocket(int fd, const ice::Address& local, unsigned scope) : fd_(fd), local_(local), scope_(scope) {}
  [[nodiscard]] SocketAddress target(const ice::Address& remote) const { return {remote, scope_}; }

  const int fd_;
  const ice::Address local_;
  const unsigned scope_;
};

}  // namespace gstice
