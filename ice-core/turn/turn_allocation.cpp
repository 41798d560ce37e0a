// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/turn_allocation.h"

#include <algorithm>
#include <utility>

#include "ice-core/checks/pacer.h"
#include "ice-core/turn/turn_messages.h"

namespace ice {

namespace {

using Verdict = LongTermCredentials::Verdict;

/// A server that calls every nonce stale is given up on. A second one is no sign of that: where the network doubled our
/// request, its second answer has made the nonce of the first stale.
constexpr unsigned kMaxStaleNonces = 2;
/// The first 401 asks for credentials; after a second one the realm has changed, which nobody needs more often.
constexpr unsigned kMaxChallenges = 2;

constexpr Duration kLongestRto = std::chrono::seconds(3);

constexpr const char* kSilent = "gives no answer";

}  // namespace

TurnAllocation::TurnAllocation(TurnAllocationConfig config, RandomSource& random)
    : config_(std::move(config)),
      random_(random),
      credentials_(config_.user, config_.password),
      both_(config_.families == RelayFamilies::both) {}

// ---- sending ----

void TurnAllocation::send(TimePoint now, Request request, Duration rto, unsigned stale_nonces) {
  const TransactionId id = TransactionId::random(random_);
  StunBuilder message = [&] {
    switch (request.purpose) {
      case Purpose::refresh:
        return build_refresh(
            id, static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(kLifetime).count()));
      case Purpose::release:
        return build_refresh(id, 0);
      case Purpose::permissions:
        return build_create_permission(id, request.peers);
      case Purpose::channel:
        return build_channel_bind(id, request.channel, request.peers.front());
      case Purpose::allocate:
        break;
    }
    const RelayFamilies alone = config_.families == RelayFamilies::ipv6 ? RelayFamilies::ipv6 : RelayFamilies::ipv4;
    return build_allocate(id, request.with_both ? RelayFamilies::both : alone, config_.software);
  }();
  credentials_.sign(message);
  Bytes bytes = message.build();
  outgoing_.push_back(bytes);
  last_sent_ = now;
  if (request.purpose != Purpose::allocate) ++unpaced_;
  pending_.push_back(Pending{
      StunTransaction(id, std::move(bytes), now, rto), std::move(request), credentials_.known(), stale_nonces, {}});
  // RFC 8489 6.2.2: nothing is repeated over TCP, and given up after Ti = 39.5 s.
  if (config_.stream) pending_.back().transaction.stop_retransmitting();
}

void TurnAllocation::ask(TimePoint now, Duration rto) {
  if (state_ != State::fresh) return;
  state_ = State::asking;
  send(now, Request{Purpose::allocate, {}, 0, both_}, config_.stream ? Pacer::kMinimumRto : std::max(rto, rto_),
       stale_nonces_);
}

void TurnAllocation::release(TimePoint now) {
  release_wanted_ = true;
  switch (state_) {
    case State::fresh:
      end(Ending::released, {});
      break;
    case State::asking: {
      // Unsigned, it was never going to be granted. Signed, the server may have granted it already, its answer still on
      // its way or lost: it is given back at once, and again should the answer come later.
      const bool hopeful = std::any_of(pending_.begin(), pending_.end(), [](const Pending& p) { return p.is_signed; });
      if (!hopeful) {
        end(Ending::released, {});
        break;
      }
      for (Pending& pending : pending_) pending.transaction.stop_retransmitting();
      send(now, Request{Purpose::release, {}, 0, false}, rto_, 0);
      break;
    }
    case State::over:
      // 437: this socket has an allocation that we know nothing of. If it is of our user it is ours to give back.
      if (ending_ != Ending::mismatch) break;
      [[fallthrough]];
    case State::held:
      state_ = State::releasing;
      pending_.clear();
      send(now, Request{Purpose::release, {}, 0, false}, rto_, 0);
      break;
    case State::releasing:
      break;
  }
}

// ---- answers ----

bool TurnAllocation::handle_response(TimePoint now, const StunMessage& response) {
  if (response.message_class() != StunClass::success && response.message_class() != StunClass::error) return false;
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& pending) {
    return pending.transaction.id() == response.transaction_id();
  });
  if (found == pending_.end()) return false;
  // RFC 8489 6.3.3, 6.3.4: what we do not understand we cannot obey.
  if (!response.unknown_required().empty()) return false;

  const auto judgement = credentials_.judge(response, found->is_signed);
  // Who has taken our credentials before does not refuse them now: anybody on the path can write a 401, or provoke one.
  const bool forged = judgement.verdict == Verdict::refuse && authenticated_;
  if ((judgement.verdict == Verdict::ignore || forged) && !config_.stream) {
    found->ignored = forged ? said(*response.error_code()) + ": " + judgement.why : judgement.why;
    return false;
  }
  const Pending pending = std::move(*found);
  pending_.erase(found);
  learn_rto(now, pending.transaction);
  const auto error = response.error_code();
  switch (judgement.verdict) {
    case Verdict::ignore:  // over a reliable transport it ends the transaction (9.2.5)
      failed(now, pending, Ending::refused, judgement.why);
      return false;
    case Verdict::refuse:
      failed(now, pending, Ending::refused, said(*error) + ": " + judgement.why);
      return true;
    case Verdict::retry: {
      const bool stale = error->code == 438;
      if (stale ? pending.stale_nonces >= kMaxStaleNonces : ++challenges_ > kMaxChallenges) {
        failed(now, pending, Ending::refused, said(*error) + " again and again");
      } else {
        challenged(now, pending);
      }
      return true;
    }
    case Verdict::accept:
      authenticated_ = authenticated_ || pending.is_signed;
      break;
  }
  if (response.message_class() == StunClass::error) {
    rejected(now, pending, response, said(*error));
  } else {
    accepted(now, pending, response);
  }
  return true;
}

void TurnAllocation::learn_rto(TimePoint now, const StunTransaction& answered) {
  // RFC 8489 6.2.1: by the round trips seen; and where an answer came after a repetition, nobody knows to which (Karn),
  // but that the RTO was too short is likely.
  if (const auto round_trip = answered.round_trip(now)) {
    round_trip_ = round_trip;
    if (!config_.stream) rto_ = std::clamp<Duration>(2 * *round_trip, Pacer::kMinimumRto, kLongestRto);
  } else {
    rto_ = std::min<Duration>(2 * rto_, kLongestRto);
  }
}

void TurnAllocation::challenged(TimePoint now, const Pending& pending) {
  const unsigned stale = pending.stale_nonces + (pending.is_signed ? 1 : 0);
  if (pending.request.purpose != Purpose::allocate) {
    send(now, pending.request, rto_, stale);
    return;
  }
  if (release_wanted_) {
    end(Ending::released, {});
    return;
  }
  // A new transaction of gathering: it waits for its turn.
  state_ = State::fresh;
  stale_nonces_ = stale;
}

void TurnAllocation::accepted(TimePoint now, const Pending& pending, const StunMessage& response) {
  switch (pending.request.purpose) {
    case Purpose::allocate:
      allocated(now, pending, response);
      break;
    case Purpose::refresh:
      if (response.lifetime() == 0U) {
        end(Ending::lost, "ended our allocation");
      } else {
        plan_renewal(now, response);
      }
      break;
    case Purpose::release:
      end(Ending::released, {});
      break;
    case Purpose::permissions:
      permissions_.granted(now, pending.request.peers);
      break;
    case Purpose::channel:
      channels_.bound(now, pending.request.channel);
      break;
  }
}

void TurnAllocation::allocated(TimePoint now, const Pending& pending, const StunMessage& response) {
  for (const Address& address : response.xor_addresses(StunAttribute::xor_relayed_address)) {
    const bool known = std::any_of(relayed_.begin(), relayed_.end(),
                                   [&](const Address& other) { return other.family() == address.family(); });
    if (known || address.is_unspecified() || address.is_multicast() || address.port() == 0) continue;
    relayed_.push_back(address);
  }
  mapped_ = response.mapped_address();
  state_ = State::held;
  plan_renewal(now, response);
  std::erase_if(pending_, [](const Pending& p) { return p.request.purpose == Purpose::release; });
  if (relayed_.empty() && !release_wanted_) {
    unusable_ = true;
    why_ = "granted an allocation without a usable address";
  }
  if (release_wanted_ || unusable_) {
    release(now);
    return;
  }
  if (pending.request.with_both && relayed_.size() == 1) {
    const auto error = address_error(response);
    remark_ = std::string("relays only ") + (relayed_.front().family() == Family::ipv4 ? "IPv4" : "IPv6") +
              (error ? " (" + std::to_string(error->code) + ")" : "");
  }
}

void TurnAllocation::plan_renewal(TimePoint now, const StunMessage& response) {
  const Duration lifetime = std::chrono::seconds(response.lifetime().value_or(600));
  renew_at_ = now + std::max(kShortestRenewal, std::min(lifetime, kLifetime) / 2);
}

void TurnAllocation::rejected(TimePoint now, const Pending& pending, const StunMessage& response,
                              const std::string& why) {
  const int code = response.error_code()->code;
  if (pending.request.purpose == Purpose::allocate) {
    allocate_rejected(now, pending, response, why);
  } else if (pending.request.purpose == Purpose::refresh) {
    end(Ending::lost, why);
  } else if (pending.request.purpose == Purpose::release && state_ == State::asking) {
    // There is none yet: the answer to the Allocate says whether there will be.
  } else if (pending.request.purpose != Purpose::release && code == 437) {
    end(Ending::lost, why);
  } else {
    failed(now, pending, Ending::refused, why);
  }
}

void TurnAllocation::allocate_rejected(TimePoint, const Pending& pending, const StunMessage& response,
                                       const std::string& why) {
  const int code = response.error_code()->code;
  if (release_wanted_) {
    end(Ending::released, {});
  } else if (code == 300) {
    alternate_ = response.alternate_server();
    end(alternate_ ? Ending::elsewhere : Ending::refused, why);
  } else if (code == 437) {
    end(Ending::mismatch, why);
  } else if (pending.request.with_both && (code == 440 || code == 420 || code == 400)) {
    // An old server may mind being asked for two families; IPv4 alone is worth having.
    both_ = false;
    remark_ = "relays only IPv4 (" + why + ")";
    state_ = State::fresh;
  } else {
    end(Ending::refused, why);
  }
}

void TurnAllocation::failed(TimePoint now, const Pending& pending, Ending ending, const std::string& why) {
  switch (pending.request.purpose) {
    case Purpose::allocate:
      end(release_wanted_ ? Ending::released : ending, why);
      break;
    case Purpose::refresh:
      end(Ending::lost, why);
      break;
    case Purpose::release:
      end(Ending::released, why);  // its clock will do it
      break;
    case Purpose::permissions:
      if (ending == Ending::silent) {
        permissions_.timed_out(now, pending.request.peers, why);
      } else {
        permissions_.refused(now, pending.request.peers, why);
      }
      break;
    case Purpose::channel:
      channels_.refused(now, pending.request.channel);
      break;
  }
}

void TurnAllocation::end(Ending ending, std::string why) {
  state_ = State::over;
  ending_ = unusable_ ? Ending::refused : ending;
  if (!unusable_) why_ = std::move(why);
  pending_.clear();
}

// ---- time ----

void TurnAllocation::advance(TimePoint now) {
  std::vector<Pending> timed_out;
  for (std::size_t i = 0; i < pending_.size();) {
    Pending& pending = pending_[i];
    switch (pending.transaction.handle_timeout(now)) {
      case StunTransaction::Step::retransmit: {
        const ByteView request = pending.transaction.request();
        outgoing_.emplace_back(request.begin(), request.end());
        last_sent_ = now;
        break;
      }
      case StunTransaction::Step::timed_out:
        timed_out.push_back(std::move(pending));
        pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      case StunTransaction::Step::nothing:
        break;
    }
    ++i;
  }
  for (const Pending& pending : timed_out) {
    if (state_ == State::over) return;
    failed(now, pending, Ending::silent, pending.ignored.empty() ? kSilent : pending.ignored);
  }
  if (state_ != State::held) return;

  const auto under_way = [&](Purpose purpose) {
    return std::any_of(pending_.begin(), pending_.end(),
                       [&](const Pending& p) { return p.request.purpose == purpose; });
  };
  if (now >= renew_at_ && !under_way(Purpose::refresh)) {
    send(now, Request{Purpose::refresh, {}, 0, false}, rto_, 0);
  }
  // One at a time: what becomes due meanwhile goes together in the next (RFC 8656 9.1).
  if (!under_way(Purpose::permissions)) {
    if (auto ips = permissions_.take_due(now); !ips.empty()) {
      send(now, Request{Purpose::permissions, std::move(ips), 0, false}, rto_, 0);
    }
  }
  while (auto binding = channels_.take_due(now)) {
    send(now, Request{Purpose::channel, {binding->peer}, binding->number, false}, rto_, 0);
  }
  if (!config_.stream && now >= last_sent_ + kKeepalive) {
    outgoing_.push_back(
        StunBuilder(StunClass::indication, StunMethod::binding, TransactionId::random(random_)).fingerprint().build());
    last_sent_ = now;
  }
}

std::optional<TimePoint> TurnAllocation::next_timeout(TimePoint now) const {
  std::optional<TimePoint> next;
  const auto consider = [&](std::optional<TimePoint> time) {
    if (time) next = std::min(next.value_or(*time), *time);
  };
  bool renewing = false;
  bool permitting = false;
  for (const Pending& pending : pending_) {
    consider(pending.transaction.next_timeout());
    renewing = renewing || pending.request.purpose == Purpose::refresh;
    permitting = permitting || pending.request.purpose == Purpose::permissions;
  }
  if (state_ != State::held) return next;
  if (!renewing) consider(renew_at_);
  if (!permitting) consider(permissions_.next_timeout());
  consider(channels_.next_timeout(now));
  if (!config_.stream) consider(last_sent_ + kKeepalive);
  return next;
}

}  // namespace ice
