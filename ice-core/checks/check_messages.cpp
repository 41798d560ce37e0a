// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/check_messages.h"

#include <algorithm>
#include <array>

namespace ice {

namespace {

constexpr std::size_t kMaxUfrag = 256;  // RFC 8839 5.4

Bytes sign(StunBuilder& message, const AnswerKey& key) {
  if (key.sha256) {
    message.message_integrity_sha256(key.key);
  } else {
    message.message_integrity(key.key);
  }
  return message.fingerprint().build();
}

}  // namespace

Bytes build_check_request(const CheckRequest& check, const IntegrityKey& key) {
  StunBuilder message(StunClass::request, StunMethod::binding, check.id);
  if (!check.software.empty()) message.text(StunAttribute::software, check.software);
  std::array<char, 2 * kMaxUfrag + 1> username{};
  const std::string_view theirs = std::string_view(check.remote.ufrag).substr(0, kMaxUfrag);
  const std::string_view ours = std::string_view(check.local.ufrag).substr(0, kMaxUfrag);
  auto end = std::copy(theirs.begin(), theirs.end(), username.begin());
  *end++ = ':';
  end = std::copy(ours.begin(), ours.end(), end);
  message.text(StunAttribute::username, {username.data(), static_cast<std::size_t>(end - username.begin())});
  message.u32(StunAttribute::priority, check.priority.value);
  message.u64(check.role == Role::controlling ? StunAttribute::ice_controlling : StunAttribute::ice_controlled,
              check.tie_breaker);
  if (check.use_candidate) message.flag(StunAttribute::use_candidate);
  return sign(message, AnswerKey{key, false});
}

Bytes build_check_request(const CheckRequest& check) {
  return build_check_request(check, IntegrityKey(check.remote.pwd));
}

Bytes build_success_response(const StunMessage& request, const Address& source, const AnswerKey& key) {
  StunBuilder message(StunClass::success, StunMethod::binding, request.transaction_id());
  message.xor_address(StunAttribute::xor_mapped_address, source);
  return sign(message, key);
}

Bytes build_error_response(const StunMessage& request, int code, std::string_view reason, const AnswerKey& key) {
  StunBuilder message(StunClass::error, StunMethod::binding, request.transaction_id());
  message.error_code(code, reason);
  return sign(message, key);
}

Bytes build_unknown_attributes_response(const StunMessage& request, const AnswerKey& key) {
  StunBuilder message(StunClass::error, StunMethod::binding, request.transaction_id());
  message.error_code(420, "Unknown Attribute");
  message.unknown_attributes(request.unknown_required());
  return sign(message, key);
}

std::optional<CheckUsername> split_username(std::string_view username) {
  const auto colon = username.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const CheckUsername halves{username.substr(0, colon), username.substr(colon + 1)};
  if (halves.receiver.empty() || halves.receiver.size() > kMaxUfrag) return std::nullopt;
  if (halves.sender.empty() || halves.sender.size() > kMaxUfrag) return std::nullopt;
  return halves;
}

}  // namespace ice
