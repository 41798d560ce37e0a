// SPDX-License-Identifier: LGPL-2.1-or-later
// STUN by hand.
#include "tests/sim/scripted_peer.h"

#include <set>

namespace sim {

ScriptedPeer::ScriptedPeer(World& world, std::string name, NetworkId network, const ice::Address& address)
    : Node(world, std::move(name)), network_(network), random_(world.random("peer " + this->name())) {
  add_address(address);
}

void ScriptedPeer::add_address(const ice::Address& address) {
  addresses_.push_back(address);
  world().attach(network_, address, *this);
}

ice::Candidate ScriptedPeer::candidate(const ice::Address& at, unsigned component,
                                       std::uint16_t local_preference) const {
  ice::Candidate candidate;
  candidate.component = ice::ComponentId(static_cast<std::uint16_t>(component));
  candidate.foundation = "f" + std::to_string(at.ip().back());
  candidate.priority = ice::candidate_priority(ice::CandidateType::host, local_preference, candidate.component);
  candidate.address = at;
  return candidate;
}

ice::Description ScriptedPeer::description(std::vector<ice::Candidate> candidates) const {
  ice::Description description;
  description.credentials = credentials;
  description.options = {"ice2", "trickle"};
  description.pacing_ms = 10;
  ice::StreamDescription stream;
  stream.candidates = std::move(candidates);
  description.streams.push_back(std::move(stream));
  return description;
}

void ScriptedPeer::send(const ice::Address& from, const ice::Address& to, ice::Bytes bytes) {
  world().send(*this, network_, {from, to, std::move(bytes)});
}

ice::Bytes ScriptedPeer::check_bytes(const PeerCheck& check) const {
  const ice::TransactionId id = check.id ? *check.id : ice::TransactionId::random(random_);
  ice::StunBuilder builder(ice::StunClass::request, ice::StunMethod::binding, id);
  builder.text(ice::StunAttribute::username, check.username.value_or(other.ufrag + ":" + credentials.ufrag));
  builder.u32(ice::StunAttribute::priority, check.priority);
  const bool controlling = check.role.value_or(role) == ice::Role::controlling;
  builder.u64(controlling ? ice::StunAttribute::ice_controlling : ice::StunAttribute::ice_controlled,
              check.tie_breaker.value_or(tie_breaker));
  if (check.use_candidate) builder.flag(ice::StunAttribute::use_candidate);
  if (check.unknown_attribute) builder.u32(static_cast<ice::StunAttribute>(*check.unknown_attribute), 0);
  if (check.sign) builder.message_integrity(check.pwd.value_or(other.pwd));
  if (check.use_candidate_after_integrity) builder.flag(ice::StunAttribute::use_candidate);
  builder.fingerprint();
  return builder.build();
}

ice::TransactionId ScriptedPeer::check(const ice::Address& to, const PeerCheck& check) {
  PeerCheck with_id = check;
  if (!with_id.id) with_id.id = ice::TransactionId::random(random_);
  send(check.from.value_or(address()), to, check_bytes(with_id));
  return *with_id.id;
}

ice::Bytes ScriptedPeer::success(const HeardStun& request, const std::optional<ice::Address>& mapped) const {
  ice::StunBuilder builder(ice::StunClass::success, ice::StunMethod::binding, request.message.transaction_id());
  builder.xor_address(ice::StunAttribute::xor_mapped_address, mapped.value_or(request.from));
  builder.message_integrity(credentials.pwd);
  builder.fingerprint();
  return builder.build();
}

ice::Bytes ScriptedPeer::error(const HeardStun& request, int code, bool sign) const {
  ice::StunBuilder builder(ice::StunClass::error, ice::StunMethod::binding, request.message.transaction_id());
  builder.error_code(code, "by the test");
  if (sign) builder.message_integrity(credentials.pwd);
  builder.fingerprint();
  return builder.build();
}

const HeardStun* ScriptedPeer::response_to(const ice::TransactionId& id) const {
  for (const HeardStun& response : responses) {
    if (response.message.transaction_id() == id) return &response;
  }
  return nullptr;
}

std::size_t ScriptedPeer::distinct_requests() const {
  std::set<ice::TransactionId> ids;
  for (const HeardStun& request : requests) ids.insert(request.message.transaction_id());
  return ids.size();
}

void ScriptedPeer::receive(NetworkId, const Datagram& datagram) {
  auto message = ice::StunMessage::parse(datagram.bytes);
  if (!message) {
    media.push_back(datagram);
    return;
  }
  HeardStun heard{world().now(), datagram.source, datagram.destination, std::move(message).value()};
  switch (heard.message.message_class()) {
    case ice::StunClass::request:
      requests.push_back(heard);
      if (on_request) {
        on_request(heard);
      } else if (answers) {
        answer(heard);
      }
      break;
    case ice::StunClass::indication:
      indications.push_back(std::move(heard));
      break;
    case ice::StunClass::success:
    case ice::StunClass::error:
      responses.push_back(std::move(heard));
      break;
  }
}

}  // namespace sim
