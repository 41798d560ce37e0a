// SPDX-License-Identifier: LGPL-2.1-or-later
// Batches of datagrams over loopback, byte for byte; ports, errors and options of sockets.
#include "gst/net/udp_socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <numeric>
#include <thread>
#include <vector>

#include "gst/net/datagram_receiver.h"
#include "gst/net/packet_pool.h"
#include "gst/net/wake_signal.h"

namespace gstice {
namespace {

using namespace std::chrono_literals;
using Datagrams = std::vector<ice::Bytes>;

ice::SecureRandom secure_random;

std::shared_ptr<UdpSocket> open_on(const char* ip, std::uint16_t min = 0, std::uint16_t max = 0) {
  UdpSocketOptions options;
  options.local = *ice::Address::parse(ip);
  options.min_port = min;
  options.max_port = max;
  options.receive_buffer = 4 << 20;
  auto socket = UdpSocket::open(options, secure_random);
  EXPECT_TRUE(socket.ok()) << socket.error().message;
  return socket.value();
}

/// `length` bytes that differ from those of other seeds.
ice::Bytes pattern(std::size_t length, std::size_t seed) {
  ice::Bytes bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed * 101 + (i >> 8)) & 0xff);
  return bytes;
}

Datagrams patterns(const std::vector<std::size_t>& lengths) {
  Datagrams result;
  for (std::size_t i = 0; i < lengths.size(); ++i) result.push_back(pattern(lengths[i], i));
  return result;
}

/// Datagrams as lists of iovecs that point into the originals, each cut in `parts` pieces.
class Gathered {
 public:
  Gathered(const Datagrams& datagrams, std::size_t parts) {
    for (const ice::Bytes& datagram : datagrams) {
      auto& vectors = vectors_.emplace_back();
      const std::size_t piece = datagram.size() / parts;
      for (std::size_t i = 0; i < parts; ++i) {
        const std::size_t at = i * piece;
        const std::size_t length = i + 1 == parts ? datagram.size() - at : piece;
        vectors.push_back({const_cast<std::byte*>(datagram.data()) + at, length});
      }
    }
    for (std::size_t i = 0; i < datagrams.size(); ++i) outbound_.push_back({vectors_[i], datagrams[i].size()});
  }
  std::span<const OutboundDatagram> outbound() const { return outbound_; }

 private:
  std::vector<std::vector<iovec>> vectors_;
  std::vector<OutboundDatagram> outbound_;
};

/// Reads until `count` datagrams came; what the reads looked like is kept.
struct Collected {
  std::vector<InboundDatagram> datagrams;
  std::vector<std::size_t> read_lengths;
  std::optional<ice::Address> source;

  Datagrams bytes() const {
    Datagrams result;
    for (const auto& each : datagrams) result.emplace_back(each.bytes().begin(), each.bytes().end());
    return result;
  }
};

Collected collect(const UdpSocket& socket, DatagramReceiver& receiver, std::size_t count) {
  Collected result;
  while (result.datagrams.size() < count) {
    pollfd waiting{socket.fd(), POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) != 1) break;
    const auto outcome = receiver.receive(socket);
    EXPECT_EQ(outcome.error, 0);
    for (std::size_t i = 0; i < outcome.reads.size(); ++i) {
      const CoalescedRead& read = outcome.reads[i];
      result.read_lengths.push_back(read.bytes.size());
      result.source = read.source.address();
      read.for_each([&](ice::ByteView datagram) { result.datagrams.push_back(receiver.keep(i, datagram, {})); });
    }
  }
  return result;
}

Collected collect(const UdpSocket& socket, std::size_t count) {
  DatagramReceiver receiver;
  return collect(socket, receiver, count);
}

void expect_carried(const Datagrams& datagrams, std::size_t parts, const char* ip = "127.0.0.1") {
  const auto from = open_on(ip);
  const auto to = open_on(ip);
  const Gathered gathered(datagrams, parts);
  GsoState gso;
  const auto result = from->send_batch(gathered.outbound(), to->local(), gso);
  EXPECT_EQ(result.done, datagrams.size());
  EXPECT_EQ(result.errors, 0u);
  EXPECT_EQ(result.too_large, 0u);
  EXPECT_EQ(result.bytes_sent, std::accumulate(datagrams.begin(), datagrams.end(), std::size_t{0},
                                               [](std::size_t sum, const auto& each) { return sum + each.size(); }));
  const auto collected = collect(*to, datagrams.size());
  EXPECT_TRUE(collected.bytes() == datagrams) << "the bytes differ";
  EXPECT_EQ(collected.source, from->local());
}

class EqualSizes : public testing::TestWithParam<std::size_t> {};

TEST_P(EqualSizes, ArriveByteForByte) {
  expect_carried(patterns(std::vector<std::size_t>(200, GetParam())), 1);
}

TEST_P(EqualSizes, GatheredFromThreePiecesArriveByteForByte) {
  expect_carried(patterns(std::vector<std::size_t>(70, GetParam())), 3);
}

TEST_P(EqualSizes, OverIPv6ArriveByteForByte) {
  expect_carried(patterns(std::vector<std::size_t>(70, GetParam())), 1, "::1");
}

INSTANTIATE_TEST_SUITE_P(UdpBatch, EqualSizes,
                         testing::Values(1, 2, 7, 64, 188, 255, 256, 500, 1000, 1188, 1200, 1316, 1400, 1471, 1472,
                                         1473, 4000, 9000));

TEST(UdpBatch, EverySizeFrom1To1472ArrivesByteForByte) {
  std::vector<std::size_t> lengths(1472);
  std::iota(lengths.begin(), lengths.end(), 1);
  for (std::size_t from = 0; from < lengths.size(); from += 184) {
    expect_carried(patterns({lengths.begin() + static_cast<std::ptrdiff_t>(from),
                             lengths.begin() + static_cast<std::ptrdiff_t>(from + 184)}),
                   1);
  }
}

TEST(UdpBatch, MixedSizesWithRunsAndShorterLastOnesArriveInOrder) {
  expect_carried(
      patterns({1200, 1200, 1200, 300, 1200, 1200, 5, 5, 5, 5, 1400, 1, 2, 3, 3, 3, 2, 1, 900, 900, 901, 901}), 2);
}

TEST(UdpBatch, EmptyDatagramsAmongOthersArrive) {
  expect_carried(patterns({0, 1200, 1200, 0, 0, 1200, 800, 0}), 1);
  expect_carried(patterns({0}), 1);
}

TEST(UdpBatch, DatagramsOfTheGreatestSizeArrive) {
  expect_carried(patterns({65'507, 65'507, 40'000, 65'507}), 4);
}

TEST(UdpBatch, ADatagramThatIsTooLongIsCountedAndTheRestArrives) {
  const auto from = open_on("127.0.0.1");
  const auto to = open_on("127.0.0.1");
  const auto datagrams = patterns({100, 65'508, 65'535, 200});
  const Gathered gathered(datagrams, 1);
  GsoState gso;
  const auto result = from->send_batch(gathered.outbound(), to->local(), gso);
  EXPECT_EQ(result.done, 4u);
  EXPECT_EQ(result.too_large, 2u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_EQ(result.bytes_sent, 300u);
  const auto collected = collect(*to, 2);
  EXPECT_TRUE(collected.bytes() == (Datagrams{datagrams[0], datagrams[3]}));
}

TEST(UdpBatch, WithoutOffloadEverythingArrivesAllTheSame) {
  const auto from = open_on("127.0.0.1");
  const auto to = open_on("127.0.0.1");
  const auto datagrams = patterns(std::vector<std::size_t>(100, 1200));
  const Gathered gathered(datagrams, 1);
  GsoState gso{.largest_segment = 0};
  EXPECT_EQ(from->send_batch(gathered.outbound(), to->local(), gso).done, 100u);
  EXPECT_TRUE(collect(*to, 100).bytes() == datagrams);
}

TEST(UdpBatch, ARunThatTheKernelDoesNotSegmentIsSentOneByOne) {
  // Loopback's MTU is 65536: segments of it are refused only beyond that, so the refusal comes from a socket on which
  // checksums are off, which segmentation needs.
  const auto from = open_on("127.0.0.1");
  const auto to = open_on("127.0.0.1");
  const int on = 1;
  ASSERT_EQ(setsockopt(from->fd(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
  const auto datagrams = patterns(std::vector<std::size_t>(50, 1200));
  const Gathered gathered(datagrams, 1);
  GsoState gso;
  const auto result = from->send_batch(gathered.outbound(), to->local(), gso);
  EXPECT_EQ(result.done, 50u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_LT(gso.largest_segment, 1200u) << "the refusal was not remembered";
  EXPECT_TRUE(collect(*to, 50).bytes() == datagrams);
}

TEST(UdpBatch, ToAPortWhereNobodyListensDisturbsNothing) {
  const auto from = open_on("127.0.0.1");
  const auto to = open_on("127.0.0.1");
  ice::Address nobody;
  { nobody = open_on("127.0.0.1")->local(); }
  const auto datagrams = patterns(std::vector<std::size_t>(10, 100));
  const Gathered gathered(datagrams, 1);
  GsoState gso;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(from->send_batch(gathered.outbound(), nobody, gso).done, 10u);
  EXPECT_EQ(from->send_batch(gathered.outbound(), to->local(), gso).errors, 0u);
  EXPECT_TRUE(collect(*to, 10).bytes() == datagrams);
  DatagramReceiver receiver;
  EXPECT_EQ(receiver.receive(*from).error, 0);
}

TEST(UdpBatch, ToAnAddressOfTheOtherFamilyIsAnErrorForEach) {
  const auto from = open_on("127.0.0.1");
  const auto datagrams = patterns({1, 2, 3});
  const Gathered gathered(datagrams, 1);
  GsoState gso;
  const auto result = from->send_batch(gathered.outbound(), *ice::Address::parse("::1", 9), gso);
  EXPECT_EQ(result.done, 3u);
  EXPECT_EQ(result.errors, 3u);
  EXPECT_FALSE(from->send(*ice::Address::parse("::1", 9), datagrams[0]));
}

TEST(DatagramReceiver, LongReadsShareTheirMemoryAndShortOnesAreKeptTogether) {
  const auto from = open_on("127.0.0.1");
  const auto to = open_on("127.0.0.1");
  const auto datagrams = patterns({100, 50, 300, 20'000, 20'001, 7});
  const Gathered gathered(datagrams, 1);
  GsoState gso{.largest_segment = 0};
  from->send_batch(gathered.outbound(), to->local(), gso);
  const auto collected = collect(*to, datagrams.size());
  ASSERT_TRUE(collected.bytes() == datagrams);
  const auto& got = collected.datagrams;
  EXPECT_EQ(got[0].block, got[1].block);
  EXPECT_EQ(got[0].block, got[2].block);
  EXPECT_EQ(got[0].block, got[5].block);
  EXPECT_NE(got[3].block, got[0].block);
  EXPECT_NE(got[3].block, got[4].block);
}

TEST(DatagramReceiver, WhatIsKeptStaysUntouchedByLaterReads) {
  const auto from = open_on("127.0.0.1");
  const auto to = open_on("127.0.0.1");
  DatagramReceiver receiver;
  std::vector<Collected> all;
  std::vector<Datagrams> sent;
  for (std::size_t round = 0; round < 20; ++round) {
    Datagrams datagrams;
    for (std::size_t i = 0; i < 60; ++i) datagrams.push_back(pattern(round % 2 == 0 ? 1200 : 90 + i, round * 60 + i));
    const Gathered gathered(datagrams, 1);
    GsoState gso;
    from->send_batch(gathered.outbound(), to->local(), gso);
    all.push_back(collect(*to, receiver, datagrams.size()));
    sent.push_back(std::move(datagrams));
  }
  for (std::size_t round = 0; round < sent.size(); ++round) EXPECT_TRUE(all[round].bytes() == sent[round]) << round;
}

TEST(UdpSocket, ATakenPortIsNamed) {
  const auto taken = open_on("127.0.0.1");
  UdpSocketOptions options;
  options.local = *ice::Address::parse("127.0.0.1");
  options.min_port = options.max_port = taken->local().port();
  const auto second = UdpSocket::open(options, secure_random);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message, "port " + std::to_string(taken->local().port()) + " on 127.0.0.1 is taken");
}

TEST(UdpSocket, ARangeIsUsedUpToItsLastPortAndThenNamed) {
  // Any five adjacent ports that are free; somebody else on the machine may hold some, so several places are tried.
  std::vector<std::shared_ptr<UdpSocket>> sockets;
  UdpSocketOptions options;
  options.local = *ice::Address::parse("127.0.0.77");
  for (std::uint16_t base = 20'000; base < 21'000 && sockets.size() < 5; base = static_cast<std::uint16_t>(base + 5)) {
    sockets.clear();
    options.min_port = base;
    options.max_port = static_cast<std::uint16_t>(base + 4);
    for (int i = 0; i < 5; ++i) {
      auto socket = UdpSocket::open(options, secure_random);
      if (socket) sockets.push_back(socket.value());
    }
  }
  ASSERT_EQ(sockets.size(), 5u);
  const auto sixth = UdpSocket::open(options, secure_random);
  ASSERT_FALSE(sixth.ok());
  EXPECT_EQ(sixth.error().message, "all ports from " + std::to_string(options.min_port) + " to " +
                                       std::to_string(options.max_port) + " on 127.0.0.77 are taken");
}

TEST(UdpSocket, ARangeIsEnteredAtARandomPlace) {
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < 8; ++i) ports.push_back(open_on("127.0.0.1", 20'000, 60'000)->local().port());
  EXPECT_FALSE(std::all_of(ports.begin(), ports.end(), [&](auto port) { return port == ports[0]; }));
  for (const auto port : ports) {
    EXPECT_GE(port, 20'000);
    EXPECT_LE(port, 60'000);
  }
}

TEST(UdpSocket, ARangeThatIsUpsideDownIsRefused) {
  UdpSocketOptions options;
  options.local = *ice::Address::parse("127.0.0.1");
  options.min_port = 6000;
  options.max_port = 5000;
  const auto socket = UdpSocket::open(options, secure_random);
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.error().message, "min-port 6000 is above max-port 5000");
}

TEST(UdpSocket, AnAddressThatTheMachineLacksIsNamed) {
  UdpSocketOptions options;
  options.local = *ice::Address::parse("192.0.2.1");
  const auto socket = UdpSocket::open(options, secure_random);
  ASSERT_FALSE(socket.ok());
  EXPECT_NE(socket.error().message.find("192.0.2.1"), std::string::npos) << socket.error().message;
}

TEST(UdpSocket, IPv6SocketsLeaveThePortOfIPv4Free) {
  const auto v6 = open_on("::1");
  const auto v4 = open_on("127.0.0.1", v6->local().port(), v6->local().port());
  EXPECT_EQ(v4->local().port(), v6->local().port());
}

int option(const UdpSocket& socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  getsockopt(socket.fd(), level, name, &value, &size);
  return value;
}

TEST(UdpSocket, MarksItsDatagramsWithTheDscp) {
  const auto v4 = open_on("127.0.0.1");
  v4->set_dscp(46);
  EXPECT_EQ(option(*v4, IPPROTO_IP, IP_TOS), 46 << 2);
  v4->set_dscp(-1);
  v4->set_dscp(64);
  EXPECT_EQ(option(*v4, IPPROTO_IP, IP_TOS), 46 << 2);
  const auto v6 = open_on("::1");
  v6->set_dscp(34);
  EXPECT_EQ(option(*v6, IPPROTO_IPV6, IPV6_TCLASS), 34 << 2);
}

TEST(UdpSocket, TakesBufferSizes) {
  const auto socket = open_on("127.0.0.1");
  const int before = option(*socket, SOL_SOCKET, SO_SNDBUF);
  socket->set_buffer_sizes(0, 0);
  EXPECT_EQ(option(*socket, SOL_SOCKET, SO_SNDBUF), before);
  socket->set_buffer_sizes(40'000, 50'000);
  EXPECT_EQ(option(*socket, SOL_SOCKET, SO_SNDBUF), 80'000);  // the kernel doubles it for its bookkeeping
  EXPECT_EQ(option(*socket, SOL_SOCKET, SO_RCVBUF), 100'000);
}

TEST(UdpSocket, IsWritableAtOnceWhenItsBufferIsEmpty) {
  const auto socket = open_on("127.0.0.1");
  const auto start = std::chrono::steady_clock::now();
  socket->wait_writable(nullptr, 60s);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
}

}  // namespace
}  // namespace gstice
