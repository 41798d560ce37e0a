// SPDX-License-Identifier: LGPL-2.1-or-later
// A NAT by RFC 4787's words, for UDP and, with the same rules and longer patience, for TCP (RFC 5382). It is the
// gateway of its inside network; a second NAT further out, or one that two hosts share, is made by what the networks
// are.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "tests/sim/nat_behaviour.h"
#include "tests/sim/world.h"

namespace sim {

class Nat final : public Node {
 public:
  /// `external`: its address on the outside, without a port.
  Nat(World& world, std::string name, NetworkId inside, NetworkId outside, const ice::Address& external,
      NatBehaviour behaviour);

  /// May be changed at any time; mappings that are there stay.
  NatBehaviour behaviour;

  [[nodiscard]] const ice::Address& external() const { return external_; }
  /// All mappings and filters are lost (a reboot); new ones get other ports.
  void forget_mappings();
  /// The outside address changes, and with it all mappings (a new lease).
  void move_to(const ice::Address& external);
  /// Mappings that are alive now.
  [[nodiscard]] std::size_t mapping_count() const;

  void receive(NetworkId network, const Datagram& datagram) override;

 private:
  struct Mapping {
    bool tcp = false;
    ice::Address inside;
    ice::Address remote;  ///< as much of it as the mapping depends on
    std::uint16_t port = 0;
    ice::TimePoint used{};
  };
  /// An inside endpoint has sent to a remote one.
  struct Contact {
    bool tcp = false;
    ice::Address inside;
    ice::Address remote;
    ice::TimePoint used{};
  };

  void outbound(const Datagram& datagram);
  void inbound(const Datagram& datagram);
  Mapping& mapping_for(bool tcp, const ice::Address& inside, const ice::Address& remote);
  [[nodiscard]] std::uint16_t free_port(bool tcp, std::uint16_t wanted);
  [[nodiscard]] bool port_taken(bool tcp, std::uint16_t port) const;
  [[nodiscard]] bool lets_in(const Mapping& mapping, const ice::Address& remote) const;
  void remember(bool tcp, const ice::Address& inside, const ice::Address& remote);
  void forget_expired();
  [[nodiscard]] bool alive(bool tcp, ice::TimePoint used) const;

  NetworkId inside_;
  NetworkId outside_;
  ice::Address external_;
  SeededRandom random_;
  std::vector<Mapping> mappings_;
  std::vector<Contact> contacts_;
  std::set<std::uint16_t> burnt_ports_;  ///< used before a reboot
};

}  // namespace sim
