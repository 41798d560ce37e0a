// SPDX-License-Identifier: LGPL-2.1-or-later
// Foundations (RFC 8445 5.1.1.3): equal for the same type, base IP, server and protocol, across streams.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "ice-core/base/address.h"
#include "ice-core/candidates/candidate.h"

namespace ice {

/// Hands out foundations "1", "2", … in the order of first use; one of it per agent.
class FoundationTable {
 public:
  /// `base`: the candidate's base; only its IP counts. `server`: the STUN or TURN server's IP, where there is one.
  [[nodiscard]] std::string foundation(CandidateType type, CandidateProtocol protocol, const Address& base,
                                       const std::optional<Address>& server = std::nullopt);

 private:
  std::map<std::tuple<CandidateType, CandidateProtocol, Address, std::optional<Address>>, std::string> known_;
};

}  // namespace ice
