// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold in every simulated call. Each invariant is named here, checked by an observer that sees only the wire,
// the events and the getters, and broken at most once: the first breach stops the world.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ice-core/stun/message.h"
#include "tests/sim/agent_host.h"
#include "tests/sim/observer.h"
#include "tests/sim/relay_view.h"

namespace sim {

class TurnServer;

enum class Invariant {
  // ---- after every step ----
  one_new_check_per_ta,          ///< RFC 8445 14.2: Ta paces new checks and gathering, the whole agent's (trap 20)
  requests_are_counted,          ///< each new transaction on the wire is a check or a consent check of the counters
  no_check_without_credentials,  ///< RFC 8445 7.2.2: USERNAME and integrity are of the peer's current credentials
  checks_only_known_addresses,   ///< only what the peer signaled or authenticated itself from is ever checked (19.5.1)
  servers_only_as_told,          ///< requests to servers go to those that the application, or a 300, named
  nothing_unsigned_believed,     ///< what counts as received was signed by who knows the password (RFC 8445 7.2.2)
  consent_only_on_own_paths,     ///< RFC 7675 5.1: on paths in use, and never under 4 s
  at_most_100_pairs,             ///< RFC 8445 6.1.2.5
  responses_where_asked,         ///< RFC 8445 7.3: to the address, and from the transport, of an unanswered request
  responses_are_signed,          ///< RFC 8489 9.1.3
  path_needs_answered_check,     ///< media only on what a check of ours validated (RFC 8445 12.1), by an answer
                                 ///< from the address asked, to where it was asked from (7.2.5.2.1)
  source_needs_authenticated,    ///< a source counts when it authenticated itself, or answered us
  path_needs_consent,            ///< RFC 7675 5.1: 30 s after the last valid answer the path is gone
  media_is_accepted,             ///< what a peer sends on its path is never a stranger's, and lands on its component
  strangers_are_dropped,         ///< nothing is media that no validated source sent
  only_open_transports,          ///< sends only through sockets that are open
  timer_moves_on,                ///< after handle_timeout(), next_timeout() is in the future
  role_conflict_ends,            ///< RFC 8445 7.3.1.1: roles change a few times at most
  bounded_memory,                ///< what a peer can make the agent remember has an end (RFC 8445 19.5.1)
  bounded_steps,                 ///< no spinning: timeouts per simulated second
  events_match_getters,          ///< the last event says what the getter says
  state_matches_paths,           ///< connected: all flows that the peer uses have a path; completed: all are nominated
  // ---- at the end of a call ----
  none_stuck,                ///< completed or failed within the time allowed
  completes_where_possible,  ///< completed, where a path exists for all flows
  fails_with_reason,         ///< failed not before PAC ran out (RFC 8863), and explained
  one_controlling,           ///< RFC 8445 7.3.1.1
  pairs_mirror,              ///< A's selected pair, seen through the network, is B's
  // ---- after close() ----
  allocations_released,     ///< RFC 8656 8: nothing is left on the TURN servers
  server_has_no_complaint,  ///< RFC 8656 10 to 12: permission before data, channels of one peer, framing
  closes_everything,        ///< transports closed, paths and sources revoked, no timer
  silent_after_close,       ///< nothing is sent
};
const char* text(Invariant invariant);

struct Breach {
  Invariant invariant;
  std::string text;
};

class Invariants final : public Observer {
 public:
  explicit Invariants(World& world);

  /// A test that breaks a rule of the world on purpose says which invariant does not apply to it.
  void waive(Invariant invariant) { waived_.insert(invariant); }

  [[nodiscard]] const std::optional<Breach>& breach() const { return breach_; }

  /// At the end of a call between two agents that both must have ended.
  void check_ended(const AgentHost& host, bool must_complete);
  /// The peer is gone for long enough.
  void check_failed(const AgentHost& host);
  void check_agreement(const AgentHost& a, const AgentHost& b);
  /// After close(), and the farewell to the servers.
  void check_closed(const AgentHost& host);
  /// After both were closed: nothing leaked, and nothing was done against the rules. `leaks`: an agent died without
  /// a farewell, or the way to the server is cut.
  void check_server(TurnServer& server, const AgentHost& user, bool may_leak);

  void told_description(const AgentHost& host, const ice::Description& description) override;
  void told_candidate(const AgentHost& host, ice::StreamId stream, const ice::Candidate& candidate) override;
  void told_end_of_candidates(const AgentHost& host, ice::StreamId stream) override;
  void told_server(const AgentHost& host, const ice::Address& address) override;
  void told_new_generation(const AgentHost& host) override;
  void told_reborn(const AgentHost& host) override;
  void received(const AgentHost& host, ice::TransportId transport, const Datagram& datagram) override;
  void disposed(const AgentHost& host, ice::TransportId transport, const Datagram& datagram,
                const ice::Disposition& disposition) override;
  void transmitted(const AgentHost& host, const ice::Transmit& transmit) override;
  void event(const AgentHost& host, const ice::Event& event) override;
  void stepped(const AgentHost& host, Step step) override;

 private:
  /// What is known of one agent from outside.
  struct Watch {
    const AgentHost* host = nullptr;
    RelayView view;
    std::set<std::pair<std::string, std::string>> remote_credentials;  // of this generation
    std::set<ice::Address> known_addresses;                            // signaled, or seen in authenticated requests
    std::set<ice::StreamId> mentioned_streams;                         // the peer has them
    std::set<ice::StreamId> ended_streams;                             // end-of-candidates was told
    std::map<Flow, std::set<std::string>> signaled_flows;              // the ufrags of candidates that were told
    struct Asked {
      Way way;
      bool answered = false;
    };
    std::map<ice::TransactionId, Asked> own_requests;
    std::map<std::pair<ice::TransactionId, Way>, int> unanswered;
    std::map<Way, ice::TimePoint> answered;  // when the last valid answer came
    std::optional<Way> maybe_answered;       // by the datagram that the agent is looking at
    bool authentic = false;                  // that datagram, between peers
    ice::AgentCounters before;               // it
    std::set<Way> authenticated;
    std::map<Way, Flow> sources;
    std::set<Way> revoked;  // sources that were, once
    std::map<Way, ice::TimePoint> last_consent;
    std::set<Way> new_request_ways;  // of this step
    std::size_t new_server_requests = 0;
    std::set<ice::TransactionId> server_requests;
    int role_changes = 0;
    std::optional<ice::TimePoint> last_check;
    ice::Duration ta{};
    ice::AgentCounters counters;
    std::size_t new_transactions = 0;  // of this step
    std::optional<ice::ConnectionState> state;
    std::optional<ice::TimePoint> may_check_since;
    int generation = 0;
    bool closed = false;
    ice::TimePoint second_began{};
    int timeouts_this_second = 0;

    [[nodiscard]] bool unused_by_peer(const Flow& flow) const;
  };
  Watch& watch(const AgentHost& host);
  void fail(Invariant invariant, const AgentHost& host, const std::string& text);

  void request_sent(Watch& watch, const Seen& seen);
  void response_sent(Watch& watch, const Seen& seen);
  void server_request_sent(Watch& watch, const Seen& seen);
  void check_pacing(Watch& watch, std::uint64_t new_transactions);
  void check_counters(Watch& watch);
  void check_paths(Watch& watch);
  void check_pair_count(Watch& watch);
  void check_timer(Watch& watch);

  World& world_;
  std::map<const AgentHost*, Watch> watches_;
  std::set<Invariant> waived_;
  std::optional<Breach> breach_;
};

}  // namespace sim
