// SPDX-License-Identifier: LGPL-2.1-or-later
// Candidate lines, both ways (RFC 8839 5.1, RFC 6544 4.5, RFC 8838 for ufrag).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ice-core/base/result.h"
#include "ice-core/candidates/candidate.h"

namespace ice {

/// Longest line that parse_candidate_line() looks at, in bytes.
inline constexpr std::size_t kMaxCandidateLine = 2048;

/// Reads `candidate:…`, `a=candidate:…` or the bare fields after the colon; surrounding white space and a trailing
/// CR/LF are ignored. Tolerant as RFC 8839 5.1 says: unknown extensions are kept, an unknown transport gives
/// CandidateProtocol::other, a name instead of an address goes to `name`, `raddr 0.0.0.0 rport 9` is accepted, an IPv6
/// scope ("%eth0") is cut. `ufrag`, `tcptype`, `raddr`, `rport` are understood. The error names the offending field.
[[nodiscard]] Result<Candidate> parse_candidate_line(std::string_view line);

/// `candidate:…` without `a=`, with ` ufrag …` at the end when the candidate has one.
[[nodiscard]] std::string candidate_line(const Candidate& candidate);

}  // namespace ice
