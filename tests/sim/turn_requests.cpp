// SPDX-License-Identifier: LGPL-2.1-or-later
// What a TURN server does with each kind of request (RFC 8656 7 to 12).
#include <algorithm>
#include <array>

#include "tests/sim/turn_server.h"

namespace sim {

using enum ice::StunAttribute;
using std::chrono::seconds;
using Identity = TurnAuthentication::Identity;

namespace {

std::optional<ice::Family> family_of(const std::optional<ice::ByteView>& value) {
  if (!value) return std::nullopt;
  const auto number = std::to_integer<unsigned>((*value)[0]);
  if (number == 1) return ice::Family::ipv4;
  if (number == 2) return ice::Family::ipv6;
  return std::nullopt;
}

}  // namespace

std::vector<ice::Address> peer_addresses(const ice::StunMessage& message) {
  std::vector<ice::Address> peers;
  const ice::ByteView bytes = message.bytes();
  for (std::size_t at = 20; at + 4 <= bytes.size();) {
    const auto number = [&](std::size_t offset) {
      return std::to_integer<std::size_t>(bytes[offset]) << 8 | std::to_integer<std::size_t>(bytes[offset + 1]);
    };
    const std::size_t type = number(at);
    const std::size_t length = number(at + 2);
    if (type == static_cast<std::size_t>(xor_peer_address)) {
      // RFC 8489 14.2: XORed with the cookie and, for IPv6, the transaction id: bytes 4 to 19 of the header.
      const bool v6 = std::to_integer<unsigned>(bytes[at + 5]) == 2;
      const auto port = static_cast<std::uint16_t>(number(at + 6) ^ number(4));
      std::array<std::uint8_t, 16> ip{};
      for (std::size_t i = 0; i < (v6 ? 16U : 4U); ++i) {
        ip[i] = std::to_integer<std::uint8_t>(bytes[at + 8 + i] ^ bytes[4 + i]);
      }
      peers.push_back(v6 ? ice::Address::v6(ip, port) : ice::Address::v4({ip[0], ip[1], ip[2], ip[3]}, port));
    }
    at += 4 + (length + 3) / 4 * 4;
  }
  return peers;
}

void TurnServer::succeed(const TurnClient& client, const Identity& who, ice::StunBuilder& answer) {
  TurnAuthentication::sign(who, answer);
  answer.fingerprint();
  reply(client, answer.build());
}

void TurnServer::refuse(const TurnClient& client, const ice::StunMessage& message, int code, const Identity* who) {
  ice::StunBuilder answer(ice::StunClass::error, message.method(), message.transaction_id());
  answer.error_code(code, "by the simulator");
  if (code == 401 || code == 438) authentication_.challenge(world().now(), client.remote, answer);
  if (code == 420) answer.unknown_attributes(message.unknown_required());
  if (code == 300) answer.address(alternate_server, *options.alternate);
  if (who != nullptr) TurnAuthentication::sign(*who, answer);
  answer.fingerprint();
  reply(client, answer.build());
}

void TurnServer::request(const TurnClient& client, const ice::StunMessage& message) {
  if (trouble.kind == Trouble::refusing) {
    refuse(client, message, trouble.code, nullptr);
    return;
  }
  if (message.method() == ice::StunMethod::binding) {  // it is a STUN server too
    ice::StunBuilder answer(ice::StunClass::success, ice::StunMethod::binding, message.transaction_id());
    answer.xor_address(xor_mapped_address, trouble.kind == Trouble::lying ? lie_about(client.remote) : client.remote);
    answer.fingerprint();
    reply(client, answer.build());
    return;
  }
  const auto verdict = authentication_.judge(world().now(), client.remote, message);
  if (!verdict.identity) {
    if (verdict.error == 401) ++counts_.challenges;
    if (verdict.error == 438) ++counts_.stale_nonces;
    refuse(client, message, verdict.error, verdict.signs_with ? &*verdict.signs_with : nullptr);
    return;
  }
  const Identity& who = *verdict.identity;
  if (!message.unknown_required().empty()) {
    refuse(client, message, 420, &who);
    return;
  }
  if (message.method() == ice::StunMethod::allocate) {
    allocate(client, message, who);
    return;
  }
  const auto found = allocations_.find(client);
  if (found == allocations_.end()) {
    refuse(client, message, 437, &who);
    return;
  }
  if (found->second.username != who.username) {
    refuse(client, message, 441, &who);
    return;
  }
  switch (message.method()) {
    case ice::StunMethod::refresh:
      refresh(found->second, message, who);
      break;
    case ice::StunMethod::create_permission:
      create_permission(found->second, message, who);
      break;
    case ice::StunMethod::channel_bind:
      channel_bind(found->second, message, who);
      break;
    default:
      refuse(client, message, 400, &who);
      break;
  }
}

ice::Duration TurnServer::lifetime_of(const ice::StunMessage& message) const {
  if (!message.lifetime()) return options.default_lifetime;
  const ice::Duration wanted = seconds(*message.lifetime());
  return std::clamp(wanted, options.default_lifetime, std::max(options.default_lifetime, options.longest_lifetime));
}

void TurnServer::allocate(const TurnClient& client, const ice::StunMessage& message, const Identity& who) {
  // RFC 8656 7.2, in its order.
  if (const auto known = allocations_.find(client); known != allocations_.end()) {
    if (known->second.made_by == message.transaction_id()) {
      answer_allocated(known->second, message, who, {});
    } else {
      refuse(client, message, 437, &who);
    }
    return;
  }
  const auto transport = message.raw(requested_transport);
  if (!transport) {
    refuse(client, message, 400, &who);
    return;
  }
  if ((*transport)[0] != std::byte{17}) {
    refuse(client, message, 442, &who);
    return;
  }
  const auto requested = message.raw(requested_address_family);
  const auto additional = message.raw(additional_address_family);
  const bool reserved = message.has(reservation_token);
  if ((requested && additional) || (additional && family_of(additional) != ice::Family::ipv6) ||
      (reserved && (message.has(even_port) || requested || additional))) {
    complain(client, "an Allocate whose attributes exclude each other");
    refuse(client, message, 400, &who);
    return;
  }
  if (reserved) {
    refuse(client, message, 508, &who);  // none is ever given out
    return;
  }
  if (options.alternate) {
    refuse(client, message, 300, &who);
    return;
  }
  std::vector<ice::Family> families = {family_of(requested).value_or(ice::Family::ipv4)};
  if (additional) families.push_back(ice::Family::ipv6);
  std::vector<ice::Address> relayed;
  std::optional<ice::Family> missing;
  for (const ice::Family family : families) {
    const auto relay = std::find_if(options.relays.begin(), options.relays.end(),
                                    [&](const ice::Address& each) { return each.family() == family; });
    if (relay == options.relays.end()) {
      missing = family;
    } else {
      relayed.push_back(relay->with_port(next_port_));
    }
  }
  if (relayed.empty()) {
    refuse(client, message, 440, &who);
    return;
  }
  const auto of_user = std::count_if(allocations_.begin(), allocations_.end(),
                                     [&](const auto& each) { return each.second.username == who.username; });
  if (of_user >= static_cast<std::ptrdiff_t>(options.quota)) {
    refuse(client, message, 486, &who);
    return;
  }
  if (allocations_.size() >= options.capacity) {
    refuse(client, message, 508, &who);
    return;
  }
  next_port_ = next_port_ == 65535 ? 49152 : static_cast<std::uint16_t>(next_port_ + 1);
  TurnAllocation& allocation = allocations_[client];
  allocation.client = client;
  allocation.username = who.username;
  allocation.made_by = message.transaction_id();
  allocation.relayed = relayed;
  allocation.expires = world().now() + lifetime_of(message);
  for (const ice::Address& each : relayed) by_relayed_[each] = client;
  ++counts_.allocated;
  answer_allocated(allocation, message, who, missing);
}

void TurnServer::answer_allocated(const TurnAllocation& allocation, const ice::StunMessage& message,
                                  const Identity& who, std::optional<ice::Family> missing) {
  const bool lies = trouble.kind == Trouble::lying;
  ice::StunBuilder answer(ice::StunClass::success, ice::StunMethod::allocate, message.transaction_id());
  for (const ice::Address& each : allocation.relayed) {
    answer.xor_address(xor_relayed_address, lies ? lie_about(each) : each);
  }
  if (missing) {
    // RFC 8656 18.12: family, reserved, then as ERROR-CODE.
    const std::array value = {*missing == ice::Family::ipv4 ? std::byte{1} : std::byte{2}, std::byte{0}, std::byte{4},
                              std::byte{40}};
    answer.raw(address_error_code, value);
  }
  answer.u32(lifetime, static_cast<std::uint32_t>(
                           std::chrono::duration_cast<seconds>(allocation.expires - world().now()).count()));
  answer.xor_address(xor_mapped_address, lies ? lie_about(allocation.client.remote) : allocation.client.remote);
  succeed(allocation.client, who, answer);
}

void TurnServer::refresh(TurnAllocation& allocation, const ice::StunMessage& message, const Identity& who) {
  const TurnClient client = allocation.client;
  const auto family = family_of(message.raw(requested_address_family));
  if (family && !allocation.relayed_of(*family)) {
    refuse(client, message, 443, &who);
    return;
  }
  ice::StunBuilder answer(ice::StunClass::success, ice::StunMethod::refresh, message.transaction_id());
  if (message.lifetime() == 0U) {
    answer.u32(lifetime, 0);
    std::erase_if(allocation.relayed, [&](const ice::Address& each) {
      if (family && each.family() != *family) return false;
      by_relayed_.erase(each);
      return true;
    });
    if (allocation.relayed.empty()) {
      ++counts_.released;
      allocations_.erase(client);
    }
  } else {
    const ice::Duration granted = lifetime_of(message);
    allocation.expires = world().now() + granted;
    answer.u32(lifetime, static_cast<std::uint32_t>(std::chrono::duration_cast<seconds>(granted).count()));
  }
  succeed(client, who, answer);
}

bool TurnServer::peers_allowed(const TurnClient& client, const TurnAllocation& allocation,
                               const ice::StunMessage& message, const std::vector<ice::Address>& peers,
                               const Identity& who) {
  for (const ice::Address& peer : peers) {
    if (!allocation.relayed_of(peer.family())) {
      complain(client, "a permission or channel for a family that it has no relay of");
      refuse(client, message, 443, &who);
      return false;
    }
    const bool forbidden = std::any_of(options.forbidden.begin(), options.forbidden.end(),
                                       [&](const ice::Address& each) { return each.same_ip(peer); });
    if (forbidden) {
      refuse(client, message, 403, &who);
      return false;
    }
  }
  return true;
}

void TurnServer::create_permission(TurnAllocation& allocation, const ice::StunMessage& message, const Identity& who) {
  const auto peers = peer_addresses(message);
  if (peers.empty()) {
    complain(allocation.client, "a CreatePermission for nobody");
    refuse(allocation.client, message, 400, &who);
    return;
  }
  if (!peers_allowed(allocation.client, allocation, message, peers, who)) return;
  for (const ice::Address& peer : peers) {
    allocation.permissions[peer.with_port(0)] = world().now() + options.permission_lifetime;
  }
  ice::StunBuilder answer(ice::StunClass::success, ice::StunMethod::create_permission, message.transaction_id());
  succeed(allocation.client, who, answer);
}

void TurnServer::channel_bind(TurnAllocation& allocation, const ice::StunMessage& message, const Identity& who) {
  const auto number_value = message.raw(channel_number);
  const auto peer = message.xor_peer_address();
  const auto number = number_value ? static_cast<std::uint16_t>(std::to_integer<unsigned>((*number_value)[0]) << 8 |
                                                                std::to_integer<unsigned>((*number_value)[1]))
                                   : std::uint16_t{0};
  // RFC 8656 12.2. A binding that expired may not be given to another for five minutes: the client's rule (12).
  const bool conflict = std::any_of(allocation.channels.begin(), allocation.channels.end(), [&](const auto& each) {
    return peer && (each.first == number) != (each.second.peer == *peer);
  });
  if (!number_value || !peer || number < 0x4000 || number > 0x4FFF || conflict) {
    complain(allocation.client, conflict ? "a channel that is bound to another" : "a channel that cannot be");
    refuse(allocation.client, message, 400, &who);
    return;
  }
  if (!peers_allowed(allocation.client, allocation, message, {*peer}, who)) return;
  allocation.channels[number] = {*peer, world().now() + options.channel_lifetime};
  allocation.permissions[peer->with_port(0)] = world().now() + options.permission_lifetime;
  ice::StunBuilder answer(ice::StunClass::success, ice::StunMethod::channel_bind, message.transaction_id());
  succeed(allocation.client, who, answer);
}

}  // namespace sim
