// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of session-wide properties: type, default, range, blurb, how each is checked and read back.
#include "gst/agent/session_properties.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "gst/agent/agent_object.h"
#include "gst/rendezvous/client.h"
#include "ice-core/candidates/candidate_line.h"
#include "ice-core/candidates/credentials.h"

namespace gstice {
namespace {

constexpr auto kRead = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
// Notified by us, from the event thread, on every object of the session.
constexpr auto kReadWrite =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
constexpr auto kBeforeGathering = static_cast<GParamFlags>(kReadWrite | GST_PARAM_MUTABLE_READY);
constexpr auto kAnyTime = static_cast<GParamFlags>(kReadWrite | GST_PARAM_MUTABLE_PLAYING);

constexpr const char* kMasked = "***";
constexpr std::size_t kMaxList = 4096;
constexpr std::size_t kMaxCandidates = ice::kMaxDescriptionCandidates;
constexpr unsigned kDefaultPacing = 10;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Calls `use` with each part of a list; a literal `\n` separates too, since gst-launch cannot carry a real line end.
template <typename Use>
void for_each_part(std::string_view list, std::string_view separators, Use use) {
  while (!list.empty()) {
    std::size_t end = list.find_first_of(separators);
    std::size_t skip = 1;
    if (const auto literal = list.find("\\n"); literal < end) {
      end = literal;
      skip = 2;
    }
    const auto part = trimmed(list.substr(0, end));
    if (!part.empty()) use(part);
    if (end == std::string_view::npos) break;
    list.remove_prefix(end + skip);
  }
}

std::vector<std::string> split_interfaces(std::string_view list) {
  std::vector<std::string> result;
  for_each_part(list, ",", [&](std::string_view part) { result.emplace_back(part); });
  return result;
}

/// The value as text; nothing for null and for the empty string.
std::optional<std::string> text_of(const GValue* value) {
  const char* text = g_value_get_string(value);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return text;
}

void put_text(GValue* value, const std::optional<std::string>& text) {
  g_value_set_string(value, text ? text->c_str() : nullptr);
}

/// A string property that `check` must agree to.
template <auto Field, auto Check>
SetOutcome store_checked(SessionSettings& settings, const GValue* value) {
  auto text = text_of(value);
  if (text) {
    if (const ice::Result<> result = Check(*text); !result) return SetOutcome::refused(result.error().message);
  }
  settings.*Field = std::move(text);
  return {};
}

template <auto Field>
SetOutcome store_uint(SessionSettings& settings, const GValue* value) {
  settings.*Field = g_value_get_uint(value);
  return {};
}

template <auto Field>
void load_text(const SessionSettings& settings, GValue* value) {
  put_text(value, settings.*Field);
}

template <auto Field>
void load_masked(const SessionSettings& settings, GValue* value) {
  g_value_set_string(value, settings.*Field ? kMasked : nullptr);
}

template <auto Field>
void load_parsed(const SessionSettings& settings, GValue* value) {
  g_value_set_string(value, settings.*Field ? (settings.*Field)->text.c_str() : nullptr);
}

ice::Result<> check_interfaces(const std::string& list) {
  if (list.size() > kMaxList) return ice::Error{"longer than 4096 bytes"};
  if (split_interfaces(list).empty()) return ice::Error{"no interface name or address between the commas"};
  return ice::Ok{};
}

SetOutcome store_remote_description(SessionSettings& settings, const GValue* value) {
  auto text = text_of(value);
  if (!text) {
    settings.remote_description.reset();
    return {};
  }
  auto parsed = ice::parse_description(*text);
  if (!parsed) return SetOutcome::refused(parsed.error().message);
  auto content = std::move(parsed).value();
  settings.remote_description = Parsed<ice::Description>{std::move(*text), std::move(content.description)};
  return {true, std::move(content.warnings)};
}

SetOutcome store_remote_candidates(SessionSettings& settings, const GValue* value) {
  auto text = text_of(value);
  if (!text) {
    settings.remote_candidates.reset();
    return {};
  }
  if (text->size() > ice::kMaxDescription) return SetOutcome::refused("longer than 256 KiB");
  std::vector<std::string> complaints;
  std::vector<ice::Candidate> candidates;
  std::string accepted;
  for_each_part(*text, "\n\r,", [&](std::string_view line) {
    auto candidate = ice::parse_candidate_line(line);
    if (!candidate) {
      if (complaints.size() < 20) complaints.push_back(candidate.error().message);
    } else if (candidates.size() < kMaxCandidates) {
      accepted.append(accepted.empty() ? "" : "\n").append(line);
      candidates.push_back(std::move(candidate).value());
    } else if (complaints.size() < 20) {
      complaints.emplace_back("more than 1000 candidates; the rest is left out");
    }
  });
  if (candidates.empty()) {
    if (complaints.empty()) complaints.emplace_back("no candidate in it");
    return {false, std::move(complaints)};
  }
  settings.remote_candidates = Parsed<std::vector<ice::Candidate>>{
      complaints.empty() ? std::move(*text) : std::move(accepted), std::move(candidates)};
  return {true, std::move(complaints)};
}

/// What of a row depends on its field in SessionSettings.
struct FieldAccess {
  bool (*is_set)(const SessionSettings&);
  bool (*same)(const SessionSettings&, const SessionSettings&);
  void (*copy)(const SessionSettings&, SessionSettings&);
};

template <auto Field>
constexpr FieldAccess field() {
  return {[](const SessionSettings& s) { return (s.*Field).has_value(); },
          [](const SessionSettings& a, const SessionSettings& b) { return a.*Field == b.*Field; },
          [](const SessionSettings& from, SessionSettings& to) { to.*Field = from.*Field; }};
}

constexpr FieldAccess kNoField{[](const SessionSettings&) { return false; },
                               [](const SessionSettings&, const SessionSettings&) { return true; },
                               [](const SessionSettings&, SessionSettings&) {}};

struct Row {
  SessionProperty id;
  const char* name;
  GParamSpec* (*spec)(const char* name);
  SetOutcome (*store)(SessionSettings&, const GValue*);  ///< null: read-only
  void (*load)(const SessionSettings&, GValue*);
  FieldAccess field;
};

using S = SessionSettings;

GParamSpec* text_spec(const char* name, const char* nick, const char* blurb, GParamFlags flags) {
  return g_param_spec_string(name, nick, blurb, nullptr, flags);
}

const std::array kTable{
    Row{SessionProperty::controlling, "controlling",
        [](const char* name) {
          return g_param_spec_boolean(
              name, "Controlling",
              "Initial ICE role: the controlling agent nominates (RFC 8445 6.1.1). Never set: the "
              "rendezvous decides, who was in the room first controls",
              TRUE, kBeforeGathering);
        },
        [](S& s, const GValue* value) {
          s.controlling = g_value_get_boolean(value) != FALSE;
          return SetOutcome{};
        },
        [](const S& s, GValue* value) { g_value_set_boolean(value, s.is_controlling()); }, field<&S::controlling>()},
    Row{SessionProperty::pacing, "pacing",
        [](const char* name) {
          return g_param_spec_uint(
              name, "Pacing",
              "Proposed time between connectivity checks (Ta) in milliseconds, told to the peer as "
              "a=ice-pacing; the higher of both is used, 50 with a peer that proposes none",
              5, 10000, kDefaultPacing, kAnyTime);
        },
        store_uint<&S::pacing>,
        [](const S& s, GValue* value) { g_value_set_uint(value, s.pacing.value_or(kDefaultPacing)); },
        field<&S::pacing>()},
    Row{SessionProperty::min_port, "min-port",
        [](const char* name) {
          return g_param_spec_uint(name, "Lowest port", "Lowest local UDP port to use, 0 = any", 0, 65535, 0,
                                   kBeforeGathering);
        },
        store_uint<&S::min_port>, [](const S& s, GValue* value) { g_value_set_uint(value, s.min_port.value_or(0)); },
        field<&S::min_port>()},
    Row{SessionProperty::max_port, "max-port",
        [](const char* name) {
          return g_param_spec_uint(name, "Highest port", "Highest local UDP port to use, 0 = any", 0, 65535, 0,
                                   kBeforeGathering);
        },
        store_uint<&S::max_port>, [](const S& s, GValue* value) { g_value_set_uint(value, s.max_port.value_or(0)); },
        field<&S::max_port>()},
    Row{SessionProperty::interfaces, "interfaces",
        [](const char* name) {
          return text_spec(name, "Interfaces",
                           "Comma-separated names or addresses of the network interfaces to use; null = all but "
                           "loopback (loopback when there is nothing else)",
                           kBeforeGathering);
        },
        store_checked<&S::interfaces, check_interfaces>, load_text<&S::interfaces>, field<&S::interfaces>()},
    Row{SessionProperty::local_ufrag, "local-ufrag",
        [](const char* name) {
          return text_spec(name, "Local ufrag",
                           "Username fragment of our side, 4 to 32 letters, digits, + or /; random when not set",
                           kBeforeGathering);
        },
        store_checked<&S::local_ufrag, ice::check_local_ufrag>, load_text<&S::local_ufrag>, field<&S::local_ufrag>()},
    Row{SessionProperty::local_pwd, "local-pwd",
        [](const char* name) {
          return text_spec(name, "Local password",
                           "Password of our side, 22 to 256 letters, digits, + or /; random when not set. Readable, so "
                           "that it can be handed to the peer: keep it off what others see",
                           kBeforeGathering);
        },
        store_checked<&S::local_pwd, ice::check_local_pwd>, load_text<&S::local_pwd>, field<&S::local_pwd>()},
    Row{SessionProperty::local_description, "local-description",
        [](const char* name) {
          return text_spec(name, "Local description",
                           "What the peer must know of us, as an RFC 8840 fragment, password included; grows while "
                           "gathering, each change is notified",
                           kRead);
        },
        nullptr, [](const S&, GValue* value) { g_value_set_string(value, nullptr); }, kNoField},
    Row{SessionProperty::remote_description, "remote-description",
        [](const char* name) {
          return text_spec(
              name, "Remote description",
              "The peer's RFC 8840 fragment or whole SDP; without m= lines it means stream 0; a literal \\n "
              "counts as a line's end. May be set again",
              kAnyTime);
        },
        store_remote_description, load_parsed<&S::remote_description>, field<&S::remote_description>()},
    Row{SessionProperty::remote_ufrag, "remote-ufrag",
        [](const char* name) {
          return text_spec(name, "Remote ufrag",
                           "The peer's username fragment; used, as remote-pwd, once both are set (anew)", kAnyTime);
        },
        store_checked<&S::remote_ufrag, ice::check_remote_ufrag>, load_text<&S::remote_ufrag>,
        field<&S::remote_ufrag>()},
    Row{SessionProperty::remote_pwd, "remote-pwd",
        [](const char* name) {
          return text_spec(name, "Remote password", "The peer's password; reads back as ***", kAnyTime);
        },
        store_checked<&S::remote_pwd, ice::check_remote_pwd>, load_masked<&S::remote_pwd>, field<&S::remote_pwd>()},
    Row{SessionProperty::remote_candidates, "remote-candidates",
        [](const char* name) {
          return text_spec(
              name, "Remote candidates",
              "The peer's candidate lines for stream 0, separated by newlines, a literal \\n or commas; more "
              "through add-ice-candidate",
              kAnyTime);
        },
        store_remote_candidates, load_parsed<&S::remote_candidates>, field<&S::remote_candidates>()},
    Row{SessionProperty::gathering_state, "ice-gathering-state",
        [](const char* name) {
          return g_param_spec_enum(name, "ICE gathering state", "How far local candidates are gathered",
                                   GST_TYPE_ICE_GATHERING_STATE, GST_ICE_GATHERING_STATE_NEW, kRead);
        },
        nullptr, [](const S&, GValue* value) { g_value_set_enum(value, GST_ICE_GATHERING_STATE_NEW); }, kNoField},
    Row{SessionProperty::connection_state, "ice-connection-state",
        [](const char* name) {
          return g_param_spec_enum(name, "ICE connection state",
                                   "connected: every component has a valid pair and media flows; completed: nominated",
                                   GST_TYPE_ICE_CONNECTION_STATE, GST_ICE_CONNECTION_STATE_NEW, kRead);
        },
        nullptr, [](const S&, GValue* value) { g_value_set_enum(value, GST_ICE_CONNECTION_STATE_NEW); }, kNoField},
    Row{SessionProperty::selected_pair, "selected-pair",
        [](const char* name) {
          return g_param_spec_boxed(name, "Selected pair",
                                    "The pair that media of this component uses: local-candidate, remote-candidate, "
                                    "local-type, remote-type, round-trip-time (ns); null without one",
                                    GST_TYPE_STRUCTURE, kRead);
        },
        nullptr, [](const S&, GValue* value) { g_value_set_boxed(value, nullptr); }, kNoField},
    Row{SessionProperty::stats, "stats",
        [](const char* name) {
          return g_param_spec_boxed(name, "Statistics",
                                    "Counters with the names of W3C webrtc-stats: media of this component, ICE of the "
                                    "session",
                                    GST_TYPE_STRUCTURE, kRead);
        },
        nullptr,
        [](const S&, GValue* value) { g_value_take_boxed(value, gst_structure_new_empty("application/x-ice-stats")); },
        kNoField},
    Row{SessionProperty::rendezvous, "rendezvous",
        [](const char* name) {
          return text_spec(
              name, "Rendezvous",
              "ws://host:port/room or wss://…: exchange descriptions with whoever else is in this room of a "
              "gst-ice-rendezvous server",
              kAnyTime);
        },
        store_checked<&S::rendezvous, RendezvousClient::check_url>, load_text<&S::rendezvous>, field<&S::rendezvous>()},
    Row{SessionProperty::disconnect_action, "disconnect-action",
        [](const char* name) {
          return g_param_spec_enum(
              name, "Disconnect action",
              "What to do when a peer that was connected is gone for good: end the stream, post an "
              "error, or wait for a newcomer",
              GST_TYPE_ICE_DISCONNECT_ACTION, GST_ICE_DISCONNECT_ACTION_EOS, kAnyTime);
        },
        [](S& s, const GValue* value) {
          s.disconnect_action = static_cast<GstIceDisconnectAction>(g_value_get_enum(value));
          return SetOutcome{};
        },
        [](const S& s, GValue* value) { g_value_set_enum(value, s.on_disconnect()); }, field<&S::disconnect_action>()},
};

const Row& row_of(SessionProperty property) {
  // The table is in the order of the enum, which begins with 1.
  return kTable[static_cast<std::size_t>(property) - 1];
}

}  // namespace

SocketOptions SessionSettings::socket_options() const {
  SocketOptions options;
  if (interfaces) options.interfaces = split_interfaces(*interfaces);
  const unsigned low = min_port.value_or(0);
  const unsigned high = max_port.value_or(0);
  if (low == 0 && high == 0) return options;
  if (high != 0 && low > high) return options;
  options.max_port = static_cast<std::uint16_t>(high == 0 ? 65535 : high);
  // Below 1024 is the system's, unless it was asked for.
  options.min_port = static_cast<std::uint16_t>(low != 0 ? low : std::min(1024U, high));
  return options;
}

void SessionSettings::forget_peer() {
  remote_description.reset();
  remote_ufrag.reset();
  remote_pwd.reset();
  remote_candidates.reset();
}

void install_session_properties(GObjectClass* klass) {
  for (const Row& row : kTable) {
    g_object_class_install_property(klass, static_cast<guint>(row.id), row.spec(row.name));
  }
}

bool is_session_property(guint id) {
  return id >= 1 && id <= kTable.size();
}

const char* name_of(SessionProperty property) {
  return row_of(property).name;
}

SetOutcome store(SessionSettings& settings, SessionProperty property, const GValue* value) {
  const Row& row = row_of(property);
  if (row.store == nullptr) return SetOutcome::refused(std::string(row.name) + " cannot be set");
  SetOutcome outcome = row.store(settings, value);
  for (std::string& complaint : outcome.complaints) {
    complaint = std::string(row.name) + (outcome.accepted ? ": " : " is refused: ") + complaint;
  }
  return outcome;
}

void load(const SessionSettings& settings, SessionProperty property, GValue* value) {
  row_of(property).load(settings, value);
}

bool is_set(const SessionSettings& settings, SessionProperty property) {
  return row_of(property).field.is_set(settings);
}

bool same(const SessionSettings& one, const SessionSettings& other, SessionProperty property) {
  return row_of(property).field.same(one, other);
}

void copy(const SessionSettings& from, SessionSettings& to, SessionProperty property) {
  row_of(property).field.copy(from, to);
}

}  // namespace gstice
