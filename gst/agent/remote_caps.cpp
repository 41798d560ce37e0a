// SPDX-License-Identifier: LGPL-2.1-or-later
// GStreamer's own parser recurses, knows every type that any plugin registered, and takes ranges, lists and features.
// So the text is looked over before it, and what became of it afterwards.
#include "gst/agent/remote_caps.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "gst/rendezvous/protocol.h"

namespace gstice {
namespace {

constexpr int kMaxNesting = 4;
constexpr int kMaxFields = 128;

constexpr std::array kMediaClasses = {"audio",       "video", "image",      "text",
                                      "application", "meta",  "subpicture", "closedcaption"};
/// As gst_caps_to_string() names the types of plain values, and one feature.
constexpr std::array kTypeNames = {"int",     "uint",   "gint64",   "guint64", "float",  "double",
                                   "boolean", "string", "fraction", "bitmask", "buffer", "memory:SystemMemory"};

bool is_type_name(std::string_view name) {
  return std::ranges::find(kTypeNames, name) != kTypeNames.end();
}

bool is_media_type(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || slash + 1 == name.size() || name.size() > 128) return false;
  const auto is_plain = [](char c) { return g_ascii_isalnum(c) || c == '-' || c == '+' || c == '.' || c == '_'; };
  return std::ranges::find(kMediaClasses, name.substr(0, slash)) != kMediaClasses.end() &&
         std::ranges::all_of(name.substr(slash + 1), is_plain);
}

/// The value behind "(buffer)": hexadecimal digits, or an array of them. GStreamer's own reader trips over all else.
/// Returns where it ends, or npos.
std::size_t end_of_buffers(std::string_view text, std::size_t begin) {
  const auto skip_blanks = [&](std::size_t at) {
    const auto found = text.find_first_not_of(' ', at);
    return found == std::string_view::npos ? text.size() : found;
  };
  const auto digits = [&](std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && g_ascii_isxdigit(text[end])) ++end;
    return end == at || (end - at) % 2 != 0 ? std::string_view::npos : end;
  };
  std::size_t at = skip_blanks(begin);
  if (at == text.size() || text[at] != '<') return digits(at);
  while (true) {
    at = digits(skip_blanks(at + 1));
    if (at == std::string_view::npos) return at;
    at = skip_blanks(at);
    if (at == text.size() || (text[at] != ',' && text[at] != '>')) return std::string_view::npos;
    if (text[at] == '>') return at + 1;
  }
}

/// Before GStreamer sees it.
ice::Result<> look_over(std::string_view text) {
  if (text.size() > rendezvous::kMaxCapsBytes) return ice::Error{"they are too long"};
  if (!is_media_type(text.substr(0, text.find_first_of(",(")))) return ice::Error{"they name no kind of media"};
  int nesting = 0;
  int fields = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (g_ascii_iscntrl(c)) return ice::Error{"they have a control character"};
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    switch (c) {
      case '"':
        quoted = true;
        break;
      case '\\':
        if (++i == text.size()) return ice::Error{"they are cut short"};
        break;
      case '=':
        if (++fields > kMaxFields) return ice::Error{"they have too many fields"};
        break;
      case '(': {
        const auto close = text.find(')', i);
        if (close == std::string_view::npos) return ice::Error{"they are cut short"};
        const std::string_view type = text.substr(i + 1, close - i - 1);
        if (!is_type_name(type)) return ice::Error{"they have a value of a type not allowed"};
        i = close;
        if (type == "buffer") {
          const std::size_t end = end_of_buffers(text, close + 1);
          if (end == std::string_view::npos) return ice::Error{"they have bytes that are none"};
          i = end - 1;
        }
        break;
      }
      case '<':
        if (++nesting > kMaxNesting) return ice::Error{"they are nested too deeply"};
        break;
      case '>':
        if (--nesting < 0) return ice::Error{"they are not caps"};
        break;
      case '{':
      case '}':
      case '[':
      case ']':
        return ice::Error{"they leave something open"};
      case ';':
        return ice::Error{"they are of several formats"};
      default:
        break;
    }
  }
  if (quoted || nesting != 0) return ice::Error{"they are cut short"};
  return ice::Ok{};
}

bool is_plain_value(const GValue* value) {
  if (GST_VALUE_HOLDS_ARRAY(value)) {
    const guint size = gst_value_array_get_size(value);
    for (guint i = 0; i < size; ++i) {
      if (!is_plain_value(gst_value_array_get_value(value, i))) return false;
    }
    return true;
  }
  const GType type = G_VALUE_TYPE(value);
  return type == G_TYPE_INT || type == G_TYPE_UINT || type == G_TYPE_INT64 || type == G_TYPE_UINT64 ||
         type == G_TYPE_FLOAT || type == G_TYPE_DOUBLE || type == G_TYPE_BOOLEAN || type == G_TYPE_STRING ||
         type == GST_TYPE_FRACTION || type == GST_TYPE_BITMASK || type == GST_TYPE_BUFFER;
}

gboolean check_field(GQuark, const GValue* value, gpointer) {
  return is_plain_value(value) ? TRUE : FALSE;
}

/// What GStreamer made of it.
ice::Result<> look_into(const GstCaps* caps) {
  if (gst_caps_is_any(caps) != FALSE || gst_caps_get_size(caps) != 1 || gst_caps_is_fixed(caps) == FALSE) {
    return ice::Error{"they are not of one format"};
  }
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  if (!is_media_type(gst_structure_get_name(structure))) return ice::Error{"they name no kind of media"};
  if (!gst_caps_features_is_equal(gst_caps_get_features(caps, 0), GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY)) {
    return ice::Error{"they ask for a kind of memory"};
  }
  if (gst_structure_foreach(structure, check_field, nullptr) == FALSE) {
    return ice::Error{"they have a value of a type not allowed"};
  }
  return ice::Ok{};
}

}  // namespace

ice::Result<SharedCaps> parse_remote_caps(const std::string& text) {
  if (auto allowed = look_over(text); !allowed) return allowed.error();
  SharedCaps caps(gst_caps_from_string(text.c_str()), [](GstCaps* made) {
    if (made != nullptr) gst_caps_unref(made);
  });
  if (!caps) return ice::Error{"they are not caps"};
  if (auto allowed = look_into(caps.get()); !allowed) return allowed.error();
  return caps;
}

}  // namespace gstice
