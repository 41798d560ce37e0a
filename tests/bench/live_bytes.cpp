// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/live_bytes.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> live{0};

/// What a block costs the heap: what was given, which is more than what was asked for, and the allocator's own word.
std::size_t cost_of(void* block) {
  return block == nullptr ? 0 : malloc_usable_size(block) + sizeof(std::size_t);
}

void* counted(void* block) {
  live += cost_of(block);
  return block;
}

void* openssl_malloc(std::size_t size, const char*, int) {
  return counted(std::malloc(size));
}
void openssl_free(void* block, const char*, int) {
  live -= cost_of(block);
  std::free(block);
}
void* openssl_realloc(void* block, std::size_t size, const char*, int) {
  const std::size_t before = cost_of(block);
  void* const after = std::realloc(block, size);
  if (after != nullptr || size == 0) live -= before;
  return counted(after);
}

}  // namespace

namespace cost {

bool count_openssl() {
  return CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;
}

std::size_t live_bytes() {
  return live;
}

}  // namespace cost

void* operator new(std::size_t size) {
  if (void* const block = std::malloc(size)) return counted(block);
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void operator delete(void* block) noexcept {
  live -= cost_of(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}
void operator delete[](void* block) noexcept {
  operator delete(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  operator delete(block);
}
