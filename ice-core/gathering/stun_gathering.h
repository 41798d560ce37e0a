// SPDX-License-Identifier: LGPL-2.1-or-later
// Server-reflexive candidates: each base asks each STUN server what it looks like from there (RFC 8445 5.1.1.2), and
// asks again now and then, so that the NAT keeps the binding (5.1.1.4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ice-core/agent/context.h"
#include "ice-core/gathering/local_candidates.h"
#include "ice-core/stun/transaction.h"

namespace ice {

/// A server that has been silent for so long holds back the end of gathering no more; its answer still counts when it
/// comes.
inline constexpr Duration kServerSilence = std::chrono::seconds(5);

class StunGathering {
 public:
  /// Bindings are kept by a request this often (RFC 8445 11: Tr is 15 s or more).
  static constexpr Duration kKeepalive = std::chrono::seconds(15);

  StunGathering(AgentContext& context, LocalCandidates& candidates) : context_(context), candidates_(candidates) {}

  /// Sees to it that every base has asked, is asking or waits to ask every server of its family.
  void update(TimePoint now);
  /// One of ours answered. False when it answers nothing of ours.
  bool handle_response(TimePoint now, TransportId transport, const Address& source, const StunMessage& response);
  /// Retransmits, times out, keeps bindings.
  void advance(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_timeout(TimePoint now) const;

  [[nodiscard]] bool wants_slot() const;
  /// Begins the next transaction.
  void begin_next(TimePoint now, Duration rto);
  /// Transactions that have not ended, begun or not.
  [[nodiscard]] std::size_t unfinished() const;
  /// The stream's gathering cannot end yet.
  [[nodiscard]] bool holds_back(StreamId stream, TimePoint now) const;

 private:
  struct Query {
    enum class State { queued, asking, found, failed };

    ServerId server;
    TransportId base;
    StreamId stream;
    ComponentId component;
    std::string ufrag;  ///< of the generation that asked
    State state = State::queued;
    Address address;             ///< of the server
    std::vector<Address> asked;  ///< addresses so far, redirections included (RFC 8489 10)
    std::optional<StunTransaction> transaction;
    bool keepalive = false;  ///< the transaction only keeps the binding
    std::optional<Address> mapped;
    TimePoint keepalive_at{};
  };

  void add(const Server& server, TransportId base, const Transport& transport);
  void send(TimePoint now, Query& query, Duration rto);
  void found(TimePoint now, Query& query, const StunMessage& response);
  void rejected(Query& query, const StunMessage& response);
  void timed_out(Query& query);
  /// Another address of the same server, where it has one; else it has failed.
  void try_elsewhere(Query& query, const std::string& why);
  [[nodiscard]] bool kept_alive(const Query& query) const;

  AgentContext& context_;
  LocalCandidates& candidates_;
  std::vector<Query> queries_;
};

}  // namespace ice
