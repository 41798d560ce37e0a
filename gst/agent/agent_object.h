// SPDX-License-Identifier: LGPL-2.1-or-later
// GstIceAgent from the inside: its types, and the C++ object that does its work.
#pragma once

#include <memory>

#include "gst/agent/gsticeagent.h"

namespace gstice {
class IceAgent;
}

G_BEGIN_DECLS
GType gst_ice_agent_get_type(void);
GType gst_ice_gathering_state_get_type(void);
GType gst_ice_connection_state_get_type(void);
GType gst_ice_disconnect_action_get_type(void);
G_END_DECLS

#define GST_TYPE_ICE_AGENT (gst_ice_agent_get_type())
#define GST_ICE_AGENT(object) (G_TYPE_CHECK_INSTANCE_CAST((object), GST_TYPE_ICE_AGENT, GstIceAgent))
#define GST_TYPE_ICE_GATHERING_STATE (gst_ice_gathering_state_get_type())
#define GST_TYPE_ICE_CONNECTION_STATE (gst_ice_connection_state_get_type())
#define GST_TYPE_ICE_DISCONNECT_ACTION (gst_ice_disconnect_action_get_type())

namespace gstice {
/// The worker behind the GObject. Never null.
const std::shared_ptr<IceAgent>& worker(GstIceAgent* agent);
}  // namespace gstice
