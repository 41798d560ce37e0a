// SPDX-License-Identifier: LGPL-2.1-or-later
// Receive memory comes back and is used again.
#include "gst/net/packet_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace gstice {
namespace {

TEST(PacketPool, UsesTheMemoryOfAReturnedBlockAgain) {
  PacketPool pool;
  auto block = pool.take();
  ASSERT_EQ(block->size(), PacketPool::kBlockSize);
  const std::byte* const memory = block->data();
  const auto copy = block;
  block.reset();
  EXPECT_EQ(pool.idle(), 0u) << "somebody still holds it";
  EXPECT_NE(pool.take()->data(), memory);
}

TEST(PacketPool, ABlockComesBackWithItsLastHolder) {
  PacketPool pool;
  auto block = pool.take();
  const std::byte* const memory = block->data();
  auto copy = block;
  block.reset();
  copy.reset();
  EXPECT_EQ(pool.idle(), 1u);
  EXPECT_EQ(pool.take()->data(), memory);
}

TEST(PacketPool, KeepsABoundedNumberOfBlocks) {
  PacketPool pool;
  std::vector<std::shared_ptr<PacketBlock>> held;
  for (std::size_t i = 0; i < PacketPool::kMaxIdle + 50; ++i) held.push_back(pool.take());
  held.clear();
  EXPECT_EQ(pool.idle(), PacketPool::kMaxIdle);
}

TEST(PacketPool, BlocksOutliveIt) {
  std::shared_ptr<PacketBlock> block;
  {
    PacketPool pool;
    block = pool.take();
  }
  std::memset(block->data(), 0x5a, block->size());
  EXPECT_EQ(block->data()[block->size() - 1], std::byte{0x5a});
}

TEST(PacketPool, ServesSeveralThreads) {
  PacketPool pool;
  std::vector<std::thread> threads;
  std::atomic<int> damaged{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const auto block = pool.take();
        std::memset(block->data(), t, 256);
        for (std::size_t k = 0; k < 256; ++k) {
          if (block->data()[k] != static_cast<std::byte>(t)) ++damaged;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(damaged, 0) << "two holders had the same memory at once";
  EXPECT_LE(pool.idle(), 4u);
}

}  // namespace
}  // namespace gstice
