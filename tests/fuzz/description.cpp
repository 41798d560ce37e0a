// SPDX-License-Identifier: LGPL-2.1-or-later
// Descriptions: any text, a fragment or a whole SDP. What parses is written as a fragment that means the same.
#include "ice-core/candidates/description.h"

#include <algorithm>

#include "ice-core/base/text.h"
#include "ice-core/candidates/candidate_line.h"
#include "tests/fuzz/fuzz.h"

namespace {

void check_bounds(const ice::ParsedDescription& parsed) {
  FUZZ_CHECK(parsed.warnings.size() <= 20, "warnings are bounded");
  for (const std::string& warning : parsed.warnings) {
    FUZZ_CHECK(ice::printable(warning, 1000) == warning, "warnings are fit to be shown");
  }
  std::size_t candidates = 0;
  for (const auto& stream : parsed.description.streams) candidates += stream.candidates.size();
  FUZZ_CHECK(candidates <= ice::kMaxDescriptionCandidates, "candidates are bounded");
  FUZZ_CHECK(parsed.description.streams.size() <= 256, "streams are bounded");
}

/// The candidate lines of a stream; those that a line cannot carry whole are left out.
std::vector<std::string> lines_of(const ice::StreamDescription& stream) {
  std::vector<std::string> lines;
  for (const auto& candidate : stream.candidates) {
    std::string line = ice::candidate_line(candidate);
    // Text in a description ends at a backslash and an n, which an extension may hold.
    if (line.size() <= ice::kMaxCandidateLine && line.find('\\') == std::string::npos) lines.push_back(line);
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = ice::parse_description(text);
  if (!parsed) {
    const std::string& why = parsed.error().message;
    FUZZ_CHECK(ice::printable(why, 1000) == why, "errors are fit to be shown");
    return 0;
  }
  check_bounds(*parsed);

  const ice::Description& said = parsed->description;
  const std::string written = ice::write_description(said);
  if (written.find('\\') != std::string::npos) return 0;  // a backslash and an n end a line, wherever they stand
  const auto again = ice::parse_description(written);
  if (!again) {
    // Nothing is left to say, or only the pseudo line of a stream, or it grew too long.
    const bool silent = std::all_of(said.streams.begin(), said.streams.end(), [](const auto& stream) {
      return stream.candidates.empty() && !stream.end_of_candidates && !stream.credentials;
    });
    FUZZ_CHECK(written.size() > ice::kMaxDescription || (silent && !said.credentials && said.options.empty()),
               "what is written can be read");
    return 0;
  }
  const ice::Description& heard = again->description;
  FUZZ_CHECK(heard.credentials == said.credentials, "credentials survive");
  FUZZ_CHECK(heard.options == said.options, "options survive");
  FUZZ_CHECK(heard.pacing_ms == said.pacing_ms, "pacing survives");
  FUZZ_CHECK(heard.lite == said.lite, "ice-lite survives");
  FUZZ_CHECK(heard.streams.size() == said.streams.size(), "streams survive");
  for (std::size_t i = 0; i < said.streams.size(); ++i) {
    FUZZ_CHECK(heard.streams[i].stream == said.streams[i].stream, "a stream keeps its number");
    FUZZ_CHECK(heard.streams[i].end_of_candidates == said.streams[i].end_of_candidates, "the end survives");
    FUZZ_CHECK(lines_of(heard.streams[i]) == lines_of(said.streams[i]), "candidates survive");
    const auto& credentials = said.streams[i].credentials;
    FUZZ_CHECK(heard.streams[i].credentials == credentials || credentials == said.credentials,
               "a stream's own credentials survive");
  }
  return 0;
}
