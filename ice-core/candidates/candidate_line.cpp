// SPDX-License-Identifier: LGPL-2.1-or-later
// Candidate lines read and written.
#include "ice-core/candidates/candidate_line.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ice-core/base/text.h"
#include "ice-core/candidates/credentials.h"

namespace ice {

namespace {

constexpr std::size_t kMaxFoundation = 32;  // RFC 8839 5.1
constexpr std::size_t kMaxUfrag = 256;
constexpr std::size_t kMaxName = 253;  // RFC 1035 2.3.4
constexpr std::uint32_t kMaxPriority = 0x7FFFFFFF;

struct TcpType {
  std::string_view text;
  CandidateProtocol protocol;
};
constexpr std::array kTcpTypes = {
    TcpType{"active", CandidateProtocol::tcp_active},
    TcpType{"passive", CandidateProtocol::tcp_passive},
    TcpType{"so", CandidateProtocol::tcp_so},
};

bool all_ice_chars(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_ice_char);
}

/// A host name as DNS and mDNS have them. A last label of digits only is a mistyped IPv4 address, not a name.
bool is_host_name(std::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxName) return false;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    const auto allowed = [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; };
    if (label.empty() || label.size() > 63 || !std::all_of(label.begin(), label.end(), allowed)) return false;
    if (dot == std::string_view::npos) return !std::all_of(label.begin(), label.end(), is_digit);
    text.remove_prefix(dot + 1);
  }
}

/// Scopes are never signaled (RFC 8839 5.1); where a peer does it all the same, ours are the ones that count.
std::optional<Address> parse_scoped(std::string_view text, std::uint16_t port) {
  const std::size_t percent = text.find('%');
  const auto address = Address::parse(text.substr(0, percent), port);
  if (address && percent != std::string_view::npos && address->family() == Family::ipv4) return std::nullopt;
  return address;
}

/// What only becomes a candidate when the whole line is known.
struct Pieces {
  std::string_view transport;
  std::optional<std::string_view> tcp_type;
  std::optional<std::string_view> related_ip;
  std::optional<std::uint16_t> related_port;
};

Result<> read_address(Candidate& candidate, std::string_view ip, std::string_view port) {
  const auto number = parse_decimal<std::uint16_t>(port);
  if (!number) return Error{"port " + quoted(port) + " is not a number from 0 to 65535"};
  if (const auto address = parse_scoped(ip, *number)) {
    candidate.address = *address;
  } else if (is_host_name(ip)) {
    candidate.name = std::string(ip);
    candidate.address = Address().with_port(*number);
  } else {
    return Error{"connection address " + quoted(ip) + " is neither an IP address nor a host name"};
  }
  return Ok{};
}

Result<> read_type(Candidate& candidate, std::string_view key, std::string_view value) {
  if (key != "typ") {
    return Error{"\"typ\" is missing: " + (key.empty() ? "the line ends after the port" : "found " + quoted(key))};
  }
  for (const auto type :
       {CandidateType::host, CandidateType::peer_reflexive, CandidateType::server_reflexive, CandidateType::relayed}) {
    if (value == type_text(type)) {
      candidate.type = type;
      return Ok{};
    }
  }
  return Error{"candidate type " + quoted(value) + " is unknown"};
}

Result<> read_extension(Candidate& candidate, Pieces& pieces, std::string_view key, std::string_view value) {
  if (!std::all_of(key.begin(), key.end(), is_vchar) || !std::all_of(value.begin(), value.end(), is_vchar)) {
    return Error{"extension " + quoted(key) + " holds characters that are not allowed"};
  }
  if (key == "raddr") {
    if (pieces.related_ip) return Error{"raddr is given twice"};
    if (!parse_scoped(value, 0) && !is_host_name(value)) return Error{"raddr " + quoted(value) + " is no address"};
    pieces.related_ip = value;
  } else if (key == "rport") {
    if (pieces.related_port) return Error{"rport is given twice"};
    pieces.related_port = parse_decimal<std::uint16_t>(value);
    if (!pieces.related_port) return Error{"rport " + quoted(value) + " is not a number from 0 to 65535"};
  } else if (key == "tcptype" && equal_ignoring_case(pieces.transport, "TCP")) {
    if (pieces.tcp_type) return Error{"tcptype is given twice"};
    pieces.tcp_type = value;
  } else if (key == "ufrag") {
    if (!candidate.ufrag.empty()) return Error{"ufrag is given twice"};
    if (value.empty() || value.size() > kMaxUfrag || !all_ice_chars(value)) {
      return Error{"ufrag is not made of 1 to 256 ice-chars"};
    }
    candidate.ufrag = std::string(value);
  } else {
    candidate.extensions.emplace_back(key, value);
  }
  return Ok{};
}

Result<> read_protocol(Candidate& candidate, const Pieces& pieces) {
  if (equal_ignoring_case(pieces.transport, "UDP")) {
    candidate.protocol = CandidateProtocol::udp;
  } else if (equal_ignoring_case(pieces.transport, "TCP")) {
    if (!pieces.tcp_type) return Error{"tcptype is missing (RFC 6544 4.5)"};
    const auto known = std::find_if(kTcpTypes.begin(), kTcpTypes.end(),
                                    [&](const TcpType& t) { return equal_ignoring_case(*pieces.tcp_type, t.text); });
    if (known == kTcpTypes.end()) return Error{"tcptype " + quoted(*pieces.tcp_type) + " is unknown"};
    candidate.protocol = known->protocol;
  } else {
    candidate.protocol = CandidateProtocol::other;
    candidate.protocol_token = std::string(pieces.transport);
  }
  // An active TCP candidate is never connected to and says 9 or 0 (RFC 6544 4.5); everything else is sent to.
  const bool reachable = candidate.protocol == CandidateProtocol::udp ||
                         candidate.protocol == CandidateProtocol::tcp_passive ||
                         candidate.protocol == CandidateProtocol::tcp_so;
  if (reachable && candidate.address.port() == 0) return Error{"port 0 cannot be sent to"};
  return Ok{};
}

void append(std::string& line, std::string_view key, std::string_view value) {
  line += ' ';
  line += key;
  line += ' ';
  line += value;
}

std::string_view transport_text(const Candidate& candidate) {
  switch (candidate.protocol) {
    case CandidateProtocol::udp:
      return "UDP";
    case CandidateProtocol::other:
      return candidate.protocol_token;
    default:
      return "TCP";
  }
}

}  // namespace

Result<Candidate> parse_candidate_line(std::string_view line) {
  if (line.size() > kMaxCandidateLine) {
    return Error{"the candidate line is longer than " + std::to_string(kMaxCandidateLine) + " bytes"};
  }
  std::string_view rest = trim(line);
  if (rest.starts_with("a=")) rest.remove_prefix(2);
  if (constexpr std::string_view kName = "candidate:"; rest.starts_with(kName)) rest.remove_prefix(kName.size());

  Candidate candidate;
  Pieces pieces;
  const std::string_view foundation = take_word(rest);
  if (foundation.empty()) return Error{"the candidate line is empty"};
  if (foundation.size() > kMaxFoundation || !all_ice_chars(foundation)) {
    return Error{"foundation " + quoted(foundation) + " is not made of 1 to 32 ice-chars"};
  }
  candidate.foundation = std::string(foundation);

  const std::string_view component = take_word(rest);
  const auto component_id = parse_decimal<std::uint16_t>(component);
  if (!component_id || *component_id < 1 || *component_id > 256) {
    return Error{"component " + quoted(component) + " is not a number from 1 to 256"};
  }
  candidate.component = ComponentId(*component_id);

  pieces.transport = take_word(rest);
  if (pieces.transport.empty() || !std::all_of(pieces.transport.begin(), pieces.transport.end(), is_token_char)) {
    return Error{"transport " + quoted(pieces.transport) + " is not a token"};
  }

  const std::string_view priority = take_word(rest);
  const auto priority_number = parse_decimal<std::uint32_t>(priority);
  if (!priority_number || *priority_number < 1 || *priority_number > kMaxPriority) {
    return Error{"priority " + quoted(priority) + " is not a number from 1 to 2147483647"};
  }
  candidate.priority = Priority(*priority_number);

  const std::string_view ip = take_word(rest);
  const std::string_view port = take_word(rest);
  if (const auto read = read_address(candidate, ip, port); !read) return read.error();
  const std::string_view typ = take_word(rest);
  const std::string_view type = take_word(rest);
  if (const auto read = read_type(candidate, typ, type); !read) return read.error();
  for (std::string_view key = take_word(rest); !key.empty(); key = take_word(rest)) {
    if (const auto read = read_extension(candidate, pieces, key, take_word(rest)); !read) return read.error();
  }
  if (const auto read = read_protocol(candidate, pieces); !read) return read.error();
  if (pieces.related_ip) candidate.related = parse_scoped(*pieces.related_ip, pieces.related_port.value_or(0));
  return candidate;
}

std::string candidate_line(const Candidate& candidate) {
  std::string line = "candidate:" + candidate.foundation;
  line += ' ' + std::to_string(candidate.component.value);
  line += ' ';
  line += transport_text(candidate);
  line += ' ' + std::to_string(candidate.priority.value);
  line += ' ' + (candidate.name.empty() ? candidate.address.ip_text() : candidate.name);
  line += ' ' + std::to_string(candidate.address.port());
  append(line, "typ", type_text(candidate.type));
  if (candidate.related) {
    append(line, "raddr", candidate.related->ip_text());
    append(line, "rport", std::to_string(candidate.related->port()));
  } else if (candidate.type != CandidateType::host) {
    // Demanded of all but host candidates; this is how not to reveal it (RFC 8839 5.1).
    append(line, "raddr", candidate.address.family() == Family::ipv4 ? "0.0.0.0" : "::");
    append(line, "rport", "9");
  }
  for (const TcpType& type : kTcpTypes) {
    if (type.protocol == candidate.protocol) append(line, "tcptype", type.text);
  }
  // An extension may have no value (RFC 8839 5.1), but only the line's end shows that it has none.
  for (const auto& [key, value] : candidate.extensions) {
    if (!value.empty()) append(line, key, value);
  }
  if (!candidate.ufrag.empty()) append(line, "ufrag", candidate.ufrag);
  if (!candidate.extensions.empty() && candidate.extensions.back().second.empty()) {
    line += ' ' + candidate.extensions.back().first;
  }
  return line;
}

}  // namespace ice
