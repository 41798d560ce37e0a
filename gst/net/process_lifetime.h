// SPDX-License-Identifier: LGPL-2.1-or-later
// An object for the whole life of the process.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace gstice {

/// Holds one T and never runs its destructor: our process-wide threads may still use it while the process exits.
/// Meant for function-local statics.
template <typename T>
class ProcessLifetime {
 public:
  template <typename... Args>
  explicit ProcessLifetime(Args&&... args) {
    ::new (static_cast<void*>(storage_)) T(std::forward<Args>(args)...);
  }
  ProcessLifetime(const ProcessLifetime&) = delete;
  ProcessLifetime& operator=(const ProcessLifetime&) = delete;

  T& operator*() { return *std::launder(reinterpret_cast<T*>(storage_)); }
  T* operator->() { return &**this; }

 private:
  alignas(T) std::byte storage_[sizeof(T)];
};

}  // namespace gstice
