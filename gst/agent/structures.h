// SPDX-License-Identifier: LGPL-2.1-or-later
// What `selected-pair` and `stats` show.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <string>

#include "gst/agent/agent_object.h"
#include "gst/agent/media_path.h"
#include "ice-core/agent/snapshot.h"

namespace gstice {

struct MediaEnds;

/// All that statistics are made of.
struct StatsSource {
  MediaSender::Counters sent;
  MediaReceiver::Counters received;
  ice::AgentCounters agent;
  std::optional<ice::SelectedPair> pair;
  ice::Role role = ice::Role::controlling;
  GstIceConnectionState state = GST_ICE_CONNECTION_STATE_NEW;
  std::string local_ufrag;
  std::uint64_t pair_changes = 0;

  /// Adds the media of one flow.
  void add(const MediaEnds& ends);
};

/// New structures, owned by the caller.
[[nodiscard]] GstStructure* pair_structure(const ice::SelectedPair& pair);
[[nodiscard]] GstStructure* stats_structure(const StatsSource& source);

}  // namespace gstice
