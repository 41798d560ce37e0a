// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/long_term_credentials.h"

#include "ice-core/turn/password_algorithms.h"

namespace ice {

namespace {

using Verdict = LongTermCredentials::Verdict;

/// What the nonce cookie says that the server can do (RFC 8489 9.2, 18.1). Bits are counted from the right, as the
/// example in B.1 has it (verified erratum 6290).
struct SecurityFeatures {
  bool password_algorithms = false;
  bool username_anonymity = false;
};

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

SecurityFeatures security_features(std::string_view nonce) {
  constexpr std::string_view kCookie = "obMatJos2";
  constexpr std::size_t kEncoded = 4;  // 24 bits
  if (!nonce.starts_with(kCookie) || nonce.size() < kCookie.size() + kEncoded) return {};
  unsigned bits = 0;
  for (const char c : nonce.substr(kCookie.size(), kEncoded)) {
    const int value = base64_value(c);
    if (value < 0) return {};
    bits = bits << 6 | static_cast<unsigned>(value);
  }
  return {(bits & 1U) != 0, (bits & 2U) != 0};
}

}  // namespace

void LongTermCredentials::sign(StunBuilder& request) const {
  if (!known()) return;
  if (anonymous_) {
    request.raw(StunAttribute::userhash, userhash(user_, realm_));
  } else {
    request.text(StunAttribute::username, user_);
  }
  request.text(StunAttribute::nonce, nonce_).text(StunAttribute::realm, realm_);
  if (algorithms_.empty()) {
    request.message_integrity(key_);
    return;
  }
  request.raw(StunAttribute::password_algorithms, algorithms_);
  request.u32(StunAttribute::password_algorithm, static_cast<std::uint32_t>(algorithm_) << 16);
  request.message_integrity_sha256(key_);
}

LongTermCredentials::Judgement LongTermCredentials::judge(const StunMessage& response, bool request_signed) {
  const auto error = response.error_code();
  if (response.message_class() == StunClass::error) {
    if (!error) return {Verdict::ignore, "an error without a code"};
    if (error->code == 401 || error->code == 438) return challenged(response, error->code, request_signed);
  }
  const auto nonce = response.nonce();
  if (nonce && security_features(*nonce).password_algorithms && !response.has(StunAttribute::password_algorithms)) {
    return {Verdict::ignore, "its password algorithms were taken out on the way"};
  }
  // What was not signed cannot be answered with a signature of ours.
  if (!request_signed) return {};
  if (!response.has_integrity()) return {Verdict::ignore, "its answers are not signed"};
  // Who offered SHA-256 does not sign with SHA-1: that would be somebody else, bidding down.
  if (!algorithms_.empty() && !response.has(StunAttribute::message_integrity_sha256)) {
    return {Verdict::ignore, "its answers are signed with SHA-1 although it offered SHA-256"};
  }
  if (!response.verify_integrity(key_)) return {Verdict::ignore, "its answers are signed with another password"};
  return {};
}

LongTermCredentials::Judgement LongTermCredentials::challenged(const StunMessage& response, int code,
                                                               bool request_signed) {
  const auto nonce = response.nonce();
  const auto realm = response.realm();
  const auto algorithms = response.raw(StunAttribute::password_algorithms);
  if (!nonce || nonce->empty()) return {Verdict::refuse, "without a nonce"};
  if (code == 401 && (!realm || realm->empty())) return {Verdict::refuse, "without a realm"};
  if (code == 438 && !request_signed) return {Verdict::refuse, "although no nonce was used"};
  const SecurityFeatures features = security_features(*nonce);
  // 9.2.5: somebody took the list out of the message, to make us use the weaker algorithm.
  if (features.password_algorithms && !algorithms) {
    return {Verdict::refuse, "and its password algorithms were taken out on the way"};
  }
  const auto algorithm = algorithms ? first_supported_algorithm(*algorithms) : PasswordAlgorithm::md5;
  if (!algorithm) return {Verdict::refuse, "and uses none of the password algorithms MD5 and SHA-256"};
  const std::string asked_realm(code == 438 && !realm ? std::string_view(realm_) : *realm);
  // The same user, realm and password again would only be refused again.
  if (code == 401 && request_signed && asked_realm == realm_ && features.username_anonymity == anonymous_) {
    return {Verdict::refuse, "wrong user or password"};
  }
  std::string key = long_term_key(*algorithm, user_, asked_realm, password_);
  if (key.empty()) return {Verdict::refuse, "and wants MD5, which this OpenSSL does not allow"};
  realm_ = asked_realm;
  nonce_ = std::string(*nonce);
  key_ = std::move(key);
  anonymous_ = features.username_anonymity;
  algorithm_ = static_cast<std::uint16_t>(*algorithm);
  algorithms_.clear();
  if (algorithms) algorithms_.assign(algorithms->begin(), algorithms->end());
  return {Verdict::retry, {}};
}

}  // namespace ice
