// SPDX-License-Identifier: LGPL-2.1-or-later
// What the peer's signaling says: credentials, candidates, ends (RFC 8838, 8839), for streams that exist or will.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "ice-core/agent/context.h"
#include "ice-core/checks/checklist_set.h"

namespace ice {

class RemoteCandidates {
 public:
  RemoteCandidates(AgentContext& context, ChecklistSet& checklists) : context_(context), checklists_(checklists) {}

  /// One candidate: paired at once, merged with what a check made known before (RFC 8445 7.3.1.3, RFC 8838 11), or kept
  /// for a stream that does not exist yet. Error: an address that nobody can be reached at.
  Result<> add(StreamId stream, const Candidate& candidate);
  void end(StreamId stream);
  /// The peer has this stream, with or without candidates yet.
  void mention(StreamId stream);
  /// A stream was added: what came for it before is its own now.
  void adopt(Stream& stream);
  /// Stream credentials for a stream that may not exist yet.
  void set_stream_credentials(StreamId stream, const Credentials& credentials);
  /// The peer's credentials are known now: candidates of other generations go.
  void drop_other_generations(Stream& stream);
  /// All of a generation is forgotten.
  void clear();

 private:
  void add_to(Stream& stream, const Candidate& candidate);

  AgentContext& context_;
  ChecklistSet& checklists_;
  /// For streams that do not exist yet.
  std::map<StreamId, std::vector<Candidate>> orphans_;
  std::map<StreamId, Credentials> orphan_credentials_;
  std::set<StreamId> orphan_mentions_;
  std::set<StreamId> orphan_ends_;
  bool overflow_told_ = false;
};

}  // namespace ice
