// SPDX-License-Identifier: LGPL-2.1-or-later
// One declaration of the session's signals for three classes.
#include "gst/agent/session_signals.h"

namespace gstice {

void install_session_signals(GObjectClass* klass, const SessionActions& actions) {
  const GType type = G_OBJECT_CLASS_TYPE(klass);
  constexpr auto kAction = static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);
  g_signal_new("on-ice-candidate", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 2, G_TYPE_UINT,
               G_TYPE_STRING);
  g_signal_new_class_handler("add-ice-candidate", type, kAction, G_CALLBACK(actions.add_ice_candidate), nullptr,
                             nullptr, nullptr, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_STRING);
  g_signal_new_class_handler("gather-candidates", type, kAction, G_CALLBACK(actions.gather_candidates), nullptr,
                             nullptr, nullptr, G_TYPE_NONE, 0);
}

void emit_ice_candidate(GObject* object, unsigned stream, const char* candidate) {
  g_signal_emit_by_name(object, "on-ice-candidate", stream, candidate);
}

}  // namespace gstice
