// SPDX-License-Identifier: LGPL-2.1-or-later
// See packet_pool.h.
#include "gst/net/packet_pool.h"

#include <mutex>
#include <utility>
#include <vector>

namespace gstice {

namespace {
using Memory = std::unique_ptr<std::byte[]>;
}

/// Where memory waits for its next use. Blocks hold it, so that it outlives the pool.
class PacketPool::Shelf {
 public:
  Shelf() { idle_.reserve(kMaxIdle); }

  Memory take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Memory memory = std::move(idle_.back());  // the last returned is the likeliest to be in the cache
        idle_.pop_back();
        return memory;
      }
    }
    return std::make_unique_for_overwrite<std::byte[]>(kBlockSize);
  }

  void put(Memory memory) {
    const std::lock_guard lock(mutex_);
    if (!closed_ && idle_.size() < kMaxIdle) idle_.push_back(std::move(memory));
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    idle_.clear();
  }

  std::size_t idle() const {
    const std::lock_guard lock(mutex_);
    return idle_.size();
  }

 private:
  mutable std::mutex mutex_;  ///< guards what follows; a leaf lock
  std::vector<Memory> idle_;
  bool closed_ = false;
};

class PacketPool::Block final : public PacketBlock {
 public:
  Block(std::shared_ptr<Shelf> shelf, Memory memory)
      : PacketBlock(memory.get(), kBlockSize), shelf_(std::move(shelf)), memory_(std::move(memory)) {}
  ~Block() override { shelf_->put(std::move(memory_)); }

 private:
  std::shared_ptr<Shelf> shelf_;
  Memory memory_;
};

PacketPool::PacketPool() : shelf_(std::make_shared<Shelf>()) {}
PacketPool::~PacketPool() {
  shelf_->close();
}

std::shared_ptr<PacketBlock> PacketPool::take() {
  return std::make_shared<Block>(shelf_, shelf_->take());
}

std::size_t PacketPool::idle() const {
  return shelf_->idle();
}

}  // namespace gstice
