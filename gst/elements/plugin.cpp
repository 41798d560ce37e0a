// SPDX-License-Identifier: LGPL-2.1-or-later
// The plugin: icesink, icesrc, iceurisrc, and the type GstIceAgent.
#include <gst/gst.h>

#include "gst/agent/agent_object.h"
#include "gst/elements/gsticesink.h"
#include "gst/elements/gsticesrc.h"
#include "gst/elements/gsticeurisrc.h"

namespace {

gboolean plugin_init(GstPlugin* plugin) {
  // So that gst_ice_agent_new() finds it by name.
  g_type_ensure(GST_TYPE_ICE_AGENT);
  const gboolean sink = GST_ELEMENT_REGISTER(icesink, plugin);
  const gboolean src = GST_ELEMENT_REGISTER(icesrc, plugin);
  const gboolean uri_src = GST_ELEMENT_REGISTER(iceurisrc, plugin);
  return sink != FALSE && src != FALSE && uri_src != FALSE;
}

}  // namespace

#define PACKAGE "gst-ice"
// GStreamer knows the license by this word.
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, ice,
                  "Media over ICE (RFC 8445): icesink, icesrc, and iceurisrc for players", plugin_init, GST_ICE_VERSION,
                  "LGPL", "gst-ice", GST_ICE_ORIGIN)
