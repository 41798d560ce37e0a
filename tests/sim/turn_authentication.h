// SPDX-License-Identifier: LGPL-2.1-or-later
// The server's side of the long-term credential mechanism (RFC 8489 9.2): keys, nonces that expire, and which error
// answers what. Strict, and the simulator's own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ice-core/base/address.h"
#include "ice-core/stun/message.h"
#include "tests/sim/seeded_random.h"

namespace sim {

/// MD5 or SHA-256 of "username:realm:password" (RFC 8489 9.2.2, 18.5.1); USERHASH is SHA-256 of "username:realm".
std::string long_term_key(const std::string& username, const std::string& realm, const std::string& password,
                          bool sha256);
std::string user_hash(const std::string& username, const std::string& realm);

struct TurnUsers {
  std::string realm = "sim.example";
  std::map<std::string, std::string> passwords = {{"user", "pass"}};
  ice::Duration nonce_lifetime = std::chrono::seconds(600);
  bool offers_sha256 = false;    ///< PASSWORD-ALGORITHMS and the bit of the nonce's cookie (RFC 8489 9.2.1)
  bool offers_userhash = false;  ///< username anonymity
};

class TurnAuthentication {
 public:
  TurnAuthentication(TurnUsers users, SeededRandom random) : users_(std::move(users)), random_(random) {}

  /// Who was believed to have sent a request, and how its answer is signed.
  struct Identity {
    std::string username;
    std::string key;
    bool sha256 = false;  ///< MESSAGE-INTEGRITY-SHA256
  };
  struct Verdict {
    std::optional<Identity> identity;
    int error = 0;                       ///< 400, 401 or 438 where there is none
    std::optional<Identity> signs_with;  ///< a 438 to who knows the password is signed
  };
  Verdict judge(ice::TimePoint now, const ice::Address& client, const ice::StunMessage& request);
  /// REALM, NONCE and what is offered: for 401 and 438.
  void challenge(ice::TimePoint now, const ice::Address& client, ice::StunBuilder& answer);
  static void sign(const Identity& identity, ice::StunBuilder& answer);

  /// All nonces are stale from now on (a server that restarted).
  void expire_nonces() { nonces_.clear(); }
  [[nodiscard]] const TurnUsers& users() const { return users_; }

 private:
  struct Nonce {
    std::string text;
    ice::TimePoint expires;
  };
  [[nodiscard]] static std::string offered_algorithms();

  TurnUsers users_;
  SeededRandom random_;
  std::map<ice::Address, std::vector<Nonce>> nonces_;  ///< a request that arrives twice makes none stale
};

}  // namespace sim
