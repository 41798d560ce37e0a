// SPDX-License-Identifier: LGPL-2.1-or-later
// A TURN server (RFC 8656), strict, over UDP and TCP, with IPv4 and IPv6 relays. It counts allocations, so that leaks
// show, and writes down what a client did that RFC 8656 forbids.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/server_trouble.h"
#include "tests/sim/turn_allocation.h"
#include "tests/sim/turn_authentication.h"
#include "tests/sim/world.h"

namespace sim {

struct TurnServerOptions {
  std::vector<ice::Address> addresses;  ///< where clients reach it, with the port
  std::vector<ice::Address> relays;     ///< IPs of relayed addresses, at most one of a family
  TurnUsers users;
  bool udp = true;
  bool tcp = true;
  unsigned quota = 100;     ///< of a user: 486 above it
  unsigned capacity = 100;  ///< of the server: 508 above it
  ice::Duration default_lifetime = std::chrono::seconds(600);
  ice::Duration longest_lifetime = std::chrono::seconds(3600);
  ice::Duration permission_lifetime = std::chrono::seconds(300);
  ice::Duration channel_lifetime = std::chrono::seconds(600);
  std::optional<ice::Address> alternate;  ///< 300 to every Allocate
  std::vector<ice::Address> forbidden;    ///< IPs of peers that get 403
};

class TurnServer final : public Node {
 public:
  TurnServer(World& world, std::string name, NetworkId network, TurnServerOptions options);

  ServerTrouble trouble;
  TurnServerOptions options;  ///< may be changed at any time, but for the addresses

  [[nodiscard]] std::size_t active_allocations();
  struct Counts {
    std::uint64_t allocated = 0;
    std::uint64_t released = 0;  ///< by a Refresh with lifetime 0, or by the end of the TCP connection
    std::uint64_t expired = 0;
    std::uint64_t relayed = 0;  ///< datagrams, both directions
    std::uint64_t challenges = 0;
    std::uint64_t stale_nonces = 0;
    std::uint64_t refused = 0;  ///< datagrams from peers without permission
    std::uint64_t channel_data = 0;
    std::uint64_t send_indications = 0;
  };
  [[nodiscard]] const Counts& counts();
  /// What clients did that they must not.
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  /// All allocations are forgotten and nonces are stale, as after a restart: clients get 437 and 438.
  void restart();
  void expire_nonces() { authentication_.expire_nonces(); }
  [[nodiscard]] bool owns(const ice::Address& address) const;

  void receive(NetworkId network, const Datagram& datagram) override;

 private:
  void from_client(const TurnClient& client, ice::ByteView bytes);
  void from_stream(const TurnClient& client, const Datagram& datagram);
  void from_peer(const Datagram& datagram);
  void request(const TurnClient& client, const ice::StunMessage& message);
  void allocate(const TurnClient& client, const ice::StunMessage& message, const TurnAuthentication::Identity& who);
  void answer_allocated(const TurnAllocation& allocation, const ice::StunMessage& message,
                        const TurnAuthentication::Identity& who, std::optional<ice::Family> missing);
  void refresh(TurnAllocation& allocation, const ice::StunMessage& message, const TurnAuthentication::Identity& who);
  void create_permission(TurnAllocation& allocation, const ice::StunMessage& message,
                         const TurnAuthentication::Identity& who);
  void channel_bind(TurnAllocation& allocation, const ice::StunMessage& message,
                    const TurnAuthentication::Identity& who);
  void send_indication(const TurnClient& client, const ice::StunMessage& message);
  void channel_data(const TurnClient& client, ice::ByteView bytes);
  void relay(TurnAllocation& allocation, const ice::Address& peer, ice::Bytes payload);

  void succeed(const TurnClient& client, const TurnAuthentication::Identity& who, ice::StunBuilder& answer);
  void refuse(const TurnClient& client, const ice::StunMessage& message, int code,
              const TurnAuthentication::Identity* who);
  void reply(const TurnClient& client, ice::Bytes bytes);
  void complain(const TurnClient& client, const std::string& what);
  [[nodiscard]] bool peers_allowed(const TurnClient& client, const TurnAllocation& allocation,
                                   const ice::StunMessage& message, const std::vector<ice::Address>& peers,
                                   const TurnAuthentication::Identity& who);
  [[nodiscard]] ice::Duration lifetime_of(const ice::StunMessage& message) const;
  void forget_expired();

  NetworkId network_;
  SeededRandom random_;
  TurnAuthentication authentication_;
  std::map<TurnClient, TurnAllocation> allocations_;
  std::map<ice::Address, TurnClient> by_relayed_;
  std::map<TurnClient, ice::Bytes> streams_;  ///< what came over TCP and is not a whole message yet
  std::uint16_t next_port_ = 49152;
  Counts counts_;
  std::vector<std::string> complaints_;
};

/// The values of every XOR-PEER-ADDRESS of a message; the core's parser shows only the first.
std::vector<ice::Address> peer_addresses(const ice::StunMessage& message);

}  // namespace sim
