// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/gathering/host_gathering.h"

namespace ice {

void HostGathering::gather(Stream& stream, ComponentId component) {
  for (const GatheringAddress& address : addresses_) {
    const TransportId id(context_.next_transport_id++);
    Transport transport;
    transport.stream = stream.id;
    transport.component = component;
    transport.local = address.local;
    transport.local_preference = address.local_preference;
    context_.transports.emplace(id, std::move(transport));
    context_.emit(OpenTransport{id, stream.id, component, address.local, TransportProtocol::udp, {}, {}});
  }
  stream.local_ended = false;
}

void HostGathering::ready(TransportId id, const Address& bound) {
  const auto found = context_.transports.find(id);
  if (found == context_.transports.end() || found->second.state != Transport::State::opening) return;
  Transport& transport = found->second;
  transport.state = Transport::State::ready;
  transport.bound = bound;

  // Where only relays are to be seen, the socket is what leads to them and nothing else.
  if (context_.config.policy == TransportPolicy::relay) return;
  candidates_.add(context_.streams.at(transport.stream), transport.component,
                  FoundCandidate{CandidateType::host, id, bound, bound, {}, {}, transport.local_preference});
}

void HostGathering::failed(TransportId id) {
  const auto found = context_.transports.find(id);
  if (found == context_.transports.end()) return;
  found->second.state = Transport::State::failed;
  Stream& stream = context_.streams.at(found->second.stream);
  bool changed = false;
  for (LocalCandidate& local : stream.local_candidates) {
    if (local.transport != id || local.gone) continue;
    local.gone = true;
    changed = true;
  }
  if (changed) context_.emit(LocalDescriptionChanged{});
}

void HostGathering::release(Stream& stream, ComponentId component) {
  for (auto at = context_.transports.begin(); at != context_.transports.end();) {
    const bool ours = at->second.stream == stream.id && at->second.component == component;
    if (!ours || at->second.kind != Transport::Kind::host || at->second.state == Transport::State::leaving) {
      ++at;
      continue;
    }
    for (LocalCandidate& local : stream.local_candidates) {
      if (local.transport == at->first) local.gone = true;
    }
    for (const Address& remote : at->second.validated) context_.emit(SourceRevoked{at->first, remote, {}});
    context_.emit(CloseTransport{at->first});
    at = context_.transports.erase(at);
  }
}

void HostGathering::announce_again() {
  for (auto& [id, stream] : context_.streams) {
    for (LocalCandidate& local : stream.local_candidates) {
      if (local.gone) continue;
      local.told = true;
      candidates_.announce(stream, local);
    }
    if (stream.local_ended) context_.emit(LocalCandidatesEnded{id});
  }
  context_.emit(LocalDescriptionChanged{});
}

void HostGathering::update_state(const std::function<bool(StreamId)>& servers_hold_back) {
  if (!context_.gathering) return;
  bool complete = true;
  bool description_changed = false;
  std::vector<StreamId> ended;
  for (auto& [id, stream] : context_.streams) {
    bool opening = false;
    for (const auto& [transport_id, transport] : context_.transports) {
      opening = opening || (transport.stream == id && transport.kind == Transport::Kind::host &&
                            transport.state == Transport::State::opening);
    }
    if (opening || servers_hold_back(id)) {
      complete = false;
    } else if (!stream.local_ended) {
      stream.local_ended = true;
      description_changed = true;
      ended.push_back(id);
    }
  }
  const GatheringState state = complete ? GatheringState::complete : GatheringState::gathering;
  if (state != state_ && state == GatheringState::gathering) {
    state_ = state;
    context_.emit(GatheringStateChanged{state});
  }
  for (const StreamId id : ended) context_.emit(LocalCandidatesEnded{id});
  if (description_changed) context_.emit(LocalDescriptionChanged{});
  if (state != state_) {
    // Gathering is seen even where nothing had to be waited for, as W3C's state machine has it.
    if (state_ == GatheringState::fresh) context_.emit(GatheringStateChanged{GatheringState::gathering});
    state_ = state;
    context_.emit(GatheringStateChanged{state});
  }
}

}  // namespace ice
