// SPDX-License-Identifier: LGPL-2.1-or-later
// Which addresses are gathered, and in which order they are preferred.
#include "ice-core/gathering/local_addresses.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "ice-core/base/text.h"

namespace ice {

namespace {

using Addresses = std::vector<LocalAddress>;

/// Never gathered, whatever was asked for (RFC 8445 5.1.1.1).
bool is_unusable(const LocalAddress& local) {
  const Address& a = local.address;
  return !local.up || a.is_unspecified() || a.is_multicast() || a.is_v4_mapped() || a.is_v4_compatible() ||
         a.is_site_local() || (local.deprecated && a.family() == Family::ipv6);
}

bool names(std::string_view wanted, const LocalAddress& local) {
  const std::string_view entry = trim(wanted);
  if (entry.empty()) return false;
  if (entry == local.interface) return true;
  const auto ip = Address::parse(entry);
  return ip && ip->same_ip(local.address);
}

bool any_names(const std::vector<std::string>& wanted, const LocalAddress& local) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& w) { return names(w, local); });
}

bool same_prefix(const Address& a, const Address& b, unsigned bits) {
  const auto x = a.ip();
  const auto y = b.ip();
  for (std::size_t i = 0; i < x.size() && bits > 0; ++i) {
    const unsigned taken = std::min(bits, 8U);
    const unsigned mask = 0xFFU << (8 - taken) & 0xFFU;
    if (((x[i] ^ y[i]) & mask) != 0) return false;
    bits -= taken;
  }
  return true;
}

/// A stable address gives away what the temporary one beside it hides (RFC 8445 5.1.1.1).
bool defeats_privacy(const LocalAddress& local, const LocalAddress& temporary) {
  if (local.temporary || local.address.family() != Family::ipv6 || local.address.is_loopback()) return false;
  if (local.address.is_link_local()) return true;
  // Addresses configured as /128 are still of the /64 that the link has (RFC 4291 2.5.1).
  const unsigned length = temporary.prefix_length >= 1 && temporary.prefix_length <= 64 ? temporary.prefix_length : 64;
  return local.interface == temporary.interface && same_prefix(local.address, temporary.address, length);
}

void remove_stable(Addresses& addresses) {
  Addresses temporary;
  std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(temporary),
               [](const LocalAddress& a) { return a.temporary && a.address.family() == Family::ipv6; });
  std::erase_if(addresses, [&](const LocalAddress& a) {
    return std::any_of(temporary.begin(), temporary.end(),
                       [&](const LocalAddress& t) { return defeats_privacy(a, t); });
  });
}

void remove_repeated(Addresses& addresses) {
  Addresses kept;
  for (LocalAddress& candidate : addresses) {
    const bool known = std::any_of(kept.begin(), kept.end(), [&](const LocalAddress& k) {
      return k.interface == candidate.interface && k.address.same_ip(candidate.address);
    });
    if (!known) kept.push_back(std::move(candidate));
  }
  addresses = std::move(kept);
}

/// Takes the lists' first elements in turn, then their second ones, and so on.
Addresses interleave(std::span<const Addresses> lists) {
  Addresses out;
  std::size_t longest = 0;
  for (const Addresses& list : lists) longest = std::max(longest, list.size());
  for (std::size_t i = 0; i < longest; ++i) {
    for (const Addresses& list : lists) {
      if (i < list.size()) out.push_back(list[i]);
    }
  }
  return out;
}

/// One family's addresses, the interfaces in turn, in the order that the driver saw them.
Addresses interleave_interfaces(const Addresses& addresses) {
  std::vector<Addresses> by_interface;
  for (const LocalAddress& a : addresses) {
    const auto known = std::find_if(by_interface.begin(), by_interface.end(),
                                    [&](const Addresses& list) { return list.front().interface == a.interface; });
    if (known != by_interface.end()) {
      known->push_back(a);
    } else {
      by_interface.push_back({a});
    }
  }
  return interleave(by_interface);
}

/// IPv6 and IPv4 in turn, so that a family that leads nowhere holds up the other by one check (RFC 8421 4).
Addresses interleave_families(const Addresses& addresses) {
  std::array<Addresses, 2> families;
  for (const LocalAddress& a : addresses) families[a.address.family() == Family::ipv6 ? 0 : 1].push_back(a);
  for (Addresses& family : families) family = interleave_interfaces(family);
  return interleave(families);
}

/// Lower comes first: a VPN's path is seldom the better one (RFC 8421 3), link-local reaches only neighbours.
int rank(const LocalAddress& local) {
  if (local.address.is_link_local()) return 2;
  return local.point_to_point ? 1 : 0;
}

Addresses in_order(const Addresses& addresses) {
  Addresses out;
  for (int r = 0; r <= 2; ++r) {
    Addresses equals;
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(equals),
                 [&](const LocalAddress& a) { return rank(a) == r; });
    const Addresses sorted = interleave_families(equals);
    out.insert(out.end(), sorted.begin(), sorted.end());
  }
  return out;
}

}  // namespace

std::vector<GatheringAddress> gathering_addresses(const std::vector<LocalAddress>& all,
                                                  const std::vector<std::string>& wanted) {
  const bool choosy = std::any_of(wanted.begin(), wanted.end(), [](const std::string& w) { return !trim(w).empty(); });
  Addresses chosen;
  std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
               [&](const LocalAddress& local) { return !is_unusable(local) && (!choosy || any_names(wanted, local)); });
  const auto is_loopback = [](const LocalAddress& local) { return local.address.is_loopback(); };
  if (!choosy && !std::all_of(chosen.begin(), chosen.end(), is_loopback)) std::erase_if(chosen, is_loopback);
  remove_repeated(chosen);
  remove_stable(chosen);

  std::vector<GatheringAddress> out;
  std::uint16_t preference = 65535;
  for (LocalAddress& local : in_order(chosen)) {
    if (out.size() == kMaxGatheringAddresses) break;
    out.push_back({std::move(local), preference--});
  }
  return out;
}

std::vector<std::string> unmatched_interfaces(const std::vector<LocalAddress>& all,
                                              const std::vector<std::string>& wanted) {
  std::vector<std::string> out;
  for (const std::string& entry : wanted) {
    const bool matched =
        std::any_of(all.begin(), all.end(), [&](const LocalAddress& local) { return names(entry, local); });
    if (!matched && !trim(entry).empty()) out.push_back(entry);
  }
  return out;
}

}  // namespace ice
