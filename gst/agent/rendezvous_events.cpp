// SPDX-License-Identifier: LGPL-2.1-or-later
// What comes from the room, and what becomes of the peer in it. Runs on the event thread, in order.
#include <algorithm>
#include <chrono>
#include <utility>

#include "gst/agent/debug.h"
#include "gst/agent/event_thread.h"
#include "gst/agent/ice_agent.h"
#include "ice-core/candidates/candidate_line.h"

namespace gstice {

// ---- how a peer goes ----

bool IceAgent::peer_sent_something(const FlowCounts& sent) const {
  if (sent && std::ranges::any_of(*sent, [](const FlowCount& flow) { return flow.packets > 0; })) return true;
  return std::ranges::any_of(flows_, [](const auto& flow) {
    const FlowState& state = flow.second;
    return state.ends.receiver && state.ends.receiver->counters().packets_received > state.received_before;
  });
}

void IceAgent::begin_farewell(const FlowCounts& sent) {
  unsigned number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ != Peer::connected || farewell_) return;
    number = ++farewells_;
    const auto promised = [&](Flow flow) -> std::optional<std::uint64_t> {
      if (!sent) return std::nullopt;
      std::uint64_t packets = flows_[flow].received_before;
      for (const FlowCount& each : *sent) {
        if (each.stream == flow.stream.value && each.component == flow.component.value) packets += each.packets;
      }
      return packets;
    };
    std::vector<Farewell::Awaited> awaited;
    for (const Member& member : members_) {
      if (member.receives) awaited.push_back({flows_[member.flow].ends.receiver, promised(member.flow)});
    }
    for (const auto& [receiver, packets] : awaited) {
      if (!packets) continue;
      receiver->tell_at(*packets, [weak = weak_from_this(), number] {
        EventThread::post([weak, number] {
          if (const auto self = weak.lock()) self->continue_farewell(number);
        });
      });
    }
    farewell_.emplace(std::move(awaited), std::chrono::steady_clock::now());
    // Whoever comes next is met when this one is gone.
    exchange_.hold();
  }
  continue_farewell(number);
}

void IceAgent::continue_farewell(unsigned number) {
  {
    const std::lock_guard lock(mutex_);
    if (!farewell_ || number != farewells_) return;
    if (const auto next = farewell_->look(std::chrono::steady_clock::now())) {
      EventThread::post_at(*next, [weak = weak_from_this(), number] {
        if (const auto self = weak.lock()) self->continue_farewell(number);
      });
      return;
    }
  }
  on_peer_gone("it said goodbye");
}

void IceAgent::on_peer_gone(const std::string& reason) {
  std::optional<GstIceDisconnectAction> action;
  {
    const std::lock_guard lock(mutex_);
    farewell_.reset();
    if (open_ && peer_ == Peer::connected) {
      action = settings_.on_disconnect();
      peer_ = action == GST_ICE_DISCONNECT_ACTION_WAIT ? Peer::none : Peer::gone;
      // What is known of the gone peer goes; the next one is met as the first was.
      if (peer_ == Peer::none) begin_generation();
    }
  }
  report_progress();
  if (action) {
    GST_CAT_INFO(agent_debug, "the peer is gone: %s", reason.c_str());
    if (action == GST_ICE_DISCONNECT_ACTION_ERROR) tell_failure("The peer is gone: " + reason);
    if (action == GST_ICE_DISCONNECT_ACTION_EOS) {
      for (const auto& member : audience()) member->peer_gone();
    }
  }
  exchange_.resume();
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
    on_peer_gone("another peer took its place in the room");
    const std::lock_guard lock(mutex_);
    if (open_ && peer_ == Peer::none && peer_known_) begin_generation();
  }
  std::string description;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || peer_ == Peer::gone) return;
    peer_present_ = true;
    peer_known_ = true;
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
    // Said once: a hostile peer must not fill the log.
    if (std::exchange(refused_caps_, refused_caps_ || !complaints.empty())) complaints.clear();
  }
  GST_CAT_INFO(agent_debug, "the peer sends on %zu flows", flows.size());
  if (!complaints.empty()) tell_warning(complaints.front());
  tell_remote_offer();
}

PeerCaps IceAgent::peer_caps_locked(Flow flow) const {
  PeerCaps caps = remote_offer_.of(flow);
  caps.expected = settings_.rendezvous.has_value();
  return caps;
}

PeerCaps IceAgent::peer_caps(Flow flow) const {
  const std::lock_guard lock(mutex_);
  return peer_caps_locked(flow);
}

void IceAgent::tell_remote_offer() {
  if (const auto owner = owner_.lock()) g_object_notify(G_OBJECT(owner.get()), "remote-offer");
  std::vector<std::pair<std::shared_ptr<AgentMember>, PeerCaps>> news;
  {
    const std::lock_guard lock(mutex_);
    for (const Member& each : members_) news.emplace_back(each.member, peer_caps_locked(each.flow));
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

void IceAgent::on_peer_left(bool goodbye, const FlowCounts& sent) {
  const ProgressAtEnd progress{*this};
  GST_CAT_INFO(agent_debug, "the peer left the room%s", goodbye ? " with a goodbye" : "");
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    peer_present_ = false;
    // Without a goodbye only its way to the server broke: consent decides whether it is still there.
    if (!goodbye) return;
    const auto state = session_->connection_state();
    // The event that says so may still be on its way, overtaken by the goodbye; and the peer may have been connected,
    // and sent all it had, before we were.
    const bool connected = state == ice::ConnectionState::connected || state == ice::ConnectionState::completed;
    if (peer_ == Peer::none && (connected || peer_sent_something(sent))) peer_ = Peer::connected;
    // It never was there: the next one is the first.
    if (peer_ == Peer::none) begin_generation();
  }
  begin_farewell(sent);
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
