// SPDX-License-Identifier: LGPL-2.1-or-later
// See offer.h.
#include "gst/agent/offer.h"

#include <algorithm>
#include <utility>

namespace gstice {
namespace {

const char* text(PeerCaps::State state) {
  switch (state) {
    case PeerCaps::State::unknown:
      return "unknown";
    case PeerCaps::State::none:
      return "none";
    case PeerCaps::State::known:
      return "known";
    case PeerCaps::State::refused:
      return "refused";
  }
  return "unknown";
}

}  // namespace

bool LocalOffer::set(Flow flow, std::string caps) {
  const auto found = flows_.find(flow);
  if (found == flows_.end() || found->second == caps) return false;
  found->second = std::move(caps);
  return true;
}

std::vector<FlowCaps> LocalOffer::flows() const {
  std::vector<FlowCaps> result;
  for (const auto& [flow, caps] : flows_) result.push_back({flow.stream.value, flow.component.value, caps});
  return result;
}

std::vector<std::string> RemoteOffer::replace(const std::vector<FlowCaps>& flows) {
  std::vector<std::string> complaints;
  heard_ = true;
  flows_.clear();
  for (const FlowCaps& each : flows) {
    const Flow flow{ice::StreamId{each.stream}, ice::ComponentId{static_cast<std::uint16_t>(each.component)}};
    PeerCaps& caps = flows_[flow];
    caps = {};
    if (!each.caps) continue;
    if (*each.caps == kNoCaps) {
      caps.state = PeerCaps::State::none;
      continue;
    }
    const auto parsed = parse_remote_caps(*each.caps);
    caps.state = parsed ? PeerCaps::State::known : PeerCaps::State::refused;
    if (parsed) {
      caps.caps = parsed.value();
    } else {
      complaints.push_back("The caps that the peer announced for stream=" + std::to_string(each.stream) +
                           " component=" + std::to_string(each.component) + " are refused: " + parsed.error().message);
    }
  }
  return complaints;
}

void RemoteOffer::clear(std::chrono::steady_clock::time_point now) {
  since_ = now;
  ++peer_;
  heard_ = false;
  flows_.clear();
}

PeerCaps RemoteOffer::of(Flow flow) const {
  const auto found = flows_.find(flow);
  PeerCaps result = found == flows_.end() ? PeerCaps{} : found->second;
  result.peer = peer_;
  result.since = since_;
  return result;
}

bool RemoteOffer::is_complete() const {
  return !flows_.empty() &&
         std::ranges::none_of(flows_, [](const auto& flow) { return flow.second.state == PeerCaps::State::unknown; });
}

GstStructure* RemoteOffer::structure() const {
  if (!heard_) return nullptr;
  GValue flows = G_VALUE_INIT;
  g_value_init(&flows, GST_TYPE_ARRAY);
  for (const auto& [flow, caps] : flows_) {
    GstStructure* each =
        gst_structure_new("flow", "stream", G_TYPE_UINT, flow.stream.value, "component", G_TYPE_UINT,
                          static_cast<guint>(flow.component.value), "state", G_TYPE_STRING, text(caps.state), nullptr);
    if (caps.caps) gst_structure_set(each, "caps", GST_TYPE_CAPS, caps.caps.get(), nullptr);
    GValue value = G_VALUE_INIT;
    g_value_init(&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&value, each);
    gst_value_array_append_and_take_value(&flows, &value);
  }
  GstStructure* result = gst_structure_new("application/x-ice-remote-offer", "complete", G_TYPE_BOOLEAN,
                                           static_cast<gboolean>(is_complete()), nullptr);
  gst_structure_take_value(result, "flows", &flows);
  return result;
}

}  // namespace gstice
