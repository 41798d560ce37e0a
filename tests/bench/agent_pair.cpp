// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/agent_pair.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "tests/bench/live_bytes.h"

namespace cost {

AgentPair::AgentPair(const AgentPairOptions& options) {
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    ice::AgentConfig config;
    config.role = side == 0 ? ice::Role::controlling : ice::Role::controlled;
    sides_[side].agent = std::make_unique<ice::Agent>(config, random_);
    ice::Agent& agent = *sides_[side].agent;
    std::vector<ice::GatheringAddress> addresses(options.addresses);
    for (unsigned i = 0; i < options.addresses; ++i) {
      addresses[i].local.interface = "eth" + std::to_string(i);
      addresses[i].local.address =
          ice::Address::v4({10, static_cast<std::uint8_t>(side), static_cast<std::uint8_t>(i), 1}, 0);
      addresses[i].local_preference = static_cast<std::uint16_t>(65535 - i);
    }
    agent.set_local_addresses(std::move(addresses));
    for (unsigned component = 1; component <= options.components; ++component) {
      static_cast<void>(agent.add_component(now_, ice::StreamId(0), ice::ComponentId(component)).ok());
    }
    agent.gather(now_);
  }
  settle();
}

bool AgentPair::carry(std::size_t side) {
  Side& here = sides_[side];
  if (!here.agent) return false;
  bool any = false;
  while (const auto event = here.agent->poll_event()) {
    any = true;
    if (const auto* open = std::get_if<ice::OpenTransport>(&*event)) {
      const ice::Address address = open->local.address.with_port(next_port_++);
      here.bound[open->id] = address;
      owners_[address] = {side, open->id};
      here.agent->transport_ready(now_, open->id, address);
    }
  }
  while (const auto transmit = here.agent->poll_transmit()) {
    any = true;
    const auto owner = owners_.find(transmit->remote);
    if (owner == owners_.end() || !sides_[owner->second.first].agent) continue;
    sides_[owner->second.first].agent->handle_datagram(now_, owner->second.second, here.bound[transmit->transport],
                                                       transmit->bytes);
  }
  return any;
}

void AgentPair::settle() {
  while (carry(0) | carry(1)) {
  }
}

void AgentPair::pass(ice::Duration time) {
  const ice::TimePoint end = now_ + time;
  while (now_ < end) {
    ice::TimePoint next = end;
    for (const Side& side : sides_) {
      if (side.agent) next = std::min(next, side.agent->next_timeout().value_or(end));
    }
    now_ = std::max(now_, next);
    for (const Side& side : sides_) {
      if (side.agent) side.agent->handle_timeout(now_);
    }
    settle();
  }
}

bool AgentPair::connect() {
  for (std::size_t side : {0U, 1U}) {
    static_cast<void>(
        sides_[side].agent->set_remote_description(now_, sides_[1 - side].agent->local_description()).ok());
  }
  settle();
  const ice::TimePoint end = now_ + std::chrono::minutes(1);
  const auto completed = [&] {
    return std::all_of(sides_.begin(), sides_.end(), [](const Side& side) {
      return side.agent->connection_state() == ice::ConnectionState::completed;
    });
  };
  while (!completed() && now_ < end) pass(std::chrono::milliseconds(1));
  return completed();
}

std::size_t AgentPair::release(std::size_t side) {
  const std::size_t before = live_bytes();
  sides_[side].agent.reset();
  return before - live_bytes();
}

}  // namespace cost
