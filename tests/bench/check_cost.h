// SPDX-License-Identifier: LGPL-2.1-or-later
// One connectivity check, ready to be built, read and authenticated, and the ruler that its cost is measured by.
#pragma once

#include <openssl/evp.h>

#include <memory>

#include "ice-core/checks/check_messages.h"

namespace cost {

/// Encoding and signing, and parsing and verifying, may each cost so many times what the bare HMAC costs.
inline constexpr double kMostOfHmac = 2.2;

/// A Binding request as a controlling agent nominates with it.
class Check {
 public:
  Check();
  [[nodiscard]] ice::Bytes encode_and_sign() const { return ice::build_check_request(request_, key_); }
  /// Of a request that was built before.
  [[nodiscard]] bool parse_and_verify() const;
  [[nodiscard]] ice::ByteView bytes() const { return bytes_; }
  [[nodiscard]] const std::string& password() const { return request_.remote.pwd; }

 private:
  ice::CheckRequest request_;
  ice::IntegrityKey key_;
  ice::Bytes bytes_;
};

/// A keyed EVP_MAC over the same bytes: init with the key already set, update, final.
class BareHmac {
 public:
  explicit BareHmac(const Check& check);
  unsigned char digest();

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  };
  ice::ByteView bytes_;
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

}  // namespace cost
