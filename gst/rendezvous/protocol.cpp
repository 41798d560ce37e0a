// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON to messages and back, with json-glib behind a scan that keeps hostile text away from it.
#include "gst/rendezvous/protocol.h"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "gst/util/gobject_ptr.h"

namespace gstice::rendezvous {
namespace {

using JsonNodePtr = std::unique_ptr<JsonNode, GFree<JsonNode, json_node_unref>>;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_name(std::string_view text, std::size_t shortest, std::size_t longest) {
  return text.size() >= shortest && text.size() <= longest && std::all_of(text.begin(), text.end(), is_name_character);
}

/// What follows a backslash (RFC 8259 7).
bool is_escape(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] != 'u') return std::string_view("\"\\/bfnrt").find(text[0]) != std::string_view::npos;
  return text.size() == 5 && std::all_of(text.begin() + 1, text.end(), [](char c) { return g_ascii_isxdigit(c); });
}

/// json-glib recurses without a bound, and takes comments and single quotes for JSON: both are kept from it here.
ice::Result<> scan(std::string_view text) {
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

ice::Result<JsonNodePtr> load(std::string_view text) {
  if (auto scanned = scan(text); !scanned) return scanned.error();
  auto parser = GObjectPtr<JsonParser>::adopt(json_parser_new_immutable());
  GErrorSlot error;
  if (json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()), error.out()) == FALSE) {
    return ice::Error{"message is not JSON"};
  }
  JsonNodePtr root(json_parser_steal_root(parser.get()));
  if (!root || !JSON_NODE_HOLDS_OBJECT(root.get())) return ice::Error{"message is not a JSON object"};
  return root;
}

/// Reads members of one object; remembers the first that is missing or wrong.
class Reader {
 public:
  explicit Reader(JsonObject* object) : object_(object) {}

  std::string text(const char* name, std::size_t longest) {
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

  std::int64_t integer(const char* name, std::int64_t lowest, std::int64_t highest) {
    JsonNode* node = value(name, G_TYPE_INT64, "an integer");
    if (node == nullptr) return lowest;
    const std::int64_t result = json_node_get_int(node);
    if (result < lowest || result > highest) {
      fail(name, "is not between " + std::to_string(lowest) + " and " + std::to_string(highest));
      return lowest;
    }
    return result;
  }

  bool boolean(const char* name) {
    JsonNode* node = value(name, G_TYPE_BOOLEAN, "true or false");
    return node != nullptr && json_node_get_boolean(node) != FALSE;
  }

  void require(bool condition, const char* name, const char* what) {
    if (!condition) fail(name, what);
  }

  /// `message`, unless something was wrong with it.
  ice::Result<Message> finish(Message message) {
    if (error_) return *error_;
    return message;
  }

 private:
  JsonNode* value(const char* name, GType type, const char* expected) {
    JsonNode* node = json_object_get_member(object_, name);
    if (node == nullptr) {
      fail(name, "is missing");
      return nullptr;
    }
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != type) {
      fail(name, std::string("is not ") + expected);
      return nullptr;
    }
    return node;
  }

  void fail(const char* name, const std::string& what) {
    if (!error_) error_ = ice::Error{std::string("\"") + name + "\" " + what};
  }

  JsonObject* object_;
  std::optional<ice::Error> error_;
};

ice::Result<Message> read(JsonObject* object) {
  Reader reader(object);
  const std::string type = reader.text("type", 32);
  if (auto found = reader.finish(Unknown{type}); !found) return found;

  if (type == "hello") {
    // A newer client says its own, higher version: what it may contain beyond ours is ignored.
    Hello hello{static_cast<int>(reader.integer("version", 1, 1'000'000)), reader.text("peer", 64),
                reader.text("token", 128)};
    reader.require(is_peer_id(hello.peer), "peer", "is not 8 to 64 characters of A-Z a-z 0-9 _ -");
    reader.require(is_token(hello.token), "token", "is not 16 to 128 characters of A-Z a-z 0-9 _ -");
    return reader.finish(std::move(hello));
  }
  if (type == "welcome") {
    return reader.finish(Welcome{static_cast<int>(reader.integer("version", 1, 1'000'000)), reader.boolean("first")});
  }
  if (type == "peer") {
    PeerPresent peer{reader.text("peer", 64), reader.boolean("first")};
    reader.require(is_peer_id(peer.peer), "peer", "is not 8 to 64 characters of A-Z a-z 0-9 _ -");
    return reader.finish(std::move(peer));
  }
  if (type == "full") return reader.finish(RoomFull{});
  if (type == "left") return reader.finish(PeerLeft{reader.text("peer", 64), reader.boolean("goodbye")});
  if (type == "error") {
    return reader.finish(Refusal{reader.text("code", 32), reader.text("reason", kMaxReasonBytes)});
  }
  if (type == "description") return reader.finish(Description{reader.text("description", kMaxDescriptionBytes)});
  if (type == "candidate") {
    return reader.finish(CandidateLine{static_cast<std::uint32_t>(reader.integer("stream", 0, kMaxStream)),
                                       reader.text("candidate", kMaxCandidateBytes)});
  }
  if (type == "goodbye") return reader.finish(Goodbye{});
  reader.require(is_name(type, 1, 32), "type", "is not 1 to 32 characters of A-Z a-z 0-9 _ -");
  return reader.finish(Unknown{type});
}

std::string generate(JsonNode* root) {
  auto generator = GObjectPtr<JsonGenerator>::adopt(json_generator_new());
  json_generator_set_root(generator.get(), root);
  gsize length = 0;
  GCharPtr text(json_generator_to_data(generator.get(), &length));
  return {text.get(), length};
}

/// Builds one JSON object, members in the order they are added.
class Writer {
 public:
  explicit Writer(const char* type) : object_(json_object_new()) { text("type", type); }
  Writer& text(const char* name, const std::string& value) {
    json_object_set_string_member(object_.get(), name, value.c_str());
    return *this;
  }
  Writer& integer(const char* name, std::int64_t value) {
    json_object_set_int_member(object_.get(), name, value);
    return *this;
  }
  Writer& boolean(const char* name, bool value) {
    json_object_set_boolean_member(object_.get(), name, value ? TRUE : FALSE);
    return *this;
  }
  std::string finish() {
    JsonNodePtr root(json_node_new(JSON_NODE_OBJECT));
    json_node_take_object(root.get(), object_.release());
    return generate(root.get());
  }

 private:
  std::unique_ptr<JsonObject, GFree<JsonObject, json_object_unref>> object_;
};

struct TextOf {
  std::string operator()(const Hello& m) const {
    return Writer("hello").integer("version", m.version).text("peer", m.peer).text("token", m.token).finish();
  }
  std::string operator()(const Welcome& m) const {
    return Writer("welcome").integer("version", m.version).boolean("first", m.first).finish();
  }
  std::string operator()(const PeerPresent& m) const {
    return Writer("peer").text("peer", m.peer).boolean("first", m.first).finish();
  }
  std::string operator()(const RoomFull&) const { return Writer("full").finish(); }
  std::string operator()(const PeerLeft& m) const {
    return Writer("left").text("peer", m.peer).boolean("goodbye", m.goodbye).finish();
  }
  std::string operator()(const Refusal& m) const {
    return Writer("error").text("code", m.code).text("reason", m.reason).finish();
  }
  std::string operator()(const Description& m) const {
    return Writer("description").text("description", m.description).finish();
  }
  std::string operator()(const CandidateLine& m) const {
    return Writer("candidate").integer("stream", m.stream).text("candidate", m.candidate).finish();
  }
  std::string operator()(const Goodbye&) const { return Writer("goodbye").finish(); }
  std::string operator()(const Unknown& m) const { return Writer(m.type.c_str()).finish(); }
};

}  // namespace

ice::Result<Message> parse(std::string_view text) {
  auto root = load(text);
  if (!root) return root.error();
  return read(json_node_get_object(root.value().get()));
}

ice::Result<Parsed> parse_for_relay(std::string_view text) {
  auto root = load(text);
  if (!root) return root.error();
  auto message = read(json_node_get_object(root.value().get()));
  if (!message) return message.error();
  Parsed parsed{std::move(message).value(), generate(root.value().get())};
  // A number too large has become infinity by now, half a surrogate pair no UTF-8, and 1e98 has become 1e+98, which
  // json-glib does not read: the receiver must be able to.
  if (auto loaded = load(parsed.canonical); !loaded) return ice::Error{"message cannot be relayed as JSON"};
  return parsed;
}

std::string to_text(const Message& message) {
  return std::visit(TextOf{}, message);
}

bool is_room_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRoomLength && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_name_character(c) || c == '.' || c == '~'; });
}
bool is_peer_id(std::string_view id) {
  return is_name(id, 8, 64);
}
bool is_token(std::string_view token) {
  return is_name(token, 16, 128);
}

}  // namespace gstice::rendezvous
