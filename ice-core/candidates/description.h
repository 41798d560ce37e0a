// SPDX-License-Identifier: LGPL-2.1-or-later
// Descriptions: RFC 8840 fragments written, fragments and whole SDPs read (RFC 8839, 8840 9).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ice-core/base/result.h"
#include "ice-core/base/types.h"
#include "ice-core/candidates/candidate.h"
#include "ice-core/candidates/credentials.h"

namespace ice {

/// Longest description that parse_description() reads; longer ones are refused with an error.
inline constexpr std::size_t kMaxDescription = std::size_t{256} * 1024;
/// Most candidates kept of one description; the rest is dropped with a warning.
inline constexpr std::size_t kMaxDescriptionCandidates = 1000;

/// One stream's part.
struct StreamDescription {
  StreamId stream;
  std::optional<Credentials> credentials;  ///< media-level ufrag and pwd, where they are given
  std::vector<Candidate> candidates;
  bool end_of_candidates = false;
};

/// Everything that a fragment or SDP says about ICE.
struct Description {
  std::optional<Credentials> credentials;  ///< session-level
  std::vector<std::string> options;        ///< ice-options: "ice2", "trickle", …
  std::optional<unsigned> pacing_ms;       ///< a=ice-pacing (RFC 8839 5.5)
  bool lite = false;                       ///< a=ice-lite
  std::vector<StreamDescription> streams;

  [[nodiscard]] bool has_option(std::string_view option) const;
};

struct ParsedDescription {
  Description description;
  /// What was skipped and why, one sentence each (bad candidate lines, unknown transports); at most 20.
  std::vector<std::string> warnings;
};

/// Reads an RFC 8840 fragment or a whole SDP. Line ends are CRLF, LF, CR or the two characters `\n` (gst-launch cannot
/// carry a real line end). Without `m=` lines everything belongs to stream 0. Streams are counted by m= lines, from 0;
/// in a fragment whose `a=mid:` is a decimal number that number is the stream. A bad candidate line costs only itself;
/// illegal credentials, a ufrag without a pwd or the reverse, and text with nothing of ICE in it are errors.
[[nodiscard]] Result<ParsedDescription> parse_description(std::string_view text);

/// The fragment: `a=ice-options`, `a=ice-pacing`, `a=ice-lite`, `a=ice-ufrag`, `a=ice-pwd`, then for each stream
/// `m=audio 9 RTP/AVP 0`, `a=mid:<stream>`, media-level credentials where they differ from the session's, the
/// `a=candidate` lines and `a=end-of-candidates`. Lines end in CRLF.
[[nodiscard]] std::string write_description(const Description& description);

}  // namespace ice
