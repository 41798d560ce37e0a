// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/gathering/local_candidates.h"

#include <algorithm>

#include "ice-core/agent/limits.h"
#include "ice-core/candidates/candidate_line.h"
#include "ice-core/candidates/priority.h"

namespace ice {

namespace {

/// RFC 8839 5.1: said in place of a related address that is nobody's business.
Address hidden_address(Family family) {
  return family == Family::ipv4 ? Address::v4({}, 9) : Address::v6({}, 9);
}

}  // namespace

std::uint16_t relayed_preference(std::uint16_t base_preference, TransportProtocol to_server) {
  constexpr int kStep = 8192;
  const int worse = [&] {
    switch (to_server) {
      case TransportProtocol::udp:
        return 0;
      case TransportProtocol::dtls:
        return 1;
      case TransportProtocol::tcp:
        return 2;
      case TransportProtocol::tls:
        return 3;
    }
    return 3;
  }();
  return static_cast<std::uint16_t>(std::max(0, base_preference - worse * kStep));
}

bool LocalCandidates::redundant(const Stream& stream, ComponentId component, const FoundCandidate& found) const {
  return std::any_of(stream.local_candidates.begin(), stream.local_candidates.end(), [&](const LocalCandidate& known) {
    // What a check made known is not signaled, so gathering may still find it.
    return !known.gone && known.candidate.component == component && known.candidate.address == found.address &&
           known.candidate.type != CandidateType::peer_reflexive &&
           (known.transport == found.base || found.type == CandidateType::relayed);
  });
}

std::uint16_t LocalCandidates::free_preference(const Stream& stream, ComponentId component,
                                               const FoundCandidate& found) const {
  // RFC 8445 5.1.2: priorities are unique within a component.
  std::uint16_t preference = found.local_preference;
  const auto taken = [&] {
    return std::any_of(stream.local_candidates.begin(), stream.local_candidates.end(), [&](const auto& known) {
      return !known.gone && known.candidate.component == component && known.candidate.type == found.type &&
             known.local_preference == preference;
    });
  };
  while (preference > 0 && taken()) --preference;
  return preference;
}

bool LocalCandidates::add(Stream& stream, ComponentId component, const FoundCandidate& found) {
  if (redundant(stream, component, found)) return false;
  if (stream.local_candidates.size() >= kMaxLocalCandidates) return false;
  LocalCandidate local;
  local.transport = found.base;
  local.local_preference = free_preference(stream, component, found);
  local.told = !stream.local_ended;
  Candidate& candidate = local.candidate;
  candidate.component = component;
  candidate.type = found.type;
  candidate.address = found.address;
  candidate.related = found.related;
  if (context_.config.policy == TransportPolicy::relay && candidate.related) {
    candidate.related = hidden_address(candidate.address.family());
  }
  candidate.priority = candidate_priority(found.type, local.local_preference, component);
  std::optional<Address> server = found.server;
  if (server) server = server->with_port(0);
  candidate.foundation =
      context_.foundations.foundation(found.type, CandidateProtocol::udp, found.base_address.with_port(0), server);
  stream.local_candidates.push_back(std::move(local));
  const LocalIndex index(stream.local_candidates.size() - 1);
  if (stream.local(index).told) announce(stream, stream.local(index));
  if (is_base(stream.local(index).candidate)) checklists_.pair_local(stream, index);
  if (stream.local(index).told) context_.emit(LocalDescriptionChanged{});
  return true;
}

void LocalCandidates::announce(const Stream& stream, const LocalCandidate& local) {
  Candidate candidate = local.candidate;
  candidate.ufrag = context_.local.ufrag;
  context_.trace([&] { return "local candidate " + candidate_line(candidate); });
  context_.emit(LocalCandidateFound{stream.id, std::move(candidate)});
}

void LocalCandidates::remove(TransportId base) {
  bool changed = false;
  for (auto& [id, stream] : context_.streams) {
    for (LocalCandidate& local : stream.local_candidates) {
      if (local.transport != base || local.gone) continue;
      local.gone = true;
      changed = true;
    }
  }
  if (changed) context_.emit(LocalDescriptionChanged{});
}

void LocalCandidates::remove_reflexive(Stream& stream, TransportId base, const Address& address) {
  for (LocalCandidate& local : stream.local_candidates) {
    if (local.gone || local.transport != base || local.candidate.type != CandidateType::server_reflexive) continue;
    if (local.candidate.address != address) continue;
    local.gone = true;
    context_.emit(LocalDescriptionChanged{});
  }
}

}  // namespace ice
