// SPDX-License-Identifier: LGPL-2.1-or-later
// The session's state out of its components' (W3C RTCIceTransportState, RFC 8445 6.1.3, 8.1.2, RFC 8863), and the words
// for it: pure functions over the data.
#pragma once

#include <optional>
#include <string>

#include "ice-core/agent/context.h"

namespace ice {

/// How long a session is given before it may fail, from the moment checks could begin: one full transaction
/// (RFC 8863 4).
inline constexpr Duration kPatience = std::chrono::milliseconds(39'500);

/// Until when a component without any path does not fail. One that is added later is given the same time.
[[nodiscard]] TimePoint patience_ends(const Component& component, TimePoint checks_possible_since);

struct ConnectionVerdict {
  ConnectionState state = ConnectionState::fresh;
  std::string reason;  ///< for disconnected and failed
};

/// `checks_possible_since`: when the first remote credentials were known and gathering had begun; nothing before that.
[[nodiscard]] ConnectionVerdict judge_connection(const AgentContext& context, TimePoint now,
                                                 std::optional<TimePoint> checks_possible_since);

/// The peer has no candidate for this component and will not have one: it does not use it. Either it ended the stream's
/// candidates without one, or it never spoke of the stream and has ended all others.
[[nodiscard]] bool unused_by_peer(const AgentContext& context, const Stream& stream, ComponentId component);

/// What was tried for a component and how it went, in plain words.
[[nodiscard]] std::string explain_component(const AgentContext& context, const Stream& stream,
                                            const Component& component);

/// How it went with one server: "gives no answer", "found 2 candidates".
[[nodiscard]] std::string explain_server(const Server& server);
/// The servers that were of no use, each with what it said: "; TURN turn.example.org said 401 …". Empty when all were.
[[nodiscard]] std::string explain_servers(const AgentContext& context);

}  // namespace ice
