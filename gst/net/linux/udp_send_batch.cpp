// SPDX-License-Identifier: LGPL-2.1-or-later
// Batches out: sendmmsg, with UDP_SEGMENT (udp(7)) for runs of datagrams of equal size.
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>

#include "gst/net/udp_socket.h"

namespace gstice {

namespace {

constexpr std::size_t kMaxMessages = 64;
constexpr std::size_t kMaxSegments = 64;  // UDP_MAX_SEGMENTS of kernels before 6.9
constexpr std::size_t kMaxSegmentedBytes = 65'000;
constexpr std::size_t kMaxVectors = 1024;    // UIO_MAXIOV
constexpr std::size_t kGsoNotWorthIt = 256;  // refused segments this small: the path has no offload at all

/// The arrays of one sendmmsg. Lives on the stack; only what is used gets written.
class MessageBatch {
 public:
  explicit MessageBatch(const SocketAddress& to) : to_(to) {}

  /// Takes as many of the datagrams as fit, from the first.
  void fill(std::span<const OutboundDatagram> datagrams, const GsoState& gso) {
    count_ = 0;
    vectors_ = 0;
    while (!datagrams.empty() && count_ < kMaxMessages) {
      const std::size_t run = run_length(datagrams, gso);
      if (run > 1) {
        if (!add_run(datagrams.first(run))) return;
      } else {
        add_single(datagrams.front());
      }
      datagrams = datagrams.subspan(run);
    }
  }

  /// How many messages went out, or -1.
  int send(int fd) {
    if (count_ > 1) return ::sendmmsg(fd, messages_.data(), static_cast<unsigned>(count_), MSG_NOSIGNAL);
    return ::sendmsg(fd, &messages_[0].msg_hdr, MSG_NOSIGNAL) < 0 ? -1 : 1;
  }

  [[nodiscard]] std::size_t datagrams_in(std::size_t message) const { return datagrams_[message]; }

 private:
  /// How many datagrams go out as one message: equal sizes, the last may be shorter.
  static std::size_t run_length(std::span<const OutboundDatagram> datagrams, const GsoState& gso) {
    const std::size_t size = datagrams.front().length;
    if (size == 0 || size > gso.largest_segment) return 1;
    const std::size_t limit = std::min({datagrams.size(), kMaxSegments, kMaxSegmentedBytes / size});
    std::size_t vectors = datagrams.front().parts.size();
    std::size_t run = 1;
    while (run < limit) {
      const OutboundDatagram& next = datagrams[run];
      vectors += next.parts.size();
      if (next.length == 0 || next.length > size || vectors > kMaxVectors) break;
      ++run;
      if (next.length < size) break;
    }
    return run;
  }

  msghdr& begin_message(std::size_t datagrams) {
    msghdr& message = messages_[count_].msg_hdr;
    datagrams_[count_] = static_cast<std::uint8_t>(datagrams);
    ++count_;
    message.msg_name = const_cast<sockaddr*>(to_.data());
    message.msg_namelen = to_.size();
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    message.msg_flags = 0;
    return message;
  }

  void add_single(const OutboundDatagram& datagram) {
    msghdr& message = begin_message(1);
    message.msg_iov = const_cast<iovec*>(datagram.parts.data());
    message.msg_iovlen = datagram.parts.size();
  }

  bool add_run(std::span<const OutboundDatagram> run) {
    std::size_t needed = 0;
    for (const OutboundDatagram& datagram : run) needed += datagram.parts.size();
    if (needed > iovecs_.size() - vectors_) return false;

    iovec* const first = iovecs_.data() + vectors_;
    for (const OutboundDatagram& datagram : run) {
      std::copy(datagram.parts.begin(), datagram.parts.end(), iovecs_.data() + vectors_);
      vectors_ += datagram.parts.size();
    }
    Control& control = controls_[count_];
    msghdr& message = begin_message(run.size());
    message.msg_iov = first;
    message.msg_iovlen = needed;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto segment = static_cast<std::uint16_t>(run.front().length);
    std::memcpy(CMSG_DATA(header), &segment, sizeof segment);
    return true;
  }

  struct Control {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(std::uint16_t))];
  };
  const SocketAddress& to_;
  std::size_t count_ = 0;
  std::size_t vectors_ = 0;
  std::array<mmsghdr, kMaxMessages> messages_;
  std::array<std::uint8_t, kMaxMessages> datagrams_;
  std::array<Control, kMaxMessages> controls_;
  std::array<iovec, 2 * kMaxVectors> iovecs_;
};

/// Learns from a refusal of a segmented message; it is then sent in another way.
void lower_expectations(GsoState& gso, std::size_t segment, int error) {
  // EINVAL and EMSGSIZE: a segment is longer than the path's MTU (an older kernel without UDP_SEGMENT says EINVAL
  // too). EIO: the device has no checksum offload.
  const bool by_size = (error == EINVAL || error == EMSGSIZE) && segment > kGsoNotWorthIt;
  gso.largest_segment = by_size ? segment - 1 : 0;
}

bool refuses_segmentation(int error) {
  return error == EINVAL || error == EMSGSIZE || error == EIO || error == ENOPROTOOPT || error == EOPNOTSUPP;
}

}  // namespace

SendBatchResult UdpSocket::send_batch(std::span<const OutboundDatagram> datagrams, const ice::Address& remote,
                                      GsoState& gso) const {
  SendBatchResult result;
  if (remote.family() != local_.family()) {
    result.done = result.errors = datagrams.size();
    return result;
  }
  const SocketAddress to = target(remote);
  MessageBatch batch(to);
  bool retried = false;
  while (result.done < datagrams.size()) {
    batch.fill(datagrams.subspan(result.done), gso);
    const int sent = batch.send(fd_);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i) {
        const auto run = datagrams.subspan(result.done, batch.datagrams_in(static_cast<std::size_t>(i)));
        for (const OutboundDatagram& datagram : run) result.bytes_sent += datagram.length;
        result.done += run.size();
      }
      retried = false;
      continue;
    }
    // What follows is about the first message of the batch.
    const int error = errno;
    const std::size_t run = batch.datagrams_in(0);
    if (error == EINTR) continue;
    if (error == EAGAIN || error == EWOULDBLOCK) {
      result.buffer_full = true;
      return result;
    }
    if (run > 1 && refuses_segmentation(error)) {
      lower_expectations(gso, datagrams[result.done].length, error);
      continue;
    }
    if (error == ECONNREFUSED && !retried) {
      retried = true;  // this only reported the ICMP error that an earlier datagram met
      continue;
    }
    retried = false;
    if (error == EMSGSIZE) {
      for (const OutboundDatagram& datagram : datagrams.subspan(result.done, run)) {
        result.largest_refused = std::max(result.largest_refused, datagram.length);
      }
    }
    (error == EMSGSIZE ? result.too_large : result.errors) += run;
    result.done += run;
  }
  return result;
}

}  // namespace gstice
