// SPDX-License-Identifier: LGPL-2.1-or-later
// Settings and members: how elements come to share one session, and what is set reaches it.
#include "gst/agent/ice_agent.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gst/agent/debug.h"
#include "gst/agent/event_thread.h"
#include "gst/agent/structures.h"
#include "ice-core/candidates/candidate_line.h"

namespace gstice {

IceAgent::IceAgent(GstIceAgent* owner) : owner_(owner) {}

IceAgent::~IceAgent() {
  if (open_) end_session();
}

// ---- properties ----

SetOutcome IceAgent::set(SessionProperty property, const GValue* value) {
  SetOutcome outcome;
  {
    const std::lock_guard lock(mutex_);
    SessionSettings changed = settings_;
    outcome = store(changed, property, value);
    if (!outcome.accepted) return outcome;
    note_remote(property);
    if (const auto result = apply(property, changed); !result) {
      outcome.accepted = false;
      outcome.complaints.push_back(std::string(name_of(property)) + " is refused: " + result.error().message);
      return outcome;
    }
    settings_ = std::move(changed);
    if (property == SessionProperty::rendezvous) enter_room();
  }
  post_property(property);
  if (property == SessionProperty::rendezvous) post_remote_offer();
  report_progress();
  return outcome;
}

void IceAgent::get(SessionProperty property, GValue* value, const Flow* flow) const {
  const std::lock_guard lock(mutex_);
  if (!live(property, value, flow)) load(settings_, property, value);
}

SessionSettings IceAgent::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

/// What a session knows better than the settings.
bool IceAgent::live(SessionProperty property, GValue* value, const Flow* flow) const {
  switch (property) {
    case SessionProperty::gathering_state:
      g_value_set_enum(value, shown_gathering_);
      return true;
    case SessionProperty::connection_state:
      g_value_set_enum(value, shown_connection_);
      return true;
    case SessionProperty::stats:
      g_value_take_boxed(value, stats(flow));
      return true;
    default:
      break;
  }
  if (!open_) return false;
  switch (property) {
    case SessionProperty::controlling:
      g_value_set_boolean(value, session_->role() == ice::Role::controlling);
      return true;
    case SessionProperty::local_ufrag:
      g_value_set_string(value, session_->local_credentials().ufrag.c_str());
      return true;
    case SessionProperty::local_pwd:
      g_value_set_string(value, session_->local_credentials().pwd.c_str());
      return true;
    case SessionProperty::local_description:
      g_value_set_string(value, ice::write_description(session_->local_description()).c_str());
      return true;
    case SessionProperty::remote_ufrag: {
      const auto remote = session_->remote_credentials();
      if (remote.ufrag.empty()) return false;
      g_value_set_string(value, remote.ufrag.c_str());
      return true;
    }
    case SessionProperty::remote_pwd:
      if (session_->remote_credentials().pwd.empty()) return false;
      g_value_set_string(value, "***");
      return true;
    case SessionProperty::selected_pair: {
      const Flow which = flow != nullptr ? *flow : flows_.empty() ? Flow{} : flows_.begin()->first;
      const auto pair = session_->selected_pair(which.stream, which.component);
      g_value_take_boxed(value, pair ? pair_structure(*pair) : nullptr);
      return true;
    }
    default:
      return false;
  }
}

GstStructure* IceAgent::stats(const Flow* flow) const {
  StatsSource source;
  for (const auto& [which, state] : flows_) {
    if (flow != nullptr && which != *flow) continue;
    source.add(state.ends);
  }
  if (session_) {
    source.agent = session_->counters();
    source.role = session_->role();
    source.local_ufrag = session_->local_credentials().ufrag;
    if (flow != nullptr) {
      source.pair = session_->selected_pair(flow->stream, flow->component);
    } else if (!flows_.empty()) {
      source.pair = session_->selected_pair(flows_.begin()->first.stream, flows_.begin()->first.component);
    }
  }
  source.state = shown_connection_;
  source.pair_changes = pair_changes_;
  return stats_structure(source);
}

void IceAgent::note_remote(SessionProperty property) {
  new_remote_ufrag_ = new_remote_ufrag_ || property == SessionProperty::remote_ufrag;
  new_remote_pwd_ = new_remote_pwd_ || property == SessionProperty::remote_pwd;
}

/// Hands a setting to the session that runs, where there is one. An error: it must not become a setting.
ice::Result<> IceAgent::apply(SessionProperty property, const SessionSettings& settings) {
  if (!session_ || !open_) return ice::Ok{};
  Session& session = *session_;
  switch (property) {
    case SessionProperty::controlling:
      return session.set_role(settings.is_controlling() ? ice::Role::controlling : ice::Role::controlled);
    case SessionProperty::pacing:
      if (!settings.pacing) return ice::Ok{};
      return session.set_pacing(std::chrono::milliseconds(*settings.pacing));
    case SessionProperty::min_port:
    case SessionProperty::max_port:
    case SessionProperty::interfaces:
      if (gathering_) return ice::Error{"gathering has begun; set it before READY→PAUSED"};
      session.set_socket_options(settings.socket_options());
      return ice::Ok{};
    case SessionProperty::local_ufrag:
    case SessionProperty::local_pwd:
      return session.set_local_credentials({settings.local_ufrag.value_or(""), settings.local_pwd.value_or("")});
    case SessionProperty::remote_description:
      if (!settings.remote_description) return ice::Ok{};
      return session.set_remote_description(settings.remote_description->value);
    case SessionProperty::remote_ufrag:
    case SessionProperty::remote_pwd:
      // They come in pairs: a new one beside an old one would be credentials that nobody has.
      if (!new_remote_ufrag_ || !new_remote_pwd_ || !settings.remote_ufrag || !settings.remote_pwd) return ice::Ok{};
      new_remote_ufrag_ = new_remote_pwd_ = false;
      return session.set_remote_credentials({*settings.remote_ufrag, *settings.remote_pwd});
    case SessionProperty::remote_candidates: {
      if (!settings.remote_candidates) return ice::Ok{};
      ice::Result<> outcome = ice::Ok{};
      bool any = false;
      for (const ice::Candidate& candidate : settings.remote_candidates->value) {
        auto result = session.add_remote_candidate(ice::StreamId{0}, candidate);
        if (result) {
          any = true;
        } else {
          outcome = std::move(result);
        }
      }
      return any ? ice::Ok{} : outcome;
    }
    default:
      return ice::Ok{};
  }
}

// ---- actions ----

void IceAgent::gather() {
  {
    const std::lock_guard lock(mutex_);
    if (!session_ || !open_ || gathering_) return;
    gathering_ = true;
    session_->gather();
    enter_room();
  }
  report_progress();
}

/// Enters the room that is set, or leaves the one that was; nothing before gathering.
void IceAgent::enter_room() {
  if (!open_ || !gathering_) return;
  room_ = ProgressFacts::Room::none;
  room_note_.clear();
  if (!settings_.rendezvous) {
    exchange_.stop();
    return;
  }
  GST_CAT_INFO(agent_debug, "entering %s", settings_.rendezvous->c_str());
  room_ = ProgressFacts::Room::entering;
  exchange_.start(*settings_.rendezvous, std::shared_ptr<PeerListener>(shared_from_this(), this));
}

namespace {

SetOutcome add_candidate(Session& session, unsigned stream, const std::string& line) {
  if (line.empty()) {
    session.end_remote_candidates(ice::StreamId{stream});
    return {};
  }
  const auto candidate = ice::parse_candidate_line(line);
  if (!candidate) return SetOutcome::refused("add-ice-candidate: " + candidate.error().message);
  const auto result = session.add_remote_candidate(ice::StreamId{stream}, *candidate);
  return result ? SetOutcome{} : SetOutcome::refused("add-ice-candidate: " + result.error().message);
}

}  // namespace

SetOutcome EarlyCandidates::add(unsigned stream, const char* line) {
  std::string text = line != nullptr ? line : "";
  if (!text.empty()) {
    if (const auto candidate = ice::parse_candidate_line(text); !candidate) {
      return SetOutcome::refused("add-ice-candidate: " + candidate.error().message);
    }
  }
  if (lines_.size() >= ice::kMaxDescriptionCandidates) {
    return SetOutcome::refused("add-ice-candidate: too many before the element is in READY");
  }
  lines_.emplace_back(stream, std::move(text));
  return {};
}

SetOutcome IceAgent::add_remote_candidate(unsigned stream, const char* line) {
  const std::lock_guard lock(mutex_);
  GST_CAT_DEBUG(agent_debug, "remote candidate of stream %u: %s%s", stream, line != nullptr ? line : "",
                open_ ? "" : " (kept for the session to come)");
  if (!open_) return early_candidates_.add(stream, line);
  return add_candidate(*session_, stream, line != nullptr ? line : "");
}

void IceAgent::complain(const SetOutcome& outcome) {
  post_warnings(outcome.complaints);
}

std::shared_ptr<Session> IceAgent::open_session() const {
  const std::lock_guard lock(mutex_);
  return open_ ? session_ : nullptr;
}

// ---- members ----

ice::Result<MediaEnds> IceAgent::join(const Joining& joining) {
  std::vector<std::string> complaints;
  MediaEnds ends;
  {
    const std::lock_guard lock(mutex_);
    const auto same_flow = [&](const Member& other) { return other.flow == joining.flow; };
    if (joining.receives &&
        std::ranges::any_of(members_, [&](const Member& other) { return same_flow(other) && other.receives; })) {
      return ice::Error{"stream=" + std::to_string(joining.flow.stream.value) + " component=" +
                        std::to_string(joining.flow.component.value) + " of this session has an icesrc already"};
    }
    adopt(joining, complaints);
    const bool first = !open_;
    if (first) begin_session(complaints);
    if (std::ranges::none_of(members_, same_flow)) {
      if (const auto result = session_->add_component(joining.flow.stream, joining.flow.component); !result) {
        if (first) end_session();
        return ice::Error{"stream=" + std::to_string(joining.flow.stream.value) +
                          " component=" + std::to_string(joining.flow.component.value) + ": " + result.error().message};
      }
      flows_[joining.flow] = {.ends = {session_->sender(joining.flow.stream, joining.flow.component),
                                       session_->receiver(joining.flow.stream, joining.flow.component)}};
    }
    const bool sends = !joining.receives && !joining.watches;
    members_.push_back({joining.member, joining.flow, joining.receives, sends});
    ends = flows_[joining.flow].ends;
    if (sends) {
      local_offer_.add(joining.flow);
      exchange_.send_caps(local_offer_.flows());
    }
  }
  post_warnings(std::move(complaints));
  post_remote_offer();
  report_progress();
  return ends;
}

/// Takes over what the element was told before it joined.
void IceAgent::adopt(const Joining& joining, std::vector<std::string>& complaints) {
  for (const SessionProperty property : joining.changed) {
    SessionSettings changed = settings_;
    copy(joining.settings, changed, property);
    if (is_set(settings_, property) && !same(settings_, changed, property)) {
      complaints.push_back(std::string(name_of(property)) +
                           " was set to something else on another element of this session; the later value counts");
    }
    note_remote(property);
    if (const auto result = apply(property, changed); !result) {
      complaints.push_back(std::string(name_of(property)) + " is refused: " + result.error().message);
      continue;
    }
    settings_ = std::move(changed);
    if (open_) post_property(property);
  }
}

void IceAgent::begin_session(std::vector<std::string>& complaints) {
  ice::AgentConfig config;
  config.role = settings_.is_controlling() ? ice::Role::controlling : ice::Role::controlled;
  if (settings_.pacing) config.pacing = std::chrono::milliseconds(*settings_.pacing);
  config.software = "gst-ice " GST_ICE_VERSION;
  config.trace = gst_debug_category_get_threshold(core_debug) >= GST_LEVEL_DEBUG;

  const unsigned run = ++run_;
  session_ = Session::create(std::move(config), [weak = weak_from_this(), run](const ice::Event& event) {
    if (const auto self = weak.lock()) self->on_event(run, event);
  });
  open_ = true;
  gathering_ = false;
  peer_ = Peer::none;
  peer_present_ = false;
  room_ = ProgressFacts::Room::none;
  room_note_.clear();
  failure_.clear();
  peer_known_ = false;
  refused_caps_ = false;
  pair_changes_ = 0;
  shown_gathering_ = GST_ICE_GATHERING_STATE_NEW;
  shown_connection_ = GST_ICE_CONNECTION_STATE_NEW;
  flows_.clear();
  local_offer_.clear();
  remote_offer_.clear(std::chrono::steady_clock::now());
  departed_.clear();

  if (settings_.max_port.value_or(0) != 0 && settings_.min_port.value_or(0) > *settings_.max_port) {
    complaints.push_back("min-port=" + std::to_string(*settings_.min_port) +
                         " is above max-port=" + std::to_string(*settings_.max_port) + ": any port is used");
  }
  session_->set_socket_options(settings_.socket_options());
  for (const SessionProperty property : {SessionProperty::local_ufrag, SessionProperty::remote_description,
                                         SessionProperty::remote_ufrag, SessionProperty::remote_candidates}) {
    const bool wanted = property == SessionProperty::local_ufrag ? settings_.local_ufrag || settings_.local_pwd
                                                                 : is_set(settings_, property);
    if (!wanted) continue;
    if (const auto result = apply(property, settings_); !result) {
      complaints.push_back(std::string(name_of(property)) + ": " + result.error().message);
    }
  }
  for (const auto& [stream, line] : early_candidates_.take()) {
    for (std::string& complaint : add_candidate(*session_, stream, line).complaints) {
      complaints.push_back(std::move(complaint));
    }
  }
}

void IceAgent::leave(const std::shared_ptr<AgentMember>& member) {
  const ProgressAtEnd progress{*this};
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(members_, member, &Member::member);
  if (found == members_.end()) return;
  const Flow flow = found->flow;
  members_.erase(found);
  std::erase_if(departed_, [](const auto& other) { return other.expired(); });
  departed_.push_back(member);
  if (members_.empty()) {
    end_session();
    return;
  }
  const auto same_flow = [&](const Member& other) { return other.flow == flow; };
  if (std::ranges::none_of(members_, same_flow)) session_->remove_component(flow.stream, flow.component);
  if (std::ranges::none_of(members_, [&](const Member& other) { return same_flow(other) && other.sends; })) {
    local_offer_.remove(flow);
    exchange_.send_caps(local_offer_.flows());
  }
}

bool IceAgent::move(const std::shared_ptr<AgentMember>& member, Flow to) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(members_, member, &Member::member);
  const auto carries = [](Flow flow) { return [flow](const Member& other) { return other.flow == flow; }; };
  if (found == members_.end() || std::ranges::none_of(members_, carries(to))) return false;
  const Flow from = std::exchange(found->flow, to);
  if (std::ranges::none_of(members_, carries(from))) session_->remove_component(from.stream, from.component);
  return true;
}

void IceAgent::begin_generation() {
  failure_.clear();
  session_->new_generation();
  remote_offer_.clear(std::chrono::steady_clock::now());
  refused_caps_ = false;
  peer_known_ = false;
  for (auto& [flow, state] : flows_) {
    // Nothing leaves or arrives between here and the next peer's path.
    if (state.ends.sender) state.sent_before = state.ends.sender->counters().packets_sent;
    if (state.ends.receiver) state.received_before = state.ends.receiver->counters().packets_received;
  }
  post_remote_offer();
}

std::vector<FlowCount> IceAgent::sent_to_peer() const {
  std::vector<FlowCount> counts;
  for (const auto& [flow, state] : flows_) {
    if (!state.ends.sender) continue;
    const std::uint64_t packets = state.ends.sender->counters().packets_sent - state.sent_before;
    counts.push_back({flow.stream.value, flow.component.value, packets});
  }
  return counts;
}

void IceAgent::end_session() {
  open_ = false;
  farewell_.reset();
  exchange_.stop(sent_to_peer());
  session_->close();
  // The next session has credentials of its own, and so has its peer; but where ours are fixed, the peer's are, too.
  const bool fixed = settings_.local_ufrag && settings_.local_pwd;
  if (!fixed) settings_.forget_peer();
  new_remote_ufrag_ = settings_.remote_ufrag.has_value();
  new_remote_pwd_ = settings_.remote_pwd.has_value();
}

// ---- what members want of their sockets ----

void IceAgent::set_send_buffer(Flow flow, int bytes) {
  const std::lock_guard lock(mutex_);
  FlowState& state = flows_[flow];
  state.send_buffer = bytes;
  if (session_) session_->set_buffer_sizes(flow.stream, flow.component, state.send_buffer, state.receive_buffer);
}

void IceAgent::set_receive_buffer(Flow flow, int bytes) {
  const std::lock_guard lock(mutex_);
  FlowState& state = flows_[flow];
  state.receive_buffer = bytes;
  if (session_) session_->set_buffer_sizes(flow.stream, flow.component, state.send_buffer, state.receive_buffer);
}

void IceAgent::set_dscp(Flow flow, int dscp) {
  const std::lock_guard lock(mutex_);
  if (session_) session_->set_dscp(flow.stream, flow.component, dscp);
}

// ---- what members tell the peer ----

void IceAgent::set_offer(Flow flow, std::string caps) {
  const std::lock_guard lock(mutex_);
  if (open_ && local_offer_.set(flow, std::move(caps))) exchange_.send_caps(local_offer_.flows());
}

bool IceAgent::request_key_frame(Flow flow) {
  const std::lock_guard lock(mutex_);
  const auto found = flows_.find(flow);
  if (!open_ || found == flows_.end() || !settings_.rendezvous) return false;
  const auto due = found->second.key_frames_asked.ask(std::chrono::steady_clock::now());
  if (!due) return true;
  EventThread::post_at(*due, [weak = weak_from_this(), flow] {
    if (const auto self = weak.lock()) self->exchange_.send_key_frame(flow.stream.value, flow.component.value);
  });
  return true;
}

GstStructure* IceAgent::remote_offer() const {
  const std::lock_guard lock(mutex_);
  return remote_offer_.structure();
}

}  // namespace gstice
