// SPDX-License-Identifier: LGPL-2.1-or-later
// Result<T>: a value or the reason why there is none. The core throws nothing; errors are values.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace ice {

/// Why something was refused: one sentence for a person, naming the part at fault. Never contains a secret.
struct Error {
  std::string message;
};

/// Nothing to return but success.
struct Ok {};

/// Either a T or an Error. Check `ok()` (or the bool conversion) before `value()`.
template <typename T = Ok>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Error error) : content_(std::move(error)) {}      // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(content_); }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] const T& value() const& { return *std::get_if<T>(&content_); }
  [[nodiscard]] T& value() & { return *std::get_if<T>(&content_); }
  [[nodiscard]] T&& value() && { return std::move(*std::get_if<T>(&content_)); }
  const T& operator*() const& { return value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const { return *std::get_if<Error>(&content_); }

 private:
  std::variant<T, Error> content_;
};

}  // namespace ice
