// SPDX-License-Identifier: LGPL-2.1-or-later
// HMACs by OpenSSL, the CRC by zlib.
#include "ice-core/stun/integrity.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <zlib.h>

#include <cstdlib>
#include <memory>

namespace ice {

namespace {

struct ContextDeleter {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MAC_CTX, ContextDeleter>;

// A context that knows its digest and has no key yet. Looking algorithms up by name costs more than the HMAC of a
// check, so it is done once and the result copied for each message.
Context make_template(const char* digest) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Context context(EVP_MAC_CTX_new(mac));
  EVP_MAC_free(mac);  // the context holds its own reference
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end(),
  };
  // Only a broken OpenSSL has no HMAC; without it nothing could be authenticated.
  if (!context || EVP_MAC_CTX_set_params(context.get(), params) != 1) std::abort();
  return context;
}

void hmac(const EVP_MAC_CTX* prepared, ByteView key, ByteView message, std::uint16_t length,
          std::span<std::byte> digest) {
  static constexpr unsigned char kNoKey = 0;  // an empty key is a key, a null pointer means "keep the last one"
  const auto* const key_bytes = key.empty() ? &kNoKey : reinterpret_cast<const unsigned char*>(key.data());
  const auto* const text = reinterpret_cast<const unsigned char*>(message.data());
  const unsigned char adjusted[4] = {text[0], text[1], static_cast<unsigned char>(length >> 8),
                                     static_cast<unsigned char>(length & 0xFF)};
  const Context context(EVP_MAC_CTX_dup(prepared));
  std::size_t written = 0;
  if (!context || EVP_MAC_init(context.get(), key_bytes, key.size(), nullptr) != 1 ||
      EVP_MAC_update(context.get(), adjusted, sizeof adjusted) != 1 ||
      EVP_MAC_update(context.get(), text + sizeof adjusted, message.size() - sizeof adjusted) != 1 ||
      EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &written, digest.size()) != 1 ||
      written != digest.size()) {
    std::abort();  // out of memory: an undefined digest must never be compared with
  }
}

}  // namespace

std::array<std::byte, kSha1Size> stun_hmac_sha1(ByteView key, ByteView message, std::uint16_t length) {
  // Never freed: threads of the process may still verify while it exits.
  static const EVP_MAC_CTX* const prepared = make_template("SHA1").release();
  std::array<std::byte, kSha1Size> digest{};
  hmac(prepared, key, message, length, digest);
  return digest;
}

std::array<std::byte, kSha256Size> stun_hmac_sha256(ByteView key, ByteView message, std::uint16_t length) {
  static const EVP_MAC_CTX* const prepared = make_template("SHA256").release();
  std::array<std::byte, kSha256Size> digest{};
  hmac(prepared, key, message, length, digest);
  return digest;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::uint32_t stun_fingerprint(ByteView message) {
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(message.data()), static_cast<uInt>(message.size()));
  return static_cast<std::uint32_t>(crc) ^ 0x5354554EU;
}

}  // namespace ice
