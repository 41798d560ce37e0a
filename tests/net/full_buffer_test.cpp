// SPDX-License-Identifier: LGPL-2.1-or-later
// A sender whose socket buffer is full. Loopback never fills one, so these send to a neighbour that does not exist, in
// a network namespace of the test's own: the kernel holds the datagrams until it gives up looking for him.
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <future>
#include <string>
#include <thread>

#include "gst/agent/media_path.h"
#include "tests/net/media.h"

namespace gstice {
namespace {

using namespace std::chrono_literals;
using test::media_from;
using test::MediaList;

const ice::Address kNobody = *ice::Address::parse("10.99.0.2", 9);

/// A socket in a namespace that ends with it. `retransmit` is how long the kernel waits for each of the three answers
/// of the neighbour. Null where this process may not make namespaces.
std::shared_ptr<UdpSocket> socket_beside_nobody(std::chrono::milliseconds retransmit) {
  std::shared_ptr<UdpSocket> socket;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    const std::string commands =
        "ip link add v0 type veth peer name v1 && ip link set v1 up && ip link set v0 up && "
        "ip addr add 10.99.0.1/24 dev v0 && echo " +
        std::to_string(retransmit.count()) +
        " > /proc/sys/net/ipv4/neigh/v0/retrans_time_ms && "
        "echo 100000000 > /proc/sys/net/ipv4/neigh/v0/unres_qlen_bytes";
    if (std::system(commands.c_str()) != 0) return;
    UdpSocketOptions options;
    options.local = *ice::Address::parse("10.99.0.1");
    ice::SecureRandom random;
    if (auto opened = UdpSocket::open(options, random)) socket = *opened;
  }).join();
  return socket;
}

#define SKIP_WITHOUT(socket) \
  if (!(socket)) GTEST_SKIP() << "making a network namespace with a veth needs root and iproute2"

/// Returns when the sender has got stuck.
void wait_until_stuck(const MediaSender& sender) {
  std::uint64_t before = 0;
  for (int unchanged = 0; unchanged < 5;) {
    std::this_thread::sleep_for(10ms);  // not to wait for something, but to see that nothing happens
    const auto now = sender.counters().packets_sent;
    unchanged = now != 0 && now == before ? unchanged + 1 : 0;
    before = now;
  }
}

class FullBuffer : public testing::Test {
 protected:
  static constexpr std::size_t kMany = 4000;

  void SetUp() override {
    socket_ = socket_beside_nobody(1000ms);
    SKIP_WITHOUT(socket_);
    sender_.set_path(socket_, kNobody);
    sending_ = std::async(std::launch::async, [this] {
      const MediaList list(media_from(0, kMany));
      return sender_.send(list);
    });
    wait_until_stuck(sender_);
    released_ = std::chrono::steady_clock::now();
  }

  MediaSender::SendResult result() {
    auto result = sending_.get();
    EXPECT_LT(std::chrono::steady_clock::now() - released_, 100ms);
    EXPECT_GT(result.datagrams_sent, 0u);
    EXPECT_LT(result.datagrams_sent, kMany);
    return result;
  }

  std::shared_ptr<UdpSocket> socket_;
  MediaSender sender_;
  std::future<MediaSender::SendResult> sending_;
  std::chrono::steady_clock::time_point released_;
};

TEST_F(FullBuffer, UnlockFreesTheSenderThatWaitsForRoom) {
  sender_.unlock();
  EXPECT_EQ(result().outcome, MediaSender::Outcome::unlocked);
}

TEST_F(FullBuffer, CloseFreesTheSenderThatWaitsForRoom) {
  sender_.close();
  EXPECT_EQ(result().outcome, MediaSender::Outcome::closed);
}

TEST_F(FullBuffer, RevokeFreesTheSenderThatWaitsForRoom) {
  sender_.revoke();
  EXPECT_EQ(result().outcome, MediaSender::Outcome::no_path);
}

TEST_F(FullBuffer, ANewPathTakesWhatTheOldOneHadNoRoomFor) {
  UdpSocketOptions options;
  options.local = *ice::Address::parse("127.0.0.1");
  ice::SecureRandom random;
  const auto other = UdpSocket::open(options, random).value();
  sender_.set_path(other, other->local());
  const auto result = sending_.get();
  EXPECT_EQ(result.outcome, MediaSender::Outcome::sent);
  EXPECT_EQ(result.datagrams_sent, kMany);
}

TEST(MediaSender, SendsRunsThatAreTooLongForThePathsSegmentsOneByOne) {
  const auto socket = socket_beside_nobody(20ms);
  SKIP_WITHOUT(socket);
  GsoState gso;
  // The veth's MTU is 1500: what is longer has to leave in fragments, which segmentation cannot make.
  const MediaList long_ones(media_from(0, 8, 2000));
  const auto fragmented = socket->send_batch(long_ones, kNobody, gso);
  EXPECT_EQ(fragmented.done, 8u);
  EXPECT_EQ(fragmented.errors + fragmented.too_large, 0u);
  EXPECT_EQ(gso.largest_segment, 1999u);
  const MediaList short_ones(media_from(0, 8, 1400));
  EXPECT_EQ(socket->send_batch(short_ones, kNobody, gso).done, 8u);
  EXPECT_EQ(gso.largest_segment, 1999u) << "shorter ones are segmented as before";
}

TEST(MediaSender, GoesOnWhenThereIsRoomAgain) {
  const auto socket = socket_beside_nobody(20ms);
  SKIP_WITHOUT(socket);
  MediaSender sender;
  sender.set_path(socket, kNobody);
  const MediaList list(media_from(0, 400));
  const auto result = sender.send(list);
  EXPECT_EQ(result.outcome, MediaSender::Outcome::sent);
  EXPECT_EQ(result.datagrams_sent, 400u);
}

}  // namespace
}  // namespace gstice
