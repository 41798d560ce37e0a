// SPDX-License-Identifier: LGPL-2.1-or-later
// The candidate types' names (RFC 8839 5.1).
#include "ice-core/candidates/candidate.h"

namespace ice {

const char* type_text(CandidateType type) {
  switch (type) {
    case CandidateType::host:
      return "host";
    case CandidateType::peer_reflexive:
      return "prflx";
    case CandidateType::server_reflexive:
      return "srflx";
    case CandidateType::relayed:
      return "relay";
  }
  return "host";
}

}  // namespace ice
