// SPDX-License-Identifier: LGPL-2.1-or-later
// HMACs by OpenSSL, the CRC by zlib.
#include "ice-core/stun/integrity.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>

namespace ice {

namespace {

/// As much as any check: a message of this size is put together with its length field and digested in one piece.
constexpr std::size_t kInOnePiece = 512;

/// A context that knows its digest and has no key yet. Looking algorithms up by name costs more than the HMAC of a
/// check, so it is done once and the result copied for each key.
EVP_MAC_CTX* make_template(const char* digest) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* const context = EVP_MAC_CTX_new(mac);
  EVP_MAC_free(mac);  // the context holds its own reference
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end(),
  };
  // Only a broken OpenSSL has no HMAC; without it nothing could be authenticated.
  if (context == nullptr || EVP_MAC_CTX_set_params(context, params) != 1) std::abort();
  return context;
}

// Never freed: threads of the process may still verify while it exits.
const EVP_MAC_CTX* sha1_template() {
  static const EVP_MAC_CTX* const prepared = make_template("SHA1");
  return prepared;
}
const EVP_MAC_CTX* sha256_template() {
  static const EVP_MAC_CTX* const prepared = make_template("SHA256");
  return prepared;
}

/// The key's own part of the HMAC, done.
EVP_MAC_CTX* key_up(const EVP_MAC_CTX* prepared, std::string_view key) {
  static constexpr unsigned char kNoKey = 0;  // an empty key is a key, a null pointer means "keep the last one"
  const auto* const bytes = key.empty() ? &kNoKey : reinterpret_cast<const unsigned char*>(key.data());
  EVP_MAC_CTX* const context = EVP_MAC_CTX_dup(prepared);
  if (context == nullptr || EVP_MAC_init(context, bytes, key.size(), nullptr) != 1) std::abort();  // out of memory
  return context;
}

bool update(EVP_MAC_CTX* context, ByteView message, std::uint16_t length) {
  const auto* const text = reinterpret_cast<const unsigned char*>(message.data());
  const std::array<unsigned char, 2> adjusted = {static_cast<unsigned char>(length >> 8),
                                                 static_cast<unsigned char>(length & 0xFF)};
  if (message.size() <= kInOnePiece) {
    std::array<unsigned char, kInOnePiece> whole;
    std::copy_n(text, message.size(), whole.data());
    std::copy_n(adjusted.data(), adjusted.size(), whole.data() + 2);
    return EVP_MAC_update(context, whole.data(), message.size()) == 1;
  }
  return EVP_MAC_update(context, text, 2) == 1 && EVP_MAC_update(context, adjusted.data(), adjusted.size()) == 1 &&
         EVP_MAC_update(context, text + 4, message.size() - 4) == 1;
}

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void IntegrityKey::FreeContext::operator()(evp_mac_ctx_st* context) const {
  EVP_MAC_CTX_free(context);
}

IntegrityKey::IntegrityKey(std::string_view key) : key_(key) {}
IntegrityKey::IntegrityKey(ByteView key) : IntegrityKey(text_of(key)) {}
IntegrityKey::~IntegrityKey() {
  OPENSSL_cleanse(key_.data(), key_.size());
}

void IntegrityKey::hmac(Context& context, const evp_mac_ctx_st* prepared, ByteView message, std::uint16_t length,
                        std::span<std::byte> digest) const {
  std::size_t written = 0;
  // A fresh context is keyed; one that has been used takes the same key again.
  if (!context) {
    context.reset(key_up(prepared, key_));
  } else if (EVP_MAC_init(context.get(), nullptr, 0, nullptr) != 1) {
    std::abort();
  }
  if (!update(context.get(), message, length) ||
      EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &written, digest.size()) != 1 ||
      written != digest.size()) {
    std::abort();  // out of memory: an undefined digest must never be compared with
  }
}

std::array<std::byte, kSha1Size> IntegrityKey::hmac_sha1(ByteView message, std::uint16_t length) const {
  std::array<std::byte, kSha1Size> digest{};
  hmac(sha1_, sha1_template(), message, length, digest);
  return digest;
}

std::array<std::byte, kSha256Size> IntegrityKey::hmac_sha256(ByteView message, std::uint16_t length) const {
  std::array<std::byte, kSha256Size> digest{};
  hmac(sha256_, sha256_template(), message, length, digest);
  return digest;
}

std::array<std::byte, kSha1Size> stun_hmac_sha1(ByteView key, ByteView message, std::uint16_t length) {
  return IntegrityKey(key).hmac_sha1(message, length);
}

std::array<std::byte, kSha256Size> stun_hmac_sha256(ByteView key, ByteView message, std::uint16_t length) {
  return IntegrityKey(key).hmac_sha256(message, length);
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::uint32_t stun_fingerprint(ByteView message) {
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(message.data()), static_cast<uInt>(message.size()));
  return static_cast<std::uint32_t>(crc) ^ 0x5354554EU;
}

}  // namespace ice
