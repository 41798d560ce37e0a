// SPDX-License-Identifier: LGPL-2.1-or-later
// One ice::Agent seen from outside: every call is drained, and what must hold after any call is checked. It knows only
// what went in and came out, as the simulator's invariants do, and has no world around it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ice-core/agent/agent.h"
#include "ice-core/stun/message.h"
#include "tests/sim/seeded_random.h"

namespace fuzz {

using Way = std::pair<ice::TransportId, ice::Address>;

/// A request that the agent sent, kept for the peer to answer.
struct SentRequest {
  Way way;
  ice::TransactionId id;
  ice::Bytes bytes;
};

class AgentWatch {
 public:
  explicit AgentWatch(const ice::AgentConfig& config);

  /// Anything but a datagram or the passing of time.
  void call(const std::function<void(ice::Agent&, ice::TimePoint)>& action);
  /// A datagram on one of the agent's transports.
  void datagram(ice::TransportId transport, const ice::Address& source, ice::ByteView bytes);
  /// Time goes on; the agent is woken when it asked to be, a few hundred times at most.
  void pass(ice::Duration time);
  /// Time goes on, and nobody wakes the agent until the end.
  void oversleep(ice::Duration time);
  void close();

  // ---- what the peer told it; nothing else may be believed or asked ----
  void told_credentials(const ice::Credentials& credentials);
  void told_address(const ice::Address& address);
  void told_new_generation();

  // ---- looking in ----
  [[nodiscard]] ice::Agent& agent() { return agent_; }
  [[nodiscard]] const std::vector<ice::OpenTransport>& asked() const { return asked_; }
  [[nodiscard]] std::optional<ice::OpenTransport> take_asked(std::size_t which);
  void opened(ice::TransportId id) { open_.insert(id); }
  /// The transport that is open at this place, counted round; nothing when none is.
  [[nodiscard]] std::optional<ice::TransportId> transport(std::size_t which) const;
  [[nodiscard]] bool is_open(ice::TransportId id) const { return open_.contains(id); }
  /// The latest requests, until they are taken.
  [[nodiscard]] const std::deque<SentRequest>& requests() const { return requests_; }
  [[nodiscard]] std::deque<SentRequest> take_requests() { return std::exchange(requests_, {}); }
  void finish();

 private:
  struct Heard {
    Way way;
    ice::StunClass message_class = ice::StunClass::indication;
    ice::TransactionId id;
    bool genuine = false;  ///< signed for us, or an answer to what we asked, from where we asked
  };
  void drain(const Heard* heard);
  void request_sent(const ice::Transmit& transmit, const ice::StunMessage& message);
  void event(const ice::Event& event);
  void check_counters();
  void check_paths();
  void check_text(const std::string& text);
  [[nodiscard]] std::optional<Heard> hear(ice::TransportId transport, const ice::Address& source, ice::ByteView bytes);

  sim::SeededRandom random_{1};
  ice::Agent agent_;
  ice::TimePoint now_ = ice::TimePoint(std::chrono::hours(1));
  bool closed_ = false;

  std::vector<ice::OpenTransport> asked_;
  std::set<ice::TransportId> open_;
  std::set<std::string> own_passwords_;
  std::vector<ice::Credentials> remote_;
  std::set<ice::Address> known_addresses_;
  std::deque<SentRequest> requests_;
  std::map<ice::TransactionId, Way> sent_;  // all requests ever
  std::map<Way, ice::TimePoint> answered_;
  std::set<Way> sources_;
  std::map<std::pair<ice::StreamId, ice::ComponentId>, Way> paths_;
  ice::AgentCounters counters_;
  std::optional<ice::TimePoint> last_check_;
  std::size_t new_requests_ = 0;  // of this call
  std::size_t responses_ = 0;     // of this call
};

}  // namespace fuzz
