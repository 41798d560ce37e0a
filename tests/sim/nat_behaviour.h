// SPDX-License-Identifier: LGPL-2.1-or-later
// How a NAT behaves, in the words of RFC 4787. Plain data: it can be printed, drawn at random and judged by an oracle.
#pragma once

#include <array>
#include <string>

#include "ice-core/base/types.h"

namespace sim {

/// What a mapping (RFC 4787 4.1) or a filter (5) looks at of the remote endpoint.
enum class Dependence { endpoint_independent, address_dependent, address_and_port_dependent };
inline constexpr std::array kDependences = {Dependence::endpoint_independent, Dependence::address_dependent,
                                            Dependence::address_and_port_dependent};
/// "EI", "AD", "APD"
const char* text(Dependence dependence);

struct NatBehaviour {
  Dependence mapping = Dependence::endpoint_independent;
  Dependence filtering = Dependence::address_and_port_dependent;
  bool hairpin = true;            ///< 6: inside hosts reach each other by their outside addresses
  bool port_preservation = true;  ///< 4.2.1: the inside port is taken where it is free
  /// 4.3: a mapping without refresh is forgotten after it; outbound datagrams always refresh.
  ice::Duration lifetime = std::chrono::seconds(120);
  bool inbound_refresh = false;  ///< 4.3: inbound datagrams refresh too

  bool operator==(const NatBehaviour&) const = default;
};
/// "EI/APD", and what is unusual about it
std::string text(const NatBehaviour& behaviour);

}  // namespace sim
