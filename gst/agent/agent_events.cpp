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
    failure_ = text;
  }
  report_progress();
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
                   report_progress();
                 },
                 [this](const ice::ConnectionStateChanged& changed) { on_connection_state(changed); },
                 [this](const ice::RoleChanged&) { tell_property(SessionProperty::controlling); },
                 [this](const ice::PathChanged& changed) { on_path(changed); },
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

void IceAgent::on_path(const ice::PathChanged& event) {
  const Flow flow{event.stream, event.component};
  bool media_possible = false;
  {
    const std::lock_guard lock(mutex_);
    if (event.path) ++pair_changes_;
    if (const auto found = flows_.find(flow); found != flows_.end()) {
      media_possible = event.path.has_value() && !found->second.has_path;
      found->second.has_path = event.path.has_value();
    }
  }
  if (const auto owner = owner_.lock()) g_object_notify(G_OBJECT(owner.get()), "selected-pair");
  for (const auto& member : audience(&flow)) {
    member->notify(SessionProperty::selected_pair);
    if (media_possible) member->media_possible();
  }
}

void IceAgent::on_connection_state(const ice::ConnectionStateChanged& event) {
  std::vector<std::weak_ptr<AgentMember>> departed;
  bool was_connected = false;
  {
    const std::lock_guard lock(mutex_);
    shown_connection_ = shown(event.state);
    was_connected = peer_ == Peer::connected;
    if (event.state != ice::ConnectionState::failed) failure_.clear();
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
  if (event.state != ice::ConnectionState::failed) {
    report_progress();
  } else if (was_connected) {
    on_peer_gone(event.reason);
  } else {
    on_never_connected(event.reason);
  }
}

void IceAgent::on_never_connected(const std::string& reason) {
  bool others_may_come = false;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ == Peer::gone) return;
    // It left the room before it ever connected: the room is waited in for the next.
    others_may_come = exchange_.running() && !peer_present_;
    if (others_may_come) begin_generation();
  }
  if (others_may_come) {
    report_progress();
  } else {
    tell_failure(reason);
  }
}

}  // namespace gstice
