// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fuzz/turn_answers.h"

#include <array>
#include <string>

#include "ice-core/turn/password_algorithms.h"

namespace fuzz {

namespace {

using ice::StunAttribute;
using ice::StunBuilder;
using ice::StunClass;

/// Without the nonce cookie, with it and no bit, and with password algorithms, anonymity and both (RFC 8489 18.1).
constexpr std::array<std::string_view, 6> kNonces = {
    "nonce", "obMatJos2AAAArest", "obMatJos2AAABrest", "obMatJos2AAACrest", "obMatJos2AAADrest", ""};
constexpr std::array<std::string_view, 4> kRealms = {"example.org", "other.example", "", "\xc3\xa9"};
constexpr std::array<int, 12> kCodes = {300, 400, 401, 403, 420, 437, 438, 440, 441, 442, 486, 508};

void challenge(StunBuilder& answer, std::string_view realm, std::string_view nonce, unsigned algorithms) {
  answer.text(StunAttribute::realm, realm).text(StunAttribute::nonce, nonce);
  constexpr std::array kBoth = {std::byte{0}, std::byte{2}, std::byte{0}, std::byte{0},
                                std::byte{0}, std::byte{1}, std::byte{0}, std::byte{0}};
  if (algorithms == 1) answer.raw(StunAttribute::password_algorithms, kBoth);
  if (algorithms == 2) answer.raw(StunAttribute::password_algorithms, ice::ByteView(kBoth).subspan(4));
  if (algorithms == 3) answer.raw(StunAttribute::password_algorithms, ice::ByteView(kBoth).first(3));
}

/// What the client of `request` would believe.
void sign_for(StunBuilder& answer, const ice::StunMessage& request) {
  const bool sha256 = request.has(StunAttribute::password_algorithm);
  const auto value = request.raw(StunAttribute::password_algorithm);
  const bool md5 = !sha256 || (value && (*value)[1] == std::byte{1});
  const std::string key = ice::long_term_key(md5 ? ice::PasswordAlgorithm::md5 : ice::PasswordAlgorithm::sha256,
                                             kTurnUser, request.realm().value_or(""), kTurnPassword);
  if (sha256) {
    answer.message_integrity_sha256(key);
  } else {
    answer.message_integrity(key);
  }
}

ice::Address relay(std::size_t which) {
  const auto port = static_cast<std::uint16_t>(49152 + which);
  if (which == 1) return ice::Address::parse("2001:db8::99")->with_port(port);
  if (which == 2) return ice::Address().with_port(port);
  if (which == 3) return ice::Address::v4({192, 0, 2, 99}, 0);
  return ice::Address::v4({192, 0, 2, 99}, port);
}

void grant(StunBuilder& answer, Input& input) {
  const unsigned what = input.u8();
  if ((what & 1) == 0) answer.xor_address(StunAttribute::xor_relayed_address, relay(what >> 1 & 3));
  if ((what & 8) != 0) answer.xor_address(StunAttribute::xor_relayed_address, relay(what >> 4 & 3));
  if ((what & 0x40) == 0) answer.xor_address(StunAttribute::xor_mapped_address, turn_peer(what));
  if ((what & 0x80) != 0) answer.u32(StunAttribute::lifetime, input.u32());
  if (what == 0x77) answer.raw(StunAttribute::address_error_code, bytes_of(std::string_view("\2\0\4\50", 4)));
}

}  // namespace

ice::Address turn_peer(std::size_t which) {
  which %= 12;
  const auto port = static_cast<std::uint16_t>(4000 + which);
  if (which >= 8) return ice::Address::parse("2001:db8::" + std::to_string(which))->with_port(port);
  return ice::Address::v4({10, 0, 2, static_cast<std::uint8_t>(which / 2)}, port);
}

TurnAnswer good_turn_answer(const ice::StunMessage& request, bool sha256) {
  if (!request.has_integrity()) {
    StunBuilder answer(StunClass::error, request.method(), request.transaction_id());
    challenge(answer.error_code(401, "Unauthorized"), kRealms[0], kNonces[sha256 ? 4 : 0], sha256 ? 1 : 0);
    return {answer.build(), false};
  }
  StunBuilder answer(StunClass::success, request.method(), request.transaction_id());
  if (request.method() == ice::StunMethod::allocate) {
    answer.xor_address(StunAttribute::xor_relayed_address, relay(0));
    answer.xor_address(StunAttribute::xor_relayed_address, relay(1));
    answer.xor_address(StunAttribute::xor_mapped_address, turn_peer(1));
  }
  if (request.method() == ice::StunMethod::allocate || request.method() == ice::StunMethod::refresh) {
    answer.u32(StunAttribute::lifetime, request.lifetime().value_or(600));
  }
  sign_for(answer, request);
  return {answer.fingerprint().build(), true};
}

TurnAnswer turn_answer(Input& input, const ice::StunMessage& request) {
  const unsigned what = input.u8();
  const unsigned how = input.u8();
  const bool is_error = (what & 1) != 0;
  StunBuilder answer(is_error ? StunClass::error : StunClass::success, request.method(), request.transaction_id());
  if (is_error) {
    answer.error_code(kCodes[(what >> 1) % kCodes.size()], "for some reason");
    if ((what & 0x80) != 0) answer.address(StunAttribute::alternate_server, turn_peer(how));
  } else {
    grant(answer, input);
  }
  if ((how & 0x08) != 0) {
    const unsigned which = input.u8();
    challenge(answer, kRealms[which & 3], kNonces[(which >> 2) % kNonces.size()], which >> 6);
  }
  if ((how & 0x10) != 0) answer.u32(static_cast<StunAttribute>(0x7FF0), 1);
  switch (how & 7) {
    case 0:
    case 1:
    case 2:
      sign_for(answer, request);
      break;
    case 3:
      answer.message_integrity("a key that nobody has");
      break;
    case 4:
      answer.message_integrity_sha256("a key that nobody has");
      break;
    default:
      break;
  }
  if ((how & 0x20) != 0) answer.fingerprint();
  return {answer.build(), !is_error};
}

}  // namespace fuzz
