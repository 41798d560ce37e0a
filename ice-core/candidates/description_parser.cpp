// SPDX-License-Identifier: LGPL-2.1-or-later
// Descriptions read: RFC 8840 fragments and whole SDPs, from strangers.
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "ice-core/base/text.h"
#include "ice-core/candidates/candidate_line.h"
#include "ice-core/candidates/description.h"

namespace ice {

namespace {

constexpr std::size_t kMaxWarnings = 20;
/// As many as an agent can have. More of them would only cost memory.
constexpr std::size_t kMaxStreams = 256;
constexpr std::size_t kMaxOptions = 32;

/// Takes the next line off `rest`. It ends with CRLF, LF, CR or a backslash and an n, and so may its CR.
std::string_view take_line(std::string_view& rest) {
  std::size_t end = 0;
  std::size_t skip = 0;
  for (; end < rest.size(); ++end) {
    const char c = rest[end];
    if (c == '\n' || c == '\r') {
      skip = rest.substr(end, 2) == "\r\n" ? 2 : 1;
      break;
    }
    if (c == '\\' && rest.substr(end, 2) == "\\n") {
      skip = 2;
      break;
    }
  }
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + skip);
  if (line.ends_with("\\r")) line.remove_suffix(2);
  return trim(line);
}

/// The value of `name:value`, trimmed; nothing when the line begins otherwise.
std::optional<std::string_view> value_of(std::string_view attribute, std::string_view name) {
  if (!attribute.starts_with(name) || attribute.size() == name.size() || attribute[name.size()] != ':') {
    return std::nullopt;
  }
  return trim(attribute.substr(name.size() + 1));
}

/// The credentials of one level, complete only at its end.
struct PendingCredentials {
  std::optional<std::string_view> ufrag;
  std::optional<std::string_view> pwd;
};

/// What stands before the first m= line, or after one and before the next.
struct Section {
  PendingCredentials credentials;
  std::optional<std::string_view> mid;
  std::vector<Candidate> candidates;
  bool end_of_candidates = false;
};

class Parser {
 public:
  Result<ParsedDescription> parse(std::string_view text) {
    while (!text.empty()) {
      if (const auto read = read_line(take_line(text)); !read) return read.error();
    }
    if (const auto finished = finish_section(); !finished) return finished.error();
    finish();
    if (!found_) {
      if (!out_.warnings.empty()) return Error{out_.warnings.front()};
      return Error{"the description holds nothing of ICE: no credentials, no candidates, no options"};
    }
    return std::move(out_);
  }

 private:
  Result<> read_line(std::string_view line) {
    if (line.starts_with("v=")) whole_sdp_ = true;
    if (line.starts_with("m=")) {
      if (auto finished = finish_section(); !finished) return finished;
      ++media_lines_;
      return Ok{};
    }
    if (line.starts_with("candidate:")) return read_candidate(line);
    if (!line.starts_with("a=")) return Ok{};
    return read_attribute(line.substr(2));
  }

  Result<> read_attribute(std::string_view attribute) {
    if (attribute.starts_with("candidate:")) return read_candidate(attribute);
    if (const auto ufrag = value_of(attribute, "ice-ufrag"))
      return set(section_.credentials.ufrag, *ufrag, "ice-ufrag");
    if (const auto pwd = value_of(attribute, "ice-pwd")) return set(section_.credentials.pwd, *pwd, "ice-pwd");
    if (const auto options = value_of(attribute, "ice-options")) return read_options(*options);
    if (const auto pacing = value_of(attribute, "ice-pacing")) return read_pacing(*pacing);
    if (const auto mid = value_of(attribute, "mid")) section_.mid = *mid;
    if (attribute == "ice-lite") {
      out_.description.lite = true;
      found_ = true;
    }
    if (attribute == "end-of-candidates") section_.end_of_candidates = true;
    return Ok{};
  }

  Result<> set(std::optional<std::string_view>& field, std::string_view value, const char* name) {
    if (field && *field != value) return Error{"a=" + std::string(name) + " is given twice, with different values"};
    field = value;
    return Ok{};
  }

  Result<> read_candidate(std::string_view line) {
    if (candidate_count_ == kMaxDescriptionCandidates) {
      ++dropped_candidates_;
      return Ok{};
    }
    auto candidate = parse_candidate_line(line);
    if (!candidate) {
      warn("a candidate was skipped: " + candidate.error().message);
    } else if (candidate->protocol == CandidateProtocol::other) {
      warn("a candidate was skipped: transport " + quoted(candidate->protocol_token) + " is unknown");
    } else {
      section_.candidates.push_back(std::move(candidate).value());
      ++candidate_count_;
    }
    return Ok{};
  }

  Result<> read_options(std::string_view text) {
    auto& options = out_.description.options;
    for (std::string_view option = take_word(text); !option.empty(); option = take_word(text)) {
      if (option.size() > 64 || !std::all_of(option.begin(), option.end(), is_vchar)) {
        warn("an ice-option was skipped: " + quoted(option));
      } else if (options.size() < kMaxOptions && !out_.description.has_option(option)) {
        options.emplace_back(option);
      }
    }
    found_ = true;
    return Ok{};
  }

  Result<> read_pacing(std::string_view text) {
    const auto pacing = parse_decimal<unsigned>(text);
    if (!pacing) {
      warn("a=ice-pacing was skipped: " + quoted(text) + " is not a number of milliseconds");
      return Ok{};
    }
    // Said twice: the slower counts, as it does between the two agents (RFC 8445 14.2).
    out_.description.pacing_ms = std::max(out_.description.pacing_ms.value_or(0), *pacing);
    found_ = true;
    return Ok{};
  }

  Result<std::optional<Credentials>> finish_credentials(const PendingCredentials& pending) {
    if (!pending.ufrag && !pending.pwd) return std::optional<Credentials>();
    if (!pending.pwd) return Error{"a=ice-ufrag is given without a=ice-pwd"};
    if (!pending.ufrag) return Error{"a=ice-pwd is given without a=ice-ufrag"};
    if (const auto checked = check_remote_ufrag(*pending.ufrag); !checked) return checked.error();
    if (const auto checked = check_remote_pwd(*pending.pwd); !checked) return checked.error();
    found_ = true;
    return std::optional(Credentials{std::string(*pending.ufrag), std::string(*pending.pwd)});
  }

  /// Turns what was read since the last m= line, or since the beginning, into its part of the description.
  Result<> finish_section() {
    Section section = std::exchange(section_, {});
    auto credentials = finish_credentials(section.credentials);
    if (!credentials) return credentials.error();
    found_ |= section.end_of_candidates || !section.candidates.empty();
    if (media_lines_ == 0) {
      out_.description.credentials = std::move(credentials).value();
      session_candidates_ = std::move(section.candidates);
      session_ended_ = section.end_of_candidates;
      return Ok{};
    }
    StreamDescription* const stream = stream_of(section);
    if (stream == nullptr) return Ok{};
    if (credentials.value()) {
      if (stream->credentials && stream->credentials != credentials.value()) {
        return Error{"stream " + std::to_string(stream->stream.value) +
                     " is described twice, with different credentials"};
      }
      stream->credentials = std::move(credentials).value();
    }
    append(stream->candidates, std::move(section.candidates));
    stream->end_of_candidates |= section.end_of_candidates;
    return Ok{};
  }

  /// The stream that a section after an m= line belongs to; null when there are too many.
  StreamDescription* stream_of(const Section& section) {
    StreamId id(static_cast<std::uint32_t>(media_lines_ - 1));
    if (!whole_sdp_ && section.mid) {
      if (const auto number = parse_decimal<std::uint32_t>(*section.mid)) id = StreamId(*number);
    }
    return stream(id);
  }

  StreamDescription* stream(StreamId id) {
    auto& streams = out_.description.streams;
    const auto known = std::find_if(streams.begin(), streams.end(), [&](const auto& s) { return s.stream == id; });
    if (known != streams.end()) return &*known;
    if (streams.size() == kMaxStreams) {
      if (!std::exchange(warned_of_streams_, true)) {
        warn("m= lines after the first " + std::to_string(kMaxStreams) + " were skipped");
      }
      return nullptr;
    }
    StreamDescription added;
    added.stream = id;
    streams.push_back(std::move(added));
    return &streams.back();
  }

  void finish() {
    if (media_lines_ == 0) {
      if (!session_candidates_.empty() || session_ended_) {
        StreamDescription* const only = stream(StreamId(0));
        only->candidates = std::move(session_candidates_);
        only->end_of_candidates = session_ended_;
      }
    } else {
      if (!session_candidates_.empty()) {
        warn("candidates before the first m= line were skipped: they belong to no stream");
      }
      // At session level it ends every stream's candidates (RFC 8840 4.4).
      if (session_ended_) {
        for (auto& stream : out_.description.streams) stream.end_of_candidates = true;
      }
    }
    if (dropped_candidates_ > 0) {
      warn(std::to_string(dropped_candidates_) + " candidates after the first " +
           std::to_string(kMaxDescriptionCandidates) + " were dropped");
    }
  }

  static void append(std::vector<Candidate>& to, std::vector<Candidate>&& from) {
    if (to.empty()) {
      to = std::move(from);
    } else {
      std::move(from.begin(), from.end(), std::back_inserter(to));
    }
  }

  void warn(std::string text) {
    if (out_.warnings.size() < kMaxWarnings) out_.warnings.push_back(std::move(text));
  }

  ParsedDescription out_;
  Section section_;
  std::vector<Candidate> session_candidates_;
  bool session_ended_ = false;
  std::size_t media_lines_ = 0;
  std::size_t candidate_count_ = 0;
  std::size_t dropped_candidates_ = 0;
  bool whole_sdp_ = false;
  bool warned_of_streams_ = false;
  bool found_ = false;  ///< anything of ICE
};

}  // namespace

Result<ParsedDescription> parse_description(std::string_view text) {
  if (text.size() > kMaxDescription) {
    return Error{"the description is " + std::to_string(text.size()) + " bytes long; at most " +
                 std::to_string(kMaxDescription) + " are read"};
  }
  if (trim(text).empty()) return Error{"the description is empty"};
  return Parser().parse(text);
}

}  // namespace ice
