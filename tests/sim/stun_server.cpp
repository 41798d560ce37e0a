// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/stun_server.h"

#include <algorithm>

#include "ice-core/stun/message.h"

namespace sim {

StunServer::StunServer(World& world, std::string name, NetworkId network, std::vector<ice::Address> addresses)
    : Node(world, std::move(name)), network_(network), addresses_(std::move(addresses)) {
  for (const ice::Address& address : addresses_) world.attach(network, address, *this);
}

void StunServer::receive(NetworkId, const Datagram& datagram) {
  const bool ours = std::find(addresses_.begin(), addresses_.end(), datagram.destination) != addresses_.end();
  const auto request = ice::StunMessage::parse(datagram.bytes);
  if (!ours || is_tcp(datagram.wire) || !request || request->message_class() != ice::StunClass::request ||
      request->method() != ice::StunMethod::binding) {
    return;
  }
  ++requests_;
  if (trouble.kind == Trouble::silent) return;
  const bool refuses = trouble.kind == Trouble::refusing || !request->unknown_required().empty();
  ice::StunBuilder answer(refuses ? ice::StunClass::error : ice::StunClass::success, ice::StunMethod::binding,
                          request->transaction_id());
  if (trouble.kind == Trouble::refusing) {
    answer.error_code(trouble.code, "refused");
  } else if (refuses) {
    answer.error_code(420, "unknown attribute").unknown_attributes(request->unknown_required());
  } else {
    const bool lies = trouble.kind == Trouble::lying;
    answer.xor_address(ice::StunAttribute::xor_mapped_address, lies ? lie_about(datagram.source) : datagram.source);
  }
  answer.fingerprint();
  const ice::Duration wait = trouble.kind == Trouble::slow ? trouble.delay : ice::Duration::zero();
  Datagram reply{datagram.destination, datagram.source, answer.build()};
  if (wait == ice::Duration::zero()) {
    world().send(*this, network_, std::move(reply));
  } else {
    world().after(wait, [this, reply = std::move(reply)] { world().send(*this, network_, reply); });
  }
}

}  // namespace sim
