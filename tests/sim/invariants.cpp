// SPDX-License-Identifier: LGPL-2.1-or-later
// The invariants of invariants.h, one function a rule or a group of rules.
#include "tests/sim/invariants.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sim {

using std::chrono::milliseconds;

namespace {

/// RFC 8863 4: one full transaction.
constexpr ice::Duration kPac = milliseconds(39500);
/// RFC 8445 14.2: with a peer that proposes nothing.
constexpr ice::Duration kDefaultTa = milliseconds(50);
/// More role changes than both sides' 487s crossing can make.
constexpr int kRoleChanges = 12;

}  // namespace

Invariants::Invariants(World& world) : world_(world) {
  world.watch(*this);
}

Invariants::Watch& Invariants::watch(const AgentHost& host) {
  Watch& found = watches_[&host];
  if (found.host == nullptr) {
    found.host = &host;
    found.ta = kDefaultTa;
    found.view.know(host.options());
  }
  return found;
}

void Invariants::fail(Invariant invariant, const AgentHost& host, const std::string& what) {
  if (breach_ || waived_.contains(invariant)) return;
  char time[32];
  std::snprintf(time, sizeof time, "%.3f", std::chrono::duration<double>(world_.elapsed()).count());
  breach_ = Breach{invariant, std::string("\"") + text(invariant) + "\" is broken by " + host.name() + " at " + time +
                                  " s: " + what};
  world_.stop();
}

/// The peer ended its candidates without any for this flow (RFC 8838 13), or ended all streams that it spoke of and
/// this one is none of them: it does not use the flow, until it says more.
bool Invariants::Watch::unused_by_peer(const Flow& flow) const {
  if (const auto signaled = signaled_flows.find(flow); signaled != signaled_flows.end()) {
    // One of another generation does not count.
    const bool current = std::any_of(remote_credentials.begin(), remote_credentials.end(), [&](const auto& each) {
      return signaled->second.contains("") || signaled->second.contains(each.first);
    });
    if (current) return false;
  }
  if (mentioned_streams.contains(flow.first)) return ended_streams.contains(flow.first);
  return !mentioned_streams.empty() && ended_streams == mentioned_streams;
}

// ---- what the agent was told ----

void Invariants::told_description(const AgentHost& host, const ice::Description& description) {
  Watch& known = watch(host);
  const bool first = known.remote_credentials.empty();
  const int generation = known.generation;
  const auto add = [&](const std::optional<ice::Credentials>& credentials) {
    if (!credentials || !credentials->complete()) return;
    const std::pair pair(credentials->ufrag, credentials->pwd);
    if (!known.remote_credentials.empty() && !known.remote_credentials.contains(pair) &&
        description.credentials == credentials) {
      // Another remote generation: what was validated before no longer counts.
      known.remote_credentials.clear();
      known.answered.clear();
      known.authenticated.clear();
      known.mentioned_streams.clear();
      known.ended_streams.clear();
      ++known.generation;
    }
    known.remote_credentials.insert(pair);
    if (!known.may_check_since) known.may_check_since = host.felt_time();
  };
  add(description.credentials);
  for (const auto& stream : description.streams) {
    add(stream.credentials);
    known.mentioned_streams.insert(stream.stream);
    for (const auto& candidate : stream.candidates) {
      known.known_addresses.insert(candidate.address);
      known.signaled_flows[{stream.stream, candidate.component}].insert(candidate.ufrag);
    }
    if (stream.end_of_candidates) known.ended_streams.insert(stream.stream);
  }
  // RFC 8445 14.2: the higher of both, 50 ms when the peer proposes none.
  // What only adds to a generation need not say the pacing again.
  if (!description.pacing_ms && !first && known.generation == generation) return;
  const ice::Duration theirs = description.pacing_ms ? milliseconds(*description.pacing_ms) : kDefaultTa;
  known.ta = std::max({host.options().agent.pacing, theirs, ice::Duration(milliseconds(5))});
}

void Invariants::told_candidate(const AgentHost& host, ice::StreamId stream, const ice::Candidate& candidate) {
  watch(host).known_addresses.insert(candidate.address);
  watch(host).signaled_flows[{stream, candidate.component}].insert(candidate.ufrag);
  watch(host).mentioned_streams.insert(stream);
}

void Invariants::told_end_of_candidates(const AgentHost& host, ice::StreamId stream) {
  watch(host).ended_streams.insert(stream);
  watch(host).mentioned_streams.insert(stream);
}

void Invariants::told_server(const AgentHost& host, const ice::Address& address) {
  watch(host).view.know(address);
}

void Invariants::told_new_generation(const AgentHost& host) {
  Watch& known = watch(host);
  known.remote_credentials.clear();
  known.answered.clear();
  known.authenticated.clear();
  known.unanswered.clear();
  known.mentioned_streams.clear();
  known.ended_streams.clear();
  known.signaled_flows.clear();
  known.may_check_since.reset();
  known.role_changes = 0;
  ++known.generation;
}

void Invariants::told_reborn(const AgentHost& host) {
  Watch fresh;
  fresh.host = &host;
  fresh.ta = kDefaultTa;
  fresh.view.know(host.options());
  fresh.generation = watch(host).generation + 1;
  watches_.insert_or_assign(&host, std::move(fresh));
}

// ---- the wire ----

void Invariants::received(const AgentHost& host, ice::TransportId transport, const Datagram& datagram) {
  Watch& known = watch(host);
  known.before = host.agent().counters();
  known.authentic = false;
  const Seen seen = known.view.received(transport, datagram.source, datagram.bytes);
  if (!seen.message || seen.with_server) {
    known.authentic = seen.with_server;  // servers have keys of their own; a 401 is not signed
    return;
  }
  const ice::StunMessage& message = *seen.message;
  if (message.message_class() == ice::StunClass::request) {
    ++known.unanswered[{message.transaction_id(), seen.way}];
    if (message.verify_integrity(host.agent().local_credentials().pwd)) {
      known.authentic = true;
      known.authenticated.insert(seen.way);
      known.known_addresses.insert(seen.way.remote);
    }
    return;
  }
  known.authentic = std::any_of(known.remote_credentials.begin(), known.remote_credentials.end(),
                                [&](const auto& each) { return message.verify_integrity(each.second); });
  if (message.message_class() != ice::StunClass::success || !known.authentic) return;
  const auto asked = known.own_requests.find(message.transaction_id());
  if (asked == known.own_requests.end() || asked->second.way != seen.way || asked->second.answered) return;
  asked->second.answered = true;  // an answer counts once, a replay of it never
  known.maybe_answered = seen.way;
}

void Invariants::disposed(const AgentHost& host, ice::TransportId transport, const Datagram& datagram,
                          const ice::Disposition& disposition) {
  Watch& known = watch(host);
  const ice::AgentCounters now = host.agent().counters();
  const bool believed = now.requests_received > known.before.requests_received ||
                        now.responses_received > known.before.responses_received;
  if (believed && !known.authentic) {
    fail(Invariant::nothing_unsigned_believed, host, "from " + datagram.source.text());
  }
  // An answer to a transaction that had timed out is none.
  if (known.maybe_answered && now.responses_received > known.before.responses_received) {
    known.answered[*known.maybe_answered] = host.felt_time();
  }
  known.maybe_answered.reset();
  const Seen seen = known.view.received(transport, datagram.source, datagram.bytes);
  const auto* media = std::get_if<ice::Media>(&disposition);
  if (media != nullptr) {
    const auto source = known.sources.find(seen.way);
    if (source == known.sources.end() || source->second != Flow(media->stream, media->component)) {
      fail(Invariant::strangers_are_dropped, host,
           "media of a flow whose source was not validated: " + way_text(host, seen.way));
    }
  }
  const auto sent = parse_media(seen.payload);
  if (!sent || host.is(ice::ConnectionState::failed) || host.is(ice::ConnectionState::closed)) return;
  if (known.generation != 0) return;                                 // it may have been sent to the generation before
  if (media == nullptr && known.revoked.contains(seen.way)) return;  // the peer does not know yet
  if (media == nullptr) {
    fail(Invariant::media_is_accepted, host, "a stranger's: " + sent->text + " from " + datagram.source.text());
  } else if (Flow(media->stream, media->component) != sent->flow) {
    fail(Invariant::media_is_accepted, host, "on another flow than sent: " + sent->text);
  }
}

void Invariants::transmitted(const AgentHost& host, const ice::Transmit& transmit) {
  Watch& known = watch(host);
  const Seen seen = known.view.sent(transmit.transport, transmit.remote, transmit.bytes);
  // RFC 8656 8: allocations are released after it, one that is just being made too, and nothing else.
  const bool farewell = seen.with_server && (seen.message->method() == ice::StunMethod::refresh ||
                                             seen.message->method() == ice::StunMethod::allocate);
  if (known.closed && !farewell) {
    fail(Invariant::silent_after_close, host, "a datagram to " + transmit.remote.text());
  }
  if (host.socket(transmit.transport) == nullptr) {
    fail(Invariant::only_open_transports, host, way_text(host, seen.way));
  }
  if (!seen.message) return;
  switch (seen.message->message_class()) {
    case ice::StunClass::request:
      if (seen.with_server) {
        server_request_sent(known, seen);
      } else {
        request_sent(known, seen);
      }
      break;
    case ice::StunClass::success:
    case ice::StunClass::error:
      response_sent(known, seen);
      break;
    case ice::StunClass::indication:
      break;
  }
}

void Invariants::server_request_sent(Watch& known, const Seen& seen) {
  if (!known.view.is_server(seen.way.remote)) {
    fail(Invariant::servers_only_as_told, *known.host, way_text(*known.host, seen.way));
  }
  if (known.server_requests.insert(seen.message->transaction_id()).second) ++known.new_server_requests;
}

void Invariants::request_sent(Watch& known, const Seen& seen) {
  const AgentHost& host = *known.host;
  const ice::StunMessage& message = *seen.message;
  const std::string local = host.agent().local_credentials().ufrag;
  const std::string username(message.username().value_or(""));
  const bool signed_for_peer = std::any_of(
      known.remote_credentials.begin(), known.remote_credentials.end(),
      [&](const auto& each) { return username == each.first + ":" + local && message.verify_integrity(each.second); });
  if (!signed_for_peer) {
    fail(Invariant::no_check_without_credentials, host, "a check with the username \"" + username + "\"");
  }
  if (!known.known_addresses.contains(seen.way.remote)) {
    fail(Invariant::checks_only_known_addresses, host, way_text(host, seen.way));
  }
  const auto [own, is_new] = known.own_requests.emplace(message.transaction_id(), Watch::Asked{seen.way});
  if (is_new) {
    ++known.new_transactions;
    known.new_request_ways.insert(seen.way);
  } else if (own->second.way != seen.way) {
    fail(Invariant::requests_are_counted, host, "a retransmission elsewhere: " + way_text(host, seen.way));
  }
}

void Invariants::response_sent(Watch& known, const Seen& seen) {
  const AgentHost& host = *known.host;
  const auto asked = known.unanswered.find({seen.message->transaction_id(), seen.way});
  if (asked == known.unanswered.end()) {
    fail(Invariant::responses_where_asked, host, way_text(host, seen.way));
    return;
  }
  if (--asked->second == 0) known.unanswered.erase(asked);
  if (seen.message->message_class() == ice::StunClass::success &&
      !seen.message->verify_integrity(host.agent().local_credentials().pwd)) {
    fail(Invariant::responses_are_signed, host, way_text(host, seen.way));
  }
}

// ---- events ----

void Invariants::event(const AgentHost& host, const ice::Event& event) {
  Watch& known = watch(host);
  if (const auto* changed = std::get_if<ice::PathChanged>(&event)) {
    if (!changed->path) return;
    if (!known.answered.contains(way_of(*changed->path))) {
      fail(Invariant::path_needs_answered_check, host, way_text(host, way_of(*changed->path)));
    }
  } else if (const auto* validated = std::get_if<ice::SourceValidated>(&event)) {
    const Way way{validated->transport, validated->remote, validated->relay.has_value()};
    if (!known.authenticated.contains(way) && !known.answered.contains(way)) {
      fail(Invariant::source_needs_authenticated, host, way_text(host, way));
    }
    known.sources.insert_or_assign(way, Flow(validated->stream, validated->component));
  } else if (const auto* revoked = std::get_if<ice::SourceRevoked>(&event)) {
    known.sources.erase({revoked->transport, revoked->remote, revoked->relay.has_value()});
    known.revoked.insert({revoked->transport, revoked->remote, revoked->relay.has_value()});
  } else if (const auto* closed = std::get_if<ice::CloseTransport>(&event)) {
    std::erase_if(known.sources, [&](const auto& source) { return source.first.transport == closed->id; });
  } else if (std::holds_alternative<ice::RoleChanged>(event)) {
    if (++known.role_changes > kRoleChanges) {
      fail(Invariant::role_conflict_ends, host, std::to_string(known.role_changes) + " role changes");
    }
  } else if (const auto* state = std::get_if<ice::ConnectionStateChanged>(&event)) {
    known.state = state->state;
    if (state->state != ice::ConnectionState::failed) return;
    if (state->reason.empty()) fail(Invariant::fails_with_reason, host, "failed without a reason");
    const bool was_connected = std::all_of(host.flows().begin(), host.flows().end(), [&](const Flow& flow) {
      return host.first_path(flow).has_value() || known.unused_by_peer(flow);
    });
    if (!was_connected && (!known.may_check_since || host.felt_time() - *known.may_check_since < kPac)) {
      fail(Invariant::fails_with_reason, host, "failed before PAC ran out (RFC 8863 4)");
    }
  }
}

}  // namespace sim
