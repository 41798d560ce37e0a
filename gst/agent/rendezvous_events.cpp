// SPDX-License-Identifier: LGPL-2.1-or-later
// What comes from the room, and what becomes of the peer in it. Runs on the event thread, in order.
#include <utility>

#include "gst/agent/debug.h"
#include "gst/agent/event_thread.h"
#include "gst/agent/ice_agent.h"
#include "ice-core/candidates/candidate_line.h"

namespace gstice {

void IceAgent::on_peer_gone(bool goodbye, const std::string& reason) {
  GstIceDisconnectAction action = GST_ICE_DISCONNECT_ACTION_EOS;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ != Peer::connected) return;
    action = settings_.on_disconnect();
    if (action == GST_ICE_DISCONNECT_ACTION_WAIT) {
      // What is known of the gone peer goes; the next one is met as the first was.
      peer_ = Peer::none;
      begin_generation();
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
  report_progress();
}

// ---- the rendezvous ----

void IceAgent::on_room_entered(bool first) {
  GST_CAT_INFO(agent_debug, "in the room, %s", first ? "as the first" : "a peer is there");
  {
    const std::lock_guard lock(mutex_);
    room_ = ProgressFacts::Room::entered;
    room_note_.clear();
  }
  report_progress();
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
    if (open_ && peer_ == Peer::none && !session_->remote_credentials().ufrag.empty()) begin_generation();
  }
  std::string description;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ == Peer::gone) return;
    peer_present_ = true;
    description = ice::write_description(session_->local_description());
    // Under the lock, so that set_offer() cannot come between and be replaced by what was before.
    exchange_.send_caps(local_offer_.flows());
  }
  GST_CAT_INFO(agent_debug, "a peer is in the room; sending it our description");
  report_progress();
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
  report_progress();
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

void IceAgent::on_peer_caps(const std::vector<FlowCaps>& flows) {
  std::vector<std::string> complaints;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ == Peer::gone) return;
    complaints = remote_offer_.replace(flows);
  }
  GST_CAT_INFO(agent_debug, "the peer sends on %zu flows", flows.size());
  for (const std::string& complaint : complaints) tell_warning(complaint);
  tell_remote_offer();
}

void IceAgent::tell_remote_offer() {
  if (const auto owner = owner_.lock()) g_object_notify(G_OBJECT(owner.get()), "remote-offer");
  std::vector<std::pair<std::shared_ptr<AgentMember>, PeerCaps>> news;
  {
    const std::lock_guard lock(mutex_);
    for (const Member& each : members_) {
      PeerCaps caps = remote_offer_.of(each.flow);
      caps.expected = settings_.rendezvous.has_value();
      news.emplace_back(each.member, std::move(caps));
    }
  }
  for (const auto& [member, caps] : news) member->peer_caps(caps);
}

void IceAgent::post_remote_offer() {
  EventThread::post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->tell_remote_offer();
  });
}

void IceAgent::on_peer_key_frame(unsigned stream, unsigned component) {
  const Flow flow{ice::StreamId{stream}, ice::ComponentId{static_cast<std::uint16_t>(component)}};
  std::optional<Pace::TimePoint> due;
  {
    const std::lock_guard lock(mutex_);
    const auto found = flows_.find(flow);
    if (!open_ || found == flows_.end()) return;
    due = found->second.key_frames_wanted.ask(std::chrono::steady_clock::now());
  }
  if (!due) return;
  EventThread::post_at(*due, [weak = weak_from_this(), flow] {
    const auto self = weak.lock();
    if (!self) return;
    GST_CAT_DEBUG(agent_debug, "the peer wants a key frame on stream %u component %u", flow.stream.value,
                  static_cast<unsigned>(flow.component.value));
    for (const auto& member : self->audience(&flow)) member->key_unit_wanted();
  });
}

void IceAgent::on_peer_left(bool goodbye, const FlowCounts&) {
  const ProgressAtEnd progress{*this};
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
    if (!connected && peer_ == Peer::none) begin_generation();
  }
  if (connected) on_peer_gone(true, "it said goodbye");
}

void IceAgent::on_rendezvous_failed(const std::string& message, bool fatal) {
  bool needed = false;
  {
    const std::lock_guard lock(mutex_);
    needed = peer_ == Peer::none;
    if (fatal) room_ = ProgressFacts::Room::failed;
    if (room_ != ProgressFacts::Room::entered) room_note_ = message;
  }
  report_progress();
  // Once there is a peer, media goes on without the room.
  if (fatal && needed) {
    tell_failure(message);
  } else {
    tell_warning(message);
  }
}

}  // namespace gstice
