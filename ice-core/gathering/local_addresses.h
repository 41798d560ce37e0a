// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of a machine's addresses become host candidates, and how much each is preferred: pure functions over what the
// driver saw (RFC 8445 5.1.1.1, RFC 8421 4, 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ice-core/base/address.h"

namespace ice {

/// One address of one interface, as the driver reports it.
struct LocalAddress {
  std::string interface;        ///< "eth0"
  unsigned interface_index = 0;
  Address address;              ///< port 0
  unsigned prefix_length = 0;
  bool up = true;
  bool temporary = false;       ///< IPv6 privacy address (RFC 8981)
  bool deprecated = false;
  bool point_to_point = false;  ///< VPNs and the like

  bool operator==(const LocalAddress&) const = default;
};

/// One address to gather on, with its local preference (RFC 8445 5.1.2.1).
struct GatheringAddress {
  LocalAddress local;
  std::uint16_t local_preference = 65535;

  bool operator==(const GatheringAddress&) const = default;
};

/// Filters and ranks. `wanted`: interface names or IPs; empty means all but loopback (loopback only when nothing else
/// is there). Never gathered: unspecified, multicast, IPv4-mapped, IPv4-compatible, site-local and deprecated IPv6;
/// where a temporary address is gathered, neither the stable ones of that prefix and interface nor, on any interface,
/// link-local IPv6 ones. Link-local addresses and tunnels are preferred least.
/// At most `kMaxGatheringAddresses`. Preferences are distinct and interleave IPv6 and IPv4 and the interfaces
/// (RFC 8421 4), IPv6 first.
inline constexpr std::size_t kMaxGatheringAddresses = 16;
[[nodiscard]] std::vector<GatheringAddress> gathering_addresses(const std::vector<LocalAddress>& all,
                                                                const std::vector<std::string>& wanted);

/// Entries of `wanted` that match no address of the machine.
[[nodiscard]] std::vector<std::string> unmatched_interfaces(const std::vector<LocalAddress>& all,
                                                            const std::vector<std::string>& wanted);

}  // namespace ice
