/* SPDX-License-Identifier: LGPL-2.1-or-later
 * GstIceAgent for applications: one ICE session that icesink and icesrc elements share. Plain C, installed.
 *
 * The type lives in the plugin: gst_ice_agent_new() loads it. Everything is done through properties and signals, which
 * gst-inspect-1.0 icesink lists: the session-wide ones are the same on the elements and on the agent.
 */
#ifndef GST_ICE_AGENT_H
#define GST_ICE_AGENT_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Opaque; a GstObject. */
typedef struct _GstIceAgent GstIceAgent;

/**
 * GstIceGatheringState:
 * W3C's RTCIceGatheringState.
 */
typedef enum {
  GST_ICE_GATHERING_STATE_NEW,
  GST_ICE_GATHERING_STATE_GATHERING,
  GST_ICE_GATHERING_STATE_COMPLETE,
} GstIceGatheringState;

/**
 * GstIceConnectionState:
 * W3C's RTCIceTransportState, for the whole session: connected = every component has a valid pair and media flows;
 * completed = the pair of every component is nominated.
 */
typedef enum {
  GST_ICE_CONNECTION_STATE_NEW,
  GST_ICE_CONNECTION_STATE_CHECKING,
  GST_ICE_CONNECTION_STATE_CONNECTED,
  GST_ICE_CONNECTION_STATE_COMPLETED,
  GST_ICE_CONNECTION_STATE_DISCONNECTED,
  GST_ICE_CONNECTION_STATE_FAILED,
  GST_ICE_CONNECTION_STATE_CLOSED,
} GstIceConnectionState;

/**
 * GstIceDisconnectAction:
 * What icesrc does, and icesink reports, when a peer that was connected is gone for good.
 */
typedef enum {
  GST_ICE_DISCONNECT_ACTION_EOS,
  GST_ICE_DISCONNECT_ACTION_ERROR,
  GST_ICE_DISCONNECT_ACTION_WAIT,
} GstIceDisconnectAction;

/**
 * gst_ice_agent_new:
 * Returns: (transfer floating) (nullable): an agent to hand to the `agent` property of elements in any pipelines, or
 * NULL when the plugin is not installed.
 */
static inline GstIceAgent *gst_ice_agent_new(void) {
  GstPlugin *plugin = gst_plugin_load_by_name("ice");
  if (plugin == NULL) return NULL;
  gst_object_unref(plugin);
  return (GstIceAgent *)g_object_new(g_type_from_name("GstIceAgent"), NULL);
}

G_END_DECLS

#endif
