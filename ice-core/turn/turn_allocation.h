// SPDX-License-Identifier: LGPL-2.1-or-later
// One allocation on one TURN server (RFC 8656): asked for, kept, used, released. Sends nothing itself and knows no
// socket: bytes to the server wait in take_outgoing(), the server's answers come through handle_response().
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/base/random.h"
#include "ice-core/base/types.h"
#include "ice-core/gathering/server.h"
#include "ice-core/stun/message.h"
#include "ice-core/stun/transaction.h"
#include "ice-core/turn/channels.h"
#include "ice-core/turn/long_term_credentials.h"
#include "ice-core/turn/permissions.h"

namespace ice {

struct TurnAllocationConfig {
  std::string user;
  std::string password;
  RelayFamilies families = RelayFamilies::both;
  bool stream = false;   ///< TCP or TLS: nothing is repeated, what is not signed ends the transaction (RFC 8489 6.2.2)
  std::string software;  ///< empty for none
};

class TurnAllocation {
 public:
  enum class State {
    fresh,      ///< an Allocate request may be sent: see wants_slot()
    asking,     ///< it is under way
    held,       ///< there is an allocation
    releasing,  ///< the server is being told that it is wanted no more
    over,       ///< see ending()
  };
  enum class Ending {
    released,
    refused,    ///< by an error response: see why()
    silent,     ///< no answer, or none that could be believed
    mismatch,   ///< 437: the server knows this socket; another one is needed (7.4)
    elsewhere,  ///< 300: go to alternate() (RFC 8489 10)
    lost,       ///< it was held, and is no more
  };

  /// An allocation whose lifetime would end sooner is renewed in time all the same; what the server says above it, or
  /// nonsense, is taken as this (RFC 8656 7.2: 600 s by default).
  static constexpr Duration kLifetime = std::chrono::seconds(600);
  static constexpr Duration kShortestRenewal = std::chrono::seconds(5);
  /// With nothing sent to the server for so long, an indication keeps the NATs on the way to it open (RFC 8445 11).
  static constexpr Duration kKeepalive = std::chrono::seconds(15);

  TurnAllocation(TurnAllocationConfig config, RandomSource& random);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Ending ending() const { return ending_; }
  /// What the server said, for a person: "said 401 Unauthorized: wrong user or password".
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] const std::optional<Address>& alternate() const { return alternate_; }
  /// Something that a user should know although there is an allocation (no IPv6 relay), else empty.
  [[nodiscard]] const std::string& remark() const { return remark_; }

  /// The next Allocate is paced as a new gathering transaction is (RFC 8445 14.2): ask() when there is a turn for it.
  [[nodiscard]] bool wants_slot() const { return state_ == State::fresh; }
  void ask(TimePoint now, Duration rto);
  /// An answer that the server sent. False when it answers nothing of ours, or is not believed.
  bool handle_response(TimePoint now, const StunMessage& response);
  /// Retransmits, times out, renews the allocation, its permissions and channels.
  void advance(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_timeout(TimePoint now) const;
  /// Tells the server that it is wanted no more (lifetime 0), at once or when it turns out that there is one.
  void release(TimePoint now);
  [[nodiscard]] std::vector<Bytes> take_outgoing() { return std::exchange(outgoing_, {}); }
  /// Payload went to the server by another way than take_outgoing().
  void sent(TimePoint now) { last_sent_ = now; }

  // ---- held ----

  [[nodiscard]] const std::vector<Address>& relayed() const { return relayed_; }  ///< at most one of a family
  [[nodiscard]] const std::optional<Address>& mapped() const { return mapped_; }  ///< ours, as the server sees it
  [[nodiscard]] std::optional<Duration> round_trip_time() const { return round_trip_; }
  /// Whom checks and media go to: a permission each. IPs without port.
  void want_permissions(const std::set<Address>& ips) { permissions_.want(ips); }
  /// Whom media goes to: a channel each.
  void want_channels(const std::set<Address>& peers) { channels_.want(peers); }
  [[nodiscard]] bool permits(const Address& peer, TimePoint now) const {
    return state_ == State::held && permissions_.has(peer.with_port(0), now);
  }
  [[nodiscard]] const std::string* forbidden(const Address& peer) const {
    return permissions_.forbidden(peer.with_port(0));
  }
  [[nodiscard]] std::optional<std::uint16_t> channel_of(const Address& peer, TimePoint now) const {
    return channels_.number_of(peer, now);
  }
  [[nodiscard]] std::optional<Address> peer_of(std::uint16_t channel) const { return channels_.peer_of(channel); }

  /// New transactions since the last call that are not paced: refreshes, permissions, channels.
  [[nodiscard]] std::uint64_t take_unpaced_count() { return std::exchange(unpaced_, 0); }

 private:
  enum class Purpose { allocate, refresh, release, permissions, channel };
  struct Request {
    Purpose purpose = Purpose::allocate;
    std::vector<Address> peers;  ///< of permissions and channel
    std::uint16_t channel = 0;
    bool with_both = false;  ///< an Allocate for two families
  };
  struct Pending {
    StunTransaction transaction;
    Request request;
    bool is_signed = false;
    unsigned stale_nonces = 0;
    std::string ignored;  ///< why answers to it were not believed
  };

  void send(TimePoint now, Request request, Duration rto, unsigned stale_nonces);
  void accepted(TimePoint now, const Pending& pending, const StunMessage& response);
  void allocated(TimePoint now, const Pending& pending, const StunMessage& response);
  void rejected(TimePoint now, const Pending& pending, const StunMessage& response, const std::string& why);
  void learn_rto(TimePoint now, const StunTransaction& answered);
  void challenged(TimePoint now, const Pending& pending);
  void failed(TimePoint now, const Pending& pending, Ending ending, const std::string& why);
  void allocate_rejected(TimePoint now, const Pending& pending, const StunMessage& response, const std::string& why);
  void end(Ending ending, std::string why);
  void plan_renewal(TimePoint now, const StunMessage& response);

  TurnAllocationConfig config_;
  RandomSource& random_;
  LongTermCredentials credentials_;
  State state_ = State::fresh;
  Ending ending_ = Ending::released;
  std::string why_;
  std::string remark_;
  std::optional<Address> alternate_;
  bool both_ = false;  ///< the next Allocate asks for both families
  bool release_wanted_ = false;
  bool authenticated_ = false;     ///< it has answered with a signature of our password
  bool unusable_ = false;      ///< granted, but with nothing that could be used
  unsigned challenges_ = 0;    ///< 401 so far: a server that names another realm each time is not followed
  unsigned stale_nonces_ = 0;  ///< of the Allocate that comes next

  std::vector<Pending> pending_;
  std::vector<Bytes> outgoing_;
  TimePoint last_sent_{};
  TimePoint renew_at_{};
  std::vector<Address> relayed_;
  std::optional<Address> mapped_;
  std::optional<Duration> round_trip_;
  Duration rto_ = std::chrono::milliseconds(500);
  Permissions permissions_;
  Channels channels_;
  std::uint64_t unpaced_ = 0;
};

}  // namespace ice
