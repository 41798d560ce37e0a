// SPDX-License-Identifier: LGPL-2.1-or-later
// Addresses from getifaddrs(3); what it leaves out (temporary, deprecated, tentative) from rtnetlink(7).
#include "gst/net/interfaces.h"

#include <ifaddrs.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "gst/net/socket_address.h"

namespace gstice {

namespace {

using AddressFlags = std::map<std::pair<unsigned, ice::Address>, std::uint32_t>;  // IFA_F_*

/// A NETLINK_ROUTE socket for one dump.
class NetlinkSocket {
 public:
  NetlinkSocket() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
    // The kernel answers a dump at once; the limit is there so that nothing ever hangs on it.
    const timeval patience{1, 0};
    if (fd_ >= 0) setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~NetlinkSocket() {
    if (fd_ >= 0) ::close(fd_);
  }
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;

  [[nodiscard]] bool request_ipv6_addresses() const {
    struct {
      nlmsghdr header;
      ifaddrmsg body;
    } request{};
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = RTM_GETADDR;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.body.ifa_family = AF_INET6;
    return fd_ >= 0 && ::send(fd_, &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
  }

  [[nodiscard]] ssize_t receive(void* into, std::size_t size) const { return ::recv(fd_, into, size, 0); }

 private:
  int fd_;
};

void note_flags(const nlmsghdr& header, AddressFlags& flags) {
  if (header.nlmsg_len < NLMSG_LENGTH(sizeof(ifaddrmsg))) return;
  ifaddrmsg body;
  std::memcpy(&body, NLMSG_DATA(&header), sizeof body);
  std::uint32_t value = body.ifa_flags;
  std::array<std::uint8_t, 16> ip{};
  bool have_ip = false;
  const auto* attributes = reinterpret_cast<const std::byte*>(&header) + NLMSG_SPACE(sizeof(ifaddrmsg));
  std::size_t left = header.nlmsg_len - std::min<std::size_t>(header.nlmsg_len, NLMSG_SPACE(sizeof(ifaddrmsg)));
  while (left >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, attributes, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > left) break;
    const std::byte* const content = attributes + RTA_LENGTH(0);
    const std::size_t size = attribute.rta_len - RTA_LENGTH(0);
    // IFA_LOCAL, where present, is the machine's own end of a point-to-point link; it follows IFA_ADDRESS.
    if ((attribute.rta_type == IFA_ADDRESS || attribute.rta_type == IFA_LOCAL) && size == ip.size()) {
      std::memcpy(ip.data(), content, ip.size());
      have_ip = true;
    } else if (attribute.rta_type == IFA_FLAGS && size == sizeof value) {
      std::memcpy(&value, content, sizeof value);
    }
    const std::size_t step = std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), left);
    attributes += step;
    left -= step;
  }
  if (have_ip) flags[{body.ifa_index, ice::Address::v6(ip, 0)}] = value;
}

/// The flags of all IPv6 addresses; as many as could be learned.
AddressFlags ipv6_flags() {
  AddressFlags flags;
  const NetlinkSocket socket;
  if (!socket.request_ipv6_addresses()) return flags;
  alignas(nlmsghdr) std::array<std::byte, 32 * 1024> buffer;
  while (true) {
    const ssize_t received = socket.receive(buffer.data(), buffer.size());
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return flags;
    auto left = static_cast<std::size_t>(received);
    const auto* at = reinterpret_cast<const nlmsghdr*>(buffer.data());
    while (left >= sizeof(nlmsghdr) && at->nlmsg_len >= sizeof(nlmsghdr) && at->nlmsg_len <= left) {
      if (at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR) return flags;
      if (at->nlmsg_type == RTM_NEWADDR) note_flags(*at, flags);
      const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(at->nlmsg_len), left);
      at = reinterpret_cast<const nlmsghdr*>(reinterpret_cast<const std::byte*>(at) + step);
      left -= step;
    }
  }
}

std::optional<ice::Address> address_of(const sockaddr* from) {
  if (from == nullptr || (from->sa_family != AF_INET && from->sa_family != AF_INET6)) return std::nullopt;
  SocketAddress address;
  std::memcpy(address.data(), from, from->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  const auto parsed = address.address();
  return parsed ? std::optional(parsed->with_port(0)) : std::nullopt;
}

unsigned prefix_length(const sockaddr* netmask, ice::Family family) {
  if (netmask == nullptr) return 0;
  std::array<std::uint8_t, 16> mask{};
  if (family == ice::Family::ipv4) {
    std::memcpy(mask.data(), &reinterpret_cast<const sockaddr_in*>(netmask)->sin_addr, 4);
  } else {
    std::memcpy(mask.data(), &reinterpret_cast<const sockaddr_in6*>(netmask)->sin6_addr, 16);
  }
  unsigned length = 0;
  for (const std::uint8_t byte : mask) length += static_cast<unsigned>(__builtin_popcount(byte));
  return length;
}

}  // namespace

ice::Result<std::vector<ice::LocalAddress>> local_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return ice::Error{std::string("cannot list the network interfaces: ") + std::strerror(errno)};
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  const AddressFlags flags = ipv6_flags();

  std::vector<ice::LocalAddress> result;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const auto address = address_of(entry->ifa_addr);
    if (!address) continue;
    ice::LocalAddress local;
    local.interface = entry->ifa_name;
    // An alias's label ("eth0:1") is not its interface's name.
    local.interface = local.interface.substr(0, local.interface.find(':'));
    local.interface_index = if_nametoindex(local.interface.c_str());
    local.address = *address;
    local.prefix_length = prefix_length(entry->ifa_netmask, address->family());
    local.up = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_RUNNING) != 0;
    local.point_to_point = (entry->ifa_flags & IFF_POINTOPOINT) != 0;
    if (const auto found = flags.find({local.interface_index, *address}); found != flags.end()) {
      if ((found->second & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 && (found->second & IFA_F_OPTIMISTIC) == 0)
        continue;
      local.temporary = (found->second & IFA_F_TEMPORARY) != 0;
      local.deprecated = (found->second & IFA_F_DEPRECATED) != 0;
    }
    result.push_back(std::move(local));
  }
  return result;
}

}  // namespace gstice
