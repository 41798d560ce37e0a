// SPDX-License-Identifier: LGPL-2.1-or-later
// DatagramReceiver on recvmmsg with UDP_GRO (udp(7)).
#include "gst/net/datagram_receiver.h"

#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "gst/net/packet_pool.h"
#include "gst/net/udp_socket.h"

namespace gstice {

namespace {

constexpr std::size_t kSlots = 16;
constexpr std::size_t kAlignment = 16;  // of datagrams that are copied together

std::size_t segment_size(const msghdr& message, std::size_t length) {
  // A const_cast because CMSG_NXTHDR wants one in some C libraries; nothing is written.
  auto& header = const_cast<msghdr&>(message);
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_UDP || control->cmsg_type != UDP_GRO) continue;
    int size = 0;
    std::memcpy(&size, CMSG_DATA(control), sizeof size);
    if (size > 0) return static_cast<std::size_t>(size);
  }
  return length;
}

}  // namespace

struct DatagramReceiver::Slots {
  struct Control {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
  };
  PacketPool pool;
  std::array<std::shared_ptr<PacketBlock>, kSlots> blocks;
  std::array<bool, kSlots> shared{};  // somebody else holds the block too
  std::array<SocketAddress, kSlots> sources;
  std::array<Control, kSlots> controls;
  std::array<iovec, kSlots> vectors{};
  std::array<mmsghdr, kSlots> messages{};
  std::array<CoalescedRead, kSlots> reads;
  std::array<std::uint8_t, kSlots> slot_of_read{};

  std::shared_ptr<PacketBlock> common;  // where short datagrams are copied to
  std::size_t common_used = 0;

  std::size_t to_prepare = kSlots;  // slots that the last receive() used

  void prepare() {
    for (std::size_t i = 0; i < to_prepare; ++i) {
      if (!blocks[i] || shared[i]) {
        blocks[i].reset();  // first, so that its memory may serve again at once
        blocks[i] = pool.take();
        shared[i] = false;
      }
      vectors[i] = {blocks[i]->data(), blocks[i]->size()};
      msghdr& message = messages[i].msg_hdr;
      message.msg_name = sources[i].data();
      message.msg_namelen = SocketAddress::kCapacity;
      message.msg_iov = &vectors[i];
      message.msg_iovlen = 1;
      message.msg_control = controls[i].bytes;
      message.msg_controllen = sizeof controls[i].bytes;
      message.msg_flags = 0;
    }
    to_prepare = 0;
  }
};

DatagramReceiver::DatagramReceiver() : slots_(std::make_unique<Slots>()) {}
DatagramReceiver::~DatagramReceiver() = default;

DatagramReceiver& DatagramReceiver::of_this_thread() {
  thread_local DatagramReceiver receiver;
  return receiver;
}

DatagramReceiver::Outcome DatagramReceiver::receive(const UdpSocket& socket) {
  Slots& s = *slots_;
  s.prepare();
  const int count = ::recvmmsg(socket.fd(), s.messages.data(), kSlots, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    const int error = errno;
    const bool nothing = error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
    return {{}, false, nothing ? 0 : error};
  }
  s.to_prepare = static_cast<std::size_t>(count);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < s.to_prepare; ++i) {
    const msghdr& message = s.messages[i].msg_hdr;
    // No source: not a datagram but the end that some kernels report of a broken socket.
    if (message.msg_namelen == 0) continue;
    const std::size_t length = s.messages[i].msg_len;
    s.reads[kept] = {s.sources[i], {s.blocks[i]->data(), length}, segment_size(message, length)};
    s.slot_of_read[kept] = static_cast<std::uint8_t>(i);
    ++kept;
  }
  if (kept == 0) return {{}, false, ENOTCONN};
  return {{s.reads.data(), kept}, s.to_prepare == kSlots, 0};
}

InboundDatagram DatagramReceiver::keep(std::size_t index, ice::ByteView datagram,
                                       std::chrono::steady_clock::time_point arrival) {
  Slots& s = *slots_;
  const CoalescedRead& read = s.reads[index];
  if (read.bytes.size() >= kShareFrom) {
    const std::size_t slot = s.slot_of_read[index];
    s.shared[slot] = true;
    const auto offset = static_cast<std::size_t>(datagram.data() - s.blocks[slot]->data());
    return {s.blocks[slot], offset, datagram.size(), arrival};
  }
  if (!s.common || s.common->size() - s.common_used < datagram.size()) {
    s.common = s.pool.take();
    s.common_used = 0;
  }
  const std::size_t offset = s.common_used;
  if (!datagram.empty()) std::memcpy(s.common->data() + offset, datagram.data(), datagram.size());
  s.common_used = std::min(s.common->size(), (offset + datagram.size() + kAlignment - 1) / kAlignment * kAlignment);
  return {s.common, offset, datagram.size(), arrival};
}

}  // namespace gstice
