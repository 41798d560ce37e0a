// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/checks/check_messages.h"

namespace ice {

namespace {

Bytes sign(StunBuilder& message, const AnswerKey& key) {
  if (key.sha256) {
    message.message_integrity_sha256(key.pwd);
  } else {
    message.message_integrity(key.pwd);
  }
  return message.fingerprint().build();
}

}  // namespace

Bytes build_check_request(const CheckRequest& check) {
  StunBuilder message(StunClass::request, StunMethod::binding, check.id);
  if (!check.software.empty()) message.text(StunAttribute::software, check.software);
  message.text(StunAttribute::username, check.remote.ufrag + ":" + check.local.ufrag);
  message.u32(StunAttribute::priority, check.priority.value);
  message.u64(check.role == Role::controlling ? StunAttribute::ice_controlling : StunAttribute::ice_controlled,
              check.tie_breaker);
  if (check.use_candidate) message.flag(StunAttribute::use_candidate);
  return sign(message, AnswerKey{check.remote.pwd, false});
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
  constexpr std::size_t kMaxUfrag = 256;
  const auto colon = username.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const CheckUsername halves{username.substr(0, colon), username.substr(colon + 1)};
  if (halves.receiver.empty() || halves.receiver.size() > kMaxUfrag) return std::nullopt;
  if (halves.sender.empty() || halves.sender.size() > kMaxUfrag) return std::nullopt;
  return halves;
}

}  // namespace ice
