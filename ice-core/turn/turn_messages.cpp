// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/turn_messages.h"

namespace ice {

namespace {

constexpr std::uint32_t kUdp = 17U << 24;  // REQUESTED-TRANSPORT (RFC 8656 18.7)
constexpr std::uint32_t kIpv6 = 2U << 24;  // REQUESTED- and ADDITIONAL-ADDRESS-FAMILY (18.6, 18.11)

}  // namespace

StunBuilder build_allocate(const TransactionId& id, RelayFamilies families, std::string_view software) {
  StunBuilder request(StunClass::request, StunMethod::allocate, id);
  if (!software.empty()) request.text(StunAttribute::software, software);
  request.u32(StunAttribute::requested_transport, kUdp);
  if (families == RelayFamilies::ipv6) request.u32(StunAttribute::requested_address_family, kIpv6);
  if (families == RelayFamilies::both) request.u32(StunAttribute::additional_address_family, kIpv6);
  return request;
}

StunBuilder build_refresh(const TransactionId& id, std::uint32_t lifetime_seconds) {
  StunBuilder request(StunClass::request, StunMethod::refresh, id);
  request.u32(StunAttribute::lifetime, lifetime_seconds);
  return request;
}

StunBuilder build_create_permission(const TransactionId& id, const std::vector<Address>& peers) {
  StunBuilder request(StunClass::request, StunMethod::create_permission, id);
  for (const Address& peer : peers) request.xor_address(StunAttribute::xor_peer_address, peer);
  return request;
}

StunBuilder build_channel_bind(const TransactionId& id, std::uint16_t channel, const Address& peer) {
  StunBuilder request(StunClass::request, StunMethod::channel_bind, id);
  request.u32(StunAttribute::channel_number, static_cast<std::uint32_t>(channel) << 16);
  request.xor_address(StunAttribute::xor_peer_address, peer);
  return request;
}

std::optional<AddressError> address_error(const StunMessage& response) {
  const auto value = response.raw(StunAttribute::address_error_code);
  if (!value) return std::nullopt;
  const auto family = std::to_integer<unsigned>((*value)[0]);
  if (family != 1 && family != 2) return std::nullopt;
  const int code = std::to_integer<int>((*value)[2] & std::byte{0x07}) * 100 + std::to_integer<int>((*value)[3]);
  return AddressError{family == 1 ? Family::ipv4 : Family::ipv6, code};
}

std::string said(const StunErrorCode& error) {
  const auto phrase = [&]() -> std::string {
    if (!error.reason.empty()) return error.reason;
    switch (error.code) {
      case 300:
        return "Try Alternate";
      case 400:
        return "Bad Request";
      case 401:
        return "Unauthorized";
      case 403:
        return "Forbidden";
      case 420:
        return "Unknown Attribute";
      case 437:
        return "Allocation Mismatch";
      case 438:
        return "Stale Nonce";
      case 440:
        return "Address Family not Supported";
      case 441:
        return "Wrong Credentials";
      case 442:
        return "Unsupported Transport Protocol";
      case 443:
        return "Peer Address Family Mismatch";
      case 486:
        return "Allocation Quota Reached";
      case 500:
        return "Server Error";
      case 508:
        return "Insufficient Capacity";
      default:
        return "";
    }
  }();
  return "said " + std::to_string(error.code) + (phrase.empty() ? "" : " " + phrase);
}

}  // namespace ice
