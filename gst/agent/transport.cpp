// SPDX-License-Identifier: LGPL-2.1-or-later
// See transport.h.
#include "gst/agent/transport.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "ice-core/stun/message.h"

namespace gstice {

namespace {

constexpr int kReadsPerTurn = 4;  // then the loop's other sockets and timers have theirs
constexpr int kFailuresUntilBroken = 16;

/// Errors that only report what an earlier datagram of ours met on its way.
bool is_about_a_peer(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN ||
         error == EPROTO || error == ENOPROTOOPT || error == EACCES || error == EMSGSIZE;
}

}  // namespace

Transport::Transport(std::shared_ptr<UdpSocket> socket, std::shared_ptr<std::atomic<std::uint64_t>> strangers,
                     Callbacks callbacks)
    : socket_(std::move(socket)), strangers_(std::move(strangers)), callbacks_(std::move(callbacks)) {}

void Transport::validate(const ice::Address& remote, std::shared_ptr<MediaReceiver> receiver) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  sources_[remote] = std::move(receiver);
  version_.fetch_add(1, std::memory_order_release);
}

void Transport::revoke(const ice::Address& remote) {
  const std::lock_guard lock(mutex_);
  if (sources_.erase(remote) > 0) version_.fetch_add(1, std::memory_order_release);
}

void Transport::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  sources_.clear();
  version_.fetch_add(1, std::memory_order_release);
}

std::size_t Transport::ready(bool hung_up) {
  std::size_t bytes = 0;
  DatagramReceiver& receiver = DatagramReceiver::of_this_thread();
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    const DatagramReceiver::Outcome outcome = receiver.receive(*socket_);
    if (outcome.error != 0) {
      read_failed(outcome.error);
      return bytes;
    }
    if (outcome.reads.empty()) break;
    failures_ = 0;
    arrival_ = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < outcome.reads.size(); ++i) {
      bytes += outcome.reads[i].bytes.size();
      take(receiver, i, outcome.reads[i]);
    }
    deliver_pending();
    if (!outcome.maybe_more) break;
  }
  if (hung_up) callbacks_.broken("the socket on " + socket_->local().text() + " was shut down");
  return bytes;
}

void Transport::read_failed(int error) {
  if (is_about_a_peer(error)) return;
  if (++failures_ < kFailuresUntilBroken) return;
  failures_ = 0;
  callbacks_.broken("the socket on " + socket_->local().text() + " is broken: " + std::strerror(error));
}

void Transport::take(DatagramReceiver& reads, std::size_t index, const CoalescedRead& read) {
  read.for_each([&](ice::ByteView datagram) {
    if (ice::looks_like_stun(datagram)) {
      // Media behind it may be the first of a source that it validates: what it changes is seen by find_route().
      if (const auto remote = read.source.address()) callbacks_.stun(*remote, datagram);
      return;
    }
    if (route_.version != version_.load(std::memory_order_acquire) || !(route_.source == read.source)) {
      deliver_pending();
      find_route(read.source);
    }
    if (!route_.receiver) {
      strangers_->fetch_add(1, std::memory_order_relaxed);
      return;
    }
    pending_.push_back(reads.keep(index, datagram, arrival_));
  });
}

void Transport::find_route(const SocketAddress& source) {
  route_.source = source;
  route_.remote = source.address();
  route_.receiver.reset();
  const std::lock_guard lock(mutex_);
  route_.version = version_.load(std::memory_order_relaxed);
  if (!route_.remote) return;
  if (const auto found = sources_.find(*route_.remote); found != sources_.end()) route_.receiver = found->second;
}

void Transport::deliver_pending() {
  if (pending_.empty()) return;
  const std::lock_guard lock(mutex_);
  // Under the mutex, so that what was revoked meanwhile is not delivered after revoke() returned.
  const auto found = sources_.find(*route_.remote);
  if (found != sources_.end() && found->second == route_.receiver) {
    route_.receiver->push(std::move(pending_));
  } else {
    strangers_->fetch_add(pending_.size(), std::memory_order_relaxed);
  }
  pending_.clear();
}

}  // namespace gstice
