// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/gathering/servers.h"

#include <algorithm>

#include "ice-core/base/text.h"

namespace ice {

namespace {

/// Most servers of one session, so that a list from somewhere else cannot make us knock at a thousand doors.
constexpr std::size_t kMaxServers = 32;
constexpr std::size_t kMaxServerAddresses = 16;

bool usable(const Address& address) {
  return !address.is_unspecified() && !address.is_multicast() && address.port() != 0;
}

}  // namespace

std::string Server::title() const {
  return std::string(kind == Kind::stun ? "STUN " : "TURN ") + printable(at.name);
}

std::optional<Address> Server::address(Family family) const {
  for (const Address& address : at.addresses) {
    if (address.family() == family) return address;
  }
  return std::nullopt;
}

bool can_ask(const Address& base, const Address& server) {
  if (base.family() != server.family()) return false;
  if (base.is_loopback() && !server.is_loopback()) return false;
  if (base.family() == Family::ipv6 && base.is_link_local() != server.is_link_local()) return false;
  return true;
}

Result<Server*> ServerTable::add(TimePoint now, Server server) {
  if (server.at.name.empty() && !server.at.addresses.empty()) server.at.name = server.at.addresses.front().text();
  if (servers_.contains(server.at.id)) return Error{server.title() + ": its id is taken"};
  if (servers_.size() >= kMaxServers) return Error{"more than " + std::to_string(kMaxServers) + " servers"};
  for (const Address& address : server.at.addresses) {
    if (!usable(address)) return Error{server.title() + ": no server can be at " + address.text()};
  }
  server.added = now;
  server.resolving = server.at.addresses.empty();
  server.order = static_cast<std::size_t>(std::count_if(
      servers_.begin(), servers_.end(), [&](const auto& entry) { return entry.second.kind == server.kind; }));
  const ServerId id = server.at.id;
  return &servers_.emplace(id, std::move(server)).first->second;
}

Result<Server*> ServerTable::add(TimePoint now, StunServer server) {
  if (server.at.protocol != TransportProtocol::udp) {
    return Error{"STUN " + printable(server.at.name) + ": only UDP makes server-reflexive candidates of use"};
  }
  Server entry;
  entry.kind = Server::Kind::stun;
  entry.at = std::move(server.at);
  return add(now, std::move(entry));
}

Result<Server*> ServerTable::add(TimePoint now, TurnServer server) {
  Server entry;
  entry.kind = Server::Kind::turn;
  entry.at = std::move(server.at);
  if (server.username.empty() || server.password.empty()) return Error{entry.title() + ": needs a user and a password"};
  // RFC 8489 14.3; the colon is what the key's parts are joined by (9.2.2).
  if (server.username.size() > 508) return Error{entry.title() + ": the user name is longer than 508 bytes"};
  entry.username = std::move(server.username);
  entry.password = std::move(server.password);
  entry.families = server.families;
  return add(now, std::move(entry));
}

Server* ServerTable::resolved(ServerId id, std::vector<Address> addresses) {
  Server* server = find(id);
  if (server == nullptr || !server->resolving) return nullptr;
  server->resolving = false;
  std::erase_if(addresses, [](const Address& address) { return !usable(address); });
  if (addresses.size() > kMaxServerAddresses) addresses.resize(kMaxServerAddresses);
  if (addresses.empty()) server->trouble = "its name has no usable address";
  server->at.addresses = std::move(addresses);
  return server;
}

Server* ServerTable::failed(ServerId id, std::string_view reason) {
  Server* server = find(id);
  if (server == nullptr || !server->resolving) return nullptr;
  server->resolving = false;
  server->trouble = "its name could not be resolved: " + printable(reason, 200);
  return server;
}

bool ServerTable::resolving(TimePoint since) const {
  return next_silence(since, {}).has_value();
}

std::optional<TimePoint> ServerTable::next_silence(TimePoint since, Duration patience) const {
  std::optional<TimePoint> next;
  for (const auto& [id, server] : servers_) {
    if (!server.resolving || server.added <= since) continue;
    next = std::min(next.value_or(server.added + patience), server.added + patience);
  }
  return next;
}

Server* ServerTable::find(ServerId id) {
  const auto found = servers_.find(id);
  return found == servers_.end() ? nullptr : &found->second;
}

const Server* ServerTable::find(ServerId id) const {
  const auto found = servers_.find(id);
  return found == servers_.end() ? nullptr : &found->second;
}

}  // namespace ice
