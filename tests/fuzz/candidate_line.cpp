// SPDX-License-Identifier: LGPL-2.1-or-later
// Candidate lines: any text. What parses is written as a line that means the same (RFC 8839 5.1, STANDARDS trap 15).
#include "ice-core/candidates/candidate_line.h"

#include "ice-core/base/text.h"
#include "ice-core/candidates/credentials.h"
#include "tests/fuzz/fuzz.h"

namespace {

/// What of a candidate a line can say: a written line gives everything but host a related address, at least 0.0.0.0:9,
/// and an extension without a value can only stand at the end.
ice::Candidate as_written(ice::Candidate candidate) {
  if (!candidate.related && candidate.type != ice::CandidateType::host) {
    const bool v4 = candidate.address.family() == ice::Family::ipv4;
    candidate.related = (v4 ? ice::Address() : ice::Address::v6({}, 0)).with_port(9);
  }
  return candidate;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto candidate = ice::parse_candidate_line(text);
  if (!candidate) {
    const std::string& why = candidate.error().message;
    FUZZ_CHECK(ice::printable(why, 1000) == why && why.size() < 1000, "errors are fit to be shown");
    return 0;
  }
  FUZZ_CHECK(candidate->component.value >= 1 && candidate->component.value <= 256, "components are 1 to 256");
  FUZZ_CHECK(candidate->priority.value >= 1 && candidate->priority.value <= 0x7FFFFFFF, "priorities are 1 to 2^31-1");
  FUZZ_CHECK(!candidate->foundation.empty() && candidate->foundation.size() <= 32, "foundations are 1 to 32");
  FUZZ_CHECK(candidate->name.empty() || candidate->address.is_unspecified(), "a name or an address");

  const std::string line = ice::candidate_line(*candidate);
  FUZZ_CHECK(line.find_first_of("\r\n") == std::string::npos, "a line is one line");
  const auto again = ice::parse_candidate_line(line);
  if (!again) {
    FUZZ_CHECK(line.size() > ice::kMaxCandidateLine, "what is written can be read");
    return 0;
  }
  FUZZ_CHECK(*again == as_written(*candidate), "what is written means the same");
  FUZZ_CHECK(ice::candidate_line(*again) == line, "what is written is written once and for all");
  return 0;
}
