// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/turn_authentication.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <span>

namespace sim {

namespace {

std::string digest(const EVP_MD* kind, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, kind, nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

constexpr std::string_view kCookie = "obMatJos2";  // RFC 8489 9.2
constexpr unsigned kPasswordAlgorithms = 1;        // bits of the security feature set, RFC 8489 18.1
constexpr unsigned kUsernameAnonymity = 2;

}  // namespace

std::string long_term_key(const std::string& username, const std::string& realm, const std::string& password,
                          bool sha256) {
  return digest(sha256 ? EVP_sha256() : EVP_md5(), username + ":" + realm + ":" + password);
}

std::string user_hash(const std::string& username, const std::string& realm) {
  return digest(EVP_sha256(), username + ":" + realm);
}

std::string TurnAuthentication::offered_algorithms() {
  // RFC 8489 14.11: SHA-256 (2) first, MD5 (1); no parameters.
  return {"\x00\x02\x00\x00\x00\x01\x00\x00", 8};
}

void TurnAuthentication::challenge(ice::TimePoint now, const ice::Address& client, ice::StunBuilder& answer) {
  std::string text;
  const unsigned features =
      (users_.offers_sha256 ? kPasswordAlgorithms : 0) | (users_.offers_userhash ? kUsernameAnonymity : 0);
  if (features != 0) {
    // The 24 bits in base64: only the last of the four characters is not 'A'.
    text = std::string(kCookie) + "AAA" + static_cast<char>('A' + features);
  }
  text += random_.text(16, "0123456789abcdef");
  std::erase_if(nonces_[client], [&](const Nonce& each) { return now >= each.expires; });
  nonces_[client].push_back({text, now + users_.nonce_lifetime});
  answer.text(ice::StunAttribute::realm, users_.realm);
  answer.text(ice::StunAttribute::nonce, text);
  if (users_.offers_sha256) {
    const std::string offered = offered_algorithms();
    answer.raw(ice::StunAttribute::password_algorithms, std::as_bytes(std::span(offered)));
  }
}

void TurnAuthentication::sign(const Identity& identity, ice::StunBuilder& answer) {
  if (identity.sha256) {
    answer.message_integrity_sha256(identity.key);
  } else {
    answer.message_integrity(identity.key);
  }
}

TurnAuthentication::Verdict TurnAuthentication::judge(ice::TimePoint now, const ice::Address& client,
                                                      const ice::StunMessage& request) {
  // RFC 8489 9.2.4, in its order.
  using enum ice::StunAttribute;
  if (!request.has_integrity()) return {{}, 401, {}};
  const auto name = request.username();
  const auto hash = request.raw(userhash);
  const auto realm_named = request.realm();
  const auto nonce_named = request.nonce();
  if ((!name && !hash) || !realm_named || !nonce_named) return {{}, 400, {}};

  bool sha256_key = false;
  if (users_.offers_sha256 && nonce_named->starts_with(kCookie)) {
    const auto offered = request.raw(ice::StunAttribute::password_algorithms);
    const auto chosen = request.raw(password_algorithm);
    if (offered.has_value() != chosen.has_value()) return {{}, 400, {}};
    if (offered) {
      const std::string mine = offered_algorithms();
      const std::string theirs(reinterpret_cast<const char*>(offered->data()), offered->size());
      if (mine != theirs) return {{}, 400, {}};
      const auto number = std::to_integer<unsigned>((*chosen)[1]);
      if (number != 1 && number != 2) return {{}, 400, {}};
      sha256_key = number == 2;
    }
  }
  std::string username_found;
  if (name) {
    username_found = std::string(*name);
  } else if (users_.offers_userhash) {
    const std::string wanted(reinterpret_cast<const char*>(hash->data()), hash->size());
    for (const auto& [each, password] : users_.passwords) {
      if (user_hash(each, users_.realm) == wanted) username_found = each;
    }
  }
  const auto known = users_.passwords.find(username_found);
  if (known == users_.passwords.end() || *realm_named != users_.realm) return {{}, 401, {}};
  const Identity identity{known->first, long_term_key(known->first, users_.realm, known->second, sha256_key),
                          request.has(message_integrity_sha256)};
  if (!request.verify_integrity(identity.key)) return {{}, 401, {}};
  const auto& given = nonces_[client];
  const bool fresh = std::any_of(given.begin(), given.end(),
                                 [&](const Nonce& each) { return each.text == *nonce_named && now < each.expires; });
  if (!fresh) {
    return {{}, 438, identity};
  }
  return {identity, 0, {}};
}

}  // namespace sim
