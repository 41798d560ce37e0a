// SPDX-License-Identifier: LGPL-2.1-or-later
// See json.h.
#include "gst/rendezvous/json.h"

#include <algorithm>
#include <utility>

#include "gst/rendezvous/protocol.h"

namespace gstice::rendezvous {
namespace {

/// What follows a backslash (RFC 8259 7).
bool is_escape(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] != 'u') return std::string_view("\"\\/bfnrt").find(text[0]) != std::string_view::npos;
  return text.size() == 5 && std::all_of(text.begin() + 1, text.end(), [](char c) { return g_ascii_isxdigit(c); });
}

}  // namespace

ice::Result<> scan_json(std::string_view text) {
  if (text.size() > kMaxMessageBytes) {
    return ice::Error{"message is larger than " + std::to_string(kMaxMessageBytes) + " bytes"};
  }
  if (g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) == FALSE) {
    return ice::Error{"message is not UTF-8 text"};
  }
  constexpr std::string_view kOutsideStrings = "{}[]:,+-.0123456789eE \t\r\ntruefalsn";
  constexpr std::string_view kWhitespace = " \t\r\n";
  std::size_t depth = 0;
  bool in_string = false;
  bool complete = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (static_cast<unsigned char>(c) < 0x20) return ice::Error{"message has a control character inside a string"};
      if (c == '\\') {
        const std::string_view escape = text.substr(i + 1, 5);
        if (!is_escape(escape)) return ice::Error{"message has an escape in a string that JSON does not know"};
        // A NUL would end the string early for everybody who keeps it in C.
        if (escape == "u0000") return ice::Error{"message has a NUL character inside a string"};
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (complete && kWhitespace.find(c) == std::string_view::npos) return ice::Error{"message goes on after its end"};
    if (c == '"') {
      in_string = true;
    } else if (kOutsideStrings.find(c) == std::string_view::npos) {
      return ice::Error{"message is not JSON"};
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxNesting) return ice::Error{"message is nested too deeply"};
    } else if (c == '}' || c == ']') {
      if (depth == 0) return ice::Error{"message is not JSON"};
      complete = --depth == 0;
    }
  }
  if (in_string || depth != 0) return ice::Error{"message is cut short"};
  return ice::Ok{};
}

ice::Result<JsonNodePtr> load_json(std::string_view text) {
  if (auto scanned = scan_json(text); !scanned) return scanned.error();
  auto parser = GObjectPtr<JsonParser>::adopt(json_parser_new_immutable());
  GErrorSlot error;
  if (json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()), error.out()) == FALSE) {
    return ice::Error{"message is not JSON"};
  }
  JsonNodePtr root(json_parser_steal_root(parser.get()));
  if (!root || !JSON_NODE_HOLDS_OBJECT(root.get())) return ice::Error{"message is not a JSON object"};
  return root;
}

std::string generate_json(JsonNode* root) {
  auto generator = GObjectPtr<JsonGenerator>::adopt(json_generator_new());
  json_generator_set_root(generator.get(), root);
  gsize length = 0;
  GCharPtr text(json_generator_to_data(generator.get(), &length));
  return {text.get(), length};
}

// ---- reading ----

std::string JsonReader::text(const char* name, std::size_t longest) {
  JsonNode* node = value(name, G_TYPE_STRING, "a string");
  if (node == nullptr) return {};
  std::string result = json_node_get_string(node);
  // Half of an escaped surrogate pair becomes no valid UTF-8.
  if (g_utf8_validate(result.data(), static_cast<gssize>(result.size()), nullptr) == FALSE) {
    fail(name, "is not Unicode text");
    return {};
  }
  if (result.size() > longest) {
    fail(name, "is longer than " + std::to_string(longest) + " bytes");
    return {};
  }
  return result;
}

std::int64_t JsonReader::integer(const char* name, std::int64_t lowest, std::int64_t highest) {
  JsonNode* node = value(name, G_TYPE_INT64, "an integer");
  if (node == nullptr) return lowest;
  const std::int64_t result = json_node_get_int(node);
  if (result < lowest || result > highest) {
    fail(name, "is not between " + std::to_string(lowest) + " and " + std::to_string(highest));
    return lowest;
  }
  return result;
}

bool JsonReader::boolean(const char* name) {
  JsonNode* node = value(name, G_TYPE_BOOLEAN, "true or false");
  return node != nullptr && json_node_get_boolean(node) != FALSE;
}

void JsonReader::objects(const char* name, std::size_t most, const std::function<void(JsonReader&)>& read) {
  JsonNode* node = member(name);
  if (node == nullptr) return;
  if (!JSON_NODE_HOLDS_ARRAY(node)) return fail(name, "is not an array");
  JsonArray* array = json_node_get_array(node);
  const guint length = json_array_get_length(array);
  if (length > most) return fail(name, "has more than " + std::to_string(most) + " elements");
  for (guint i = 0; i < length; ++i) {
    JsonNode* element = json_array_get_element(array, i);
    if (!JSON_NODE_HOLDS_OBJECT(element)) return fail(name, "has an element that is not an object");
    JsonReader reader(json_node_get_object(element));
    read(reader);
    if (reader.error_ && !error_) error_ = ice::Error{"in \"" + std::string(name) + "\": " + reader.error_->message};
  }
}

void JsonReader::require(bool condition, const char* name, const char* what) {
  if (!condition) fail(name, what);
}

JsonNode* JsonReader::member(const char* name) {
  JsonNode* node = json_object_get_member(object_, name);
  if (node == nullptr) fail(name, "is missing");
  return node;
}

JsonNode* JsonReader::value(const char* name, GType type, const char* expected) {
  JsonNode* node = member(name);
  if (node == nullptr) return nullptr;
  if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != type) {
    fail(name, std::string("is not ") + expected);
    return nullptr;
  }
  return node;
}

void JsonReader::fail(const char* name, const std::string& what) {
  if (!error_) error_ = ice::Error{std::string("\"") + name + "\" " + what};
}

// ---- writing ----

JsonWriter& JsonWriter::text(const char* name, const std::string& value) {
  json_object_set_string_member(object_.get(), name, value.c_str());
  return *this;
}

JsonWriter& JsonWriter::integer(const char* name, std::int64_t value) {
  json_object_set_int_member(object_.get(), name, value);
  return *this;
}

JsonWriter& JsonWriter::boolean(const char* name, bool value) {
  json_object_set_boolean_member(object_.get(), name, value ? TRUE : FALSE);
  return *this;
}

std::string JsonWriter::finish() {
  JsonNodePtr root(json_node_new(JSON_NODE_OBJECT));
  json_node_take_object(root.get(), object_.release());
  return generate_json(root.get());
}

}  // namespace gstice::rendezvous
