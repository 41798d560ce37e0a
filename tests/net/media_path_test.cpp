// SPDX-License-Identifier: LGPL-2.1-or-later
// The two ends of the media path, without a session.
#include "gst/agent/media_path.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "gst/net/datagram_receiver.h"
#include "gst/net/packet_pool.h"
#include "tests/net/media.h"

namespace gstice {
namespace {

using namespace std::chrono_literals;
using test::media_from;
using test::MediaList;

ice::SecureRandom secure_random;

std::shared_ptr<UdpSocket> loopback_socket(int send_buffer = 0, int receive_buffer = 0) {
  UdpSocketOptions options;
  options.local = *ice::Address::parse("127.0.0.1");
  options.send_buffer = send_buffer;
  options.receive_buffer = receive_buffer;
  return UdpSocket::open(options, secure_random).value();
}

/// Everything that waits at the socket now.
std::size_t drain(const UdpSocket& socket) {
  static DatagramReceiver receiver;
  std::size_t count = 0;
  while (true) {
    const auto outcome = receiver.receive(socket);
    if (outcome.reads.empty()) return count;
    for (const auto& read : outcome.reads) read.for_each([&](ice::ByteView) { ++count; });
  }
}

std::vector<InboundDatagram> batch(PacketPool& pool, std::size_t count, std::size_t length, std::uint64_t first = 0) {
  std::vector<InboundDatagram> result;
  for (std::size_t i = 0; i < count; ++i) {
    const auto block = pool.take();
    const std::uint64_t number = first + i;
    std::memcpy(block->data(), &number, sizeof number);
    result.push_back({block, 0, length, {}});
  }
  return result;
}

std::uint64_t number_of(const InboundDatagram& datagram) {
  std::uint64_t number = 0;
  std::memcpy(&number, datagram.bytes().data(), sizeof number);
  return number;
}

TEST(MediaSender, WithoutAPathSendsNothingAndSaysSo) {
  MediaSender sender;
  const MediaList list(media_from(0, 3));
  const auto result = sender.send(list);
  EXPECT_EQ(result.outcome, MediaSender::Outcome::no_path);
  EXPECT_EQ(result.datagrams_sent, 0u);
  EXPECT_FALSE(sender.has_path());
}

TEST(MediaSender, CountsWhatItSendsAndWhatIsTooLarge) {
  MediaSender sender;
  const auto from = loopback_socket();
  const auto to = loopback_socket();
  sender.set_path(from, to->local());
  auto datagrams = media_from(0, 5);
  datagrams.push_back(test::media(5, 65'508));
  const MediaList list(std::move(datagrams));
  const auto result = sender.send(list);
  EXPECT_EQ(result.outcome, MediaSender::Outcome::sent);
  EXPECT_EQ(result.datagrams_sent, 6u);
  EXPECT_EQ(result.too_large, 1u);
  const auto counters = sender.counters();
  EXPECT_EQ(counters.packets_sent, 5u);
  EXPECT_EQ(counters.bytes_sent, 6000u);
  EXPECT_EQ(counters.packets_too_large, 1u);
  EXPECT_EQ(counters.send_errors, 0u);
  EXPECT_EQ(drain(*to), 5u);
}

TEST(MediaSender, NothingLeavesOnAPathOnceRevokeHasReturned) {
  MediaSender sender;
  const auto from = loopback_socket();
  const auto to = loopback_socket(0, 4 << 20);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const MediaList list(media_from(0, 16, 300));
      while (!stop) sender.send(list);
    });
  }
  for (int round = 0; round < 200; ++round) {
    sender.set_path(from, to->local());
    while (sender.counters().packets_sent == 0) std::this_thread::yield();
    sender.revoke();
    drain(*to);
    // On loopback what was sent is there when sendmmsg returns: what comes now was sent after revoke().
    for (int i = 0; i < 20; ++i) ASSERT_EQ(drain(*to), 0u) << "in round " << round;
  }
  stop = true;
  for (auto& thread : threads) thread.join();
}

TEST(MediaSender, CloseAndPathChangesRaceWithSendersWithoutHarm) {
  for (int round = 0; round < 20; ++round) {
    MediaSender sender;
    const auto first = loopback_socket();
    const auto second = loopback_socket();
    const auto to = loopback_socket();
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        const MediaList list(media_from(0, 40));
        while (sender.send(list).outcome != MediaSender::Outcome::closed) {
        }
      });
    }
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        sender.set_path(i % 2 == 0 ? first : second, to->local());
        if (i % 5 == 0) sender.revoke();
        sender.unlock();
        sender.unlock_stop();
      }
      sender.close();
      sender.set_path(first, to->local());
    });
    for (auto& thread : threads) thread.join();
    EXPECT_FALSE(sender.has_path()) << "a path set after close() must not count";
    const MediaList list(media_from(0, 1));
    EXPECT_EQ(sender.send(list).outcome, MediaSender::Outcome::closed);
  }
}

TEST(MediaSender, WaitForPathReturnsWithThePathTheUnlockOrTheClose) {
  MediaSender sender;
  const auto socket = loopback_socket();
  auto waiting = std::async(std::launch::async, [&] { return sender.wait_for_path(); });
  sender.set_path(socket, socket->local());
  EXPECT_EQ(waiting.get(), MediaSender::Outcome::sent);

  sender.revoke();
  waiting = std::async(std::launch::async, [&] { return sender.wait_for_path(); });
  sender.unlock();
  EXPECT_EQ(waiting.get(), MediaSender::Outcome::unlocked);
  sender.unlock_stop();

  waiting = std::async(std::launch::async, [&] { return sender.wait_for_path(); });
  sender.close();
  EXPECT_EQ(waiting.get(), MediaSender::Outcome::closed);
}

TEST(MediaSender, ManySendersOnASmallBufferAllGetThrough) {
  MediaSender sender;
  const auto from = loopback_socket(1);
  const auto to = loopback_socket();
  sender.set_path(from, to->local());
  std::vector<std::thread> threads;
  std::atomic<std::size_t> sent{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const MediaList list(media_from(0, 100));
      for (int k = 0; k < 20; ++k) sent += sender.send(list).datagrams_sent;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sent, 8000u);
  EXPECT_EQ(sender.counters().packets_sent + sender.counters().send_errors, 8000u);
}

TEST(MediaReceiver, DropsAndCountsWhatComesWhileNobodyListens) {
  PacketPool pool;
  MediaReceiver receiver;
  receiver.push(batch(pool, 10, 100));
  EXPECT_EQ(receiver.counters().packets_received, 10u);
  EXPECT_EQ(receiver.counters().bytes_received, 1000u);
  EXPECT_EQ(receiver.counters().packets_dropped, 10u);
  std::vector<InboundDatagram> out;
  EXPECT_EQ(receiver.pop(out, 100, 0ms), MediaReceiver::Outcome::timeout);
}

TEST(MediaReceiver, GivesWhatCameInOrderUpToTheLimit) {
  PacketPool pool;
  MediaReceiver receiver;
  receiver.set_listening(true);
  receiver.push(batch(pool, 100, 50));
  receiver.push(batch(pool, 100, 50, 100));
  std::vector<InboundDatagram> out;
  EXPECT_EQ(receiver.pop(out, 150), MediaReceiver::Outcome::data);
  EXPECT_EQ(out.size(), 150u);
  EXPECT_EQ(receiver.pop(out, 150), MediaReceiver::Outcome::data);
  ASSERT_EQ(out.size(), 200u);
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(number_of(out[i]), i);
}

TEST(MediaReceiver, DropsTheOldestWhenItHoldsTooMany) {
  PacketPool pool;
  MediaReceiver receiver;
  receiver.set_listening(true);
  for (std::size_t i = 0; i < MediaReceiver::kMaxDatagrams + 100; ++i) receiver.push(batch(pool, 1, 8, i));
  std::vector<InboundDatagram> out;
  receiver.pop(out, 1'000'000);
  ASSERT_EQ(out.size(), MediaReceiver::kMaxDatagrams);
  EXPECT_EQ(number_of(out.front()), 100u);
  EXPECT_EQ(number_of(out.back()), MediaReceiver::kMaxDatagrams + 99);
  EXPECT_EQ(receiver.counters().packets_dropped, 100u);
}

TEST(MediaReceiver, DropsTheOldestWhenItHoldsTooManyBytes) {
  PacketPool pool;
  MediaReceiver receiver;
  receiver.set_listening(true);
  constexpr std::size_t kLength = 65'536;
  constexpr std::size_t kFit = MediaReceiver::kMaxBytes / kLength;
  for (std::size_t i = 0; i < kFit + 3; ++i) receiver.push(batch(pool, 1, kLength, i));
  std::vector<InboundDatagram> out;
  receiver.pop(out, 1'000'000);
  ASSERT_EQ(out.size(), kFit);
  EXPECT_EQ(number_of(out.front()), 3u);
  EXPECT_EQ(receiver.counters().packets_dropped, 3u);
}

TEST(MediaReceiver, ClearReleasesTheMemoryOfWhatWaits) {
  PacketPool pool;
  MediaReceiver receiver;
  receiver.set_listening(true);
  receiver.push(batch(pool, 10, 100));
  EXPECT_EQ(pool.idle(), 0u);
  receiver.clear();
  EXPECT_EQ(pool.idle(), 10u);
  receiver.push(batch(pool, 1, 100, 77));
  std::vector<InboundDatagram> out;
  receiver.pop(out, 10);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(number_of(out[0]), 77u);
}

TEST(MediaReceiver, PopWakesForDataUnlockAndClose) {
  PacketPool pool;
  MediaReceiver receiver;
  receiver.set_listening(true);
  const auto pop = [&] {
    std::vector<InboundDatagram> out;
    return receiver.pop(out, 10);
  };
  auto waiting = std::async(std::launch::async, pop);
  receiver.push(batch(pool, 1, 10));
  EXPECT_EQ(waiting.get(), MediaReceiver::Outcome::data);

  waiting = std::async(std::launch::async, pop);
  receiver.unlock();
  EXPECT_EQ(waiting.get(), MediaReceiver::Outcome::unlocked);
  receiver.unlock_stop();

  waiting = std::async(std::launch::async, pop);
  receiver.close();
  EXPECT_EQ(waiting.get(), MediaReceiver::Outcome::closed);
  receiver.push(batch(pool, 1, 10));
  EXPECT_EQ(receiver.counters().packets_received, 1u) << "after close nothing is taken any more";
}

TEST(MediaReceiver, CarriesEverythingFromAPushingToAPoppingThread) {
  PacketPool pool;
  MediaReceiver receiver;
  receiver.set_listening(true);
  constexpr std::uint64_t kCount = 5000;
  std::thread pusher([&] {
    for (std::uint64_t i = 0; i < kCount; i += 10) {
      receiver.push(batch(pool, 10, 32, i));
    }
  });
  std::vector<InboundDatagram> out;
  std::uint64_t expected = 0;
  while (expected < kCount) {
    out.clear();
    ASSERT_EQ(receiver.pop(out, 64, 20s), MediaReceiver::Outcome::data);
    for (const auto& datagram : out) ASSERT_EQ(number_of(datagram), expected++);
  }
  pusher.join();
  EXPECT_EQ(receiver.counters().packets_dropped, 0u);
}

}  // namespace
}  // namespace gstice
