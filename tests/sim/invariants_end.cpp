// SPDX-License-Identifier: LGPL-2.1-or-later
// Invariants of the end of a call, and of what is left after it.
#include "tests/sim/invariants.h"
#include "tests/sim/turn_server.h"

namespace sim {

namespace {

/// Where a path's datagrams come from, as the other side sees it; known where no NAT is between.
std::optional<ice::Address> source_of(const AgentHost& host, const ice::PathChanged::Path& path) {
  if (path.relay) return path.local_candidate.address;
  const Socket* socket = host.socket(path.transport);
  if (socket == nullptr) return std::nullopt;
  if (host.world().is_private(socket->network)) return std::nullopt;
  return socket->local;
}

/// Behind NATs only the network knows which pairs mirror each other: there it is enough that both see relays alike.
bool mirrors(const AgentHost& a, const ice::PathChanged::Path& ours, const AgentHost& b,
             const ice::PathChanged::Path& theirs) {
  const auto our_source = source_of(a, ours);
  const auto their_source = source_of(b, theirs);
  return (!their_source || ours.remote == *their_source) && (!our_source || theirs.remote == *our_source);
}

}  // namespace

// ---- at the end ----

void Invariants::check_ended(const AgentHost& host, bool must_complete) {
  if (!host.ended()) {
    fail(Invariant::none_stuck, host,
         std::string("it is ") + ice::text(host.state()) + "; it says: " + host.agent().explain());
  }
  if (must_complete && !host.is(ice::ConnectionState::completed)) {
    fail(Invariant::completes_where_possible, host,
         std::string("it is ") + ice::text(host.state()) + "; it says: " + host.agent().explain());
  }
  if (host.is(ice::ConnectionState::failed) && host.agent().explain().empty()) {
    fail(Invariant::fails_with_reason, host, "explain() is empty");
  }
}

void Invariants::check_failed(const AgentHost& host) {
  if (!host.is(ice::ConnectionState::failed)) {
    fail(Invariant::none_stuck, host,
         std::string("its peer is gone and it is ") + ice::text(host.state()) + "; it says: " + host.agent().explain());
  }
}

void Invariants::check_agreement(const AgentHost& a, const AgentHost& b) {
  if (!a.is(ice::ConnectionState::completed) || !b.is(ice::ConnectionState::completed)) return;
  if (a.agent().role() == b.agent().role()) {
    fail(Invariant::one_controlling, a, "both are of the same role");
  }
  for (const auto& [flow, path] : a.paths()) {
    const auto* other = b.path(flow);
    const Socket* ours = a.socket(path.transport);
    const Socket* theirs = other != nullptr ? b.socket(other->transport) : nullptr;
    if (ours == nullptr || theirs == nullptr || !mirrors(a, path, b, *other)) {
      fail(Invariant::pairs_mirror, a,
           "flow " + std::to_string(flow.first.value) + "/" + std::to_string(flow.second.value) + ": " +
               (ours != nullptr ? ours->local.text() : "nothing") + " to " + path.remote.text() + ", but " + b.name() +
               " has " + (theirs != nullptr ? theirs->local.text() + " to " + other->remote.text() : "nothing"));
    }
  }
}

void Invariants::check_server(TurnServer& server, const AgentHost& user, bool may_leak) {
  if (!may_leak && server.active_allocations() > 0) {
    fail(Invariant::allocations_released, user,
         std::to_string(server.active_allocations()) + " allocations left on " + server.name());
  }
  if (!server.complaints().empty()) {
    fail(Invariant::server_has_no_complaint, user, server.name() + " says of " + server.complaints().front());
  }
}

void Invariants::check_closed(const AgentHost& host) {
  if (!host.is(ice::ConnectionState::closed)) fail(Invariant::closes_everything, host, "the state is not closed");
  if (!host.sockets().empty()) {
    fail(Invariant::closes_everything, host, std::to_string(host.sockets().size()) + " transports left open");
  }
  if (!host.paths().empty()) fail(Invariant::closes_everything, host, "a path is not revoked");
  if (!watch(host).sources.empty()) fail(Invariant::closes_everything, host, "a source is not revoked");
  if (host.agent().next_timeout()) fail(Invariant::closes_everything, host, "a timer is left");
}

}  // namespace sim
