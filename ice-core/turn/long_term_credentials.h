// SPDX-License-Identifier: LGPL-2.1-or-later
// The long-term credential mechanism, the client's side (RFC 8489 9.2): what a request is signed with, and whether a
// response is believed.
#pragma once

#include <string>
#include <string_view>

#include "ice-core/base/types.h"
#include "ice-core/stun/message.h"

namespace ice {

class LongTermCredentials {
 public:
  enum class Verdict {
    accept,  ///< obey the response
    retry,   ///< the server asked for credentials or another nonce: send the request anew, signed with what it said
    refuse,  ///< it does not take ours, or cannot be trusted: `why`
    ignore,  ///< as if it had never come; `why`
  };
  struct Judgement {
    Verdict verdict = Verdict::accept;
    std::string why;
  };

  LongTermCredentials(std::string user, std::string password)
      : user_(std::move(user)), password_(std::move(password)) {}

  /// A realm and a nonce are known: requests are signed.
  [[nodiscard]] bool known() const { return !key_.empty(); }
  /// Appends what authenticates the request, integrity last; nothing while not known() (9.2.3.1).
  void sign(StunBuilder& request) const;
  /// Takes a response in the order of 9.2.5. `request_signed`: whether what it answers was signed.
  Judgement judge(const StunMessage& response, bool request_signed);

 private:
  Judgement challenged(const StunMessage& response, int code, bool request_signed);

  std::string user_;
  std::string password_;
  std::string realm_;
  std::string nonce_;
  std::string key_;
  Bytes algorithms_;             ///< PASSWORD-ALGORITHMS as the server sent it, else empty
  std::uint16_t algorithm_ = 0;  ///< chosen of them
  bool anonymous_ = false;       ///< USERHASH instead of USERNAME
};

}  // namespace ice
