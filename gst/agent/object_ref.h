// SPDX-License-Identifier: LGPL-2.1-or-later
// RAII around references to GObjects.
#pragma once

#include <glib-object.h>

#include <memory>

namespace gstice {

struct ObjectUnref {
  void operator()(gpointer object) const { g_object_unref(object); }
};

/// Owns one reference.
template <typename T>
using ObjectRef = std::unique_ptr<T, ObjectUnref>;

template <typename T>
ObjectRef<T> new_ref(T* object) {
  if (object != nullptr) g_object_ref(object);
  return ObjectRef<T>(object);
}

/// A weak reference that any thread may turn into a strong one.
template <typename T>
class WeakObject {
 public:
  explicit WeakObject(T* object) { g_weak_ref_init(&ref_, object); }
  ~WeakObject() { g_weak_ref_clear(&ref_); }
  WeakObject(const WeakObject&) = delete;
  WeakObject& operator=(const WeakObject&) = delete;

  [[nodiscard]] ObjectRef<T> lock() const { return ObjectRef<T>(static_cast<T*>(g_weak_ref_get(&ref_))); }

 private:
  mutable GWeakRef ref_;
};

}  // namespace gstice
