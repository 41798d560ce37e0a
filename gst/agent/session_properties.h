// SPDX-License-Identifier: LGPL-2.1-or-later
// The session-wide properties: one table of them for GstIceAgent, icesink and icesrc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gst/agent/gsticeagent.h"
#include "gst/agent/session.h"
#include "ice-core/candidates/description.h"

namespace gstice {

/// The GObject property ids, equal in all three classes. Elements number their own from kFirstOwnProperty on.
enum class SessionProperty : guint {
  controlling = 1,
  pacing,
  min_port,
  max_port,
  interfaces,
  local_ufrag,
  local_pwd,
  local_description,
  remote_description,
  remote_ufrag,
  remote_pwd,
  remote_candidates,
  gathering_state,
  connection_state,
  selected_pair,
  stats,
  rendezvous,
  disconnect_action,
};
inline constexpr guint kFirstOwnProperty = 100;

/// A text as it was set, and what it says.
template <typename T>
struct Parsed {
  std::string text;
  T value;
  bool operator==(const Parsed& other) const { return text == other.text; }
};

/// What was set; nothing where it never was.
struct SessionSettings {
  std::optional<bool> controlling;
  std::optional<unsigned> pacing;  ///< ms
  std::optional<unsigned> min_port;
  std::optional<unsigned> max_port;
  std::optional<std::string> interfaces;
  std::optional<std::string> local_ufrag;
  std::optional<std::string> local_pwd;
  std::optional<Parsed<ice::Description>> remote_description;
  std::optional<std::string> remote_ufrag;
  std::optional<std::string> remote_pwd;
  std::optional<Parsed<std::vector<ice::Candidate>>> remote_candidates;
  std::optional<std::string> rendezvous;
  std::optional<GstIceDisconnectAction> disconnect_action;

  [[nodiscard]] bool is_controlling() const { return controlling.value_or(true); }
  [[nodiscard]] GstIceDisconnectAction on_disconnect() const {
    return disconnect_action.value_or(GST_ICE_DISCONNECT_ACTION_EOS);
  }
  /// Everything that the peer told us.
  void forget_peer();
  /// `interfaces` taken apart; the port range with its open ends filled in, or 0, 0 when it is none.
  [[nodiscard]] SocketOptions socket_options() const;
};

/// What became of a value: refused or not, and what a user should hear about it, one sentence each, without secrets.
struct SetOutcome {
  bool accepted = true;
  std::vector<std::string> complaints;

  static SetOutcome refused(std::string why) { return {false, {std::move(why)}}; }
};

/// Installs all of them on a class.
void install_session_properties(GObjectClass* klass);

/// Is this property id one of the table?
[[nodiscard]] bool is_session_property(guint id);
[[nodiscard]] const char* name_of(SessionProperty property);

/// Checks a value and stores it. A refused one changes nothing.
SetOutcome store(SessionSettings& settings, SessionProperty property, const GValue* value);
/// Reads it back, passwords masked; defaults for what was never set and for what only a running session has.
void load(const SessionSettings& settings, SessionProperty property, GValue* value);

[[nodiscard]] bool is_set(const SessionSettings& settings, SessionProperty property);
[[nodiscard]] bool same(const SessionSettings& one, const SessionSettings& other, SessionProperty property);
void copy(const SessionSettings& from, SessionSettings& to, SessionProperty property);

}  // namespace gstice
