// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON objects in and out, with json-glib behind a scan that keeps hostile text away from it.
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gst/util/gobject_ptr.h"
#include "ice-core/base/result.h"

namespace gstice::rendezvous {

using JsonNodePtr = std::unique_ptr<JsonNode, GFree<JsonNode, json_node_unref>>;

/// json-glib recurses without a bound, and takes comments and single quotes for JSON: both are kept from it here.
ice::Result<> scan_json(std::string_view text);
/// One JSON object, within the bounds of a message.
ice::Result<JsonNodePtr> load_json(std::string_view text);
/// The text of a value.
std::string generate_json(JsonNode* root);

/// Reads members of one object; remembers the first that is missing or wrong.
class JsonReader {
 public:
  explicit JsonReader(JsonObject* object) : object_(object) {}

  std::string text(const char* name, std::size_t longest);
  std::int64_t integer(const char* name, std::int64_t lowest, std::int64_t highest);
  bool boolean(const char* name);
  [[nodiscard]] bool has(const char* name) const { return json_object_has_member(object_, name) != FALSE; }
  /// Hands each object of an array to `read`.
  void objects(const char* name, std::size_t most, const std::function<void(JsonReader&)>& read);
  void require(bool condition, const char* name, const char* what);

  [[nodiscard]] const std::optional<ice::Error>& error() const { return error_; }

 private:
  JsonNode* member(const char* name);
  JsonNode* value(const char* name, GType type, const char* expected);
  void fail(const char* name, const std::string& what);

  JsonObject* object_;
  std::optional<ice::Error> error_;
};

/// Builds one JSON object, members in the order they are added.
class JsonWriter {
 public:
  JsonWriter() : object_(json_object_new()) {}
  explicit JsonWriter(const char* type) : JsonWriter() { text("type", type); }
  JsonWriter& text(const char* name, const std::string& value);
  JsonWriter& integer(const char* name, std::int64_t value);
  JsonWriter& boolean(const char* name, bool value);
  /// Adds an array with an object for each of `items`, written by `write(writer, item)`.
  template <typename Items, typename Write>
  JsonWriter& objects(const char* name, const Items& items, Write&& write) {
    JsonArray* array = json_array_new();
    for (const auto& item : items) {
      JsonWriter writer;
      write(writer, item);
      json_array_add_object_element(array, writer.object_.release());
    }
    json_object_set_array_member(object_.get(), name, array);
    return *this;
  }
  /// The text. The writer is used up.
  std::string finish();

 private:
  std::unique_ptr<JsonObject, GFree<JsonObject, json_object_unref>> object_;
};

}  // namespace gstice::rendezvous
