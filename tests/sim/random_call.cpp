// SPDX-License-Identifier: LGPL-2.1-or-later
// Lives a planned call through: builds its world, lets things happen, and judges the end.
#include "tests/sim/random_call.h"

#include <algorithm>
#include <memory>

#include "tests/sim/attacker.h"
#include "tests/sim/invariants.h"
#include "tests/sim/story.h"
#include "tests/sim/world.h"

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
        world_(plan.seed),
        story_(out != nullptr ? std::make_unique<Story>(world_, *out) : nullptr),
        invariants_(world_),
        hosts_{&host(0, "alice"), &host(1, "bob")},
        signaling_{Signaling(*hosts_[0], *hosts_[1], plan.sides[0].signaling),
                   Signaling(*hosts_[1], *hosts_[0], plan.sides[1].signaling)} {
    if (plan_.attacked) world_.watch(world_.add<Attacker>("mallory", world_.add_network("everywhere")));
    set_paths(true);
  }

  CallResult live();

 private:
  AgentHost& host(std::size_t side, const char* name);
  void set_paths(bool up);
  void quiet_paths();
  void disturb(const Disturbance& disturbance);
  [[nodiscard]] bool both_know() const;
  [[nodiscard]] bool both_ended() const;
  void judge(CallResult& result);
  void measure(CallResult& result, ice::TimePoint known) const;

  const CallPlan& plan_;
  World world_;
  std::unique_ptr<Story> story_;
  Invariants invariants_;
  std::array<AgentHost*, 2> hosts_;
  std::array<Signaling, 2> signaling_;
};

AgentHost& PlannedCall::host(std::size_t side, const char* name) {
  const SidePlan& plan = plan_.sides[side];
  HostOptions options;
  options.agent.role = plan.role;
  options.agent.pacing = plan.pacing;
  options.agent.trickle = !plan.signaling.full;
  options.agent.trace = story_ != nullptr;
  options.interfaces = interfaces_of(plan_, side);
  for (HostInterface& each : options.interfaces) each.network = world_.add_network(name + (" " + each.name));
  options.flows = flows_of(plan_, side);
  options.open_delay = plan.open_delay;
  if (plan.first_interface_broken) options.broken_interfaces = {"eth0"};
  return world_.add<AgentHost>(name, std::move(options));
}

void PlannedCall::set_paths(bool up) {
  for (std::size_t a = 0; a < plan_.there.size(); ++a) {
    for (std::size_t b = 0; b < plan_.there[a].size(); ++b) {
      const NetworkId from = hosts_[0]->options().interfaces[a].network;
      const NetworkId to = hosts_[1]->options().interfaces[b].network;
      world_.path(from, to).conditions = plan_.there[a][b];
      world_.path(to, from).conditions = plan_.back[a][b];
      if (up) continue;
      world_.path(from, to).conditions.up = false;
      world_.path(to, from).conditions.up = false;
    }
  }
}

void PlannedCall::quiet_paths() {
  for (const auto& a : hosts_[0]->options().interfaces) {
    for (const auto& b : hosts_[1]->options().interfaces) {
      for (PathConditions* path :
           {&world_.path(a.network, b.network).conditions, &world_.path(b.network, a.network).conditions}) {
        path->loss = path->burst = 0;
      }
    }
  }
}

void PlannedCall::disturb(const Disturbance& disturbance) {
  AgentHost& host = *hosts_[disturbance.side];
  switch (disturbance.kind) {
    case Disturbance::Kind::cut:
      set_paths(false);
      world_.after(disturbance.length, [this] { set_paths(true); });
      break;
    case Disturbance::Kind::new_generation:
      // Signaling in order, as an application with a peer-id has it: nothing of the old generation arrives any more.
      if (host.agent().gathering_state() != ice::GatheringState::complete) return;
      signaling_[disturbance.side].drop_what_is_under_way();
      host.new_generation();
      signaling_[disturbance.side].send_description();
      signaling_[1 - disturbance.side].send_description();
      break;
    case Disturbance::Kind::close:
      signaling_[disturbance.side].cut();
      host.close();
      break;
  }
}

bool PlannedCall::both_know() const {
  return std::all_of(hosts_.begin(), hosts_.end(),
                     [](const AgentHost* host) { return host->agent().remote_credentials().complete(); });
}

bool PlannedCall::both_ended() const {
  return std::all_of(hosts_.begin(), hosts_.end(), [](const AgentHost* host) {
    return host->ended() || host->is(ice::ConnectionState::closed) || idle(*host);
  });
}

CallResult PlannedCall::live() {
  ice::Duration calm{};  // from then on nothing disturbs any more
  for (std::size_t i = 0; i < 2; ++i) {
    world_.after(plan_.sides[i].start_delay, [this, i] {
      hosts_[i]->start();
      signaling_[i].begin();
    });
    calm = std::max(calm, plan_.sides[i].start_delay);
  }
  for (const Disturbance& each : plan_.disturbances) {
    world_.after(each.at, [this, &each] { disturb(each); });
    calm = std::max(calm, each.at + each.length);
  }

  world_.run_until([this] { return both_know(); }, seconds(30));
  const ice::TimePoint known = world_.now();
  world_.run_for(std::max(ice::Duration::zero(), calm - world_.elapsed()));
  world_.run_until([this] { return both_ended() && both_know(); }, somebody_closes(plan_) ? seconds(30) : kLongestCall);
  world_.run_until([this] { return both_ended(); }, kLongestCall);
  world_.run_for(somebody_closes(plan_) ? kNoticed : kSettle);
  // Loss may just then have taken several consent checks in a row; a call is judged on quiet paths, and so is its talk.
  if (plan_.talk > ice::Duration::zero() || !both_ended()) {
    quiet_paths();
    world_.run_until([this] { return both_ended(); }, kLongestCall);
    world_.run_for(std::max(plan_.talk, kConsentRound));
    world_.run_until([this] { return both_ended(); }, kLongestCall);
  }

  CallResult result;
  judge(result);
  measure(result, known);

  for (Signaling& each : signaling_) each.cut();
  for (AgentHost* each : hosts_) each->close();
  world_.run_for(seconds(2));  // what is still under way reaches closed agents
  for (const AgentHost* each : hosts_) invariants_.check_closed(*each);
  if (invariants_.breach()) result.breach = invariants_.breach()->text;
  result.steps = world_.steps();
  return result;
}

void PlannedCall::judge(CallResult& result) {
  result.possible = can_connect(plan_);
  result.completed = std::all_of(hosts_.begin(), hosts_.end(),
                                 [](const AgentHost* host) { return host->is(ice::ConnectionState::completed); });
  result.unlucky = result.possible && !result.completed && worst_loss(plan_) >= kHeavyLoss;
  if (somebody_closes(plan_)) {
    // The other has noticed by now, by checks that failed or consent that ended; or it never heard of anybody.
    for (const AgentHost* each : hosts_) {
      if (!idle(*each) && !each->is(ice::ConnectionState::closed)) invariants_.check_failed(*each);
    }
    return;
  }
  for (const AgentHost* each : hosts_) invariants_.check_ended(*each, result.possible && !result.unlucky);
  // A replayed nomination may move one side to a pair that works and that the other has left (RFC 8445 19.3 has no
  // cure).
  if (!plan_.attacked) invariants_.check_agreement(*hosts_[0], *hosts_[1]);
}

void PlannedCall::measure(CallResult& result, ice::TimePoint known) const {
  if (!plan_.disturbances.empty()) return;
  for (const AgentHost* each : hosts_) {
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
