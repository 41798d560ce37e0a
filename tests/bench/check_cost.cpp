// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/check_cost.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <cstdlib>

namespace cost {

namespace {

ice::CheckRequest nominating_check() {
  ice::CheckRequest request;
  request.id.bytes.fill(std::byte{7});
  request.local = {"abcdefgh", "abcdefghijklmnopqrstuvwx"};
  request.remote = {"ijklmnop", "ABCDEFGHIJKLMNOPQRSTUVWX"};
  request.priority = ice::Priority(1'862'270'975);
  request.tie_breaker = 0x1234567890ABCDEF;
  request.use_candidate = true;
  return request;
}

}  // namespace

Check::Check() : request_(nominating_check()), key_(request_.remote.pwd), bytes_(encode_and_sign()) {}

bool Check::parse_and_verify() const {
  const auto message = ice::StunMessage::parse(bytes_);
  return message && message->verify_integrity(key_);
}

BareHmac::BareHmac(const Check& check) : bytes_(check.bytes()) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  context_.reset(EVP_MAC_CTX_new(mac));
  EVP_MAC_free(mac);
  std::array<char, 5> digest{'S', 'H', 'A', '1', '\0'};
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                               OSSL_PARAM_construct_end()};
  const std::string& key = check.password();
  if (EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), params) != 1) {
    std::abort();
  }
}

unsigned char BareHmac::digest() {
  std::array<unsigned char, 20> out{};
  std::size_t size = 0;
  if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||
      EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size()) != 1 ||
      EVP_MAC_final(context_.get(), out.data(), &size, out.size()) != 1) {
    std::abort();
  }
  return out[0];
}

}  // namespace cost
