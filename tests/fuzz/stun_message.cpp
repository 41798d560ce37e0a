// SPDX-License-Identifier: LGPL-2.1-or-later
// The STUN parser: any bytes. What parses is told apart by a walk of the test's own, builds to bytes that parse the
// same, and is authenticated by nothing but the whole of what was signed (RFC 8489 14.5, STANDARDS trap 11).
#include <optional>
#include <set>
#include <vector>

#include "ice-core/base/text.h"
#include "ice-core/stun/message.h"
#include "tests/fuzz/fuzz.h"

namespace {

using ice::Bytes;
using ice::ByteView;
using ice::StunAttribute;
using ice::StunBuilder;
using ice::StunMessage;

constexpr std::string_view kKey = "VOkJxbRl1RmTxUk/WvJxBt";

struct Attribute {
  StunAttribute type;
  ByteView value;
};

/// The visible attributes, by RFC 8489 14.5 to 14.7 read once more.
std::vector<Attribute> walk(ByteView message) {
  std::vector<Attribute> out;
  bool sha1 = false;
  bool sha256 = false;
  for (std::size_t at = 20; at + 4 <= message.size();) {
    const auto at16 = [&](std::size_t i) {
      return std::to_integer<unsigned>(message[i]) << 8 | std::to_integer<unsigned>(message[i + 1]);
    };
    const auto type = static_cast<StunAttribute>(at16(at));
    const std::size_t length = at16(at + 2);
    const bool closing =
        type == StunAttribute::fingerprint || (type == StunAttribute::message_integrity_sha256 && !sha256);
    if ((!sha1 && !sha256) || closing) {
      out.push_back({type, message.subspan(at + 4, length)});
      sha1 = sha1 || type == StunAttribute::message_integrity;
      sha256 = sha256 || type == StunAttribute::message_integrity_sha256;
    }
    at += 4 + (length + 3) / 4 * 4;
  }
  return out;
}

bool same(const std::optional<ByteView>& a, ByteView b) {
  return a && std::equal(a->begin(), a->end(), b.begin(), b.end());
}

void set_length(Bytes& message) {
  const std::size_t length = message.size() - 20;
  message[2] = static_cast<std::byte>(length >> 8);
  message[3] = static_cast<std::byte>(length & 0xFF);
}

void check_accessors(const StunMessage& message) {
  if (const auto error = message.error_code()) {
    FUZZ_CHECK(error->code >= 300 && error->code <= 699, "an error code is 300 to 699");
    FUZZ_CHECK(ice::printable(error->reason, 1000) == error->reason, "a reason is fit to be shown");
  }
  const auto mapped = message.mapped_address();
  if (mapped) {
    StunBuilder builder(message.message_class(), message.method(), message.transaction_id());
    const auto again = StunMessage::parse(builder.xor_address(StunAttribute::xor_mapped_address, *mapped).build());
    FUZZ_CHECK(again.ok() && again->mapped_address() == mapped, "an address survives XOR");
  }
  for (const auto& text : {message.username(), message.realm(), message.nonce(), message.software()}) {
    if (text) FUZZ_CHECK(text->size() <= 763, "texts are bounded");
  }
  static_cast<void>(message.xor_peer_address());
  static_cast<void>(message.xor_relayed_address());
  static_cast<void>(message.alternate_server());
  static_cast<void>(message.priority());
  static_cast<void>(message.ice_controlled());
  static_cast<void>(message.ice_controlling());
  static_cast<void>(message.lifetime());
  FUZZ_CHECK(!message.verify_integrity(kKey) || message.has_integrity(), "nothing unsigned is believed");
  FUZZ_CHECK(message.unknown_required().size() <= 32, "unknown attributes are remembered within bounds");
}

/// All of `attributes` that no integrity or fingerprint is, in order.
StunBuilder rebuild(const StunMessage& message, const std::vector<Attribute>& attributes) {
  StunBuilder builder(message.message_class(), message.method(), message.transaction_id());
  for (const Attribute& attribute : attributes) {
    if (attribute.type == StunAttribute::message_integrity ||
        attribute.type == StunAttribute::message_integrity_sha256 || attribute.type == StunAttribute::fingerprint) {
      continue;
    }
    builder.raw(attribute.type, attribute.value);
  }
  return builder;
}

void check_round_trip(const StunMessage& message, const std::vector<Attribute>& attributes) {
  const Bytes bytes = rebuild(message, attributes).build();
  const auto again = StunMessage::parse(bytes);
  FUZZ_CHECK(again.ok(), "what parses can be built");
  FUZZ_CHECK(again->message_class() == message.message_class() && again->method() == message.method() &&
                 again->transaction_id() == message.transaction_id(),
             "the header survives");
  std::set<StunAttribute> seen;
  for (const Attribute& attribute : attributes) {
    if (!seen.insert(attribute.type).second) continue;
    FUZZ_CHECK(same(message.raw(attribute.type), attribute.value), "the first of each type counts (RFC 8489 14)");
    if (attribute.type == StunAttribute::message_integrity ||
        attribute.type == StunAttribute::message_integrity_sha256 || attribute.type == StunAttribute::fingerprint) {
      continue;
    }
    FUZZ_CHECK(same(again->raw(attribute.type), attribute.value), "each attribute survives");
  }
  FUZZ_CHECK(again->unknown_required() == message.unknown_required(), "unknown attributes survive");
}

void check_integrity(const StunMessage& message, const std::vector<Attribute>& attributes, unsigned which) {
  const bool sha256 = (which & 1) != 0;
  StunBuilder builder = rebuild(message, attributes);
  if (sha256) {
    builder.message_integrity_sha256(kKey);
  } else {
    builder.message_integrity(kKey);
  }
  const Bytes whole = builder.fingerprint().build();
  const auto parsed = StunMessage::parse(whole);
  FUZZ_CHECK(parsed.ok(), "what was built parses");
  if (!parsed->has_integrity() || !parsed->has_fingerprint()) return;  // no room was left for them
  FUZZ_CHECK(parsed->verify_integrity(kKey), "what was signed is believed");
  FUZZ_CHECK(!parsed->verify_integrity("another password than that one"), "another key proves nothing");

  // Every prefix, with a length field that fits it: only one that holds the whole of what was signed is believed.
  const std::size_t signed_size = whole.size() - 8;
  for (std::size_t size = 20; size < whole.size(); size += 4) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    set_length(cut);
    const auto prefix = StunMessage::parse(cut);
    const bool believed = prefix.ok() && prefix->verify_integrity(kKey);
    FUZZ_CHECK(believed == (size == signed_size), "integrity covers all that stands before it");
  }
  // One bit of what was signed, flipped.
  const std::size_t at = which % signed_size;
  Bytes flipped = whole;
  flipped[at] ^= static_cast<std::byte>(1U << (which >> 13));
  flipped.resize(signed_size);
  if (at != 2 && at != 3) set_length(flipped);
  const auto other = StunMessage::parse(flipped);
  const bool in_length = at == 2 || at == 3;  // set anew above, or it fits nothing
  FUZZ_CHECK(!other.ok() || in_length || !other->verify_integrity(kKey), "every bit before the integrity is signed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto datagram = std::as_bytes(std::span(data, size));
  const auto message = StunMessage::parse(datagram);
  if (!message) {
    FUZZ_CHECK(ice::printable(message.error().message, 1000) == message.error().message, "errors are fit to be shown");
    return 0;
  }
  FUZZ_CHECK(ice::looks_like_stun(datagram), "only what looks like STUN is STUN");
  const auto attributes = walk(message->bytes());
  check_accessors(*message);
  check_round_trip(*message, attributes);
  if (size <= 1500) {
    const auto id = message->transaction_id().bytes;
    check_integrity(*message, attributes, std::to_integer<unsigned>(id[0]) << 8 | std::to_integer<unsigned>(id[1]));
  }
  return 0;
}
