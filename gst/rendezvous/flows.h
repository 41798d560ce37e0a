// SPDX-License-Identifier: LGPL-2.1-or-later
// What peers tell each other of their media flows; a flow is one component of one stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gstice {

/// One flow that a peer sends on.
struct FlowCaps {
  std::uint32_t stream = 0;
  std::uint32_t component = 1;
  /// As gst_caps_to_string() writes them; kNoCaps for data without caps; nothing while they are not known.
  std::optional<std::string> caps;
  bool operator==(const FlowCaps&) const = default;
};
inline constexpr const char* kNoCaps = "none";

/// How many datagrams a peer has sent on a flow.
struct FlowCount {
  std::uint32_t stream = 0;
  std::uint32_t component = 1;
  std::uint64_t packets = 0;
  bool operator==(const FlowCount&) const = default;
};

/// All of them, when they are known.
using FlowCounts = std::optional<std::vector<FlowCount>>;

}  // namespace gstice
