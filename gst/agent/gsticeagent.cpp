// SPDX-License-Identifier: LGPL-2.1-or-later
// GstIceAgent: the GObject shell around gstice::IceAgent, and the enumerations of its properties.
/**
 * SECTION:gsticeagent
 * @title: GstIceAgent
 * @short_description: an ICE session that icesink and icesrc elements share
 *
 * Elements with the same `session` name under the same topmost ancestor share an agent that is made on demand; read it
 * from their `agent` property once they are in READY. To share one between pipelines, make it with
 * gst_ice_agent_new() and set it as `agent` on elements of each.
 *
 * Its properties and signals are the session-wide ones of the elements. All signals come from one thread of the process
 * that is no streaming thread: handlers may take their time, and may change states.
 */
#include "gst/agent/agent_object.h"
#include "gst/agent/debug.h"
#include "gst/agent/ice_agent.h"
#include "gst/agent/session_signals.h"

using gstice::IceAgent;
using gstice::SessionProperty;

namespace gstice {
GstDebugCategory* agent_debug = nullptr;
GstDebugCategory* core_debug = nullptr;

void init_agent_debug() {
  GST_DEBUG_CATEGORY_INIT(agent_debug, "iceagent", 0, "ICE agent: members, settings, states, rendezvous");
  GST_DEBUG_CATEGORY_INIT(core_debug, "icecore", 0, "ICE protocol: checks, pairs, nomination, consent");
}
}  // namespace gstice

struct _GstIceAgent {
  GstObject parent;
};

struct GstIceAgentClass {
  GstObjectClass parent_class;
};

struct GstIceAgentPrivate {
  std::shared_ptr<IceAgent> worker;
};

G_DEFINE_TYPE_WITH_CODE(GstIceAgent, gst_ice_agent, GST_TYPE_OBJECT, G_ADD_PRIVATE(GstIceAgent);
                        gstice::init_agent_debug())

namespace {

/// Of the agent alone.
enum class AgentProperty : guint { remote_offer = gstice::kFirstOwnProperty };

GstIceAgentPrivate* priv(gpointer object) {
  return static_cast<GstIceAgentPrivate*>(gst_ice_agent_get_instance_private(static_cast<GstIceAgent*>(object)));
}

void finalize(GObject* object) {
  std::destroy_at(priv(object));
  G_OBJECT_CLASS(gst_ice_agent_parent_class)->finalize(object);
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (!gstice::is_session_property(id)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  IceAgent& worker = *priv(object)->worker;
  worker.complain(worker.set(static_cast<SessionProperty>(id), value));
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id == static_cast<guint>(AgentProperty::remote_offer)) {
    g_value_take_boxed(value, priv(object)->worker->remote_offer());
    return;
  }
  if (!gstice::is_session_property(id)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    return;
  }
  priv(object)->worker->get(static_cast<SessionProperty>(id), value, nullptr);
}

void add_ice_candidate(GObject* object, guint stream, const gchar* candidate) {
  IceAgent& worker = *priv(object)->worker;
  worker.complain(worker.add_remote_candidate(stream, candidate));
}

void gather_candidates(GObject* object) {
  priv(object)->worker->gather();
}

}  // namespace

static void gst_ice_agent_class_init(GstIceAgentClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->finalize = finalize;
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  gstice::install_session_properties(object_class);
  /**
   * GstIceAgent:remote-offer:
   *
   * What the peer in the room sends, as it said over the rendezvous; null before it said so. Fields: `complete`
   * (boolean: there is something, and its caps are known), `flows` (#GstValueArray of structures with `stream` and
   * `component` (uint), `state` (string: `unknown`, `known`, `none` = data without caps, `refused`) and, when known,
   * `caps` (#GstCaps)). Notified at each change.
   */
  g_object_class_install_property(
      object_class, static_cast<guint>(AgentProperty::remote_offer),
      g_param_spec_boxed("remote-offer", "Remote offer", "Flows that the peer in the room sends, with their caps",
                         GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  gstice::install_session_signals(object_class, {add_ice_candidate, gather_candidates});
}

static void gst_ice_agent_init(GstIceAgent* self) {
  std::construct_at(priv(self))->worker = std::make_shared<IceAgent>(self);
}

const std::shared_ptr<IceAgent>& gstice::worker(GstIceAgent* agent) {
  return priv(agent)->worker;
}

// ---- enumerations ----

GType gst_ice_gathering_state_get_type() {
  static const GEnumValue values[] = {
      {GST_ICE_GATHERING_STATE_NEW, "GST_ICE_GATHERING_STATE_NEW", "new"},
      {GST_ICE_GATHERING_STATE_GATHERING, "GST_ICE_GATHERING_STATE_GATHERING", "gathering"},
      {GST_ICE_GATHERING_STATE_COMPLETE, "GST_ICE_GATHERING_STATE_COMPLETE", "complete"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstIceGatheringState", values);
  return type;
}

GType gst_ice_connection_state_get_type() {
  static const GEnumValue values[] = {
      {GST_ICE_CONNECTION_STATE_NEW, "GST_ICE_CONNECTION_STATE_NEW", "new"},
      {GST_ICE_CONNECTION_STATE_CHECKING, "GST_ICE_CONNECTION_STATE_CHECKING", "checking"},
      {GST_ICE_CONNECTION_STATE_CONNECTED, "GST_ICE_CONNECTION_STATE_CONNECTED", "connected"},
      {GST_ICE_CONNECTION_STATE_COMPLETED, "GST_ICE_CONNECTION_STATE_COMPLETED", "completed"},
      {GST_ICE_CONNECTION_STATE_DISCONNECTED, "GST_ICE_CONNECTION_STATE_DISCONNECTED", "disconnected"},
      {GST_ICE_CONNECTION_STATE_FAILED, "GST_ICE_CONNECTION_STATE_FAILED", "failed"},
      {GST_ICE_CONNECTION_STATE_CLOSED, "GST_ICE_CONNECTION_STATE_CLOSED", "closed"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstIceConnectionState", values);
  return type;
}

GType gst_ice_disconnect_action_get_type() {
  static const GEnumValue values[] = {
      {GST_ICE_DISCONNECT_ACTION_EOS, "End the stream", "eos"},
      {GST_ICE_DISCONNECT_ACTION_ERROR, "Post an error", "error"},
      {GST_ICE_DISCONNECT_ACTION_WAIT, "Wait for a newcomer", "wait"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstIceDisconnectAction", values);
  return type;
}
