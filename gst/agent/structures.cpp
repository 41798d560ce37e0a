// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and units of the fields in `selected-pair` and `stats` (W3C webrtc-stats, in GStreamer's spelling).
#include "gst/agent/structures.h"

#include <chrono>

#include "gst/agent/ice_agent.h"
#include "ice-core/candidates/candidate_line.h"

namespace gstice {
namespace {

std::string line_of(ice::Candidate candidate) {
  candidate.ufrag.clear();
  return ice::candidate_line(candidate);
}

void put(GstStructure* structure, const char* name, std::uint64_t value) {
  gst_structure_set(structure, name, G_TYPE_UINT64, static_cast<guint64>(value), nullptr);
}

}  // namespace

void StatsSource::add(const MediaEnds& ends) {
  if (ends.sender) {
    const auto more = ends.sender->counters();
    sent.packets_sent += more.packets_sent;
    sent.bytes_sent += more.bytes_sent;
    sent.send_errors += more.send_errors;
    sent.packets_too_large += more.packets_too_large;
  }
  if (ends.receiver) {
    const auto more = ends.receiver->counters();
    received.packets_received += more.packets_received;
    received.bytes_received += more.bytes_received;
    received.packets_dropped += more.packets_dropped;
  }
}

GstStructure* pair_structure(const ice::SelectedPair& pair) {
  GstStructure* structure = gst_structure_new(
      "application/x-ice-selected-pair", "local-candidate", G_TYPE_STRING, line_of(pair.local).c_str(),
      "remote-candidate", G_TYPE_STRING, line_of(pair.remote).c_str(), "local-type", G_TYPE_STRING,
      ice::type_text(pair.local.type), "remote-type", G_TYPE_STRING, ice::type_text(pair.remote.type), "nominated",
      G_TYPE_BOOLEAN, static_cast<gboolean>(pair.nominated), nullptr);
  // Always there, so that a reader need not ask; unknown reads as GST_CLOCK_TIME_NONE.
  std::uint64_t round_trip = GST_CLOCK_TIME_NONE;
  if (pair.round_trip_time) {
    round_trip =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(*pair.round_trip_time).count());
  }
  put(structure, "round-trip-time", round_trip);
  return structure;
}

GstStructure* stats_structure(const StatsSource& source) {
  GstStructure* structure = gst_structure_new_empty("application/x-ice-stats");
  put(structure, "packets-sent", source.sent.packets_sent);
  put(structure, "bytes-sent", source.sent.bytes_sent);
  put(structure, "send-errors", source.sent.send_errors);
  put(structure, "packets-too-large", source.sent.packets_too_large);
  put(structure, "packets-received", source.received.packets_received);
  put(structure, "bytes-received", source.received.bytes_received);
  put(structure, "packets-dropped", source.received.packets_dropped);
  put(structure, "requests-sent", source.agent.requests_sent);
  put(structure, "requests-received", source.agent.requests_received);
  put(structure, "responses-sent", source.agent.responses_sent);
  put(structure, "responses-received", source.agent.responses_received);
  put(structure, "retransmissions-sent", source.agent.retransmissions_sent);
  put(structure, "consent-requests-sent", source.agent.consent_requests_sent);
  put(structure, "discarded-stun", source.agent.discarded_stun);
  put(structure, "discarded-strangers", source.agent.discarded_strangers);
  put(structure, "selected-candidate-pair-changes", source.pair_changes);
  // Seconds, as W3C has it.
  if (source.pair && source.pair->round_trip_time) {
    gst_structure_set(structure, "current-round-trip-time", G_TYPE_DOUBLE,
                      std::chrono::duration<double>(*source.pair->round_trip_time).count(), nullptr);
  }
  gst_structure_set(structure, "ice-role", G_TYPE_STRING,
                    source.role == ice::Role::controlling ? "controlling" : "controlled", "ice-state",
                    GST_TYPE_ICE_CONNECTION_STATE, source.state, nullptr);
  if (!source.local_ufrag.empty()) {
    gst_structure_set(structure, "ice-local-username-fragment", G_TYPE_STRING, source.local_ufrag.c_str(), nullptr);
  }
  return structure;
}

}  // namespace gstice
