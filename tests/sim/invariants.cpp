// SPDX-License-Identifier: LGPL-2.1-or-later
// The invariants of invariants.h, one function a rule or a group of rules.
#include "tests/sim/invariants.h"

#include <algorithm>
#include <cstdio>

namespace sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// RFC 7675 5.1: consent expires 30 s after the last valid answer.
constexpr ice::Duration kConsent = seconds(30);
/// RFC 7675 5.1: never under 4 s between consent checks; near the deadline several fresh ones are allowed.
constexpr ice::Duration kConsentInterval = seconds(4);
/// RFC 8863 4: one full transaction.
constexpr ice::Duration kPac = milliseconds(39500);
/// RFC 8445 14.2: with a peer that proposes nothing.
constexpr ice::Duration kDefaultTa = milliseconds(50);
/// Far above 1 s / 5 ms of checks and the retransmissions of 100 pairs.
constexpr int kTimeoutsPerSecond = 2000;
constexpr std::size_t kMaxPairs = 100;

std::string way_text(const AgentHost& host, ice::TransportId transport, const ice::Address& remote) {
  const Socket* socket = host.socket(transport);
  return (socket != nullptr ? socket->local.text() : "transport " + std::to_string(transport.value)) + " to " +
         remote.text();
}

}  // namespace

const char* text(Invariant invariant) {
  switch (invariant) {
    case Invariant::one_new_check_per_ta:
      return "one new check per Ta";
    case Invariant::requests_are_counted:
      return "requests are counted";
    case Invariant::no_check_without_credentials:
      return "no check without credentials";
    case Invariant::checks_only_known_addresses:
      return "checks only known addresses";
    case Invariant::consent_only_on_own_paths:
      return "consent only on own paths";
    case Invariant::at_most_100_pairs:
      return "at most 100 pairs";
    case Invariant::responses_where_asked:
      return "responses where asked";
    case Invariant::responses_are_signed:
      return "responses are signed";
    case Invariant::path_needs_answered_check:
      return "a path needs an answered check";
    case Invariant::source_needs_authenticated:
      return "a source needs authentication";
    case Invariant::path_needs_consent:
      return "a path needs consent";
    case Invariant::media_is_accepted:
      return "media is accepted";
    case Invariant::strangers_are_dropped:
      return "strangers are dropped";
    case Invariant::only_open_transports:
      return "only open transports";
    case Invariant::timer_moves_on:
      return "the timer moves on";
    case Invariant::bounded_steps:
      return "bounded steps";
    case Invariant::events_match_getters:
      return "events match getters";
    case Invariant::state_matches_paths:
      return "the state matches the paths";
    case Invariant::none_stuck:
      return "none stuck";
    case Invariant::completes_where_possible:
      return "completes where possible";
    case Invariant::fails_with_reason:
      return "fails with a reason";
    case Invariant::one_controlling:
      return "one controlling";
    case Invariant::pairs_mirror:
      return "pairs mirror";
    case Invariant::closes_everything:
      return "close closes everything";
    case Invariant::silent_after_close:
      return "silent after close";
  }
  return "";
}

Invariants::Invariants(World& world) : world_(world) {
  world.watch(*this);
}

Invariants::Watch& Invariants::watch(const AgentHost& host) {
  Watch& found = watches_[&host];
  if (found.host == nullptr) {
    found.host = &host;
    found.ta = kDefaultTa;
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
      ++known.generation;
    }
    known.remote_credentials.insert(pair);
    if (!known.may_check_since) known.may_check_since = world_.now();
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
  ++known.generation;
}

// ---- the wire ----

void Invariants::received(const AgentHost& host, ice::TransportId transport, const Datagram& datagram) {
  Watch& known = watch(host);
  if (!ice::looks_like_stun(datagram.bytes)) return;
  const auto message = ice::StunMessage::parse(datagram.bytes);
  if (!message) return;
  const Way way(transport, datagram.source);
  if (message->message_class() == ice::StunClass::request) {
    ++known.unanswered[{message->transaction_id(), way}];
    if (message->verify_integrity(host.agent().local_credentials().pwd)) {
      known.authenticated.insert(way);
      known.known_addresses.insert(datagram.source);
    }
  } else if (message->message_class() == ice::StunClass::success) {
    const auto asked = known.own_requests.find(message->transaction_id());
    if (asked == known.own_requests.end() || asked->second.way != way || asked->second.answered) return;
    const bool valid = std::any_of(known.remote_credentials.begin(), known.remote_credentials.end(),
                                   [&](const auto& each) { return message->verify_integrity(each.second); });
    if (!valid) return;
    asked->second.answered = true;  // an answer counts once, a replay of it never
    known.maybe_answered = way;
    known.responses_received = host.agent().counters().responses_received;
  }
}

void Invariants::disposed(const AgentHost& host, ice::TransportId transport, const Datagram& datagram,
                          const ice::Disposition& disposition) {
  Watch& known = watch(host);
  // An answer to a transaction that had timed out is none.
  if (known.maybe_answered && host.agent().counters().responses_received > known.responses_received) {
    known.answered[*known.maybe_answered] = world_.now();
  }
  known.maybe_answered.reset();
  const auto* media = std::get_if<ice::Media>(&disposition);
  if (media != nullptr) {
    const auto source = known.sources.find({transport, datagram.source});
    if (source == known.sources.end() || source->second != Flow(media->stream, media->component)) {
      fail(Invariant::strangers_are_dropped, host,
           "media of a flow whose source was not validated: " + way_text(host, transport, datagram.source));
    }
  }
  const auto sent = parse_media(datagram.bytes);
  if (!sent || host.is(ice::ConnectionState::failed) || host.is(ice::ConnectionState::closed)) return;
  if (known.generation != 0) return;  // it may have been sent to the generation before
  if (media == nullptr) {
    fail(Invariant::media_is_accepted, host, "a stranger's: " + sent->text + " from " + datagram.source.text());
  } else if (Flow(media->stream, media->component) != sent->flow) {
    fail(Invariant::media_is_accepted, host, "on another flow than sent: " + sent->text);
  }
}

void Invariants::transmitted(const AgentHost& host, const ice::Transmit& transmit) {
  Watch& known = watch(host);
  if (known.closed) fail(Invariant::silent_after_close, host, "a datagram to " + transmit.remote.text());
  if (host.socket(transmit.transport) == nullptr) {
    fail(Invariant::only_open_transports, host, way_text(host, transmit.transport, transmit.remote));
  }
  const auto message = ice::StunMessage::parse(transmit.bytes);
  if (!message) return;
  switch (message->message_class()) {
    case ice::StunClass::request:
      request_sent(known, transmit, *message);
      break;
    case ice::StunClass::success:
    case ice::StunClass::error:
      response_sent(known, transmit, *message);
      break;
    case ice::StunClass::indication:
      break;
  }
}

void Invariants::request_sent(Watch& known, const ice::Transmit& transmit, const ice::StunMessage& message) {
  const AgentHost& host = *known.host;
  const Way way(transmit.transport, transmit.remote);
  const std::string local = host.agent().local_credentials().ufrag;
  const std::string username(message.username().value_or(""));
  const bool signed_for_peer = std::any_of(
      known.remote_credentials.begin(), known.remote_credentials.end(),
      [&](const auto& each) { return username == each.first + ":" + local && message.verify_integrity(each.second); });
  if (!signed_for_peer) {
    fail(Invariant::no_check_without_credentials, host, "a check with the username \"" + username + "\"");
  }
  if (!known.known_addresses.contains(transmit.remote)) {
    fail(Invariant::checks_only_known_addresses, host, way_text(host, transmit.transport, transmit.remote));
  }
  const auto [own, is_new] = known.own_requests.emplace(message.transaction_id(), Watch::Asked{way});
  if (is_new) {
    ++known.new_transactions;
    known.new_request_ways.insert(way);
  } else if (own->second.way != way) {
    fail(Invariant::requests_are_counted, host,
         "a retransmission elsewhere: " + way_text(host, transmit.transport, transmit.remote));
  }
}

void Invariants::response_sent(Watch& known, const ice::Transmit& transmit, const ice::StunMessage& message) {
  const AgentHost& host = *known.host;
  const auto asked = known.unanswered.find({message.transaction_id(), Way(transmit.transport, transmit.remote)});
  if (asked == known.unanswered.end()) {
    fail(Invariant::responses_where_asked, host, way_text(host, transmit.transport, transmit.remote));
    return;
  }
  if (--asked->second == 0) known.unanswered.erase(asked);
  if (message.message_class() == ice::StunClass::success &&
      !message.verify_integrity(host.agent().local_credentials().pwd)) {
    fail(Invariant::responses_are_signed, host, way_text(host, transmit.transport, transmit.remote));
  }
}

// ---- events ----

void Invariants::event(const AgentHost& host, const ice::Event& event) {
  Watch& known = watch(host);
  if (const auto* changed = std::get_if<ice::PathChanged>(&event)) {
    if (!changed->path) return;
    if (!known.answered.contains({changed->path->transport, changed->path->remote})) {
      fail(Invariant::path_needs_answered_check, host, way_text(host, changed->path->transport, changed->path->remote));
    }
  } else if (const auto* validated = std::get_if<ice::SourceValidated>(&event)) {
    const Way way(validated->transport, validated->remote);
    if (!known.authenticated.contains(way) && !known.answered.contains(way)) {
      fail(Invariant::source_needs_authenticated, host, way_text(host, validated->transport, validated->remote));
    }
    known.sources.insert_or_assign(way, Flow(validated->stream, validated->component));
  } else if (const auto* revoked = std::get_if<ice::SourceRevoked>(&event)) {
    known.sources.erase({revoked->transport, revoked->remote});
  } else if (const auto* closed = std::get_if<ice::CloseTransport>(&event)) {
    std::erase_if(known.sources, [&](const auto& source) { return source.first.first == closed->id; });
  } else if (const auto* state = std::get_if<ice::ConnectionStateChanged>(&event)) {
    known.state = state->state;
    if (state->state != ice::ConnectionState::failed) return;
    if (state->reason.empty()) fail(Invariant::fails_with_reason, host, "failed without a reason");
    const bool was_connected = std::all_of(host.flows().begin(), host.flows().end(), [&](const Flow& flow) {
      return host.first_path(flow).has_value() || known.unused_by_peer(flow);
    });
    if (!was_connected && (!known.may_check_since || world_.now() - *known.may_check_since < kPac)) {
      fail(Invariant::fails_with_reason, host, "failed before PAC ran out (RFC 8863 4)");
    }
  }
}

// ---- after every step ----

void Invariants::stepped(const AgentHost& host, Step step) {
  Watch& known = watch(host);
  if (step == Step::closed) known.closed = true;
  check_counters(known);
  check_paths(known);
  check_pair_count(known);
  if (step == Step::timed_out) check_timer(known);
}

void Invariants::check_counters(Watch& known) {
  const AgentHost& host = *known.host;
  const ice::AgentCounters now = host.agent().counters();
  const auto checks = now.requests_sent - known.counters.requests_sent;
  const auto consents = now.consent_requests_sent - known.counters.consent_requests_sent;
  known.counters = now;
  // A check that began in the very step in which the agent gave up is never sent.
  const bool gave_up = host.is(ice::ConnectionState::failed) || host.is(ice::ConnectionState::closed);
  if (checks + consents != known.new_transactions && !(gave_up && checks + consents > known.new_transactions)) {
    fail(Invariant::requests_are_counted, host,
         std::to_string(known.new_transactions) + " new transactions, counted as " + std::to_string(checks) +
             " checks and " + std::to_string(consents) + " consent checks");
  }
  if (checks > 0) {
    if (checks > 1) fail(Invariant::one_new_check_per_ta, host, std::to_string(checks) + " new checks at once");
    if (known.last_check && world_.now() - *known.last_check < known.ta) {
      const auto apart = std::chrono::duration<double, std::milli>(world_.now() - *known.last_check);
      fail(Invariant::one_new_check_per_ta, host, "new checks " + std::to_string(apart.count()) + " ms apart");
    }
    known.last_check = world_.now();
  }
  if (consents > 0 && checks == 0) {
    for (const Way& way : known.new_request_ways) {
      const bool in_use = std::any_of(host.paths().begin(), host.paths().end(), [&](const auto& entry) {
        return Way(entry.second.transport, entry.second.remote) == way;
      });
      if (!in_use) fail(Invariant::consent_only_on_own_paths, host, way_text(host, way.first, way.second));
      const auto last = known.last_consent.find(way);
      const auto answer = known.answered.find(way);
      const bool overdue = answer == known.answered.end() || world_.now() - answer->second > seconds(6);
      if (last != known.last_consent.end() && world_.now() - last->second < kConsentInterval && !overdue) {
        fail(Invariant::consent_only_on_own_paths, host, "consent checks under 4 s apart");
      }
      known.last_consent[way] = world_.now();
    }
  }
  known.new_transactions = 0;
  known.new_request_ways.clear();
}

void Invariants::check_paths(Watch& known) {
  const AgentHost& host = *known.host;
  bool all_nominated = true;
  for (const auto& [flow, path] : host.paths()) {
    all_nominated = all_nominated && path.nominated;
    const auto answer = known.answered.find({path.transport, path.remote});
    if (answer == known.answered.end()) {
      fail(Invariant::path_needs_answered_check, host, way_text(host, path.transport, path.remote));
    } else if (world_.now() - answer->second > kConsent) {
      fail(Invariant::path_needs_consent, host, "the last answer is more than 30 s old");
    }
    const auto selected = host.agent().selected_pair(flow.first, flow.second);
    if (!selected || selected->transport != path.transport || selected->remote.address != path.remote ||
        selected->nominated != path.nominated) {
      fail(Invariant::events_match_getters, host, "selected_pair() is not what PathChanged said");
    }
  }
  for (const Flow& flow : host.flows()) {
    if (host.path(flow) == nullptr && host.agent().selected_pair(flow.first, flow.second)) {
      fail(Invariant::events_match_getters, host, "selected_pair() without a PathChanged");
    }
  }
  if (known.state && *known.state != host.state()) {
    fail(Invariant::events_match_getters, host,
         std::string("connection_state() is ") + ice::text(host.state()) + ", the event said " +
             ice::text(*known.state));
  }
  const bool all_have_paths = std::all_of(host.flows().begin(), host.flows().end(), [&](const Flow& flow) {
    return host.path(flow) != nullptr || known.unused_by_peer(flow);
  });
  const bool connected = host.is(ice::ConnectionState::connected) || host.is(ice::ConnectionState::completed);
  if (connected && !all_have_paths) {
    fail(Invariant::state_matches_paths, host, std::string(ice::text(host.state())) + " without all paths");
  }
  if (host.is(ice::ConnectionState::completed) && !all_nominated) {
    fail(Invariant::state_matches_paths, host, "completed without all paths nominated");
  }
  if (host.is(ice::ConnectionState::checking) && !host.flows().empty() && host.paths().size() == host.flows().size()) {
    fail(Invariant::state_matches_paths, host, "still checking with all paths there");
  }
}

void Invariants::check_pair_count(Watch& known) {
  const std::size_t pairs = known.host->agent().snapshot().pairs.size();
  if (pairs > kMaxPairs) fail(Invariant::at_most_100_pairs, *known.host, std::to_string(pairs) + " pairs");
}

void Invariants::check_timer(Watch& known) {
  const auto next = known.host->agent().next_timeout();
  if (next && *next <= world_.now()) {
    fail(Invariant::timer_moves_on, *known.host, "next_timeout() is not in the future after handle_timeout()");
  }
  if (world_.now() - known.second_began >= seconds(1)) {
    known.second_began = world_.now();
    known.timeouts_this_second = 0;
  }
  if (++known.timeouts_this_second > kTimeoutsPerSecond) {
    fail(Invariant::bounded_steps, *known.host, "more than " + std::to_string(kTimeoutsPerSecond) + " timeouts in 1 s");
  }
}

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
    if (ours == nullptr || theirs == nullptr || path.remote != theirs->local || other->remote != ours->local) {
      fail(Invariant::pairs_mirror, a,
           "flow " + std::to_string(flow.first.value) + "/" + std::to_string(flow.second.value) + ": " +
               (ours != nullptr ? ours->local.text() : "nothing") + " to " + path.remote.text() + ", but " + b.name() +
               " has " + (theirs != nullptr ? theirs->local.text() + " to " + other->remote.text() : "nothing"));
    }
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
