// SPDX-License-Identifier: LGPL-2.1-or-later
// The event queue and the routing of the simulated world.
#include "tests/sim/world.h"

#include <algorithm>

#include "tests/sim/observer.h"

namespace sim {

World::World(std::uint64_t seed) : random_(seed) {}
World::~World() = default;

NetworkId World::add_network(std::string name) {
  networks_.push_back(std::move(name));
  gateways_.push_back(nullptr);
  return NetworkId(static_cast<std::uint32_t>(networks_.size() - 1));
}

void World::attach(NetworkId network, const ice::Address& ip, Node& node) {
  attached_[ip.with_port(0)].emplace_back(network, &node);
}

void World::detach(NetworkId network, const ice::Address& ip) {
  const auto found = attached_.find(ip.with_port(0));
  if (found == attached_.end()) return;
  std::erase_if(found->second, [&](const auto& entry) { return entry.first == network; });
}

void World::set_gateway(NetworkId network, Node& gateway) {
  gateways_[network.value] = &gateway;
}

Path& World::path(NetworkId from, NetworkId to) {
  const auto key = std::make_pair(from, to);
  auto found = paths_.find(key);
  if (found == paths_.end()) {
    const auto purpose = "path " + std::to_string(from.value) + " " + std::to_string(to.value);
    found = paths_.emplace(key, Path(default_conditions_, random_.fork(purpose))).first;
  }
  return found->second;
}

void World::set_conditions(const PathConditions& conditions) {
  default_conditions_ = conditions;
  for (auto& [ends, path] : paths_) path.conditions = conditions;
}

void World::set_conditions(NetworkId a, NetworkId b, const PathConditions& conditions) {
  path(a, b).conditions = conditions;
  path(b, a).conditions = conditions;
}

std::pair<Node*, NetworkId> World::route(NetworkId network, const ice::Address& ip) const {
  const auto found = attached_.find(ip.with_port(0));
  if (found != attached_.end()) {
    for (const auto& [where, node] : found->second) {
      if (where == network) return {node, where};
    }
  }
  if (Node* gateway = gateways_[network.value]) return {gateway, network};
  // Wherever the address is, but for what stands behind a gateway.
  if (found != attached_.end()) {
    for (const auto& [where, node] : found->second) {
      if (!is_private(where)) return {node, where};
    }
  }
  return {nullptr, network};
}

void World::send(Node& from, NetworkId network, Datagram datagram) {
  if (is_tcp(datagram.wire)) {
    const std::pair ends(datagram.source, datagram.destination);
    TcpFlow& flow = tcp_flows_[ends];
    flow.unsent.push_back({&from, network, std::move(datagram)});
    if (flow.attempts == 0) pump_tcp(ends);
    return;
  }
  const auto [target, where] = route(network, datagram.destination);
  Fate fate;
  if (target == nullptr || (target == &from && is_private(network))) {
    fate.loss = Loss::unreachable;
  } else {
    fate = path(network, where).carry(now_, datagram.bytes.size());
  }
  for (Observer* observer : observers_) observer->sent(from, network, datagram, fate);
  if (fate.arrivals[1]) plan(*fate.arrivals[1], Delivery{where, datagram});
  if (fate.arrivals[0]) plan(*fate.arrivals[0], Delivery{where, std::move(datagram)});
}

void World::at(ice::TimePoint time, std::function<void()> action) {
  plan(time, std::move(action));
}

bool World::later(const Happening& a, const Happening& b) {
  return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
}

void World::plan(ice::TimePoint time, std::variant<Delivery, std::function<void()>> what) {
  queue_.push_back({std::max(time, now_), sequence_++, std::move(what)});
  std::push_heap(queue_.begin(), queue_.end(), later);
}

bool World::step() {
  if (stopped_ || queue_.empty()) return false;
  std::pop_heap(queue_.begin(), queue_.end(), later);
  Happening happening = std::move(queue_.back());
  queue_.pop_back();
  ++steps_;
  now_ = happening.time;
  if (const auto* delivery = std::get_if<Delivery>(&happening.what)) {
    // Asked again on arrival: the address may have gone meanwhile.
    const auto [target, where] = route(delivery->network, delivery->datagram.destination);
    if (target != nullptr && where == delivery->network) target->receive(where, delivery->datagram);
  } else {
    std::get<std::function<void()>>(happening.what)();
  }
  return true;
}

void World::run_for(ice::Duration duration) {
  const ice::TimePoint end = now_ + duration;
  while (!queue_.empty() && queue_.front().time <= end) {
    if (!step()) return;
  }
  now_ = end;
}

bool World::run_until(const std::function<bool()>& done, ice::Duration limit) {
  const ice::TimePoint end = now_ + limit;
  while (!done()) {
    if (queue_.empty() || queue_.front().time > end) {
      now_ = end;
      return false;
    }
    if (!step()) return false;
  }
  return true;
}

}  // namespace sim
