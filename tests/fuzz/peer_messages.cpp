// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fuzz/peer_messages.h"

#include <array>
#include <string_view>

namespace fuzz {

namespace {

using ice::StunAttribute;
using ice::StunBuilder;
using ice::StunClass;
using ice::StunMethod;

ice::TransactionId transaction_id(unsigned number) {
  ice::TransactionId id;
  id.bytes[0] = static_cast<std::byte>(number);
  id.bytes[11] = std::byte{0x77};
  return id;
}

constexpr std::array<std::uint64_t, 4> kTieBreakers = {0, 1, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
constexpr std::array<std::uint32_t, 4> kPriorities = {0x6E0000FF, 0x7EFFFFFF, 1, 0};

/// How a message is signed; what is not `good` must have no effect.
enum class Signature { good, good_sha256, none, wrong, cut };

ice::Bytes sign(StunBuilder& builder, std::string_view pwd, Signature signature, bool flag_after) {
  switch (signature) {
    case Signature::good:
      builder.message_integrity(pwd);
      break;
    case Signature::good_sha256:
      builder.message_integrity_sha256(pwd);
      break;
    case Signature::none:
      break;
    case Signature::wrong:
      builder.message_integrity("a password that nobody has");
      break;
    case Signature::cut:
      builder.raw(StunAttribute::message_integrity_sha256, bytes_of("sixteen bytes :)"));
      break;
  }
  if (flag_after) builder.flag(StunAttribute::use_candidate);
  return builder.fingerprint().build();
}

Signature signature(unsigned bits) {
  constexpr std::array kSignatures = {Signature::good, Signature::good,  Signature::good, Signature::good_sha256,
                                      Signature::none, Signature::wrong, Signature::cut,  Signature::good};
  return kSignatures[bits % kSignatures.size()];
}

}  // namespace

ice::Address remote_address(std::size_t which) {
  which %= kRemoteAddresses;
  const auto port = static_cast<std::uint16_t>(4000 + which);
  switch (which) {
    case 8:
      return ice::Address::parse("2001:db8::2")->with_port(port);
    case 9:
      return ice::Address::parse("fe80::2")->with_port(port);
    case 10:
      return ice::Address::parse("127.0.0.1")->with_port(port);
    case 11:
      return ice::Address::parse("2001:db8::3")->with_port(port);
    case 12:
      return ice::Address::parse("224.0.0.1")->with_port(port);
    case 13:
      return ice::Address::parse("0.0.0.0")->with_port(port);
    case 14:
      return ice::Address::parse("192.0.2.1")->with_port(0);
    default:
      return ice::Address::v4({10, 0, 2, static_cast<std::uint8_t>(which)}, port);
  }
}

ice::Credentials remote_credentials(std::size_t which) {
  const std::string number = std::to_string(which % kRemoteCredentials);
  return {"peer" + number, "thePasswordOfThePeer+" + number + "/0"};
}

ice::Bytes check_request(Input& input, const ice::Credentials& agent) {
  const unsigned what = input.u8();
  const unsigned how = input.u8();
  StunBuilder builder(StunClass::request, (how & 0x80) != 0 ? StunMethod::allocate : StunMethod::binding,
                      transaction_id(input.u8()));
  const std::string own = remote_credentials(what >> 6).ufrag;
  if (what == 0xFF) {
    builder.text(StunAttribute::username, "no colon");
  } else {
    builder.text(StunAttribute::username, agent.ufrag + ":" + own);
  }
  if ((how & 0x40) == 0) builder.u32(StunAttribute::priority, kPriorities[what >> 4 & 3]);
  const std::uint64_t tie_breaker = kTieBreakers[what >> 2 & 3];
  builder.u64((what & 1) != 0 ? StunAttribute::ice_controlling : StunAttribute::ice_controlled, tie_breaker);
  if ((what & 2) != 0) builder.flag(StunAttribute::use_candidate);
  if ((how & 0x08) != 0) builder.u32(static_cast<StunAttribute>(0x7FF0), 1);
  if ((how & 0x10) != 0) builder.u32(static_cast<StunAttribute>(0xC057), 1);
  return sign(builder, agent.pwd, signature(how & 7), (how & 0x20) != 0);
}

ice::Bytes good_answer(const SentRequest& request, const ice::Address& mapped, std::size_t generation) {
  StunBuilder builder(StunClass::success, StunMethod::binding, request.id);
  builder.xor_address(StunAttribute::xor_mapped_address, mapped);
  return sign(builder, remote_credentials(generation).pwd, Signature::good, false);
}

ice::Bytes check_answer(Input& input, const SentRequest& request, const ice::Address& mapped) {
  const unsigned what = input.u8();
  const unsigned how = input.u8();
  const bool error = (what & 1) != 0;
  StunBuilder builder(error ? StunClass::error : StunClass::success, StunMethod::binding, request.id);
  if (error) {
    constexpr std::array kCodes = {487, 401, 400, 420, 438, 500, 300, 699};
    if ((how & 0x40) == 0) builder.error_code(kCodes[what >> 1 & 7], "of some reason");
  } else if ((how & 0x40) == 0) {
    builder.xor_address(StunAttribute::xor_mapped_address, (what & 2) != 0 ? remote_address(what >> 2) : mapped);
  }
  if ((how & 0x08) != 0) builder.u32(static_cast<StunAttribute>(0x7FF0), 1);
  return sign(builder, remote_credentials(what >> 6).pwd, signature(how & 7), (how & 0x20) != 0);
}

ice::Candidate remote_candidate(Input& input) {
  const unsigned what = input.u8();
  ice::Candidate candidate;
  candidate.component = ice::ComponentId(static_cast<std::uint16_t>(1 + (what & 1)));
  candidate.type = static_cast<ice::CandidateType>(what >> 1 & 3);
  candidate.foundation = std::to_string(what >> 3 & 3);
  candidate.address = remote_address(what >> 4);
  candidate.priority = ice::Priority(input.u16() * 0x8000U + 1U);
  const unsigned kind = input.u8();
  switch (kind & 7) {
    case 1:
      candidate.ufrag = remote_credentials(kind >> 3).ufrag;
      break;
    case 2:
      candidate.protocol = ice::CandidateProtocol::tcp_passive;
      break;
    case 3:
      candidate.protocol = ice::CandidateProtocol::other;
      candidate.protocol_token = "SCTP";
      break;
    case 4:
      candidate.name = "a-name.local";
      candidate.address = ice::Address().with_port(4000);
      break;
    case 5:
      candidate.address = candidate.address.with_port(input.u16());  // one of thousands
      break;
    default:
      break;
  }
  return candidate;
}

ice::Description remote_description(Input& input) {
  ice::Description description;
  const unsigned what = input.u8();
  if ((what & 1) == 0) description.credentials = remote_credentials(what >> 6);
  description.options = {"ice2"};
  if ((what & 2) != 0) description.options.emplace_back("trickle");
  if ((what & 4) != 0) description.options.emplace_back("renomination");
  description.lite = (what & 0x30) == 0x30;
  if ((what & 8) != 0) description.pacing_ms = input.u8();
  const std::size_t streams = 1 + input.below(3);
  for (std::size_t i = 0; i < streams; ++i) {
    auto& stream = description.streams.emplace_back();
    const unsigned which = input.u8();
    stream.stream = ice::StreamId(which & 3);
    if ((which & 4) != 0) stream.credentials = remote_credentials(which >> 4);
    stream.end_of_candidates = (which & 8) != 0;
    const std::size_t candidates = input.below(8);
    for (std::size_t each = 0; each < candidates; ++each) stream.candidates.push_back(remote_candidate(input));
  }
  return description;
}

}  // namespace fuzz
