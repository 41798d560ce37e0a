// SPDX-License-Identifier: LGPL-2.1-or-later
// Lives a planned call through: lets things happen in its world, and judges the end.
#include "tests/sim/random_call.h"

#include <algorithm>

#include "tests/sim/call_world.h"

namespace sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// PAC, or two transactions one after the other, and what signaling takes on top.
constexpr ice::Duration kLongestCall = seconds(200);
constexpr ice::Duration kSettle = seconds(3);
/// Every path has been asked once more, and what loss made doubtful is forgiven.
constexpr ice::Duration kConsentRound = seconds(8);
/// PAC and the loss of consent, whichever comes last.
constexpr ice::Duration kNoticed = seconds(90);

/// Who never heard of the peer, since it closed before it spoke, has nothing to end.
bool idle(const AgentHost& host) {
  return host.is(ice::ConnectionState::fresh) && !host.agent().remote_credentials().complete();
}

/// A call in its world.
class PlannedCall {
 public:
  PlannedCall(const CallPlan& plan, std::ostream* out)
      : plan_(plan),
        in_(plan, out),
        signaling_{Signaling(*in_.hosts[0], *in_.hosts[1], plan.sides[0].signaling),
                   Signaling(*in_.hosts[1], *in_.hosts[0], plan.sides[1].signaling)} {}

  CallResult live();

 private:
  void disturb(const Disturbance& disturbance);
  void begin_new_generation(std::size_t side);
  void be_reborn(std::size_t side);
  [[nodiscard]] bool both_know() const;
  [[nodiscard]] bool both_ended() const;
  void judge(CallResult& result);
  void measure(CallResult& result, ice::TimePoint known) const;
  void close(CallResult& result);

  const CallPlan& plan_;
  CallWorld in_;
  std::array<Signaling, 2> signaling_;
};

void PlannedCall::begin_new_generation(std::size_t side) {
  // Signaling in order, as an application with a peer-id has it: nothing of the old generation arrives any more.
  AgentHost& host = *in_.hosts[side];
  if (host.asleep() || host.agent().gathering_state() != ice::GatheringState::complete) return;
  signaling_[side].drop_what_is_under_way();
  host.new_generation();
  signaling_[side].send_description();
  signaling_[1 - side].send_description();
}

void PlannedCall::be_reborn(std::size_t side) {
  AgentHost& host = *in_.hosts[side];
  signaling_[side].begin_anew();
  host.be_reborn();
  host.start();
  signaling_[side].begin();
  signaling_[1 - side].send_description();
}

void PlannedCall::disturb(const Disturbance& disturbance) {
  AgentHost& host = *in_.hosts[disturbance.side];
  using Kind = Disturbance::Kind;
  const bool started = host.agent().gathering_state() != ice::GatheringState::fresh;
  switch (disturbance.kind) {
    case Kind::cut:
      in_.set_paths(false);
      in_.world.after(disturbance.length, [this] { in_.set_paths(true); });
      break;
    case Kind::new_generation:
      begin_new_generation(disturbance.side);
      break;
    case Kind::close:
      signaling_[disturbance.side].cut();
      host.close();
      break;
    case Kind::clock_forward:
      host.step_clock(disturbance.length);
      break;
    case Kind::clock_back:
      host.step_clock(-disturbance.length);
      break;
    case Kind::sleep:
      host.sleep(disturbance.length);
      break;
    case Kind::rebirth:
      if (started && !host.is(ice::ConnectionState::closed)) be_reborn(disturbance.side);
      break;
    case Kind::interface_lost:
      host.lose_interface(host.options().interfaces.empty() ? "" : host.options().interfaces.front().name);
      break;
    case Kind::new_address:
      if (started && !host.options().interfaces.empty()) {
        const HostInterface& first = host.options().interfaces.front();
        ice::Address other = first.address;
        host.change_address(first.name, *ice::Address::parse(other.ip_text() + "7"));
      }
      break;
    case Kind::nat_reboot:
      for (Nat* each : in_.nats[disturbance.side]) each->forget_mappings();
      break;
    case Kind::server_restart:
      if (in_.turn != nullptr) in_.turn->restart();
      break;
    case Kind::stale_nonces:
      if (in_.turn != nullptr) in_.turn->expire_nonces();
      break;
  }
}

bool PlannedCall::both_know() const {
  return std::all_of(in_.hosts.begin(), in_.hosts.end(),
                     [](const AgentHost* host) { return host->agent().remote_credentials().complete(); });
}

bool PlannedCall::both_ended() const {
  return std::all_of(in_.hosts.begin(), in_.hosts.end(), [](const AgentHost* host) {
    return !host->asleep() && (host->ended() || host->is(ice::ConnectionState::closed) || idle(*host));
  });
}

CallResult PlannedCall::live() {
  World& world = in_.world;
  ice::Duration calm{};  // from then on nothing disturbs any more
  for (std::size_t i = 0; i < 2; ++i) {
    world.after(plan_.sides[i].start_delay, [this, i] {
      in_.hosts[i]->start();
      signaling_[i].begin();
    });
    calm = std::max(calm, plan_.sides[i].start_delay);
  }
  for (const Disturbance& each : plan_.disturbances) {
    world.after(each.at, [this, &each] { disturb(each); });
    const bool lasts = each.kind == Disturbance::Kind::cut || each.kind == Disturbance::Kind::sleep;
    calm = std::max(calm, each.at + (lasts ? each.length : ice::Duration::zero()));
  }

  world.run_until([this] { return both_know(); }, seconds(30));
  const ice::TimePoint known = world.now();
  world.run_for(std::max(ice::Duration::zero(), calm - world.elapsed()));
  const ice::Duration patience = somebody_closes(plan_) || may_end(plan_) ? seconds(30) : kLongestCall;
  world.run_until([this] { return both_ended() && both_know(); }, patience);
  world.run_until([this] { return both_ended(); }, kLongestCall);
  world.run_for(somebody_closes(plan_) || may_end(plan_) ? kNoticed : kSettle);
  // Loss may just then have taken several consent checks in a row; a call is judged on quiet paths, and so is its talk.
  if (plan_.talk > ice::Duration::zero() || !both_ended()) {
    in_.quiet_paths();
    world.run_until([this] { return both_ended(); }, kLongestCall);
    world.run_for(std::max(plan_.talk, kConsentRound));
    world.run_until([this] { return both_ended(); }, kLongestCall);
  }

  CallResult result;
  judge(result);
  measure(result, known);
  close(result);
  return result;
}

void PlannedCall::close(CallResult& result) {
  in_.quiet_paths();
  for (Signaling& each : signaling_) each.cut();
  for (AgentHost* each : in_.hosts) each->close();
  in_.world.run_for(ice::kFarewell +
                    seconds(1));  // what is still under way reaches closed agents, and servers hear the farewell
  for (const AgentHost* each : in_.hosts) in_.invariants.check_closed(*each);
  if (in_.turn != nullptr && !plan_.attacked) in_.invariants.check_server(*in_.turn, *in_.hosts[0], may_leak(plan_));
  result.breach = in_.invariants.breach();
  result.steps = in_.world.steps();
}

void PlannedCall::judge(CallResult& result) {
  result.possible = can_connect(plan_) || plan_.expects_the_impossible;
  result.completed = std::all_of(in_.hosts.begin(), in_.hosts.end(),
                                 [](const AgentHost* host) { return host->is(ice::ConnectionState::completed); });
  result.unlucky =
      result.possible && !result.completed && !plan_.expects_the_impossible && worst_loss(plan_) >= kHeavyLoss;
  if (somebody_closes(plan_)) {
    // The other has noticed by now, by checks that failed or consent that ended; or it never heard of anybody.
    for (const AgentHost* each : in_.hosts) {
      if (!idle(*each) && !each->is(ice::ConnectionState::closed)) in_.invariants.check_failed(*each);
    }
    return;
  }
  for (const AgentHost* each : in_.hosts) {
    // Told nothing: what was said to its last life is not said again.
    if (idle(*each) && has(plan_, Disturbance::Kind::rebirth)) continue;
    in_.invariants.check_ended(*each, result.possible && !result.unlucky);
  }
  // A replayed nomination may move one side to a pair that works and that the other has left (RFC 8445 19.3 has no
  // cure).
  if (!plan_.attacked && !may_end(plan_)) in_.invariants.check_agreement(*in_.hosts[0], *in_.hosts[1]);
}

void PlannedCall::measure(CallResult& result, ice::TimePoint known) const {
  if (!plan_.disturbances.empty()) return;
  for (const AgentHost* each : in_.hosts) {
    for (const Flow& flow : each->flows()) {
      if (const auto at = each->first_path(flow)) {
        result.to_first_path = std::max(result.to_first_path.value_or(ice::Duration::zero()), *at - known);
      }
    }
    if (const auto at = each->first(ice::ConnectionState::completed); at && result.completed) {
      result.to_completed = std::max(result.to_completed.value_or(ice::Duration::zero()), *at - known);
    }
  }
}

}  // namespace

CallResult run_call(const CallPlan& plan, std::ostream* story) {
  return PlannedCall(plan, story).live();
}

}  // namespace sim
