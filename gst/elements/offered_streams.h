// SPDX-License-Identifier: LGPL-2.1-or-later
// Which pads a peer's offer makes: one a stream, of the component that carries its media.
#pragma once

#include <gst/gst.h>

#include <optional>
#include <vector>

#include "gst/agent/flow.h"
#include "gst/agent/remote_caps.h"

namespace gstice {

/// A stream that is ready to be received.
struct OfferedStream {
  Flow flow;
  SharedCaps caps;  ///< null: data without caps

  /// Goes through an rtpjitterbuffer: RTP in the clear whose clock is known.
  [[nodiscard]] bool is_rtp() const;
};

struct OfferedStreams {
  std::vector<OfferedStream> ready;  ///< in the order of their numbers, one of each
  std::vector<Flow> awaited;         ///< announced, with caps that are not known yet
  [[nodiscard]] bool complete() const { return !ready.empty() && awaited.empty(); }
  [[nodiscard]] bool has(unsigned stream) const;
};

/// What of it the address asks for; nothing: all streams, whichever component.
struct Selection {
  std::optional<unsigned> stream;
  std::optional<unsigned> component;
};

/// At most this many streams of an offer are received; each costs a thread.
inline constexpr std::size_t kMaxOfferedStreams = 32;

/// From the agent's `remote-offer`; nothing when the peer has said nothing yet. RTCP and refused caps are no streams.
std::optional<OfferedStreams> offered_streams(const GstStructure* offer, const Selection& selection);

}  // namespace gstice
