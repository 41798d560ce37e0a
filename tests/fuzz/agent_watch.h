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

/// Between one of the agent's transports and a peer, straight or by a TURN server.
struct Way {
  ice::TransportId transport;
  ice::Address remote;
  std::optional<ice::Address> server;

  auto operator<=>(const Way&) const = default;
};

/// A request that the agent sent, to a peer or to a server, kept to be answered.
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
  /// A datagram, or a piece of a stream, on one of the agent's transports; by a relay, as its server would wrap it.
  void deliver(const Way& way, ice::ByteView bytes);
  /// Time goes on; the agent is woken when it asked to be, a few hundred times at most.
  void pass(ice::Duration time);
  /// Time goes on, and nobody wakes the agent until the end.
  void oversleep(ice::Duration time);
  void close();

  // ---- what the peer told it; nothing else may be believed or asked ----
  void told_credentials(const ice::Credentials& credentials);
  void told_address(const ice::Address& address);
  void told_server(const ice::Address& address) { servers_.insert(address); }
  void told_new_generation();

  // ---- looking in ----
  [[nodiscard]] ice::Agent& agent() { return agent_; }
  [[nodiscard]] const std::vector<ice::OpenTransport>& asked() const { return asked_; }
  [[nodiscard]] std::optional<ice::OpenTransport> take_asked(std::size_t which);
  void opened(const ice::OpenTransport& asked) { open_.insert_or_assign(asked.id, asked); }
  /// The transport that is open at this place, counted round; nothing when none is.
  [[nodiscard]] std::optional<ice::TransportId> transport(std::size_t which) const;
  [[nodiscard]] bool is_open(ice::TransportId id) const { return open_.contains(id); }
  /// The latest requests, until they are taken.
  [[nodiscard]] const std::deque<SentRequest>& requests() const { return requests_; }
  [[nodiscard]] std::deque<SentRequest> take_requests() { return std::exchange(requests_, {}); }
  [[nodiscard]] const std::deque<SentRequest>& server_requests() const { return server_requests_; }
  [[nodiscard]] std::deque<SentRequest> take_server_requests() { return std::exchange(server_requests_, {}); }
  void finish();

 private:
  struct Heard {
    Way way;
    ice::StunClass message_class = ice::StunClass::indication;
    ice::TransactionId id;
    bool genuine = false;  ///< signed for us, or an answer to what we asked
    bool certain = true;   ///< false: it may be anything, as a piece of a stream may
  };
  void deliver_datagram(const Way& way, ice::ByteView bytes);
  void drain(const Heard* heard);
  void sent(const Way& way, ice::ByteView bytes, const Heard* heard);
  void sent_to_server(const Way& way, ice::ByteView bytes, const Heard* heard);
  void request_sent(const Way& way, const ice::StunMessage& message);
  void event(const ice::Event& event);
  void check_counters();
  void check_paths();
  void check_text(const std::string& text);
  [[nodiscard]] std::optional<Heard> hear(const Way& way, ice::ByteView bytes);
  [[nodiscard]] bool is_stream(ice::TransportId id) const;

  sim::SeededRandom random_{1};
  ice::Agent agent_;
  ice::TimePoint now_ = ice::TimePoint(std::chrono::hours(1));
  bool closed_ = false;
  bool finished_ = false;

  std::vector<ice::OpenTransport> asked_;
  std::map<ice::TransportId, ice::OpenTransport> open_;
  std::set<std::string> own_passwords_;
  std::vector<ice::Credentials> remote_;
  std::set<ice::Address> known_addresses_;
  std::set<ice::Address> servers_;
  std::map<std::pair<ice::TransportId, std::uint16_t>, ice::Address> channels_;  // that it asked for
  std::deque<SentRequest> requests_;
  std::deque<SentRequest> server_requests_;
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
