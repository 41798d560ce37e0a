// SPDX-License-Identifier: LGPL-2.1-or-later
// Mapping, filtering, hairpinning: RFC 4787 4 to 6.
#include "tests/sim/nat.h"

#include <algorithm>

namespace sim {

namespace {

/// RFC 5382 REQ-5: at least 2 hours and 4 minutes for an established connection.
constexpr ice::Duration kTcpLifetime = std::chrono::seconds(7440);

/// As much of an endpoint as somebody looks at.
ice::Address seen_of(const ice::Address& remote, Dependence dependence) {
  switch (dependence) {
    case Dependence::endpoint_independent:
      return {};
    case Dependence::address_dependent:
      return remote.with_port(0);
    case Dependence::address_and_port_dependent:
      return remote;
  }
  return remote;
}

}  // namespace

const char* text(Dependence dependence) {
  switch (dependence) {
    case Dependence::endpoint_independent:
      return "EI";
    case Dependence::address_dependent:
      return "AD";
    case Dependence::address_and_port_dependent:
      return "APD";
  }
  return "";
}

std::string text(const NatBehaviour& behaviour) {
  std::string words = std::string(text(behaviour.mapping)) + "/" + text(behaviour.filtering);
  if (!behaviour.hairpin) words += ", no hairpin";
  if (!behaviour.port_preservation) words += ", ports at random";
  if (behaviour.inbound_refresh) words += ", refreshed from both sides";
  return words + ", " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(behaviour.lifetime).count()) +
         " s";
}

Nat::Nat(World& world, std::string name, NetworkId inside, NetworkId outside, const ice::Address& external,
         NatBehaviour initial)
    : Node(world, std::move(name)),
      behaviour(initial),
      inside_(inside),
      outside_(outside),
      external_(external.with_port(0)),
      random_(world.random("nat " + this->name())) {
  world.set_gateway(inside, *this);
  world.attach(outside, external_, *this);
}

void Nat::forget_mappings() {
  for (const Mapping& mapping : mappings_) burnt_ports_.insert(mapping.port);
  mappings_.clear();
  contacts_.clear();
}

void Nat::move_to(const ice::Address& external) {
  forget_mappings();
  world().detach(outside_, external_);
  external_ = external.with_port(0);
  world().attach(outside_, external_, *this);
}

bool Nat::alive(bool tcp, ice::TimePoint used) const {
  return world().now() < used + (tcp ? kTcpLifetime : behaviour.lifetime);
}

std::size_t Nat::mapping_count() const {
  return static_cast<std::size_t>(std::count_if(mappings_.begin(), mappings_.end(),
                                                [&](const Mapping& each) { return alive(each.tcp, each.used); }));
}

void Nat::forget_expired() {
  std::erase_if(mappings_, [&](const Mapping& each) { return !alive(each.tcp, each.used); });
  std::erase_if(contacts_, [&](const Contact& each) { return !alive(each.tcp, each.used); });
}

void Nat::receive(NetworkId network, const Datagram& datagram) {
  forget_expired();
  if (network == inside_) {
    outbound(datagram);
  } else {
    inbound(datagram);
  }
}

void Nat::outbound(const Datagram& datagram) {
  // What is addressed to the gateway's own inside has no business here; the World delivers it to whoever has it.
  const bool tcp = is_tcp(datagram.wire);
  const bool to_ourselves = datagram.destination.same_ip(external_);
  if (to_ourselves && !behaviour.hairpin) return;
  Mapping& mapping = mapping_for(tcp, datagram.source, datagram.destination);
  mapping.used = world().now();
  remember(tcp, datagram.source, datagram.destination);
  Datagram translated = datagram;
  translated.source = external_.with_port(mapping.port);
  if (to_ourselves) {
    inbound(translated);  // RFC 4787 REQ-9: with the external source address and port
  } else {
    world().send(*this, outside_, std::move(translated));
  }
}

void Nat::inbound(const Datagram& datagram) {
  const bool tcp = is_tcp(datagram.wire);
  const auto mapping = std::find_if(mappings_.begin(), mappings_.end(), [&](const Mapping& each) {
    return each.tcp == tcp && each.port == datagram.destination.port();
  });
  if (mapping == mappings_.end() || !lets_in(*mapping, datagram.source)) return;
  if (behaviour.inbound_refresh) {
    mapping->used = world().now();
    for (Contact& each : contacts_) {
      if (each.tcp == tcp && each.inside == mapping->inside && each.remote == datagram.source) {
        each.used = world().now();
      }
    }
  }
  Datagram translated = datagram;
  translated.destination = mapping->inside;
  world().send(*this, inside_, std::move(translated));
}

Nat::Mapping& Nat::mapping_for(bool tcp, const ice::Address& inside, const ice::Address& remote) {
  const ice::Address depends_on = seen_of(remote, behaviour.mapping);
  for (Mapping& each : mappings_) {
    if (each.tcp == tcp && each.inside == inside && each.remote == depends_on) return each;
  }
  mappings_.push_back({tcp, inside, depends_on, free_port(tcp, inside.port()), world().now()});
  return mappings_.back();
}

bool Nat::port_taken(bool tcp, std::uint16_t port) const {
  return std::any_of(mappings_.begin(), mappings_.end(),
                     [&](const Mapping& each) { return each.tcp == tcp && each.port == port; });
}

std::uint16_t Nat::free_port(bool tcp, std::uint16_t wanted) {
  // RFC 4787 4.2.1; a port is never overloaded (REQ-3).
  if (behaviour.port_preservation && !port_taken(tcp, wanted) && !burnt_ports_.contains(wanted)) return wanted;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(random_.from_to(1024, 65535));
    if (!port_taken(tcp, port) && !burnt_ports_.contains(port)) return port;
  }
}

bool Nat::lets_in(const Mapping& mapping, const ice::Address& remote) const {
  // RFC 4787 5, word by word: what counts is whether the inside endpoint has sent there, by whichever mapping.
  const ice::Address wanted = seen_of(remote, behaviour.filtering);
  if (behaviour.filtering == Dependence::endpoint_independent && !mapping.tcp) return true;
  return std::any_of(contacts_.begin(), contacts_.end(), [&](const Contact& each) {
    if (each.tcp != mapping.tcp || each.inside != mapping.inside) return false;
    return each.tcp ? each.remote == remote : seen_of(each.remote, behaviour.filtering) == wanted;
  });
}

void Nat::remember(bool tcp, const ice::Address& inside, const ice::Address& remote) {
  for (Contact& each : contacts_) {
    if (each.tcp == tcp && each.inside == inside && each.remote == remote) {
      each.used = world().now();
      return;
    }
  }
  contacts_.push_back({tcp, inside, remote, world().now()});
}

}  // namespace sim
