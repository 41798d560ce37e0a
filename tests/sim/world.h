// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulated world: virtual time, networks joined by paths, and nodes that receive what is addressed to them.
// Nothing here knows of ICE. A new kind of node (a NAT, a server, an attacker) derives from Node and attaches its
// addresses.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"
#include "tests/sim/path.h"
#include "tests/sim/seeded_random.h"

namespace sim {

class Node;
class Observer;
class World;

/// A network: whatever is attached to it shares the paths to the other networks.
using NetworkId = ice::StrongId<struct NetworkTag, std::uint32_t>;

/// What travels: a UDP datagram, or a segment of a TCP connection (tcp_delivery.cpp).
enum class Wire : std::uint8_t { udp, tcp_open, tcp_accept, tcp_refuse, tcp_data, tcp_close };
inline bool is_tcp(Wire wire) {
  return wire != Wire::udp;
}

struct Datagram {
  ice::Address source;
  ice::Address destination;
  ice::Bytes bytes;
  Wire wire = Wire::udp;
};

/// Something with addresses.
class Node {
 public:
  Node(World& world, std::string name) : world_(world), name_(std::move(name)) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// A datagram for one of the addresses that this node has in `network`.
  virtual void receive(NetworkId network, const Datagram& datagram) = 0;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] World& world() const { return world_; }

 private:
  World& world_;
  std::string name_;
};

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  [[nodiscard]] ice::TimePoint now() const { return now_; }
  /// Time since the world began.
  [[nodiscard]] ice::Duration elapsed() const { return now_ - kBeginning; }
  [[nodiscard]] SeededRandom random(std::string_view purpose) const { return random_.fork(purpose); }

  // ---- what is in it ----

  template <typename NodeType, typename... Arguments>
  NodeType& add(Arguments&&... arguments) {
    auto node = std::make_unique<NodeType>(*this, std::forward<Arguments>(arguments)...);
    NodeType& reference = *node;
    nodes_.push_back(std::move(node));
    return reference;
  }
  NetworkId add_network(std::string name);
  /// The node receives what is sent to this IP, on any port.
  void attach(NetworkId network, const ice::Address& ip, Node& node);
  void detach(NetworkId network, const ice::Address& ip);
  /// From now on `network` is private: what is attached to it can be reached from within only, and whatever is sent to
  /// anywhere else goes to the gateway (a NAT, a firewall).
  void set_gateway(NetworkId network, Node& gateway);
  [[nodiscard]] bool is_private(NetworkId network) const { return gateways_[network.value] != nullptr; }
  /// The way from one network to another, or within one.
  [[nodiscard]] Path& path(NetworkId from, NetworkId to);
  /// The conditions of all paths, those within a network too.
  void set_conditions(const PathConditions& conditions);
  /// Both directions between two networks.
  void set_conditions(NetworkId a, NetworkId b, const PathConditions& conditions);

  /// Whoever wants to see everything; not owned, must outlive the world's running.
  void watch(Observer& observer) { observers_.push_back(&observer); }
  [[nodiscard]] const std::vector<Observer*>& observers() const { return observers_; }

  // ---- what happens ----

  /// Sends from a node that is attached to `network`. The source is taken as given: an attacker may lie.
  void send(Node& from, NetworkId network, Datagram datagram);
  void at(ice::TimePoint time, std::function<void()> action);
  void after(ice::Duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }

  /// Lets the next thing happen; false when nothing is left or stop() was called.
  bool step();
  /// Everything up to `duration` from now; the clock stands there afterwards.
  void run_for(ice::Duration duration);
  /// Until `done()` (asked after every step) or `limit` from now; whether it was done.
  bool run_until(const std::function<bool()>& done, ice::Duration limit);
  /// No further step: an invariant is broken.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  /// Who receives at `ip`, seen from `network`; nullptr when nobody does. Here is where routing is decided.
  [[nodiscard]] std::pair<Node*, NetworkId> route(NetworkId network, const ice::Address& ip) const;

  static constexpr ice::TimePoint kBeginning = ice::TimePoint(std::chrono::hours(1));

 private:
  struct Delivery {
    NetworkId network;
    Datagram datagram;
  };
  struct Happening {
    ice::TimePoint time;
    std::uint64_t sequence;  // equal times happen in the order they were planned in
    std::variant<Delivery, std::function<void()>> what;
  };
  /// One direction of a TCP connection: what was sent later waits until what is sent again got through.
  struct TcpFlow {
    ice::TimePoint latest{};  // arrival
    struct Segment {
      Node* from;
      NetworkId network;
      Datagram datagram;
    };
    std::deque<Segment> unsent;  // the first is being sent again when `attempts` is not 0
    unsigned attempts = 0;
  };
  void pump_tcp(const std::pair<ice::Address, ice::Address>& ends);
  static bool later(const Happening& a, const Happening& b);
  void plan(ice::TimePoint time, std::variant<Delivery, std::function<void()>> what);

  ice::TimePoint now_ = kBeginning;
  SeededRandom random_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::string> networks_;
  std::vector<Node*> gateways_;                                         // of each network, or nullptr
  std::map<std::pair<ice::Address, ice::Address>, TcpFlow> tcp_flows_;  // by source and destination
  std::map<ice::Address, std::vector<std::pair<NetworkId, Node*>>> attached_;
  std::map<std::pair<NetworkId, NetworkId>, Path> paths_;
  PathConditions default_conditions_;
  std::vector<Observer*> observers_;
  std::vector<Happening> queue_;  // a heap
  std::uint64_t sequence_ = 0;
  std::uint64_t steps_ = 0;
  bool stopped_ = false;
};

}  // namespace sim
