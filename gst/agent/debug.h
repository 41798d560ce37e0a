// SPDX-License-Identifier: LGPL-2.1-or-later
// Debug categories of the agent. GST_DEBUG=iceagent:5,icecore:5 tells the whole story of a call.
#pragma once

#include <gst/gst.h>

namespace gstice {

/// GstIceAgent: members, settings, the rendezvous.
extern GstDebugCategory* agent_debug;
/// What ice-core says of its checks.
extern GstDebugCategory* core_debug;

/// Once, before any of them is used.
void init_agent_debug();

}  // namespace gstice
