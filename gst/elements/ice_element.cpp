// SPDX-License-Identifier: LGPL-2.1-or-later
// Joining and leaving the agent; everything else is passed on.
#include "gst/elements/ice_element.h"

#include <algorithm>
#include <utility>

#include "gst/agent/event_thread.h"

// The element's own category, in every method.
#define GST_CAT_DEFAULT traits_.debug

namespace gstice {
namespace {

constexpr std::size_t kMaxUnheard = 20;
constexpr std::chrono::seconds kPlayersPatience{1};
constexpr std::size_t kMaxMessage = 1000;

using GlibText = std::unique_ptr<gchar, decltype(&g_free)>;

/// What came from outside may be anything; a message must be UTF-8 and of bounded length.
std::string presentable(const std::string& text) {
  const GlibText valid(g_utf8_make_valid(text.c_str(), static_cast<gssize>(std::min(text.size(), kMaxMessage))),
                       g_free);
  return valid.get();
}

ObjectRef<GstObject> topmost_ancestor(GstElement* element) {
  ObjectRef<GstObject> top(static_cast<GstObject*>(gst_object_ref(element)));
  while (GstObject* parent = gst_object_get_parent(top.get())) top.reset(parent);
  return top;
}

/// Would a message posted now reach an application's bus?
bool has_bus(GstElement* element) {
  const auto top = topmost_ancestor(element);
  const ObjectRef<GstBus> bus(gst_element_get_bus(GST_ELEMENT(top.get())));
  return bus != nullptr;
}

GstProgressType message_type(ProgressType type) {
  switch (type) {
    case ProgressType::start:
      return GST_PROGRESS_TYPE_START;
    case ProgressType::go_on:
      return GST_PROGRESS_TYPE_CONTINUE;
    case ProgressType::complete:
      return GST_PROGRESS_TYPE_COMPLETE;
    case ProgressType::canceled:
      return GST_PROGRESS_TYPE_CANCELED;
    case ProgressType::error:
      return GST_PROGRESS_TYPE_ERROR;
  }
  return GST_PROGRESS_TYPE_ERROR;
}

}  // namespace

IceElement::IceElement(GstElement* element, Traits traits) : element_(element), traits_(std::move(traits)) {}

// ---- properties ----

bool IceElement::set_property(guint id, const GValue* value) {
  if (is_session_property(id)) {
    complain(set_session_property(static_cast<SessionProperty>(id), value).complaints);
    return true;
  }
  if (id == static_cast<guint>(ElementProperty::uri)) {
    if (const auto refusal = set_uri(g_value_get_string(value))) complain({refusal->message});
    return true;
  }
  const std::lock_guard lock(mutex_);
  switch (static_cast<ElementProperty>(id)) {
    case ElementProperty::session: {
      const char* name = g_value_get_string(value);
      session_ = name != nullptr ? name : "default";
      return true;
    }
    case ElementProperty::agent:
      given_agent_.reset(static_cast<GstIceAgent*>(g_value_dup_object(value)));
      return true;
    case ElementProperty::stream:
      flow_.stream = ice::StreamId{g_value_get_uint(value)};
      return true;
    case ElementProperty::component:
      flow_.component = ice::ComponentId{static_cast<std::uint16_t>(g_value_get_uint(value))};
      return true;
    case ElementProperty::uri:
      break;
  }
  return false;
}

SetOutcome IceElement::set_session_property(SessionProperty property, const GValue* value) {
  std::shared_ptr<IceAgent> agent;
  SetOutcome outcome;
  {
    const std::lock_guard lock(mutex_);
    if (joined_) agent = worker(agent_.get());
    // Checked here first; what the agent refuses is put back.
    SessionSettings fresh = settings_;
    if (!agent) {
      outcome = store(fresh, property, value);
      if (!outcome.accepted) return outcome;
      settings_ = std::move(fresh);
      set_here_.insert(property);
      changed_.insert(property);
    }
  }
  if (agent) {
    outcome = agent->set(property, value);
    if (!outcome.accepted) return outcome;
    const SessionSettings agreed = agent->settings();
    const std::lock_guard lock(mutex_);
    copy(agreed, settings_, property);
    set_here_.insert(property);
  } else {
    notify(property);
  }
  return outcome;
}

bool IceElement::get_property(guint id, GValue* value) {
  if (is_session_property(id)) {
    const auto property = static_cast<SessionProperty>(id);
    std::shared_ptr<IceAgent> agent;
    Flow flow;
    {
      const std::lock_guard lock(mutex_);
      const bool news = !joined_ && changed_.contains(property);
      if (agent_ && !news) agent = worker(agent_.get());
      if (!agent) load(settings_, property, value);
      flow = joined_flow_;
    }
    if (agent) agent->get(property, value, traits_.watches ? nullptr : &flow);
    return true;
  }
  if (id == static_cast<guint>(ElementProperty::uri)) {
    const std::string text = uri();
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
    return true;
  }
  const std::lock_guard lock(mutex_);
  switch (static_cast<ElementProperty>(id)) {
    case ElementProperty::session:
      g_value_set_string(value, session_.c_str());
      return true;
    case ElementProperty::agent:
      g_value_set_object(value, joined_ || !given_agent_ ? agent_.get() : given_agent_.get());
      return true;
    case ElementProperty::stream:
      g_value_set_uint(value, flow_.stream.value);
      return true;
    case ElementProperty::component:
      g_value_set_uint(value, flow_.component.value);
      return true;
    case ElementProperty::uri:
      break;
  }
  return false;
}

// ---- the address ----

std::optional<UriRefusal> IceElement::set_uri(const char* text) {
  const auto element = element_.lock();
  if (!element) return std::nullopt;
  GstState state = GST_STATE_NULL;
  gst_element_get_state(element.get(), &state, nullptr, 0);
  if (state > GST_STATE_READY) {
    return UriRefusal{GST_URI_ERROR_BAD_STATE, "uri is refused: it can be changed in NULL and READY only"};
  }
  if (text == nullptr || *text == '\0') {
    const bool in_force = !uri().empty();
    {
      const std::lock_guard lock(mutex_);
      uri_.reset();
    }
    if (in_force) complain(set_room(nullptr).complaints);
    return std::nullopt;
  }
  auto parsed = IceUri::parse(text);
  if (!parsed) {
    return UriRefusal{has_ice_scheme(text) ? GST_URI_ERROR_BAD_URI : GST_URI_ERROR_UNSUPPORTED_PROTOCOL,
                      parsed.error().message};
  }
  const std::string rendezvous = parsed->rendezvous;
  {
    const std::lock_guard lock(mutex_);
    Flow wanted = flow_;
    if (parsed->stream) wanted.stream = ice::StreamId{*parsed->stream};
    if (parsed->component) wanted.component = ice::ComponentId{static_cast<std::uint16_t>(*parsed->component)};
    if (joined_ && wanted != joined_flow_) {
      return UriRefusal{GST_URI_ERROR_BAD_STATE,
                        "uri is refused: another stream or component can be chosen in NULL only"};
    }
    flow_ = wanted;
    uri_ = std::move(parsed).value();
  }
  complain(set_room(rendezvous.c_str()).complaints);
  return std::nullopt;
}

std::string IceElement::uri() const {
  const std::string now = room();
  const std::lock_guard lock(mutex_);
  return uri_ && uri_->rendezvous == now ? uri_->text : std::string();
}

std::string IceElement::room() const {
  std::shared_ptr<IceAgent> agent;
  {
    const std::lock_guard lock(mutex_);
    if (!joined_) return settings_.rendezvous.value_or("");
    agent = worker(agent_.get());
  }
  return agent->settings().rendezvous.value_or("");
}

SetOutcome IceElement::set_room(const char* rendezvous) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, G_TYPE_STRING);
  g_value_set_string(&value, rendezvous);
  SetOutcome outcome = set_session_property(SessionProperty::rendezvous, &value);
  g_value_unset(&value);
  return outcome;
}

// ---- joining ----

ObjectRef<GstIceAgent> IceElement::find_agent(GstElement* element) const {
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    if (given_agent_) return new_ref(given_agent_.get());
    // Two addresses in one pipeline are two sessions.
    if (traits_.watches && agent_) return new_ref(agent_.get());
    name = session_;
  }
  if (traits_.watches) {
    return ObjectRef<GstIceAgent>(
        static_cast<GstIceAgent*>(gst_object_ref_sink(g_object_new(GST_TYPE_ICE_AGENT, nullptr))));
  }
  return agent_of(topmost_ancestor(element).get(), name);
}

bool IceElement::join() {
  const auto element = element_.lock();
  if (!element) return false;
  ObjectRef<GstIceAgent> agent = find_agent(element.get());
  ObjectRef<GstIceAgent> former;
  SessionSettings settings;
  std::set<SessionProperty> changed;
  Flow flow;
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    name = session_;
    settings = settings_;
    // An agent that we were with before knows all but the latest.
    changed = agent_.get() == agent.get() ? changed_ : set_here_;
    flow = flow_;
  }
  const auto joined =
      worker(agent.get())->join({shared_from_this(), flow, traits_.receives, settings, changed, traits_.watches});
  if (!joined) {
    GST_ELEMENT_ERROR(element.get(), RESOURCE, OPEN_READ_WRITE, ("%s", joined.error().message.c_str()),
                      ("session=%s", name.c_str()));
    return false;
  }
  std::vector<std::string> unheard;
  std::vector<std::pair<unsigned, std::string>> early;
  {
    const std::lock_guard lock(mutex_);
    early = early_candidates_.take();
    former = std::exchange(agent_, std::move(agent));
    joined_ = true;
    joined_flow_ = flow;
    ends_ = *joined;
    for (const SessionProperty property : changed) changed_.erase(property);
    unheard.swap(unheard_);
  }
  for (const auto& [stream, line] : early) add_ice_candidate(stream, line.c_str());
  if (!unheard.empty()) {
    EventThread::post([self = shared_from_this(), unheard = std::move(unheard)] {
      const auto alive = self->element_.lock();
      if (!alive) return;
      for (const std::string& text : unheard) self->post_warning(alive.get(), text);
    });
  }
  return true;
}

void IceElement::log_stats() const {
  const auto element = element_.lock();
  if (!element) return;
  GstStructure* stats = nullptr;
  g_object_get(element.get(), "stats", &stats, nullptr);
  if (stats == nullptr) return;
  GST_INFO_OBJECT(element.get(), "at the end: %" GST_PTR_FORMAT, static_cast<void*>(stats));
  gst_structure_free(stats);
}

void IceElement::leave() {
  std::shared_ptr<IceAgent> agent;
  if (joined_agent()) log_stats();
  {
    const std::lock_guard lock(mutex_);
    if (!joined_) return;
    joined_ = false;
    agent = worker(agent_.get());
    // The peer was that session's; the agent knows whether it is still ours.
    for (const SessionProperty property : {SessionProperty::remote_description, SessionProperty::remote_ufrag,
                                           SessionProperty::remote_pwd, SessionProperty::remote_candidates}) {
      set_here_.erase(property);
    }
  }
  agent->leave(shared_from_this());
}

void IceElement::set_playing(bool playing) {
  if (const auto agent = joined_agent()) agent->set_playing(shared_from_this(), playing);
}

void IceElement::gather() {
  if (const auto agent = joined_agent()) {
    agent->gather();
  } else {
    complain({"gather-candidates: the element is in NULL; it can gather from READY on"});
  }
}

void IceElement::add_ice_candidate(unsigned stream, const char* candidate) {
  std::shared_ptr<IceAgent> agent;
  SetOutcome outcome;
  {
    const std::lock_guard lock(mutex_);
    if (joined_) {
      agent = worker(agent_.get());
    } else {
      outcome = early_candidates_.add(stream, candidate);
    }
  }
  if (agent) outcome = agent->add_remote_candidate(stream, candidate);
  complain(outcome.complaints);
}

std::shared_ptr<IceAgent> IceElement::joined_agent() const {
  const std::lock_guard lock(mutex_);
  return joined_ ? worker(agent_.get()) : nullptr;
}

Flow IceElement::flow() const {
  const std::lock_guard lock(mutex_);
  return joined_ ? joined_flow_ : flow_;
}

void IceElement::move_to(Flow flow) {
  const auto agent = joined_agent();
  if (!agent || !agent->move(shared_from_this(), flow)) return;
  const std::lock_guard lock(mutex_);
  joined_flow_ = flow;
}

std::optional<IceUri> IceElement::address() const {
  const std::lock_guard lock(mutex_);
  return uri_;
}

ObjectRef<GstIceAgent> IceElement::agent() const {
  const std::lock_guard lock(mutex_);
  return new_ref(joined_ || !given_agent_ ? agent_.get() : given_agent_.get());
}

MediaEnds IceElement::ends() const {
  const std::lock_guard lock(mutex_);
  return ends_;
}

// ---- messages ----

void IceElement::complain(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    EventThread::post([self = shared_from_this(), text] { self->warn(text); });
  }
}

void IceElement::inform(const std::string& text) {
  EventThread::post([self = shared_from_this(), text] { self->post_info(text); });
}

void IceElement::post_info(const std::string& text) {
  const auto element = element_.lock();
  if (!element) return;
  // gst-launch-1.0 prints the details alone.
  GST_ELEMENT_INFO(element.get(), RESOURCE, SETTINGS, ("%s", text.c_str()), ("%s", text.c_str()));
}

void IceElement::warn(const std::string& text) {
  const auto element = element_.lock();
  if (!element) return;
  const std::string clean = presentable(text);
  if (has_bus(element.get())) {
    post_warning(element.get(), clean);
    return;
  }
  GST_WARNING_OBJECT(element.get(), "%s", clean.c_str());
  // gst-launch sets properties before the element is in its pipeline; its user shall hear of it all the same.
  const std::lock_guard lock(mutex_);
  if (unheard_.size() < kMaxUnheard) unheard_.push_back(clean);
}

void IceElement::post_warning(GstElement* element, const std::string& text) {
  GST_ELEMENT_WARNING(element, RESOURCE, SETTINGS, ("%s", text.c_str()), (nullptr));
}

void IceElement::fail(const std::string& text, const std::string& details) {
  const auto element = element_.lock();
  if (!element) return;
  GST_ELEMENT_ERROR(element.get(), RESOURCE, OPEN_READ_WRITE, ("%s", presentable(text).c_str()),
                    ("%s", presentable(details).c_str()));
}

void IceElement::notify(SessionProperty property) {
  if (const auto element = element_.lock()) g_object_notify(G_OBJECT(element.get()), name_of(property));
}

void IceElement::local_candidate(unsigned stream, const std::string& line) {
  if (const auto element = element_.lock()) emit_ice_candidate(G_OBJECT(element.get()), stream, line.c_str());
}

void IceElement::peer_gone() {
  if (const auto element = element_.lock()) traits_.peer_gone();
}

void IceElement::peer_caps(const PeerCaps& caps) {
  const auto element = element_.lock();
  if (element && traits_.peer_caps) traits_.peer_caps(caps);
}

void IceElement::key_unit_wanted() {
  const auto element = element_.lock();
  if (element && traits_.key_unit_wanted) traits_.key_unit_wanted();
}

void IceElement::media_possible() {
  const auto element = element_.lock();
  if (element && traits_.media_possible) traits_.media_possible();
}

void IceElement::progress(const ProgressNote& note) {
  const auto element = element_.lock();
  if (!element) return;
  const std::string text = presentable(note.text);
  GST_INFO_OBJECT(element.get(), "progress: %s", text.c_str());
  gst_element_post_message(element.get(), gst_message_new_progress(GST_OBJECT(element.get()), message_type(note.type),
                                                                   code_of(note.step), text.c_str()));
  if (traits_.watches && note.step == ProgressStep::peer) tell_player(note.type == ProgressType::start, text);
}

/// gst-play-1.0 prints warnings, and no progress: when nobody comes soon, its user shall know what it waits for.
void IceElement::tell_player(bool waiting, const std::string& text) {
  const unsigned number = ++waits_;
  if (!waiting) return;
  EventThread::post_at(std::chrono::steady_clock::now() + kPlayersPatience, [weak = weak_from_this(), number, text] {
    const auto self = weak.lock();
    if (self && self->waits_ == number) self->warn(text);
  });
}

// ---- class ----

void IceElement::install_properties(GObjectClass* klass, bool watches) {
  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  const auto put = [klass](ElementProperty id, GParamSpec* spec) {
    g_object_class_install_property(klass, static_cast<guint>(id), spec);
  };
  install_session_properties(klass);
  put(ElementProperty::agent,
      g_param_spec_object("agent", "Agent",
                          "The session's agent, made on demand at NULL→READY; set one to share it between pipelines",
                          GST_TYPE_ICE_AGENT, kFlags));
  put(ElementProperty::uri,
      g_param_spec_string("uri", "URI",
                          "ice://host[:8765]/room, or ices://… with TLS: sets rendezvous, and with ?stream=… or "
                          "&component=… those",
                          nullptr, kFlags));
  if (watches) return;
  put(ElementProperty::session,
      g_param_spec_string("session", "Session",
                          "Name of the ICE session: elements with the same one in the same pipeline share an agent",
                          "default", kFlags));
  put(ElementProperty::stream,
      g_param_spec_uint("stream", "Stream", "Stream of the session that this element carries (its mline index)", 0,
                        kMaxStream, 0, kFlags));
  put(ElementProperty::component,
      g_param_spec_uint("component", "Component", "Component of the stream: RTP is 1, RTCP is 2", 1, kMaxComponent, 1,
                        kFlags));
}

}  // namespace gstice
