// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/agent/remote_candidates.h"

#include "ice-core/agent/limits.h"
#include "ice-core/candidates/candidate_line.h"

namespace ice {

namespace {

Result<> check_usable(const Candidate& candidate) {
  if (!candidate.name.empty()) return Ok{};
  const Address& address = candidate.address;
  const std::string what = "remote candidate " + address.text() + ": ";
  if (address.is_unspecified()) return Error{what + "the unspecified address"};
  if (address.is_multicast()) return Error{what + "a multicast or broadcast address"};
  if (address.port() == 0) return Error{what + "port 0"};
  return Ok{};
}

}  // namespace

Result<> RemoteCandidates::add(StreamId stream_id, const Candidate& candidate) {
  if (stream_id.value > kMaxStreamId) return Error{"stream " + std::to_string(stream_id.value) + " is above 255"};
  if (candidate.protocol != CandidateProtocol::udp) {
    // Browsers offer TCP candidates beside the UDP ones; without ICE-TCP they are no use and no fault.
    context_.trace([&] { return "skipped, not UDP: " + candidate_line(candidate); });
    if (candidate.protocol == CandidateProtocol::other) {
      context_.emit(Warning{"remote candidate skipped: unknown transport '" + candidate.protocol_token + "'"});
    }
    return Ok{};
  }
  if (!candidate.name.empty()) {
    context_.emit(Warning{"remote candidate skipped: the name '" + candidate.name + "' is not an address"});
    return Ok{};
  }
  if (const auto usable = check_usable(candidate); !usable) return usable.error();

  mention(stream_id);
  if (Stream* stream = context_.find_stream(stream_id); stream != nullptr) {
    add_to(*stream, candidate);
    return Ok{};
  }
  std::size_t count = 0;
  for (const auto& [id, candidates] : orphans_) count += candidates.size();
  if (count < kMaxOrphanCandidates) orphans_[stream_id].push_back(candidate);
  return Ok{};
}

void RemoteCandidates::add_to(Stream& stream, const Candidate& candidate) {
  const Credentials& remote = context_.remote_of(stream);
  if (!candidate.ufrag.empty() && !remote.ufrag.empty() && candidate.ufrag != remote.ufrag) {
    context_.trace([&] { return "dropped, of another generation: " + candidate_line(candidate); });
    return;
  }
  for (std::size_t i = 0; i < stream.remote_candidates.size(); ++i) {
    RemoteCandidate& known = stream.remote_candidates[i];
    if (known.candidate.component != candidate.component || known.candidate.protocol != candidate.protocol ||
        known.candidate.address != candidate.address) {
      continue;
    }
    if (known.signaled) return;
    // What a check made known and what signaling brought are one (RFC 8445 7.3.1.3, RFC 8838 11).
    known.candidate = candidate;
    known.signaled = true;
    for (const auto& pair : stream.checklist.pairs()) {
      if (pair->remote == RemoteIndex(i)) {
        pair->foundation = stream.local(pair->local).candidate.foundation + ":" + candidate.foundation;
      }
    }
    checklists_.recompute_priorities();
    return;
  }
  if (stream.remote_candidates.size() >= kMaxRemoteCandidates) {
    if (!overflow_told_) {
      context_.emit(Warning{"the peer signals more than " + std::to_string(kMaxRemoteCandidates) +
                            " candidates; the rest is ignored"});
    }
    overflow_told_ = true;
    return;
  }
  context_.trace([&] { return "remote candidate " + candidate_line(candidate); });
  stream.remote_candidates.push_back(RemoteCandidate{candidate, true});
  checklists_.pair_remote(stream, RemoteIndex(stream.remote_candidates.size() - 1));
}

void RemoteCandidates::mention(StreamId stream_id) {
  if (Stream* stream = context_.find_stream(stream_id); stream != nullptr) {
    stream->remote_mentioned = true;
  } else if (stream_id.value <= kMaxStreamId) {
    orphan_mentions_.insert(stream_id);
  }
}

void RemoteCandidates::end(StreamId stream_id) {
  mention(stream_id);
  if (Stream* stream = context_.find_stream(stream_id); stream != nullptr) {
    stream->remote_ended = true;
  } else if (stream_id.value <= kMaxStreamId) {
    orphan_ends_.insert(stream_id);
  }
}

void RemoteCandidates::set_stream_credentials(StreamId stream_id, const Credentials& credentials) {
  if (Stream* stream = context_.find_stream(stream_id); stream != nullptr) {
    stream->remote_credentials = credentials;
  } else if (stream_id.value <= kMaxStreamId) {
    orphan_credentials_[stream_id] = credentials;
  }
}

void RemoteCandidates::adopt(Stream& stream) {
  if (auto node = orphan_credentials_.extract(stream.id)) stream.remote_credentials = node.mapped();
  if (auto node = orphans_.extract(stream.id)) {
    for (const Candidate& candidate : node.mapped()) add_to(stream, candidate);
  }
  if (orphan_mentions_.erase(stream.id) > 0) stream.remote_mentioned = true;
  if (orphan_ends_.erase(stream.id) > 0) stream.remote_ended = true;
}

void RemoteCandidates::drop_other_generations(Stream& stream) {
  const std::string& ufrag = context_.remote_of(stream).ufrag;
  bool any = false;
  for (const RemoteCandidate& remote : stream.remote_candidates) {
    any = any || (!remote.candidate.ufrag.empty() && remote.candidate.ufrag != ufrag);
  }
  if (!any) return;
  // Before the credentials nothing has been checked, so the list can be made anew.
  std::vector<RemoteCandidate> kept;
  kept.swap(stream.remote_candidates);
  stream.checklist.clear();
  for (const RemoteCandidate& remote : kept) {
    if (remote.candidate.ufrag.empty() || remote.candidate.ufrag == ufrag) add_to(stream, remote.candidate);
  }
}

void RemoteCandidates::clear() {
  orphans_.clear();
  orphan_credentials_.clear();
  orphan_mentions_.clear();
  orphan_ends_.clear();
  overflow_told_ = false;
}

}  // namespace ice
