// SPDX-License-Identifier: LGPL-2.1-or-later
// What arrives on one socket of a session, told apart: STUN to the agent, media to its receiver, strangers' to nobody.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "gst/agent/media_path.h"
#include "gst/net/datagram_receiver.h"
#include "gst/net/event_loop.h"
#include "gst/net/udp_socket.h"

namespace gstice {

/// Reads one socket on its loop's thread. Which sources are validated may be said from any thread; it holds for the
/// next datagram that is looked at, and once revoke() has returned nothing of that source goes to its receiver any
/// more.
class Transport final : public EventLoop::Handler {
 public:
  /// Both are called on the loop's thread, under no lock of this class.
  struct Callbacks {
    std::function<void(const ice::Address& remote, ice::ByteView datagram)> stun;
    std::function<void(const std::string& reason)> broken;  ///< the socket will never give anything again
  };

  /// Datagrams from nobody validated are added to `strangers`.
  Transport(std::shared_ptr<UdpSocket> socket, std::shared_ptr<std::atomic<std::uint64_t>> strangers,
            Callbacks callbacks);

  [[nodiscard]] const std::shared_ptr<UdpSocket>& socket() const { return socket_; }

  void validate(const ice::Address& remote, std::shared_ptr<MediaReceiver> receiver);
  void revoke(const ice::Address& remote);
  /// Revokes all, for good.
  void stop();

  std::size_t ready(bool hung_up) override;

 private:
  /// Where one source's media goes; none for a stranger.
  struct Route {
    SocketAddress source;
    std::optional<ice::Address> remote;
    std::shared_ptr<MediaReceiver> receiver;
    std::uint64_t version = 0;
  };

  void read_failed(int error);
  void take(DatagramReceiver& reads, std::size_t index, const CoalescedRead& read);
  void find_route(const SocketAddress& source);
  void deliver_pending();

  const std::shared_ptr<UdpSocket> socket_;
  const std::shared_ptr<std::atomic<std::uint64_t>> strangers_;
  const Callbacks callbacks_;

  std::mutex mutex_;  ///< guards sources_ and stopped_; taken under the Session's, and a MediaReceiver's under it
  std::unordered_map<ice::Address, std::shared_ptr<MediaReceiver>> sources_;
  bool stopped_ = false;
  std::atomic<std::uint64_t> version_{
      1};  ///< changes with sources_, so that a route is known to be stale without the mutex

  // ---- the loop's thread only ----
  Route route_;                           ///< of the latest media datagram: the next most likely has the same
  std::vector<InboundDatagram> pending_;  ///< of route_, to be handed on in one go
  std::chrono::steady_clock::time_point arrival_;
  int failures_ = 0;  ///< reads in a row that failed
};

}  // namespace gstice
