// SPDX-License-Identifier: LGPL-2.1-or-later
// Invariants that are looked at after every step: counts, pacing, paths, timers.
#include <algorithm>
#include <utility>

#include "tests/sim/invariants.h"

namespace sim {

using std::chrono::seconds;

namespace {

/// RFC 7675 5.1: consent expires 30 s after the last valid answer.
constexpr ice::Duration kConsent = seconds(30);
/// RFC 7675 5.1: never under 4 s between consent checks; near the deadline several fresh ones are allowed.
constexpr ice::Duration kConsentInterval = seconds(4);
/// Far above 1 s / 5 ms of checks and the retransmissions of 100 pairs.
constexpr int kTimeoutsPerSecond = 2000;
constexpr std::size_t kMaxPairs = 100;
/// Of one flow and side.
constexpr std::size_t kMaxCandidates = 1000;

}  // namespace

// ---- after every step ----

void Invariants::stepped(const AgentHost& host, Step step) {
  Watch& known = watch(host);
  if (step == Step::closed) known.closed = true;
  check_counters(known);
  check_paths(known);
  if (step == Step::told || step == Step::received) check_pair_count(known);  // time alone adds none
  if (step == Step::timed_out) check_timer(known);
}

void Invariants::check_counters(Watch& known) {
  const AgentHost& host = *known.host;
  const ice::AgentCounters now = host.agent().counters();
  const auto checks = now.requests_sent - known.counters.requests_sent;
  const auto consents = now.consent_requests_sent - known.counters.consent_requests_sent;
  const auto gathering = now.gathering_requests_sent - known.counters.gathering_requests_sent;
  const ice::AgentCounters before = std::exchange(known.counters, now);
  // A check that began in the very step in which the agent gave up is never sent.
  const bool gave_up = host.is(ice::ConnectionState::failed) || host.is(ice::ConnectionState::closed);
  if (checks + consents != known.new_transactions && !(gave_up && checks + consents > known.new_transactions)) {
    fail(Invariant::requests_are_counted, host,
         std::to_string(known.new_transactions) + " new transactions, counted as " + std::to_string(checks) +
             " checks and " + std::to_string(consents) + " consent checks");
  }
  const auto with_servers = gathering + now.server_requests_sent - before.server_requests_sent;
  if (with_servers != known.new_server_requests && !gave_up) {
    fail(Invariant::requests_are_counted, host,
         std::to_string(known.new_server_requests) + " new requests to servers, counted as " +
             std::to_string(with_servers));
  }
  known.new_server_requests = 0;
  check_pacing(known, checks + gathering);
  if (consents > 0 && checks == 0) {
    for (const Way& way : known.new_request_ways) {
      const bool in_use = std::any_of(host.paths().begin(), host.paths().end(),
                                      [&](const auto& entry) { return way_of(entry.second) == way; });
      if (!in_use) fail(Invariant::consent_only_on_own_paths, host, way_text(host, way));
      const auto last = known.last_consent.find(way);
      const auto answer = known.answered.find(way);
      const bool overdue = answer == known.answered.end() || host.felt_time() - answer->second > seconds(6);
      if (last != known.last_consent.end() && host.felt_time() - last->second < kConsentInterval && !overdue) {
        fail(Invariant::consent_only_on_own_paths, host, "consent checks under 4 s apart");
      }
      known.last_consent[way] = host.felt_time();
    }
  }
  known.new_transactions = 0;
  known.new_request_ways.clear();
}

void Invariants::check_pacing(Watch& known, std::uint64_t new_transactions) {
  if (new_transactions == 0) return;
  const AgentHost& host = *known.host;
  if (new_transactions > 1) {
    fail(Invariant::one_new_check_per_ta, host, std::to_string(new_transactions) + " new transactions at once");
  }
  // Before a description is known nobody but us has proposed a pacing.
  const ice::Duration ta = known.may_check_since ? known.ta : host.options().agent.pacing;
  if (known.last_check && host.felt_time() - *known.last_check < ta) {
    const auto apart = std::chrono::duration<double, std::milli>(host.felt_time() - *known.last_check);
    fail(Invariant::one_new_check_per_ta, host, "new transactions " + std::to_string(apart.count()) + " ms apart");
  }
  known.last_check = host.felt_time();
}

void Invariants::check_paths(Watch& known) {
  const AgentHost& host = *known.host;
  bool all_nominated = true;
  for (const auto& [flow, path] : host.paths()) {
    all_nominated = all_nominated && path.nominated;
    const auto answer = known.answered.find(way_of(path));
    if (answer == known.answered.end()) {
      fail(Invariant::path_needs_answered_check, host, way_text(host, way_of(path)));
    } else if (host.felt_time() - answer->second > kConsent) {
      fail(Invariant::path_needs_consent, host, "the last answer is more than 30 s old");
    }
    const auto selected = host.agent().selected_pair(flow.first, flow.second);
    // A relay is a transport of its own to the agent, and a way to the server to the driver.
    const bool elsewhere = selected && !path.relay && selected->transport != path.transport;
    if (!selected || elsewhere || selected->remote.address != path.remote || selected->nominated != path.nominated) {
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
  const ice::Snapshot snapshot = known.host->agent().snapshot();
  if (snapshot.pairs.size() > kMaxPairs) {
    fail(Invariant::at_most_100_pairs, *known.host, std::to_string(snapshot.pairs.size()) + " pairs");
  }
  const std::size_t most = kMaxCandidates * std::max<std::size_t>(1, known.host->flows().size());
  if (snapshot.remote_candidates.size() > most || snapshot.local_candidates.size() > most) {
    fail(Invariant::bounded_memory, *known.host,
         std::to_string(snapshot.remote_candidates.size()) + " remote and " +
             std::to_string(snapshot.local_candidates.size()) + " local candidates");
  }
}

void Invariants::check_timer(Watch& known) {
  const auto next = known.host->agent().next_timeout();
  if (next && *next <= known.host->clock()) {
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

}  // namespace sim
