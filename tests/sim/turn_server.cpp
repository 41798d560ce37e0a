// SPDX-License-Identifier: LGPL-2.1-or-later
// What arrives, what is answered, what is relayed. The requests themselves: turn_requests.cpp.
#include "tests/sim/turn_server.h"

#include <algorithm>

#include "tests/sim/turn_framing.h"

namespace sim {

TurnServer::TurnServer(World& world, std::string name, NetworkId network, TurnServerOptions initial)
    : Node(world, std::move(name)),
      options(std::move(initial)),
      network_(network),
      random_(world.random("turn server " + this->name())),
      authentication_(options.users, random_.fork("nonces")) {
  for (const auto* list : {&options.addresses, &options.relays}) {
    for (const ice::Address& each : *list) {
      // The relay may have the server's own IP.
      if (world.route(network, each).first != this) world.attach(network, each, *this);
    }
  }
}

bool TurnServer::owns(const ice::Address& address) const {
  return std::find(options.addresses.begin(), options.addresses.end(), address) != options.addresses.end();
}

std::size_t TurnServer::active_allocations() {
  forget_expired();
  return allocations_.size();
}

const TurnServer::Counts& TurnServer::counts() {
  forget_expired();
  return counts_;
}

void TurnServer::restart() {
  allocations_.clear();
  by_relayed_.clear();
  streams_.clear();
  authentication_.expire_nonces();
}

void TurnServer::forget_expired() {
  for (auto each = allocations_.begin(); each != allocations_.end();) {
    if (world().now() < each->second.expires) {
      ++each;
      continue;
    }
    ++counts_.expired;
    for (const ice::Address& relayed : each->second.relayed) by_relayed_.erase(relayed);
    each = allocations_.erase(each);
  }
}

void TurnServer::receive(NetworkId, const Datagram& datagram) {
  forget_expired();
  if (!owns(datagram.destination)) {
    if (!is_tcp(datagram.wire)) from_peer(datagram);
    return;
  }
  const TurnClient client{datagram.source, datagram.destination, is_tcp(datagram.wire)};
  if (client.tcp) {
    from_stream(client, datagram);
  } else if (options.udp) {
    from_client(client, datagram.bytes);
  }
}

void TurnServer::from_stream(const TurnClient& client, const Datagram& datagram) {
  switch (datagram.wire) {
    case Wire::tcp_open:
      streams_[client] = {};
      world().send(*this, network_,
                   {client.local, client.remote, {}, options.tcp ? Wire::tcp_accept : Wire::tcp_refuse});
      return;
    case Wire::tcp_close:
      streams_.erase(client);
      if (const auto found = allocations_.find(client); found != allocations_.end()) {
        ++counts_.released;
        for (const ice::Address& relayed : found->second.relayed) by_relayed_.erase(relayed);
        allocations_.erase(found);
      }
      return;
    case Wire::tcp_data:
      break;
    case Wire::udp:
    case Wire::tcp_accept:
    case Wire::tcp_refuse:
      return;
  }
  const auto stream = streams_.find(client);
  if (stream == streams_.end()) return;
  ice::Bytes& waiting = stream->second;
  waiting.insert(waiting.end(), datagram.bytes.begin(), datagram.bytes.end());
  while (const auto size = first_frame(waiting)) {
    if (*size == 0) {
      complain(client, "bytes in a stream that are neither STUN nor ChannelData");
      waiting.clear();
      return;
    }
    const ice::Bytes frame(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(*size));
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(*size));
    from_client(client, frame);
  }
}

void TurnServer::from_client(const TurnClient& client, ice::ByteView bytes) {
  if (is_channel_data(bytes)) {
    channel_data(client, bytes);
    return;
  }
  const auto message = ice::StunMessage::parse(bytes);
  if (!message) {
    complain(client, "not STUN: " + message.error().message);
    return;
  }
  if (message->message_class() == ice::StunClass::request) {
    if (trouble.kind == Trouble::silent) return;
    request(client, *message);
  } else if (message->message_class() == ice::StunClass::indication && message->method() == ice::StunMethod::send) {
    send_indication(client, *message);
  }
}

void TurnServer::from_peer(const Datagram& datagram) {
  const auto owner = by_relayed_.find(datagram.destination);
  if (owner == by_relayed_.end()) return;
  TurnAllocation& allocation = allocations_.at(owner->second);
  if (!allocation.permits(datagram.source, world().now())) {
    ++counts_.refused;
    return;
  }
  ++counts_.relayed;
  for (const auto& [number, channel] : allocation.channels) {
    if (channel.peer != datagram.source || world().now() >= channel.expires) continue;
    reply(allocation.client, frame_channel_data(number, datagram.bytes, allocation.client.tcp));
    return;
  }
  ice::StunBuilder data(ice::StunClass::indication, ice::StunMethod::data, ice::TransactionId::random(random_));
  data.xor_address(ice::StunAttribute::xor_peer_address, datagram.source);
  data.raw(ice::StunAttribute::data, datagram.bytes);
  reply(allocation.client, data.build());
}

void TurnServer::send_indication(const TurnClient& client, const ice::StunMessage& message) {
  const auto found = allocations_.find(client);
  if (found == allocations_.end()) return;  // it may have expired or been lost; the client learns by its Refresh
  ++counts_.send_indications;
  const auto peer = message.xor_peer_address();
  const auto payload = message.raw(ice::StunAttribute::data);
  if (!peer || !payload) {
    complain(client, "a Send indication without peer or data");
    return;
  }
  relay(found->second, *peer, ice::Bytes(payload->begin(), payload->end()));
}

void TurnServer::channel_data(const TurnClient& client, ice::ByteView bytes) {
  const auto found = allocations_.find(client);
  if (found == allocations_.end()) return;
  ++counts_.channel_data;
  const auto channel = found->second.channels.find(channel_number(bytes));
  if (channel == found->second.channels.end()) {
    complain(client, "ChannelData on a channel that is not bound");
    return;
  }
  if (world().now() >= channel->second.expires) return;
  const auto payload = channel_payload(bytes);
  if (!payload) {
    complain(client, "ChannelData that is cut off");
    return;
  }
  if (!client.tcp && bytes.size() != 4 + payload->size()) complain(client, "ChannelData that is padded over UDP");
  relay(found->second, channel->second.peer, ice::Bytes(payload->begin(), payload->end()));
}

void TurnServer::relay(TurnAllocation& allocation, const ice::Address& peer, ice::Bytes payload) {
  const auto from = allocation.relayed_of(peer.family());
  if (!from) {
    complain(allocation.client, "data for a peer of a family that it has no relay of");
    return;
  }
  if (!allocation.permits(peer, world().now())) {
    if (!allocation.permissions.contains(peer.with_port(0))) {
      complain(allocation.client, "data for " + peer.text() + ", for which it never had a permission");
    }
    return;
  }
  ++counts_.relayed;
  Datagram datagram{*from, peer, std::move(payload)};
  if (!by_relayed_.contains(peer)) {
    world().send(*this, network_, std::move(datagram));
    return;
  }
  // From one of its relays to another: it never leaves the machine.
  world().after({}, [this, datagram = std::move(datagram)] { from_peer(datagram); });
}

void TurnServer::reply(const TurnClient& client, ice::Bytes bytes) {
  Datagram datagram{client.local, client.remote, std::move(bytes), client.tcp ? Wire::tcp_data : Wire::udp};
  if (trouble.kind == Trouble::slow) {
    world().after(trouble.delay, [this, datagram = std::move(datagram)] { world().send(*this, network_, datagram); });
  } else {
    world().send(*this, network_, std::move(datagram));
  }
}

void TurnServer::complain(const TurnClient& client, const std::string& what) {
  complaints_.push_back(client.remote.text() + ": " + what);
}

}  // namespace sim
