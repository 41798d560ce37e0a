// SPDX-License-Identifier: LGPL-2.1-or-later
// See offered_streams.h.
#include "gst/elements/offered_streams.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace gstice {
namespace {

bool is_rtcp(const GstCaps* caps) {
  const GstStructure* first = gst_caps_get_structure(caps, 0);
  return gst_structure_has_name(first, "application/x-rtcp") != FALSE ||
         gst_structure_has_name(first, "application/x-srtcp") != FALSE;
}

/// A flow that is media, or may yet turn out to be.
struct Candidate {
  Flow flow;
  SharedCaps caps;
  bool known = false;
};

std::optional<Candidate> candidate(const GstStructure* flow, const Selection& selection) {
  guint stream = 0;
  guint component = 0;
  const char* state = gst_structure_get_string(flow, "state");
  if (state == nullptr || gst_structure_get_uint(flow, "stream", &stream) == FALSE ||
      gst_structure_get_uint(flow, "component", &component) == FALSE) {
    return std::nullopt;
  }
  if (selection.stream.value_or(stream) != stream || selection.component.value_or(component) != component) {
    return std::nullopt;
  }
  Candidate result{{ice::StreamId{stream}, ice::ComponentId{static_cast<std::uint16_t>(component)}}, nullptr, false};
  const std::string_view word = state;
  if (word == "unknown") return result;
  result.known = true;
  if (word == "none") return result;
  if (word != "known") return std::nullopt;
  const GValue* value = gst_structure_get_value(flow, "caps");
  const GstCaps* caps = value != nullptr ? gst_value_get_caps(value) : nullptr;
  if (caps == nullptr || gst_caps_get_size(caps) == 0 || is_rtcp(caps)) return std::nullopt;
  result.caps = SharedCaps(gst_caps_copy(caps), gst_caps_unref);
  return result;
}

}  // namespace

bool OfferedStream::is_rtp() const {
  if (!caps) return false;
  const GstStructure* first = gst_caps_get_structure(caps.get(), 0);
  int clock_rate = 0;
  return gst_structure_has_name(first, "application/x-rtp") != FALSE &&
         gst_structure_get_int(first, "clock-rate", &clock_rate) != FALSE && clock_rate > 0;
}

bool OfferedStreams::has(unsigned stream) const {
  const auto of = [stream](Flow flow) { return flow.stream.value == stream; };
  return std::ranges::any_of(ready, of, &OfferedStream::flow) || std::ranges::any_of(awaited, of);
}

std::optional<OfferedStreams> offered_streams(const GstStructure* offer, const Selection& selection) {
  if (offer == nullptr) return std::nullopt;
  OfferedStreams result;
  const GValue* flows = gst_structure_get_value(offer, "flows");
  if (flows == nullptr || !GST_VALUE_HOLDS_ARRAY(flows)) return result;

  // The lowest component that may be media stands for its stream.
  std::map<unsigned, Candidate> of_stream;
  for (guint i = 0; i < gst_value_array_get_size(flows); ++i) {
    const auto* flow = gst_value_get_structure(gst_value_array_get_value(flows, i));
    const auto found = candidate(flow, selection);
    if (!found) continue;
    const auto [place, fresh] = of_stream.try_emplace(found->flow.stream.value, *found);
    if (!fresh && found->flow < place->second.flow) place->second = *found;
  }
  for (const auto& [stream, chosen] : of_stream) {
    if (result.ready.size() + result.awaited.size() == kMaxOfferedStreams) break;
    if (chosen.known) {
      result.ready.push_back({chosen.flow, chosen.caps});
    } else {
      result.awaited.push_back(chosen.flow);
    }
  }
  return result;
}

}  // namespace gstice
