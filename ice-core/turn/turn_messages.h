// SPDX-License-Identifier: LGPL-2.1-or-later
// The requests of a TURN client (RFC 8656 7 to 12), without what signs them: pure functions from values to builders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ice-core/gathering/server.h"
#include "ice-core/stun/message.h"

namespace ice {

/// Allocate for UDP. Which family attributes: none for IPv4 alone, REQUESTED- for IPv6 alone, ADDITIONAL- for both
/// (7.1: never the two together).
[[nodiscard]] StunBuilder build_allocate(const TransactionId& id, RelayFamilies families, std::string_view software);
/// Refresh; a lifetime of 0 releases the allocation (8.1).
[[nodiscard]] StunBuilder build_refresh(const TransactionId& id, std::uint32_t lifetime_seconds);
[[nodiscard]] StunBuilder build_create_permission(const TransactionId& id, const std::vector<Address>& peers);
[[nodiscard]] StunBuilder build_channel_bind(const TransactionId& id, std::uint16_t channel, const Address& peer);

/// ADDRESS-ERROR-CODE: the server could not allocate this family (18.12).
struct AddressError {
  Family family = Family::ipv4;
  int code = 0;
};
[[nodiscard]] std::optional<AddressError> address_error(const StunMessage& response);

/// "said 486 Allocation Quota Reached", with the server's own words where it has some.
[[nodiscard]] std::string said(const StunErrorCode& error);

}  // namespace ice
