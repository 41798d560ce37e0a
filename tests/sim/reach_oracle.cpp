// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets each side send to all that it knows, and learn from what gets through, until nothing new is learned. Endpoints
// are words: "nat1(host>stun:1)" is where nat1 shows the host to the STUN server.
#include "tests/sim/reach_oracle.h"

#include <algorithm>
#include <array>
#include <set>

namespace sim {

namespace {

struct Endpoint {
  std::string ip;
  std::string port;
  auto operator<=>(const Endpoint&) const = default;
};

/// Something that a side sends from: its host address or its relay.
struct Base {
  Endpoint inner;
  std::string name;
  std::vector<NatBehaviour> nats;
  bool only_replies = false;  ///< a firewall
  bool relay = false;
  std::set<Endpoint> contacts;  ///< has sent to
  std::set<Endpoint> known;     ///< of the other side, told or learned

  /// Where it is seen after each NAT, the innermost first, when it sends to `remote`.
  [[nodiscard]] std::vector<Endpoint> seen_by(const Endpoint& remote) const {
    std::vector<Endpoint> steps = {inner};
    for (std::size_t i = 0; i < nats.size(); ++i) {
      const std::string outside = name + std::to_string(i);
      std::string port = steps.back().ip + ":" + steps.back().port;
      if (nats[i].mapping == Dependence::address_dependent) port += ">" + remote.ip;
      if (nats[i].mapping == Dependence::address_and_port_dependent) port += ">" + remote.ip + ":" + remote.port;
      steps.push_back({outside, "(" + port + ")"});
    }
    return steps;
  }
  [[nodiscard]] Endpoint outside(const Endpoint& remote) const { return seen_by(remote).back(); }

  /// Whether what comes from `source` to `target` gets in.
  [[nodiscard]] bool lets_in(const Endpoint& target, const Endpoint& source) const {
    if (nats.empty()) return target == inner && (!only_replies || contacts.contains(source));
    return std::any_of(contacts.begin(), contacts.end(), [&](const Endpoint& contact) {
      const auto steps = seen_by(contact);
      if (steps.back() != target) return false;
      for (std::size_t i = nats.size(); i-- > 0;) {
        const Dependence filter = nats[i].filtering;
        const bool passes = filter == Dependence::endpoint_independent ||
                            std::any_of(contacts.begin(), contacts.end(), [&](const Endpoint& sent) {
                              if (seen_by(sent)[i] != steps[i]) return false;  // not of this inside endpoint
                              return filter == Dependence::address_dependent ? sent.ip == source.ip : sent == source;
                            });
        if (!passes) return false;
      }
      return !only_replies || contacts.contains(source);
    });
  }
};

const Endpoint kStun{"stun", "1"};

std::vector<Base> bases(const std::string& name, const AccessPlan& plan, bool stun, bool turn,
                        std::set<Endpoint>& told) {
  std::vector<Base> all;
  if (plan.udp()) {
    Base host;
    host.inner = {plan.nats.empty() ? name + " public" : name + " private", "1"};
    host.name = name;
    host.nats = plan.nats;
    host.only_replies = plan.firewall && !plan.firewall->open_from_outside;
    if (plan.nats.empty()) told.insert(host.inner);
    if (stun) {
      host.contacts.insert(kStun);
      told.insert(host.outside(kStun));
    }
    all.push_back(std::move(host));
  }
  if (turn && (plan.udp() || plan.tcp())) {
    // RFC 8656: one address for all, and what permissions let in by their IP.
    Base relay;
    relay.inner = {name + " client", "1"};
    relay.name = name + " relay";
    relay.nats = {{.mapping = Dependence::endpoint_independent, .filtering = Dependence::address_dependent}};
    relay.relay = true;
    relay.contacts.insert(kStun);
    told.insert(relay.outside(kStun));
    all.push_back(std::move(relay));
  }
  return all;
}

}  // namespace

const char* text(Reach reach) {
  switch (reach) {
    case Reach::none:
      return "none";
    case Reach::relayed:
      return "relay";
    case Reach::reflexive:
      return "direct";
    case Reach::host:
      return "host";
  }
  return "";
}

Reaches reaches(const ReachQuestion& question) {
  std::array<std::set<Endpoint>, 2> told;
  std::array<std::vector<Base>, 2> sides = {
      bases("alice", question.alice, question.alices_stun, question.alices_turn, told[0]),
      bases("bob", question.bob, question.bobs_stun, question.bobs_turn, told[1])};
  for (std::size_t side = 0; side < 2; ++side) {
    for (Base& base : sides[side]) base.known = told[1 - side];
  }
  // Some NATs show another address for each that is learned; what has not met after a few rounds never does.
  constexpr int kRounds = 5;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t side = 0; side < 2; ++side) {
      for (Base& from : sides[side]) from.contacts.insert(from.known.begin(), from.known.end());
    }
    for (std::size_t side = 0; side < 2; ++side) {
      for (const Base& from : sides[side]) {
        for (const Endpoint& to : from.known) {
          for (Base& other : sides[1 - side]) {
            const Endpoint source = from.outside(to);
            if (other.lets_in(to, source)) other.known.insert(source);
          }
        }
      }
    }
  }
  Reaches result;
  for (const Base& alice : sides[0]) {
    for (const Base& bob : sides[1]) {
      for (const Endpoint& to : alice.known) {
        // RFC 8445 7.2.5.2.1: symmetric, both ways.
        const Endpoint from = alice.outside(to);
        if (!alice.contacts.contains(to) || !bob.contacts.contains(from)) continue;
        if (bob.outside(from) != to || !bob.lets_in(to, from) || !alice.lets_in(from, to)) continue;
        const bool translated = !alice.nats.empty() || !bob.nats.empty();
        (alice.relay || bob.relay ? result.relayed : translated ? result.reflexive : result.host) = true;
      }
    }
  }
  return result;
}

}  // namespace sim
