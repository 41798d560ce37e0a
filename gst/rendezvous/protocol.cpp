// SPDX-License-Identifier: LGPL-2.1-or-later
// Which members a message has, and what they may say.
#include "gst/rendezvous/protocol.h"

#include <algorithm>
#include <utility>

#include "gst/rendezvous/json.h"

namespace gstice::rendezvous {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_name(std::string_view text, std::size_t shortest, std::size_t longest) {
  return text.size() >= shortest && text.size() <= longest && std::all_of(text.begin(), text.end(), is_name_character);
}

/// `message`, unless something was wrong with it.
ice::Result<Message> finish(const JsonReader& reader, Message message) {
  if (reader.error()) return *reader.error();
  return message;
}

void read_flow(JsonReader& reader, std::uint32_t& stream, std::uint32_t& component) {
  stream = static_cast<std::uint32_t>(reader.integer("stream", 0, kMaxStream));
  component = static_cast<std::uint32_t>(reader.integer("component", 1, kMaxComponent));
}

Caps read_caps(JsonReader& reader) {
  Caps caps;
  reader.objects("flows", kMaxFlows, [&](JsonReader& each) {
    FlowCaps flow;
    read_flow(each, flow.stream, flow.component);
    if (each.has("caps")) flow.caps = each.text("caps", kMaxCapsBytes);
    caps.flows.push_back(std::move(flow));
  });
  return caps;
}

Goodbye read_goodbye(JsonReader& reader) {
  Goodbye goodbye;
  if (!reader.has("sent")) return goodbye;
  goodbye.sent.emplace();
  reader.objects("sent", kMaxFlows, [&](JsonReader& each) {
    FlowCount flow;
    read_flow(each, flow.stream, flow.component);
    flow.packets = static_cast<std::uint64_t>(each.integer("packets", 0, kMaxPackets));
    goodbye.sent->push_back(flow);
  });
  return goodbye;
}

ice::Result<Message> read(JsonObject* object) {
  JsonReader reader(object);
  const std::string type = reader.text("type", 32);
  if (auto found = finish(reader, Unknown{type}); !found) return found;

  if (type == "hello") {
    // A newer client says its own, higher version: what it may contain beyond ours is ignored.
    Hello hello{static_cast<int>(reader.integer("version", 1, 1'000'000)), reader.text("peer", 64),
                reader.text("token", 128)};
    reader.require(is_peer_id(hello.peer), "peer", "is not 8 to 64 characters of A-Z a-z 0-9 _ -");
    reader.require(is_token(hello.token), "token", "is not 16 to 128 characters of A-Z a-z 0-9 _ -");
    return finish(reader, std::move(hello));
  }
  if (type == "welcome") {
    return finish(reader, Welcome{static_cast<int>(reader.integer("version", 1, 1'000'000)), reader.boolean("first")});
  }
  if (type == "peer") {
    PeerPresent peer{reader.text("peer", 64), reader.boolean("first")};
    reader.require(is_peer_id(peer.peer), "peer", "is not 8 to 64 characters of A-Z a-z 0-9 _ -");
    return finish(reader, std::move(peer));
  }
  if (type == "full") return finish(reader, RoomFull{});
  if (type == "left") return finish(reader, PeerLeft{reader.text("peer", 64), reader.boolean("goodbye")});
  if (type == "error") {
    return finish(reader, Refusal{reader.text("code", 32), reader.text("reason", kMaxReasonBytes)});
  }
  if (type == "description") return finish(reader, Description{reader.text("description", kMaxDescriptionBytes)});
  if (type == "candidate") {
    return finish(reader, CandidateLine{static_cast<std::uint32_t>(reader.integer("stream", 0, kMaxStream)),
                                        reader.text("candidate", kMaxCandidateBytes)});
  }
  if (type == "goodbye") return finish(reader, read_goodbye(reader));
  if (type == "caps") return finish(reader, read_caps(reader));
  if (type == "keyframe") {
    KeyFrame wanted;
    read_flow(reader, wanted.stream, wanted.component);
    return finish(reader, wanted);
  }
  reader.require(is_name(type, 1, 32), "type", "is not 1 to 32 characters of A-Z a-z 0-9 _ -");
  return finish(reader, Unknown{type});
}

struct TextOf {
  std::string operator()(const Hello& m) const {
    return JsonWriter("hello").integer("version", m.version).text("peer", m.peer).text("token", m.token).finish();
  }
  std::string operator()(const Welcome& m) const {
    return JsonWriter("welcome").integer("version", m.version).boolean("first", m.first).finish();
  }
  std::string operator()(const PeerPresent& m) const {
    return JsonWriter("peer").text("peer", m.peer).boolean("first", m.first).finish();
  }
  std::string operator()(const RoomFull&) const { return JsonWriter("full").finish(); }
  std::string operator()(const PeerLeft& m) const {
    return JsonWriter("left").text("peer", m.peer).boolean("goodbye", m.goodbye).finish();
  }
  std::string operator()(const Refusal& m) const {
    return JsonWriter("error").text("code", m.code).text("reason", m.reason).finish();
  }
  std::string operator()(const Description& m) const {
    return JsonWriter("description").text("description", m.description).finish();
  }
  std::string operator()(const CandidateLine& m) const {
    return JsonWriter("candidate").integer("stream", m.stream).text("candidate", m.candidate).finish();
  }
  std::string operator()(const Goodbye& m) const {
    JsonWriter writer("goodbye");
    if (m.sent) {
      writer.objects("sent", *m.sent, [](JsonWriter& each, const FlowCount& flow) {
        const auto packets = std::min<std::uint64_t>(flow.packets, kMaxPackets);
        each.integer("stream", flow.stream).integer("component", flow.component);
        each.integer("packets", static_cast<std::int64_t>(packets));
      });
    }
    return writer.finish();
  }
  std::string operator()(const Caps& m) const {
    return JsonWriter("caps")
        .objects("flows", m.flows,
                 [](JsonWriter& each, const FlowCaps& flow) {
                   each.integer("stream", flow.stream).integer("component", flow.component);
                   if (flow.caps) each.text("caps", *flow.caps);
                 })
        .finish();
  }
  std::string operator()(const KeyFrame& m) const {
    return JsonWriter("keyframe").integer("stream", m.stream).integer("component", m.component).finish();
  }
  std::string operator()(const Unknown& m) const { return JsonWriter(m.type.c_str()).finish(); }
};

}  // namespace

ice::Result<Message> parse(std::string_view text) {
  auto root = load_json(text);
  if (!root) return root.error();
  return read(json_node_get_object(root.value().get()));
}

ice::Result<Parsed> parse_for_relay(std::string_view text) {
  auto root = load_json(text);
  if (!root) return root.error();
  auto message = read(json_node_get_object(root.value().get()));
  if (!message) return message.error();
  Parsed parsed{std::move(message).value(), generate_json(root.value().get())};
  // A number too large has become infinity by now, and half a surrogate pair no UTF-8.
  if (auto scanned = scan_json(parsed.canonical); !scanned) return ice::Error{"message cannot be relayed as JSON"};
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
