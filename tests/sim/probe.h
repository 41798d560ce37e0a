// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds out how the NATs between a host and the world behave, as RFC 5780 does: what it sends says where the answer is
// to come from, and what comes back says what the other end saw. Bare datagrams: nothing of ICE or STUN is in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace sim {

/// What a probe node received.
struct Heard {
  ice::Address from;
  ice::Address to;
  std::string text;
};

/// A node of one or more addresses, on any port, that keeps what comes.
class Probe final : public Node {
 public:
  Probe(World& world, std::string name, NetworkId network, std::vector<ice::Address> ips)
      : Node(world, std::move(name)), network_(network) {
    for (const ice::Address& ip : ips) world.attach(network, ip, *this);
  }

  void send(const ice::Address& from, const ice::Address& to, const std::string& text, Wire wire = Wire::udp) {
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    world().send(*this, network_, {from, to, ice::Bytes(bytes, bytes + text.size()), wire});
  }
  void receive(NetworkId, const Datagram& datagram) override {
    heard.push_back({datagram.source, datagram.destination,
                     std::string(reinterpret_cast<const char*>(datagram.bytes.data()), datagram.bytes.size())});
  }
  /// The source that the datagram with this text came from.
  [[nodiscard]] std::optional<ice::Address> seen(const std::string& text) const {
    for (const Heard& each : heard) {
      if (each.text == text) return each.from;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool got(const std::string& text) const { return seen(text).has_value(); }

  std::vector<Heard> heard;

 private:
  NetworkId network_;
};

}  // namespace sim
