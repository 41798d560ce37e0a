// SPDX-License-Identifier: LGPL-2.1-or-later
// One table: every attribute that we know, its name and its form.
#include "ice-core/stun/attribute_rules.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "ice-core/stun/wire.h"

namespace ice {

namespace {

enum class Form : std::uint8_t {
  sized,      // between `least` and `most` bytes
  words,      // the same, in multiples of four
  halfwords,  // the same, in multiples of two
  address,    // family and size agree
  error,      // ERROR-CODE
};

struct Rule {
  StunAttribute type;
  const char* name;
  Form form;
  std::uint16_t least;
  std::uint16_t most;
};

constexpr std::uint16_t kAny = 0xFFFF;
// RFC 5389 allowed a USERNAME of 512 bytes, RFC 8489 508; ufrags of 256 and the colon make 513 (RFC 8839 5.4).
constexpr std::uint16_t kUsername = 513;
constexpr std::uint16_t kText = 763;  // fewer than 128 characters (RFC 8489 14.9, 14.10, 14.14)

using enum StunAttribute;
constexpr std::array kRules = {
    Rule{mapped_address, "MAPPED-ADDRESS", Form::address, 8, 20},
    Rule{username, "USERNAME", Form::sized, 0, kUsername},
    Rule{message_integrity, "MESSAGE-INTEGRITY", Form::sized, 20, 20},
    Rule{error_code, "ERROR-CODE", Form::error, 4, 4 + kText},
    Rule{unknown_attributes, "UNKNOWN-ATTRIBUTES", Form::halfwords, 0, kAny},
    Rule{channel_number, "CHANNEL-NUMBER", Form::sized, 4, 4},
    Rule{lifetime, "LIFETIME", Form::sized, 4, 4},
    Rule{xor_peer_address, "XOR-PEER-ADDRESS", Form::address, 8, 20},
    Rule{data, "DATA", Form::sized, 0, kAny},
    Rule{realm, "REALM", Form::sized, 0, kText},
    Rule{nonce, "NONCE", Form::sized, 0, kText},
    Rule{xor_relayed_address, "XOR-RELAYED-ADDRESS", Form::address, 8, 20},
    Rule{requested_address_family, "REQUESTED-ADDRESS-FAMILY", Form::sized, 4, 4},
    Rule{even_port, "EVEN-PORT", Form::sized, 1, 1},
    Rule{requested_transport, "REQUESTED-TRANSPORT", Form::sized, 4, 4},
    Rule{dont_fragment, "DONT-FRAGMENT", Form::sized, 0, 0},
    // RFC 8489 14.6: may be truncated, to 16 bytes at least, in multiples of four.
    Rule{message_integrity_sha256, "MESSAGE-INTEGRITY-SHA256", Form::words, 16, 32},
    Rule{password_algorithm, "PASSWORD-ALGORITHM", Form::sized, 4, kAny},
    Rule{userhash, "USERHASH", Form::sized, 32, 32},
    Rule{xor_mapped_address, "XOR-MAPPED-ADDRESS", Form::address, 8, 20},
    Rule{reservation_token, "RESERVATION-TOKEN", Form::sized, 8, 8},
    Rule{priority, "PRIORITY", Form::sized, 4, 4},
    Rule{use_candidate, "USE-CANDIDATE", Form::sized, 0, 0},
    Rule{additional_address_family, "ADDITIONAL-ADDRESS-FAMILY", Form::sized, 4, 4},
    Rule{address_error_code, "ADDRESS-ERROR-CODE", Form::sized, 4, 4 + kText},
    Rule{password_algorithms, "PASSWORD-ALGORITHMS", Form::sized, 0, kAny},
    Rule{alternate_domain, "ALTERNATE-DOMAIN", Form::sized, 0, 255},
    Rule{icmp, "ICMP", Form::sized, 8, 8},
    Rule{software, "SOFTWARE", Form::sized, 0, kText},
    Rule{alternate_server, "ALTERNATE-SERVER", Form::address, 8, 20},
    Rule{fingerprint, "FINGERPRINT", Form::sized, 4, 4},
    Rule{ice_controlled, "ICE-CONTROLLED", Form::sized, 8, 8},
    Rule{ice_controlling, "ICE-CONTROLLING", Form::sized, 8, 8},
    Rule{response_origin, "RESPONSE-ORIGIN", Form::address, 8, 20},
    Rule{other_address, "OTHER-ADDRESS", Form::address, 8, 20},
};

/// Every type that we know is below 0x40, or 0x8000 and below 0x8040: where its rule stands, or kRules.size().
constexpr std::size_t slot_of(StunAttribute type) {
  const auto code = static_cast<unsigned>(type);
  return (code >> 15) << 6 | (code & 0x3F);
}
constexpr std::array kRuleOfSlot = [] {
  std::array<std::uint8_t, 128> positions{};
  positions.fill(kRules.size());
  for (std::size_t i = 0; i < kRules.size(); ++i) positions[slot_of(kRules[i].type)] = static_cast<std::uint8_t>(i);
  return positions;
}();

const Rule* find_rule(StunAttribute type) {
  const std::size_t position = kRuleOfSlot[slot_of(type)];
  return position < kRules.size() && kRules[position].type == type ? &kRules[position] : nullptr;
}

// RFC 8489 14.8: a class of 3 to 6 and a number of 0 to 99.
bool is_error_code(ByteView value) {
  const auto hundreds = std::to_integer<unsigned>(value[2] & std::byte{0x07});
  return hundreds >= 3 && hundreds <= 6 && std::to_integer<unsigned>(value[3]) <= 99;
}

bool is_well_formed(const Rule& rule, ByteView value) {
  if (value.size() < rule.least || value.size() > rule.most) return false;
  switch (rule.form) {
    case Form::sized:
      return true;
    case Form::words:
      return value.size() % 4 == 0;
    case Form::halfwords:
      return value.size() % 2 == 0;
    case Form::address:
      return wire::read_address(value, {}).has_value();
    case Form::error:
      return is_error_code(value);
  }
  return false;
}

}  // namespace

AttributeVerdict judge_attribute(StunAttribute type, ByteView value) {
  const Rule* const rule = find_rule(type);
  if (rule == nullptr) return AttributeVerdict::unknown;
  return is_well_formed(*rule, value) ? AttributeVerdict::well_formed : AttributeVerdict::malformed;
}

std::string attribute_name(StunAttribute type) {
  if (const Rule* const rule = find_rule(type)) return rule->name;
  constexpr const char* kDigits = "0123456789abcdef";
  const auto code = static_cast<unsigned>(type);
  std::string name = "attribute 0x";
  for (int shift = 12; shift >= 0; shift -= 4) name += kDigits[code >> shift & 0xFU];
  return name;
}

}  // namespace ice
