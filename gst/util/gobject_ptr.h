// SPDX-License-Identifier: LGPL-2.1-or-later
// Owners for what GLib hands out: GObject references, sources, strings, errors.
#pragma once

#include <gio/gio.h>

#include <memory>
#include <utility>

namespace gstice {

/// One reference to a GObject, given back at the end of the scope.
template <typename T>
class GObjectPtr {
 public:
  GObjectPtr() = default;
  GObjectPtr(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
  /// Takes over a reference that the caller owns ("transfer full").
  static GObjectPtr adopt(T* object) {
    GObjectPtr result;
    result.object_ = object;
    return result;
  }
  /// Adds a reference to somebody else's object ("transfer none").
  static GObjectPtr share(T* object) {
    return adopt(object == nullptr ? nullptr : static_cast<T*>(g_object_ref(object)));
  }

  GObjectPtr(const GObjectPtr& other) : GObjectPtr(share(other.object_)) {}
  GObjectPtr(GObjectPtr&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  GObjectPtr& operator=(GObjectPtr other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~GObjectPtr() { g_clear_object(&object_); }

  [[nodiscard]] T* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

/// std::unique_ptr with one of GLib's freeing functions.
template <typename T, auto Free>
struct GFree {
  void operator()(T* pointer) const { Free(pointer); }
};
using GCharPtr = std::unique_ptr<char, GFree<char, g_free>>;
using GErrorPtr = std::unique_ptr<GError, GFree<GError, g_error_free>>;
using GUriPtr = std::unique_ptr<GUri, GFree<GUri, g_uri_unref>>;
using GMainContextPtr = std::unique_ptr<GMainContext, GFree<GMainContext, g_main_context_unref>>;
using GMainLoopPtr = std::unique_ptr<GMainLoop, GFree<GMainLoop, g_main_loop_unref>>;

/// Receives a GError** from a call: `f(…, error.out()); if (error) … error->message`.
class GErrorSlot {
 public:
  GErrorSlot() = default;
  GErrorSlot(const GErrorSlot&) = delete;
  GErrorSlot& operator=(const GErrorSlot&) = delete;
  ~GErrorSlot() { g_clear_error(&error_); }
  /// For one call at a time: what an earlier one left is freed.
  GError** out() {
    g_clear_error(&error_);
    return &error_;
  }
  explicit operator bool() const { return error_ != nullptr; }
  const GError* operator->() const { return error_; }
  [[nodiscard]] const GError* get() const { return error_; }

 private:
  GError* error_ = nullptr;
};

}  // namespace gstice
