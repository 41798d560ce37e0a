// SPDX-License-Identifier: LGPL-2.1-or-later
// What befalls a host: sockets that open, connections, its clock, sleep, death, interfaces that come and go.
#include <algorithm>

#include "tests/sim/agent_host.h"

namespace sim {

namespace {
/// A driver gives a connection up after it.
constexpr ice::Duration kConnectTimeout = std::chrono::seconds(10);
}  // namespace

const HostInterface* AgentHost::interface_of(const ice::Address& ip) const {
  const auto found = std::find_if(options_.interfaces.begin(), options_.interfaces.end(),
                                  [&](const HostInterface& each) { return each.address.same_ip(ip); });
  if (found == options_.interfaces.end()) return nullptr;
  const auto& broken = options_.broken_interfaces;
  return std::find(broken.begin(), broken.end(), found->name) == broken.end() ? &*found : nullptr;
}

void AgentHost::open(const ice::OpenTransport& asked) {
  if (is(ice::ConnectionState::closed)) return;
  if (asleep()) {
    world().at(asleep_until_, [this, asked, life = lives_] {
      if (life == lives_) open(asked);
    });
    return;
  }
  const HostInterface* interface = interface_of(asked.local.address);
  if (interface == nullptr || asked.protocol == ice::TransportProtocol::dtls) {
    act("cannot open a socket", [&](ice::Agent& agent, ice::TimePoint now) {
      agent.transport_failed(now, asked.id, "the simulated socket does not open");
    });
    return;
  }
  if (asked.protocol != ice::TransportProtocol::udp) {
    connect(asked, *interface);
    return;
  }
  const Socket opened{asked, interface->network, interface->address.with_port(next_port_++)};
  sockets_.insert_or_assign(asked.id, opened);
  bound_.insert_or_assign(opened.local, asked.id);
  act("opened a socket",
      [&](ice::Agent& agent, ice::TimePoint now) { agent.transport_ready(now, asked.id, opened.local); });
}

void AgentHost::connect(const ice::OpenTransport& asked, const HostInterface& interface) {
  const Socket opening{asked, interface.network, interface.address.with_port(next_port_++), true, false};
  sockets_.insert_or_assign(asked.id, opening);
  bound_.insert_or_assign(opening.local, asked.id);
  world().send(*this, opening.network, {opening.local, *asked.remote, {}, Wire::tcp_open});
  world().after(kConnectTimeout, [this, id = asked.id, life = lives_] {
    const Socket* known = life == lives_ ? socket(id) : nullptr;
    if (known != nullptr && !known->connected) connected(id, false);
  });
}

void AgentHost::connected(ice::TransportId id, bool accepted) {
  Socket& known = sockets_.at(id);
  if (accepted) {
    known.connected = true;
    act("is connected",
        [&, local = known.local](ice::Agent& agent, ice::TimePoint now) { agent.transport_ready(now, id, local); });
    return;
  }
  bound_.erase(known.local);
  sockets_.erase(id);
  act("cannot connect", [&](ice::Agent& agent, ice::TimePoint now) {
    agent.transport_failed(now, id, "the simulated connection was refused or timed out");
  });
}

void AgentHost::from_stream(ice::TransportId id, const Datagram& datagram) {
  const Socket& known = sockets_.at(id);
  if (!known.connected) {
    if (datagram.wire == Wire::tcp_accept) connected(id, true);
    if (datagram.wire == Wire::tcp_refuse) connected(id, false);
    return;
  }
  if (datagram.wire != Wire::tcp_data) return;
  for (Observer* observer : world().observers()) observer->received(*this, id, datagram);
  ice::Disposition disposition = ice::Consumed{};
  // In two pieces, cut anywhere: a stream has no messages.
  const ice::ByteView bytes(datagram.bytes);
  const std::size_t cut = bytes.size() <= 1 ? 0 : random_.fork("cut").from_to(0, bytes.size() - 1);
  for (const ice::ByteView piece : {bytes.subspan(0, cut), bytes.subspan(cut)}) {
    if (piece.empty()) continue;
    agent_->handle_stream(clock(), id, piece,
                          [&](ice::StreamId stream, ice::ComponentId component, ice::ByteView payload) {
                            disposition = ice::Media{stream, component, 0, payload.size()};
                            take(stream, component, payload);
                          });
  }
  for (Observer* observer : world().observers()) observer->disposed(*this, id, datagram, disposition);
  drain(Step::received);
}

// ---- time ----

void AgentHost::plan_wake() {
  const auto next = agent_->next_timeout();
  if (!next) return;
  const ice::TimePoint at = std::max(*next - clock_offset_, asleep() ? asleep_until_ : world().now());
  if (wake_at_ && *wake_at_ <= at) return;
  wake_at_ = at;
  world().at(at, [this, at] {
    if (wake_at_ != at) return;  // an earlier one was planned meanwhile, and it plans anew
    wake();
  });
}

void AgentHost::wake() {
  wake_at_.reset();
  const auto next = agent_->next_timeout();
  if (next && *next <= clock() && !asleep()) {
    agent_->handle_timeout(clock());
    drain(Step::timed_out);
  } else {
    plan_wake();
  }
}

void AgentHost::step_clock(ice::Duration by) {
  for (Observer* observer : world().observers()) {
    observer->told(*this, by > ice::Duration::zero() ? "has its clock set forward" : "has its clock set back");
  }
  clock_offset_ += by;
  if (by > ice::Duration::zero()) {
    jumped_forward_ += by;
  } else if (last_call_ != ice::TimePoint{}) {
    jumped_forward_ -= std::min(-by, world().now() - last_call_);
  }
  // A driver's timer is by the clock, and ends when that is set (timerfd's TFD_TIMER_CANCEL_ON_SET).
  wake_at_.reset();
  if (asleep()) {
    plan_wake();
    return;
  }
  agent_->handle_timeout(clock());
  drain(Step::timed_out);
}

void AgentHost::sleep(ice::Duration length) {
  for (Observer* observer : world().observers()) observer->told(*this, "falls asleep");
  asleep_until_ = std::max(asleep_until_, world().now() + length);
  wake_at_.reset();
  // All its timers are late, and it looks at them first.
  world().at(asleep_until_, [this, life = lives_] {
    if (life != lives_ || asleep()) return;
    agent_->handle_timeout(clock());
    drain(Step::timed_out);
  });
}

// ---- death, and life after it ----

void AgentHost::be_reborn() {
  ++lives_;
  sockets_.clear();
  bound_.clear();
  paths_.clear();
  new_paths_.clear();
  wake_at_.reset();
  asleep_until_ = {};
  agent_ = std::make_unique<ice::Agent>(options_.agent, random_);
  for (Observer* observer : world().observers()) observer->told_reborn(*this);
}

// ---- interfaces ----

void AgentHost::break_sockets(const ice::Address& ip, const std::string& why) {
  std::vector<ice::TransportId> broken;
  for (const auto& [id, each] : sockets_) {
    if (each.local.same_ip(ip)) broken.push_back(id);
  }
  for (const ice::TransportId id : broken) {
    const Socket* known = socket(id);
    if (known == nullptr) continue;  // closed because another broke
    bound_.erase(known->local);
    act("loses a socket", [&](ice::Agent& agent, ice::TimePoint now) { agent.transport_failed(now, id, why); });
  }
}

void AgentHost::lose_interface(const std::string& name) {
  const auto found = std::find_if(options_.interfaces.begin(), options_.interfaces.end(),
                                  [&](const HostInterface& each) { return each.name == name; });
  if (found == options_.interfaces.end()) return;
  const HostInterface gone = *found;
  options_.interfaces.erase(found);
  world().detach(gone.network, gone.address);
  break_sockets(gone.address, "the interface " + name + " is gone");
}

void AgentHost::change_address(const std::string& name, const ice::Address& address) {
  const auto found = std::find_if(options_.interfaces.begin(), options_.interfaces.end(),
                                  [&](const HostInterface& each) { return each.name == name; });
  if (found == options_.interfaces.end()) return;
  const HostInterface old = *found;
  world().detach(old.network, old.address);
  found->address = address;
  world().attach(old.network, address, *this);
  break_sockets(old.address, "the interface " + name + " has another address");
  gather("has another address");
}

}  // namespace sim
