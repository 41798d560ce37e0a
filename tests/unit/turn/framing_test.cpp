// SPDX-License-Identifier: LGPL-2.1-or-later
// ChannelData, Send and Data indications (RFC 8656 11, 12), and messages out of a stream of bytes.
#include <gtest/gtest.h>

#include "ice-core/stun/message.h"
#include "ice-core/turn/relay_path.h"
#include "ice-core/turn/stream_framing.h"
#include "tests/unit/support/bytes.h"
#include "tests/unit/turn/fixed_random.h"

namespace ice {
namespace {

using test::hex;
using test::to_hex;

const Address kServer = Address::v4({192, 0, 2, 1}, 3478);
const Address kPeer = Address::v4({198, 51, 100, 2}, 4000);
const Address kPeer6 = *Address::parse("2001:db8::2", 4000);

RelayPath by_channel(bool stream) {
  return RelayPath{kServer, kPeer, 0x4001, stream};
}

TEST(RelayPath, ChannelDataIsPaddedOverStreamsOnly) {
  test::CountingRandom random;
  EXPECT_EQ(to_hex(relay_wrap(by_channel(false), hex("aabbcc"), random)), "40010003aabbcc");
  EXPECT_EQ(to_hex(relay_wrap(by_channel(true), hex("aabbcc"), random)), "40010003aabbcc00");
  EXPECT_EQ(to_hex(relay_wrap(by_channel(true), {}, random)), "40010000");
}

TEST(RelayPath, WithoutAChannelASendIndicationCarriesIt) {
  test::CountingRandom random;
  for (const Address& peer : {kPeer, kPeer6}) {
    const Bytes wrapped = relay_wrap(RelayPath{kServer, peer, std::nullopt, false}, hex("aabbccddee"), random);
    const auto message = StunMessage::parse(wrapped);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->message_class(), StunClass::indication);
    EXPECT_EQ(message->method(), StunMethod::send);
    EXPECT_EQ(message->xor_peer_address(), peer);
    EXPECT_EQ(to_hex(*message->raw(StunAttribute::data)), "aabbccddee");
  }
}

TEST(RelayPath, TheEnvelopeNeedsNoCopyOfThePayload) {
  test::CountingRandom one;
  test::CountingRandom other;
  const RelayPath path{kServer, kPeer6, std::nullopt, false};
  const Bytes payload = hex("aabbccddee");
  const RelayEnvelope envelope = relay_envelope(path, payload.size(), one);
  Bytes together(envelope.header.begin(), envelope.header.begin() + static_cast<std::ptrdiff_t>(envelope.header_size));
  together.insert(together.end(), payload.begin(), payload.end());
  together.resize(together.size() + envelope.padding);
  EXPECT_EQ(together, relay_wrap(path, payload, other));
}

TEST(RelayPath, UnwrapsChannelDataWithWhateverFollowsIt) {
  for (const char* datagram : {"40010003aabbcc", "40010003aabbcc00", "40010003aabbcc00ffff"}) {
    const auto payload = relay_unwrap(hex(datagram));
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->channel, 0x4001);
    EXPECT_EQ(payload->offset, 4U);
    EXPECT_EQ(payload->length, 3U);
  }
}

TEST(RelayPath, UnwrapsNothingThatIsCutOffOrOutsideTheChannels) {
  for (const char* datagram : {"", "40", "400100", "40010004aabbcc", "3fff0000", "50000000", "ffff0000"}) {
    EXPECT_FALSE(relay_unwrap(hex(datagram))) << datagram;
  }
}

TEST(RelayPath, UnwrapsDataIndicationsThatHaveBothAttributes) {
  TransactionId id;
  const auto make = [&](StunClass message_class, StunMethod method, bool peer, bool data) {
    StunBuilder builder(message_class, method, id);
    if (peer) builder.xor_address(StunAttribute::xor_peer_address, kPeer);
    if (data) builder.raw(StunAttribute::data, hex("0102030405"));
    return builder.build();
  };
  const Bytes datagram = make(StunClass::indication, StunMethod::data, true, true);
  const auto payload = relay_unwrap(datagram);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->peer, kPeer);
  EXPECT_EQ(to_hex(ByteView(datagram).subspan(payload->offset, payload->length)), "0102030405");
  EXPECT_FALSE(relay_unwrap(make(StunClass::indication, StunMethod::data, false, true)));
  EXPECT_FALSE(relay_unwrap(make(StunClass::indication, StunMethod::data, true, false)));
  EXPECT_FALSE(relay_unwrap(make(StunClass::indication, StunMethod::send, true, true)));
  EXPECT_FALSE(relay_unwrap(make(StunClass::success, StunMethod::data, true, true)));
}

TEST(StreamFraming, FindsMessagesInAnyPieces) {
  Bytes stream = hex("40010003aabbcc00");
  const Bytes stun =
      StunBuilder(StunClass::indication, StunMethod::data, TransactionId{}).flag(StunAttribute::data).build();
  stream.insert(stream.end(), stun.begin(), stun.end());
  const Bytes last = hex("4fff0000");
  stream.insert(stream.end(), last.begin(), last.end());
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    StreamFraming framing;
    std::vector<std::string> messages;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const std::size_t size = std::min(piece, stream.size() - at);
      ASSERT_TRUE(framing.take(ByteView(stream).subspan(at, size),
                               [&](ByteView message) { messages.push_back(to_hex(message)); }));
    }
    EXPECT_EQ(messages, (std::vector<std::string>{"40010003aabbcc", to_hex(stun), "4fff0000"})) << piece;
    EXPECT_EQ(framing.buffered(), 0U);
  }
}

TEST(StreamFraming, GivesAStreamUpThatIsNeitherStunNorChannelData) {
  for (const char* begin : {"80000000", "ffffffff", "00010003", "50000000"}) {
    StreamFraming framing;
    int messages = 0;
    EXPECT_FALSE(framing.take(hex(begin), [&](ByteView) { ++messages; })) << begin;
    EXPECT_FALSE(framing.take(hex("4001000401020304"), [&](ByteView) { ++messages; })) << "for good";
    EXPECT_EQ(messages, 0);
    EXPECT_EQ(framing.buffered(), 0U);
  }
}

TEST(StreamFraming, KeepsNoMoreThanOneMessage) {
  StreamFraming framing;
  const Bytes begin = hex("4001ffff");
  ASSERT_TRUE(framing.take(begin, [](ByteView) {}));
  std::size_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    framing.take(Bytes(1000), [&](ByteView message) { taken += message.size(); });
    ASSERT_LE(framing.buffered(), 65'540U);
  }
  EXPECT_GT(taken, 65'000U);
}

}  // namespace
}  // namespace ice
