// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/relay_view.h"

#include "tests/sim/turn_framing.h"

namespace sim {

std::string way_text(const AgentHost& host, const Way& way) {
  const Socket* socket = host.socket(way.transport);
  return (socket != nullptr ? socket->local.text() : "transport " + std::to_string(way.transport.value)) + " to " +
         way.remote.text() + (way.relayed ? " by relay" : "");
}

Way way_of(const ice::PathChanged::Path& path) {
  return {path.transport, path.remote, path.relay.has_value()};
}

void RelayView::know(const HostOptions& options) {
  for (const auto& server : options.stun_servers)
    servers_.insert(server.at.addresses.begin(), server.at.addresses.end());
  for (const auto& server : options.turn_servers)
    servers_.insert(server.at.addresses.begin(), server.at.addresses.end());
}

Seen RelayView::look(ice::TransportId transport, const ice::Address& remote, ice::ByteView bytes) const {
  Seen seen{{transport, remote, false}, bytes, std::nullopt, false};
  const bool server = is_server(remote);
  if (server && is_channel_data(bytes)) {
    const auto peer = channels_.find({transport, channel_number(bytes)});
    const auto payload = channel_payload(bytes);
    if (peer == channels_.end() || !payload) return seen;
    seen.way = {transport, peer->second, true};
    seen.payload = *payload;
  }
  if (!ice::looks_like_stun(seen.payload)) return seen;
  auto message = ice::StunMessage::parse(seen.payload);
  if (!message) return seen;
  const bool indication = message->method() == ice::StunMethod::send || message->method() == ice::StunMethod::data;
  if (server && indication && message->xor_peer_address() && message->raw(ice::StunAttribute::data)) {
    seen.way = {transport, *message->xor_peer_address(), true};
    // Within the bytes that somebody else owns: at the end of the message or before its fingerprint.
    const ice::ByteView inner = *message->raw(ice::StunAttribute::data);
    const auto offset = static_cast<std::size_t>(inner.data() - message->bytes().data());
    seen.payload = bytes.subspan(offset, inner.size());
    if (!ice::looks_like_stun(seen.payload)) return seen;
    message = ice::StunMessage::parse(seen.payload);
    if (!message) return seen;
  } else if (!seen.way.relayed) {
    seen.with_server = message->method() != ice::StunMethod::binding || server;
  }
  seen.message = std::move(message).value();
  return seen;
}

Seen RelayView::sent(ice::TransportId transport, const ice::Address& remote, ice::ByteView bytes) {
  Seen seen = look(transport, remote, bytes);
  if (seen.with_server && seen.message->method() == ice::StunMethod::channel_bind) {
    const auto number = seen.message->raw(ice::StunAttribute::channel_number);
    const auto peer = seen.message->xor_peer_address();
    if (number && peer) channels_[{transport, channel_number(*number)}] = *peer;
  }
  return seen;
}

Seen RelayView::received(ice::TransportId transport, const ice::Address& source, ice::ByteView bytes) {
  Seen seen = look(transport, source, bytes);
  // RFC 8656 7.4: the alternate server is one that the agent may ask.
  if (seen.with_server && is_server(source) && seen.message->alternate_server()) {
    servers_.insert(*seen.message->alternate_server());
  }
  return seen;
}

}  // namespace sim
