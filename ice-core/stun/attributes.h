// SPDX-License-Identifier: LGPL-2.1-or-later
// The STUN attributes that ICE and TURN use (IANA "STUN Attributes").
#pragma once

#include <cstdint>

namespace ice {

enum class StunAttribute : std::uint16_t {
  // comprehension-required (RFC 8489 18.3.1)
  mapped_address = 0x0001,
  username = 0x0006,
  message_integrity = 0x0008,
  error_code = 0x0009,
  unknown_attributes = 0x000A,
  channel_number = 0x000C,            // RFC 8656 18
  lifetime = 0x000D,                  // RFC 8656
  xor_peer_address = 0x0012,          // RFC 8656
  data = 0x0013,                      // RFC 8656
  realm = 0x0014,
  nonce = 0x0015,
  xor_relayed_address = 0x0016,       // RFC 8656
  requested_address_family = 0x0017,  // RFC 8656
  even_port = 0x0018,                 // RFC 8656
  requested_transport = 0x0019,       // RFC 8656
  dont_fragment = 0x001A,             // RFC 8656
  message_integrity_sha256 = 0x001C,
  password_algorithm = 0x001D,
  userhash = 0x001E,
  xor_mapped_address = 0x0020,
  reservation_token = 0x0022,         // RFC 8656
  priority = 0x0024,                  // RFC 8445 16.1
  use_candidate = 0x0025,             // RFC 8445 16.1
  // comprehension-optional
  additional_address_family = 0x8000, // RFC 8656
  address_error_code = 0x8001,        // RFC 8656
  password_algorithms = 0x8002,
  alternate_domain = 0x8003,
  icmp = 0x8004,                      // RFC 8656
  software = 0x8022,
  alternate_server = 0x8023,
  fingerprint = 0x8028,
  ice_controlled = 0x8029,            // RFC 8445 16.1
  ice_controlling = 0x802A,           // RFC 8445 16.1
  response_origin = 0x802B,           // RFC 5780
  other_address = 0x802C,             // RFC 5780
};

}  // namespace ice
