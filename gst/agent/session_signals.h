// SPDX-License-Identifier: LGPL-2.1-or-later
// The signals that GstIceAgent, icesink and icesrc have in common.
#pragma once

#include <glib-object.h>

namespace gstice {

/// What the actions of one class call.
struct SessionActions {
  void (*add_ice_candidate)(GObject*, guint stream, const gchar* candidate);
  void (*gather_candidates)(GObject*);
};

/// Installs `on-ice-candidate`, `add-ice-candidate` and `gather-candidates` on a class.
void install_session_signals(GObjectClass* klass, const SessionActions& actions);

/// Emits `on-ice-candidate`.
void emit_ice_candidate(GObject* object, unsigned stream, const char* candidate);

}  // namespace gstice
