// SPDX-License-Identifier: LGPL-2.1-or-later
// See media_path.h.
#include "gst/agent/media_path.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace gstice {

namespace {

/// The lock is given back after so many datagrams: revoking and closing wait for one slice at most.
constexpr std::size_t kSliceDatagrams = 256;

}  // namespace

/// Holds the mutex for a change of the path, ahead of senders that keep taking it.
class MediaSender::Control {
 public:
  explicit Control(MediaSender& sender) : sender_(sender) {
    sender.controls_waiting_.fetch_add(1, std::memory_order_relaxed);
    lock_ = std::unique_lock(sender.mutex_);
    sender.controls_waiting_.fetch_sub(1, std::memory_order_relaxed);
  }
  /// Whoever waits for something looks again.
  ~Control() {
    if (sender_.waiting_for_room_ > 0 && sender_.wake_) sender_.wake_->set();
    sender_.changed_.notify_all();
  }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

 private:
  MediaSender& sender_;
  std::unique_lock<std::mutex> lock_;
};

MediaSender::Outcome MediaSender::state_locked(const Waiter& waiter) const {
  if (closed_) return Outcome::closed;
  if (waiter.unlocked_) return Outcome::unlocked;
  return socket_ ? Outcome::sent : Outcome::no_path;
}

MediaSender::SendResult MediaSender::send(std::span<const OutboundDatagram> datagrams, Waiter& waiter) {
  SendResult result;
  do {
    while (controls_waiting_.load(std::memory_order_relaxed) > 0) std::this_thread::yield();
    std::unique_lock lock(mutex_);
    result.outcome = state_locked(waiter);
    if (result.outcome != Outcome::sent) return result;
    if (waiter.watches_ && std::exchange(waiter.seen_, connection_.number) != connection_.number) {
      result.outcome = Outcome::fresh;
      return result;
    }

    const auto rest = datagrams.subspan(result.datagrams_sent);
    const auto slice = rest.first(std::min(rest.size(), kSliceDatagrams));
    const SendBatchResult batch = socket_->send_batch(slice, remote_, gso_);
    result.datagrams_sent += batch.done;
    result.too_large += batch.too_large;
    result.largest_refused = std::max(result.largest_refused, batch.largest_refused);
    counters_.packets_sent += batch.done - batch.too_large - batch.errors;
    counters_.bytes_sent += batch.bytes_sent;
    counters_.send_errors += batch.errors;
    counters_.packets_too_large += batch.too_large;
    if (batch.buffer_full) wait_for_room(lock);
  } while (result.datagrams_sent < datagrams.size());
  return result;
}

void MediaSender::wait_for_room(std::unique_lock<std::mutex>& lock) {
  using namespace std::chrono_literals;
  if (!wake_) wake_ = WakeSignal::create();
  const std::shared_ptr<UdpSocket> socket = socket_;
  const WakeSignal* const wake = wake_.get();
  ++waiting_for_room_;
  lock.unlock();
  // Without a descriptor left for the signal, look again often.
  socket->wait_writable(wake, wake != nullptr ? 1000ms : 5ms);
  lock.lock();
  if (--waiting_for_room_ == 0 && wake != nullptr) wake->clear();
}

MediaSender::Outcome MediaSender::wait_for_path(Waiter& waiter, std::optional<std::chrono::nanoseconds> patience) {
  std::unique_lock lock(mutex_);
  const auto over = [&] { return state_locked(waiter) != Outcome::no_path || waiter.interrupted_; };
  if (patience) {
    changed_.wait_for(lock, *patience, over);
  } else {
    changed_.wait(lock, over);
  }
  const bool interrupted = std::exchange(waiter.interrupted_, false);
  const Outcome outcome = state_locked(waiter);
  return interrupted && outcome != Outcome::closed ? Outcome::unlocked : outcome;
}

bool MediaSender::has_path() const {
  const std::lock_guard lock(mutex_);
  return socket_ != nullptr;
}

MediaSender::Connection MediaSender::connection() const {
  const std::lock_guard lock(mutex_);
  return connection_;
}

void MediaSender::watch_connections(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  waiter.watches_ = true;
  waiter.seen_ = 0;
}

void MediaSender::unlock(Waiter& waiter) {
  const Control control(*this);
  waiter.unlocked_ = true;
  waiter.interrupted_ = true;
}

void MediaSender::unlock_stop(Waiter& waiter) {
  const Control control(*this);
  waiter.unlocked_ = false;
}

MediaSender::Counters MediaSender::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void MediaSender::set_path(std::shared_ptr<UdpSocket> socket, const ice::Address& remote) {
  const Control control(*this);
  if (closed_) return;
  if (socket_ != socket || remote_ != remote) gso_ = {};
  if (!connection_.up) connection_ = {connection_.number + 1, true, std::chrono::steady_clock::now()};
  socket_ = std::move(socket);
  remote_ = remote;
}

void MediaSender::revoke() {
  const Control control(*this);
  socket_.reset();
  connection_.up = false;
}

void MediaSender::close() {
  const Control control(*this);
  closed_ = true;
  socket_.reset();
  connection_.up = false;
}

MediaReceiver::Outcome MediaReceiver::pop(std::vector<InboundDatagram>& out, std::size_t limit,
                                          std::optional<std::chrono::milliseconds> patience) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return closed_ || unlocked_ || !queue_.empty(); };
  if (!ready()) {
    ++waiting_;
    if (patience) {
      arrived_.wait_for(lock, *patience, ready);
    } else {
      arrived_.wait(lock, ready);
    }
    --waiting_;
  }
  if (closed_) return Outcome::closed;
  if (unlocked_) return Outcome::unlocked;
  if (queue_.empty()) return Outcome::timeout;
  for (std::size_t count = std::min(limit, queue_.size()); count > 0; --count) {
    out.push_back(queue_.pop());
    queued_bytes_ -= out.back().length;
  }
  return Outcome::data;
}

void MediaReceiver::push(std::vector<InboundDatagram>&& batch) {
  bool wake = false;
  std::function<void()> reached;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ && !batch.empty()) {
      counters_.packets_received += batch.size();
      counters_.last_arrival = batch.back().arrival;
      if (counters_.packets_received >= goal_) reached.swap(reached_);
      for (const InboundDatagram& datagram : batch) counters_.bytes_received += datagram.length;
      if (!listening_) {
        counters_.packets_dropped += batch.size();
      } else {
        for (InboundDatagram& datagram : batch) {
          queued_bytes_ += datagram.length;
          queue_.push(std::move(datagram));
          while (queue_.size() > kMaxDatagrams || queued_bytes_ > kMaxBytes) {
            queued_bytes_ -= queue_.pop().length;
            ++counters_.packets_dropped;
          }
        }
        wake = waiting_ > 0;
      }
    }
  }
  if (wake) arrived_.notify_one();
  if (reached) reached();
  batch.clear();
}

void MediaReceiver::tell_at(std::uint64_t packets, std::function<void()> reached) {
  const std::lock_guard lock(mutex_);
  goal_ = packets;
  reached_.swap(reached);
}

void MediaReceiver::unlock() {
  const std::lock_guard lock(mutex_);
  unlocked_ = true;
  arrived_.notify_all();
}

void MediaReceiver::unlock_stop() {
  const std::lock_guard lock(mutex_);
  unlocked_ = false;
}

void MediaReceiver::clear() {
  const std::lock_guard lock(mutex_);
  counters_.packets_dropped += queue_.size();
  queue_.clear();
  queued_bytes_ = 0;
}

void MediaReceiver::forget_before(std::chrono::steady_clock::time_point time) {
  const std::lock_guard lock(mutex_);
  while (!queue_.empty()) {
    InboundDatagram& oldest = queue_.front();
    if (oldest.arrival >= time) return;
    queued_bytes_ -= queue_.pop().length;
    ++counters_.packets_dropped;
  }
}

void MediaReceiver::set_listening(bool listening) {
  const std::lock_guard lock(mutex_);
  listening_ = listening;
}

MediaReceiver::Counters MediaReceiver::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void MediaReceiver::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  queue_.clear();
  queued_bytes_ = 0;
  arrived_.notify_all();
}

}  // namespace gstice
