// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens to a session, told to whom it concerns. Runs on the event thread, in order.
#include <algorithm>
#include <utility>

#include "gst/agent/debug.h"
#include "gst/agent/event_thread.h"
#include "gst/agent/ice_agent.h"
#include "gst/agent/session_signals.h"
#include "ice-core/candidates/candidate_line.h"

namespace gstice {
namespace {

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
// clang 14 wants it said.
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

GstIceGatheringState shown(ice::GatheringState state) {
  switch (state) {
    case ice::GatheringState::fresh:
      return GST_ICE_GATHERING_STATE_NEW;
    case ice::GatheringState::gathering:
      return GST_ICE_GATHERING_STATE_GATHERING;
    case ice::GatheringState::complete:
      return GST_ICE_GATHERING_STATE_COMPLETE;
  }
  return GST_ICE_GATHERING_STATE_NEW;
}

GstIceConnectionState shown(ice::ConnectionState state) {
  switch (state) {
    case ice::ConnectionState::fresh:
      return GST_ICE_CONNECTION_STATE_NEW;
    case ice::ConnectionState::checking:
      return GST_ICE_CONNECTION_STATE_CHECKING;
    case ice::ConnectionState::connected:
      return GST_ICE_CONNECTION_STATE_CONNECTED;
    case ice::ConnectionState::completed:
      return GST_ICE_CONNECTION_STATE_COMPLETED;
    case ice::ConnectionState::disconnected:
      return GST_ICE_CONNECTION_STATE_DISCONNECTED;
    case ice::ConnectionState::failed:
      return GST_ICE_CONNECTION_STATE_FAILED;
    case ice::ConnectionState::closed:
      return GST_ICE_CONNECTION_STATE_CLOSED;
  }
  return GST_ICE_CONNECTION_STATE_NEW;
}

}  // namespace

// ---- telling ----

/// The present members, or those of one flow.
IceAgent::Members IceAgent::audience(const Flow* flow) const {
  const std::lock_guard lock(mutex_);
  Members result;
  for (const Member& member : members_) {
    if (flow == nullptr || member.flow == *flow) result.push_back(member.member);
  }
  return result;
}

void IceAgent::tell_property(SessionProperty property) {
  if (const auto owner = owner_.lock()) g_object_notify(G_OBJECT(owner.get()), name_of(property));
  for (const auto& member : audience()) member->notify(property);
}

void IceAgent::tell_warning(const std::string& text) {
  const auto members = audience();
  if (members.empty()) {
    GST_CAT_WARNING(agent_debug, "%s", text.c_str());
  } else {
    members.front()->warn(text);
  }
}

void IceAgent::tell_failure(const std::string& text) {
  std::string details;
  {
    const std::lock_guard lock(mutex_);
    if (session_) details = session_->explain();
  }
  const auto members = audience();
  if (members.empty()) {
    GST_CAT_ERROR(agent_debug, "%s", text.c_str());
  } else {
    members.front()->fail(text, details);
  }
}

void IceAgent::post_property(SessionProperty property) {
  EventThread::post([weak = weak_from_this(), property] {
    if (const auto self = weak.lock()) self->tell_property(property);
  });
}

void IceAgent::post_warnings(std::vector<std::string> texts) {
  if (texts.empty()) return;
  EventThread::post([weak = weak_from_this(), texts = std::move(texts)] {
    const auto self = weak.lock();
    if (!self) return;
    for (const std::string& text : texts) self->tell_warning(text);
  });
}

// ---- the session's events ----

void IceAgent::on_event(unsigned run, const ice::Event& event) {
  {
    const std::lock_guard lock(mutex_);
    if (run != run_) return;
  }
  std::visit(Overloaded{
                 [this](const ice::LocalCandidateFound& found) {
                   on_local_candidate(found.stream.value, ice::candidate_line(found.candidate));
                 },
                 [this](const ice::LocalCandidatesEnded& ended) { on_local_candidate(ended.stream.value, ""); },
                 [this](const ice::LocalDescriptionChanged&) { tell_property(SessionProperty::local_description); },
                 [this](const ice::GatheringStateChanged& changed) {
                   {
                     const std::lock_guard lock(mutex_);
                     shown_gathering_ = shown(changed.state);
                   }
                   GST_CAT_INFO(agent_debug, "gathering: %s", ice::text(changed.state));
                   tell_property(SessionProperty::gathering_state);
                 },
                 [this](const ice::ConnectionStateChanged& changed) { on_connection_state(changed); },
                 [this](const ice::RoleChanged&) { tell_property(SessionProperty::controlling); },
                 [this](const ice::PathChanged& changed) {
                   {
                     const std::lock_guard lock(mutex_);
                     if (changed.path) ++pair_changes_;
                   }
                   const Flow flow{changed.stream, changed.component};
                   if (const auto owner = owner_.lock()) g_object_notify(G_OBJECT(owner.get()), "selected-pair");
                   for (const auto& member : audience(&flow)) member->notify(SessionProperty::selected_pair);
                 },
                 [this](const ice::Warning& warning) { tell_warning(warning.text); },
                 [](const ice::Trace& trace) { GST_CAT_DEBUG(core_debug, "%s", trace.text.c_str()); },
                 // The driver's own.
                 [](const auto&) {},
             },
             event);
}

void IceAgent::on_local_candidate(unsigned stream, const std::string& line) {
  GST_CAT_DEBUG(agent_debug, "local candidate of stream %u: %s", stream, line.empty() ? "(end)" : line.c_str());
  exchange_.send_candidate(stream, line);
  if (const auto owner = owner_.lock()) emit_ice_candidate(G_OBJECT(owner.get()), stream, line.c_str());
  for (const auto& member : audience()) member->local_candidate(stream, line);
}

void IceAgent::on_connection_state(const ice::ConnectionStateChanged& event) {
  std::vector<std::weak_ptr<AgentMember>> departed;
  bool was_connected = false;
  {
    const std::lock_guard lock(mutex_);
    shown_connection_ = shown(event.state);
    was_connected = peer_ == Peer::connected;
    if (event.state == ice::ConnectionState::connected || event.state == ice::ConnectionState::completed) {
      if (peer_ == Peer::none) peer_ = Peer::connected;
    }
    // A new generation: whoever was there before is forgotten.
    if (event.state == ice::ConnectionState::fresh && peer_ == Peer::connected) peer_ = Peer::none;
    if (event.state == ice::ConnectionState::closed) departed.swap(departed_);
  }
  GST_CAT_INFO(agent_debug, "connection: %s %s", ice::text(event.state), event.reason.c_str());
  tell_property(SessionProperty::connection_state);
  for (const auto& weak : departed) {
    if (const auto member = weak.lock()) member->notify(SessionProperty::connection_state);
  }
  if (event.state != ice::ConnectionState::failed) return;
  if (was_connected) {
    on_peer_gone(false, event.reason);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ == Peer::gone) return;
    if (exchange_.running() && !peer_present_) {
      // It left the room before it ever connected: the room is waited in for the next.
      session_->new_generation();
      return;
    }
  }
  tell_failure(event.reason);
}

void IceAgent::on_peer_gone(bool goodbye, const std::string& reason) {
  GstIceDisconnectAction action = GST_ICE_DISCONNECT_ACTION_EOS;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ != Peer::connected) return;
    action = settings_.on_disconnect();
    if (action == GST_ICE_DISCONNECT_ACTION_WAIT) {
      // What is known of the gone peer goes; the next one is met as the first was.
      peer_ = Peer::none;
      session_->new_generation();
    } else {
      peer_ = Peer::gone;
    }
  }
  GST_CAT_INFO(agent_debug, "the peer is gone: %s", reason.c_str());
  switch (action) {
    case GST_ICE_DISCONNECT_ACTION_EOS:
      for (const auto& member : audience()) member->peer_gone(goodbye);
      break;
    case GST_ICE_DISCONNECT_ACTION_ERROR:
      tell_failure("The peer is gone: " + reason);
      break;
    case GST_ICE_DISCONNECT_ACTION_WAIT:
      break;
  }
}

// ---- the rendezvous ----

void IceAgent::on_room_entered(bool first) {
  GST_CAT_INFO(agent_debug, "in the room, %s", first ? "as the first" : "a peer is there");
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || settings_.controlling) return;
    // Refused when checks have begun, as on a reconnection: then the role stays.
    if (!session_->set_role(first ? ice::Role::controlling : ice::Role::controlled)) return;
  }
  tell_property(SessionProperty::controlling);
}

void IceAgent::on_peer_joined(bool newcomer) {
  if (newcomer) {
    // Another peer in its place says that the one before is gone, whatever consent still believes.
    on_peer_gone(true, "another peer took its place in the room");
    const std::lock_guard lock(mutex_);
    if (open_ && peer_ == Peer::none && !session_->remote_credentials().ufrag.empty()) session_->new_generation();
  }
  std::string description;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ == Peer::gone) return;
    peer_present_ = true;
    description = ice::write_description(session_->local_description());
  }
  GST_CAT_INFO(agent_debug, "a peer is in the room; sending it our description");
  exchange_.send_description(std::move(description));
}

void IceAgent::on_peer_description(const std::string& text) {
  auto parsed = ice::parse_description(text);
  if (!parsed) {
    tell_warning("The description that came over the rendezvous is refused: " + parsed.error().message);
    return;
  }
  for (const std::string& skipped : parsed->warnings) {
    GST_CAT_WARNING(agent_debug, "in the peer's description: %s", skipped.c_str());
  }
  ice::Result<> result = ice::Ok{};
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ == Peer::gone) return;
    result = session_->set_remote_description(parsed->description);
  }
  if (!result) {
    tell_warning("The description that came over the rendezvous is refused: " + result.error().message);
    return;
  }
  tell_property(SessionProperty::remote_ufrag);
}

void IceAgent::on_peer_candidate(unsigned stream, const std::string& line) {
  const auto session = open_session();
  if (!session) return;
  if (line.empty()) {
    session->end_remote_candidates(ice::StreamId{stream});
    return;
  }
  const auto candidate = ice::parse_candidate_line(line);
  if (!candidate) {
    GST_CAT_WARNING(agent_debug, "a candidate that came over the rendezvous: %s", candidate.error().message.c_str());
    return;
  }
  if (const auto result = session->add_remote_candidate(ice::StreamId{stream}, *candidate); !result) {
    GST_CAT_WARNING(agent_debug, "a candidate that came over the rendezvous: %s", result.error().message.c_str());
  }
}

void IceAgent::on_peer_left(bool goodbye) {
  GST_CAT_INFO(agent_debug, "the peer left the room%s", goodbye ? " with a goodbye" : "");
  bool connected = false;
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    peer_present_ = false;
    // Without a goodbye only its way to the server broke: consent decides whether it is still there.
    if (!goodbye) return;
    const auto state = session_->connection_state();
    // The event that says so may still be on its way, overtaken by the goodbye.
    connected = state == ice::ConnectionState::connected || state == ice::ConnectionState::completed;
    if (connected && peer_ == Peer::none) peer_ = Peer::connected;
    connected = peer_ == Peer::connected;
    // It never was there: the next one is the first.
    if (!connected && peer_ == Peer::none) session_->new_generation();
  }
  if (connected) on_peer_gone(true, "it said goodbye");
}

void IceAgent::on_rendezvous_failed(const std::string& message, bool fatal) {
  bool needed = false;
  {
    const std::lock_guard lock(mutex_);
    needed = peer_ == Peer::none;
  }
  // Once there is a peer, media goes on without the room.
  if (fatal && needed) {
    tell_failure(message);
  } else {
    tell_warning(message);
  }
}

}  // namespace gstice
