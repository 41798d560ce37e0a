// SPDX-License-Identifier: LGPL-2.1-or-later
// A peer that a test plays by hand: it hears everything, answers checks as a full agent would unless told otherwise,
// and sends whatever STUN the test puts together.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/candidates/candidate.h"
#include "ice-core/candidates/description.h"
#include "ice-core/candidates/priority.h"
#include "ice-core/stun/message.h"
#include "tests/sim/world.h"

namespace sim {

/// A STUN message that reached the peer.
struct HeardStun {
  ice::TimePoint at;
  ice::Address from;
  ice::Address to;  ///< which of the peer's addresses
  ice::StunMessage message;
};

/// A check that the peer sends; what is left out is as a controlled or controlling agent would do it.
struct PeerCheck {
  std::optional<ice::Address> from;  ///< another address of the peer
  bool use_candidate = false;
  std::uint32_t priority = 0x6e0000ff;  ///< of a peer-reflexive candidate (RFC 8445 7.1.1)
  std::optional<ice::Role> role;
  std::optional<std::uint64_t> tie_breaker;
  std::optional<std::string> username;
  std::optional<std::string> pwd;  ///< sign with this instead
  bool sign = true;
  std::optional<std::uint16_t> unknown_attribute;
  bool use_candidate_after_integrity = false;
  std::optional<ice::TransactionId> id;
};

class ScriptedPeer final : public Node {
 public:
  /// `address`: IP and port; more with add_address().
  ScriptedPeer(World& world, std::string name, NetworkId network, const ice::Address& address);

  ice::Credentials credentials{"peer", "thePasswordOfThePeer1234"};
  ice::Credentials other;  ///< of the agent that it talks with
  ice::Role role = ice::Role::controlled;
  std::uint64_t tie_breaker = 1;
  /// Whether requests get a success response.
  bool answers = true;
  /// Called for each request instead of the answer, when set.
  std::function<void(const HeardStun&)> on_request;

  std::vector<HeardStun> requests;
  std::vector<HeardStun> responses;  ///< success and error
  std::vector<HeardStun> indications;
  std::vector<Datagram> media;

  [[nodiscard]] const ice::Address& address() const { return addresses_.front(); }
  void add_address(const ice::Address& address);

  [[nodiscard]] ice::Candidate candidate(const ice::Address& at, unsigned component = 1,
                                         std::uint16_t local_preference = 65535) const;
  /// The peer's description with these candidates for stream 0; with a pacing of 10 ms.
  [[nodiscard]] ice::Description description(std::vector<ice::Candidate> candidates) const;
  /// With the one host candidate of its first address.
  [[nodiscard]] ice::Description description() const { return description({candidate(address())}); }

  void send(const ice::Address& from, const ice::Address& to, ice::Bytes bytes);
  void send(const ice::Address& to, ice::Bytes bytes) { send(address(), to, std::move(bytes)); }
  ice::TransactionId check(const ice::Address& to, const PeerCheck& check = {});
  [[nodiscard]] ice::Bytes check_bytes(const PeerCheck& check) const;
  [[nodiscard]] ice::Bytes success(const HeardStun& request, const std::optional<ice::Address>& mapped = {}) const;
  [[nodiscard]] ice::Bytes error(const HeardStun& request, int code, bool sign = true) const;
  void answer(const HeardStun& request) { send(request.to, request.from, success(request)); }

  /// The response to a check of this peer, when it came.
  [[nodiscard]] const HeardStun* response_to(const ice::TransactionId& id) const;
  /// Requests of different transactions.
  [[nodiscard]] std::size_t distinct_requests() const;

  void receive(NetworkId network, const Datagram& datagram) override;

 private:
  NetworkId network_;
  std::vector<ice::Address> addresses_;
  mutable SeededRandom random_;
};

}  // namespace sim
