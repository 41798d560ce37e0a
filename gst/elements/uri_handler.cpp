// SPDX-License-Identifier: LGPL-2.1-or-later
// See uri_handler.h.
#include "gst/elements/uri_handler.h"

namespace gstice {

const gchar* const* uri_schemes(GType) {
  static const gchar* const schemes[] = {"ice", "ices", nullptr};
  return schemes;
}

gboolean set_handler_uri(GObject* object, IceElement& element, const gchar* uri, GError** error) {
  if (const auto refusal = element.set_uri(uri)) {
    g_set_error_literal(error, GST_URI_ERROR, refusal->code, refusal->message.c_str());
    GST_WARNING_OBJECT(object, "%s", refusal->message.c_str());
    return FALSE;
  }
  g_object_notify(object, "uri");
  return TRUE;
}

gchar* handler_uri(const IceElement& element) {
  const std::string uri = element.uri();
  return uri.empty() ? nullptr : g_strdup(uri.c_str());
}

}  // namespace gstice
