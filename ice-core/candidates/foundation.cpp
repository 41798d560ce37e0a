// SPDX-License-Identifier: LGPL-2.1-or-later
// Foundations (RFC 8445 5.1.1.3).
#include "ice-core/candidates/foundation.h"

namespace ice {

std::string FoundationTable::foundation(CandidateType type, CandidateProtocol protocol, const Address& base,
                                        const std::optional<Address>& server) {
  std::optional<Address> server_ip;
  if (server) server_ip = server->with_port(0);
  const auto [entry, is_new] = known_.try_emplace({type, protocol, base.with_port(0), server_ip});
  if (is_new) entry->second = std::to_string(known_.size());
  return entry->second;
}

}  // namespace ice
