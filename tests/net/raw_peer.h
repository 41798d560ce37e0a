// SPDX-License-Identifier: LGPL-2.1-or-later
// A peer that is nothing but a socket in the test's hands: answers checks when told to, counts what else arrives.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "gst/net/datagram_receiver.h"
#include "gst/net/udp_socket.h"
#include "ice-core/candidates/description.h"
#include "ice-core/candidates/priority.h"
#include "ice-core/checks/check_messages.h"
#include "tests/net/two_sessions.h"

namespace gstice::test {

class RawPeer {
 public:
  RawPeer() {
    UdpSocketOptions options;
    options.local = *ice::Address::parse("127.0.0.1");
    options.receive_buffer = 8 << 20;
    socket_ = UdpSocket::open(options, random_).value();
    credentials_ = ice::random_credentials(random_);
  }

  const UdpSocket& socket() const { return *socket_; }
  std::size_t media() const { return media_; }
  std::size_t requests() const { return requests_; }

  ice::Description description() const {
    ice::Candidate candidate;
    candidate.foundation = "1";
    candidate.priority = ice::Priority{2'130'706'431};
    candidate.address = socket_->local();
    ice::Description description;
    description.credentials = credentials_;
    description.options = {"ice2"};
    description.streams.push_back({kStream, std::nullopt, {candidate}, true});
    return description;
  }

  /// What this peer sends to check `session`, whose peer it is as the controlled side.
  ice::Bytes check(const Session& session) {
    return ice::build_check_request({.id = ice::TransactionId::random(random_),
                                     .local = credentials_,
                                     .remote = session.local_credentials(),
                                     .priority = ice::Priority{1'862'270'975},
                                     .role = ice::Role::controlled,
                                     .tie_breaker = 1,
                                     .use_candidate = false,
                                     .software = {}});
  }

  /// Reads what is there now, answers checks, counts the rest.
  void serve() {
    while (true) {
      const auto outcome = receiver_.receive(*socket_);
      if (outcome.reads.empty()) return;
      for (const CoalescedRead& read : outcome.reads) {
        read.for_each([&](ice::ByteView datagram) { take(*read.source.address(), datagram); });
      }
    }
  }

  /// Serves until `done`; false when that takes too long.
  bool serve_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      pollfd waiting{socket_->fd(), POLLIN, 0};
      ::poll(&waiting, 1, 1);
      serve();
    }
    return true;
  }

 private:
  void take(const ice::Address& source, ice::ByteView datagram) {
    if (!ice::looks_like_stun(datagram)) {
      ++media_;
      return;
    }
    const auto message = ice::StunMessage::parse(datagram);
    if (!message || message->message_class() != ice::StunClass::request) return;
    ++requests_;
    socket_->send(source, ice::build_success_response(*message, source, {.key = ice::IntegrityKey(credentials_.pwd), .sha256 = false}));
  }

  ice::SecureRandom random_;
  std::shared_ptr<UdpSocket> socket_;
  DatagramReceiver receiver_;
  ice::Credentials credentials_;
  std::size_t media_ = 0;
  std::size_t requests_ = 0;
};

/// A session as controlling peer of a RawPeer.
struct CallWithRawPeer {
  Peer ours{ice::Role::controlling};
  RawPeer raw;

  /// Adds the component, gathers, hands over the raw peer's description.
  bool meet() {
    if (!ours.session->add_component(kStream, kRtp)) return false;
    ours.receiver()->set_listening(true);
    ours.session->gather();
    return ours.log->wait_for_gathering() && ours.session->set_remote_description(raw.description()).ok();
  }
  bool connect() {
    return meet() &&
           raw.serve_until([&] { return ours.session->connection_state() == ice::ConnectionState::completed; });
  }
  /// Where the session receives.
  ice::Address address() const { return ours.session->local_description().streams.at(0).candidates.at(0).address; }
};

}  // namespace gstice::test
