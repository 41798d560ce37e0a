// SPDX-License-Identifier: LGPL-2.1-or-later
// Descriptions written. Reading them is in description_parser.cpp.
#include "ice-core/candidates/description.h"

#include <algorithm>

#include "ice-core/candidates/candidate_line.h"

namespace ice {

namespace {

constexpr std::string_view kEnd = "\r\n";

void write_line(std::string& out, std::string_view name, std::string_view value = {}) {
  out += name;
  out += value;
  out += kEnd;
}

void write_credentials(std::string& out, const Credentials& credentials) {
  write_line(out, "a=ice-ufrag:", credentials.ufrag);
  write_line(out, "a=ice-pwd:", credentials.pwd);
}

}  // namespace

bool Description::has_option(std::string_view option) const {
  return std::find(options.begin(), options.end(), option) != options.end();
}

std::string write_description(const Description& description) {
  std::string out;
  if (!description.options.empty()) {
    std::string options;
    for (const std::string& option : description.options) {
      if (!options.empty()) options += ' ';
      options += option;
    }
    write_line(out, "a=ice-options:", options);
  }
  if (description.pacing_ms) write_line(out, "a=ice-pacing:", std::to_string(*description.pacing_ms));
  if (description.lite) write_line(out, "a=ice-lite");
  if (description.credentials) write_credentials(out, *description.credentials);

  for (const StreamDescription& stream : description.streams) {
    write_line(out, "m=audio 9 RTP/AVP 0");  // a pseudo line: it only begins the stream (RFC 8840 9)
    write_line(out, "a=mid:", std::to_string(stream.stream.value));
    if (stream.credentials && stream.credentials != description.credentials) {
      write_credentials(out, *stream.credentials);
    }
    for (const Candidate& candidate : stream.candidates) write_line(out, "a=", candidate_line(candidate));
    if (stream.end_of_candidates) write_line(out, "a=end-of-candidates");
  }
  return out;
}

}  // namespace ice
