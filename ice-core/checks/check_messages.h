// SPDX-License-Identifier: LGPL-2.1-or-later
// The STUN messages of connectivity checks (RFC 8445 7.1, 7.2.2, 7.3): pure functions from values to bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/base/types.h"
#include "ice-core/candidates/credentials.h"
#include "ice-core/stun/message.h"

namespace ice {

struct CheckRequest {
  TransactionId id;
  Credentials local;
  Credentials remote;
  Priority priority;  ///< of the peer-reflexive candidate that this check may make known (RFC 8445 7.1.1)
  Role role = Role::controlling;
  std::uint64_t tie_breaker = 0;
  bool use_candidate = false;
  std::string_view software;
};

/// USERNAME is `<their ufrag>:<our ufrag>`, the key their password (RFC 8445 7.2.2).
[[nodiscard]] Bytes build_check_request(const CheckRequest& check, const IntegrityKey& key);
[[nodiscard]] Bytes build_check_request(const CheckRequest& check);

/// How an answer is signed: as the request was (RFC 8489 9.1.4).
struct AnswerKey {
  const IntegrityKey& key;
  bool sha256 = false;
};

[[nodiscard]] Bytes build_success_response(const StunMessage& request, const Address& source, const AnswerKey& key);
[[nodiscard]] Bytes build_error_response(const StunMessage& request, int code, std::string_view reason,
                                         const AnswerKey& key);
/// 420 with the list (RFC 8489 6.3.1).
[[nodiscard]] Bytes build_unknown_attributes_response(const StunMessage& request, const AnswerKey& key);

/// The two halves of a check's USERNAME.
struct CheckUsername {
  std::string_view receiver;  ///< the ufrag of whoever receives the request
  std::string_view sender;
};
/// Nothing when there is no colon or a half is empty or longer than 256.
[[nodiscard]] std::optional<CheckUsername> split_username(std::string_view username);

}  // namespace ice
