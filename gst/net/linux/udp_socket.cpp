// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening and binding UDP sockets, and what concerns single datagrams. Batches: udp_send_batch.cpp.
#include "gst/net/udp_socket.h"

#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "gst/net/wake_signal.h"

namespace gstice {

namespace {

/// A descriptor until somebody takes it over.
class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

void set_option(int fd, int level, int name, int value) {
  setsockopt(fd, level, name, &value, sizeof value);
}

struct PortRange {
  std::uint32_t first = 0;
  std::uint32_t count = 1;  // 0, 1: the kernel chooses
};

PortRange port_range(const UdpSocketOptions& options) {
  if (options.min_port == 0 && options.max_port == 0) return {};
  const std::uint32_t first =
      options.min_port != 0 ? options.min_port : std::min<std::uint32_t>(1024, options.max_port);
  const std::uint32_t last = options.max_port != 0 ? options.max_port : 65535;
  return {first, last >= first ? last - first + 1 : 0};
}

std::string describe_failure(const PortRange& range, const ice::Address& local, int error) {
  const std::string where = " on " + local.ip_text();
  const std::string why = error == EADDRINUSE ? std::string() : std::string(": ") + std::strerror(error);
  if (range.first == 0) return "no port" + where + (why.empty() ? " is free" : " can be used" + why);
  if (range.count == 1) {
    return "port " + std::to_string(range.first) + where + (why.empty() ? " is taken" : " cannot be used" + why);
  }
  return "all ports from " + std::to_string(range.first) + " to " + std::to_string(range.first + range.count - 1) +
         where + (why.empty() ? " are taken" : " cannot be used" + why);
}

bool bind_port(int fd, const UdpSocketOptions& options, std::uint32_t port) {
  const SocketAddress address(options.local.with_port(static_cast<std::uint16_t>(port)), options.interface_index);
  return ::bind(fd, address.data(), address.size()) == 0;
}

/// Tries every port of the range once, from a random one on. Gives 0 or the errno that says most.
int bind_in_range(int fd, const UdpSocketOptions& options, const PortRange& range, ice::RandomSource& random) {
  const auto start = static_cast<std::uint32_t>(random.below(range.count));
  int failure = 0;
  for (std::uint32_t i = 0; i < range.count; ++i) {
    if (bind_port(fd, options, range.first + (start + i) % range.count)) return 0;
    // Only these two are the port's fault; nothing else is helped by another port.
    if (errno != EADDRINUSE && errno != EACCES) return errno;
    if (failure != EADDRINUSE) failure = errno;
  }
  return failure;
}

}  // namespace

ice::Result<std::shared_ptr<UdpSocket>> UdpSocket::open(const UdpSocketOptions& options, ice::RandomSource& random) {
  const bool v6 = options.local.family() == ice::Family::ipv6;
  const PortRange range = port_range(options);
  if (range.count == 0) {
    return ice::Error{"min-port " + std::to_string(options.min_port) + " is above max-port " +
                      std::to_string(options.max_port)};
  }
  OwnedFd fd(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP));
  if (fd.get() < 0) return ice::Error{std::string("cannot open a UDP socket: ") + std::strerror(errno)};
  if (v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (const int error = bind_in_range(fd.get(), options, range, random); error != 0) {
    return ice::Error{describe_failure(range, options.local, error)};
  }
  // Without it every datagram comes alone, nothing worse.
  set_option(fd.get(), SOL_UDP, UDP_GRO, 1);

  SocketAddress bound;
  socklen_t size = SocketAddress::kCapacity;
  if (getsockname(fd.get(), bound.data(), &size) != 0 || !bound.address()) {
    return ice::Error{std::string("cannot learn the local port: ") + std::strerror(errno)};
  }
  auto socket = std::shared_ptr<UdpSocket>(new UdpSocket(fd.release(), *bound.address(), options.interface_index));
  socket->set_buffer_sizes(options.send_buffer, options.receive_buffer);
  socket->set_dscp(options.dscp);
  return socket;
}

UdpSocket::~UdpSocket() {
  ::close(fd_);
}

void UdpSocket::set_buffer_sizes(int send_bytes, int receive_bytes) const {
  if (send_bytes > 0) set_option(fd_, SOL_SOCKET, SO_SNDBUF, send_bytes);
  if (receive_bytes > 0) set_option(fd_, SOL_SOCKET, SO_RCVBUF, receive_bytes);
}

void UdpSocket::set_dscp(int dscp) const {
  if (dscp < 0 || dscp > 63) return;
  if (local_.family() == ice::Family::ipv6) {
    set_option(fd_, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2);
  } else {
    set_option(fd_, IPPROTO_IP, IP_TOS, dscp << 2);
  }
}

bool UdpSocket::send(const ice::Address& remote, ice::ByteView datagram) const {
  if (remote.family() != local_.family()) return false;
  const SocketAddress to = target(remote);
  // A second try because the first may only report the ICMP error that an earlier datagram met.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto sent = ::sendto(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL, to.data(), to.size());
    if (sent >= 0) return true;
    if (errno != ECONNREFUSED && errno != EINTR) return false;
  }
  return false;
}

void UdpSocket::wait_writable(const WakeSignal* interrupt, std::chrono::milliseconds patience) const {
  std::array<pollfd, 2> waiting{};
  waiting[0] = {fd_, POLLOUT, 0};
  if (interrupt != nullptr) waiting[1] = {interrupt->fd(), POLLIN, 0};
  ::poll(waiting.data(), interrupt != nullptr ? 2 : 1, static_cast<int>(patience.count()));
}

}  // namespace gstice
