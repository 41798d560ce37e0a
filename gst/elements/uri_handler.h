// SPDX-License-Identifier: LGPL-2.1-or-later
// GstURIHandler for ice:// and ices://, the same for every element that has an IceElement.
#pragma once

#include <gst/gst.h>

#include "gst/elements/ice_element.h"

namespace gstice {

/// The schemes, as GstURIHandler wants them.
const gchar* const* uri_schemes(GType type);
gboolean set_handler_uri(GObject* object, IceElement& element, const gchar* uri, GError** error);
gchar* handler_uri(const IceElement& element);

/// The init function of the interface; `Of` finds an instance's IceElement.
template <IceElement& (*Of)(GObject*), GstURIType Type>
void init_uri_handler(gpointer iface, gpointer) {
  auto* handler = static_cast<GstURIHandlerInterface*>(iface);
  handler->get_type = [](GType) { return Type; };
  handler->get_protocols = uri_schemes;
  handler->get_uri = [](GstURIHandler* object) { return handler_uri(Of(G_OBJECT(object))); };
  handler->set_uri = [](GstURIHandler* object, const gchar* uri, GError** error) {
    return set_handler_uri(G_OBJECT(object), Of(G_OBJECT(object)), uri, error);
  };
}

}  // namespace gstice
