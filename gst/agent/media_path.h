// SPDX-License-Identifier: LGPL-2.1-or-later
// The two ends of the media path that the elements hold (DESIGN: the media path never takes the agent's lock).
//
//   icesink → MediaSender → sendmmsg            driver thread → MediaReceiver (bounded queue) → icesrc
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gst/agent/datagram_ring.h"
#include "gst/net/packet.h"
#include "gst/net/udp_socket.h"
#include "gst/net/wake_signal.h"
#include "ice-core/base/address.h"

namespace gstice {

/// Sends media of one component on the path that the agent selected. Any number of icesinks share one.
class MediaSender {
 public:
  /// One icesink among those that share the path: a flush of one must not wake the others. Without one named, all are
  /// the same.
  class Waiter {
    friend class MediaSender;
    bool unlocked_ = false;     ///< guarded by the sender's mutex, as is all of it
    bool interrupted_ = false;  ///< unlock() was called: remembered for a wait that unlock_stop() would overtake
    bool watches_ = false;      ///< wants to be told of each new connection
    std::uint64_t seen_ = 0;    ///< the connection it was told of last
  };

  enum class Outcome {
    sent,      ///< everything went to the kernel (or was dropped by the network below it)
    fresh,     ///< nothing (more) was sent yet on a connection that this waiter, who watches, hears of only now
    no_path,   ///< no valid pair now: nothing (more) was sent
    unlocked,  ///< unlock() was called meanwhile
    closed,    ///< the component or session is gone
  };
  struct SendResult {
    Outcome outcome = Outcome::sent;
    std::size_t datagrams_sent = 0;   ///< of those given, from the first
    std::size_t too_large = 0;        ///< refused by the kernel with EMSGSIZE, counted as sent
    std::size_t largest_refused = 0;  ///< the length of the longest of those
  };

  /// Sends the datagrams in order by sendmmsg, runs of equal size by UDP_SEGMENT. Holds this component's mutex across
  /// the system call, so that after revoke() returns nothing more leaves on the old path. A full socket buffer is
  /// waited for without the mutex.
  SendResult send(std::span<const OutboundDatagram> datagrams, Waiter& waiter);
  SendResult send(std::span<const OutboundDatagram> datagrams) { return send(datagrams, only_waiter_); }

  /// Blocks until there is a path (returns sent), or unlocked or closed, or the patience is over (no_path). Also
  /// returns `unlocked`, once, when unlock() and unlock_stop() both came since the last wait.
  Outcome wait_for_path(Waiter& waiter, std::optional<std::chrono::nanoseconds> patience = std::nullopt);
  Outcome wait_for_path() { return wait_for_path(only_waiter_); }
  [[nodiscard]] bool has_path() const;

  /// A path where there was none before. A change from one path to another, as nomination makes, is not another one.
  struct Connection {
    std::uint64_t number = 0;  ///< 0: there was none so far
    bool up = false;           ///< it is there now
    std::chrono::steady_clock::time_point since;
  };
  /// The present connection, or the latest.
  [[nodiscard]] Connection connection() const;
  /// From now on send() returns `fresh` to this waiter, once for each connection, the present one included, before it
  /// sends anything on it.
  void watch_connections(Waiter& waiter);

  /// Makes send() and wait_for_path() of this waiter return `unlocked` until unlock_stop(). Any thread.
  void unlock(Waiter& waiter);
  void unlock() { unlock(only_waiter_); }
  void unlock_stop(Waiter& waiter);
  void unlock_stop() { unlock_stop(only_waiter_); }

  struct Counters {
    std::uint64_t packets_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t send_errors = 0;  ///< system call errors other than a full buffer, by datagram
    std::uint64_t packets_too_large = 0;
  };
  [[nodiscard]] Counters counters() const;

  // ---- for Session only ----
  void set_path(std::shared_ptr<UdpSocket> socket, const ice::Address& remote);
  void revoke();
  void close();

 private:
  class Control;
  /// Why nothing can be sent now; `sent` when it can.
  [[nodiscard]] Outcome state_locked(const Waiter& waiter) const;
  void wait_for_room(std::unique_lock<std::mutex>& lock);

  /// Threads that want to change the path. A sender in a tight loop lets them pass, which a mutex does not promise.
  std::atomic<int> controls_waiting_{0};

  mutable std::mutex mutex_;  ///< guards what follows; a leaf lock, uncontended but for path changes
  std::condition_variable changed_;
  std::shared_ptr<UdpSocket> socket_;
  ice::Address remote_;
  Connection connection_;
  GsoState gso_;
  Waiter only_waiter_;
  bool closed_ = false;
  Counters counters_;
  int waiting_for_room_ = 0;
  std::unique_ptr<WakeSignal> wake_;  ///< made when a send buffer is full for the first time
};

/// The bounded queue of media towards one icesrc: drops the oldest when full, and counts.
class MediaReceiver {
 public:
  enum class Outcome { data, unlocked, closed, timeout };

  /// At most this many datagrams and bytes wait.
  static constexpr std::size_t kMaxDatagrams = 8192;
  static constexpr std::size_t kMaxBytes = 16u << 20;

  /// Blocks until there is something; then moves everything waiting, at most `limit`, behind the end of `out`.
  /// With `patience` it returns `timeout` after so long with nothing.
  Outcome pop(std::vector<InboundDatagram>& out, std::size_t limit,
              std::optional<std::chrono::milliseconds> patience = std::nullopt);
  void unlock();
  void unlock_stop();
  /// Drops, and counts, what waits.
  void clear();
  /// Drops, and counts, what waits since before this time.
  void forget_before(std::chrono::steady_clock::time_point time);
  /// Media that comes while nobody listens is dropped and counted, not queued. Off at first.
  void set_listening(bool listening);

  struct Counters {
    std::uint64_t packets_received = 0;  ///< all that came, the dropped ones too
    std::uint64_t bytes_received = 0;
    std::uint64_t packets_dropped = 0;  ///< by the queue's bounds, or with nobody listening
    std::chrono::steady_clock::time_point last_arrival;
  };
  [[nodiscard]] Counters counters() const;

  /// Calls `reached`, once, when so many packets have been received: on the thread that brings them, under no lock.
  /// Replaces what was to be told before. Not called for what is there already.
  void tell_at(std::uint64_t packets, std::function<void()> reached);

  // ---- for Session only ----
  /// Takes the datagrams out of `batch` and leaves it empty, its capacity untouched.
  void push(std::vector<InboundDatagram>&& batch);
  void close();

 private:
  mutable std::mutex mutex_;  ///< guards what follows; a leaf lock
  std::condition_variable arrived_;
  int waiting_ = 0;
  DatagramRing queue_;
  std::size_t queued_bytes_ = 0;
  bool listening_ = false;
  bool unlocked_ = false;
  bool closed_ = false;
  Counters counters_;
  std::uint64_t goal_ = 0;
  std::function<void()> reached_;  ///< to be called at `goal_`
};

}  // namespace gstice
