// SPDX-License-Identifier: LGPL-2.1-or-later
// What a candidate is (RFC 8445 5.1, RFC 8839 5.1). Rules about candidates live beside it, in files of their names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"

namespace ice {

enum class CandidateType : std::uint8_t { host, peer_reflexive, server_reflexive, relayed };

/// The candidate's transport (RFC 8839 5.1, RFC 6544 4.5). `other` is a token we do not know: kept, never paired.
enum class CandidateProtocol : std::uint8_t { udp, tcp_active, tcp_passive, tcp_so, other };

/// A transport address that media may flow to or from.
struct Candidate {
  ComponentId component{1};
  CandidateType type = CandidateType::host;
  CandidateProtocol protocol = CandidateProtocol::udp;
  std::string foundation;  ///< 1 to 32 ice-chars
  Priority priority;
  Address address;         ///< where the peer sends to; unspecified when `name` is set
  std::string name;        ///< an mDNS or host name instead of an address, else empty
  std::optional<Address> related;  ///< raddr and rport
  std::string ufrag;       ///< the `ufrag` extension of trickled candidates, else empty
  /// Extension attributes that we do not know, in order, kept for whoever reads the line next (RFC 8839 5.1).
  std::vector<std::pair<std::string, std::string>> extensions;
  std::string protocol_token;  ///< the transport as written when protocol == other, else empty

  bool operator==(const Candidate&) const = default;
};

/// "host", "prflx", "srflx", "relay"
[[nodiscard]] const char* type_text(CandidateType type);

}  // namespace ice
