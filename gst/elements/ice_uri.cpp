// SPDX-License-Identifier: LGPL-2.1-or-later
// Parsing of ice:// and ices:// addresses, and the table of what may stand in their query.
#include "gst/elements/ice_uri.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gst/rendezvous/protocol.h"
#include "gst/rendezvous/url.h"
#include "gst/util/gobject_ptr.h"

namespace gstice {
namespace {

constexpr std::size_t kMaxUri = 2048;
constexpr std::size_t kMaxShownName = 64;
constexpr const char* kExample = ", as in ice://example.org/my-room";
// The room is compared decoded, as RFC 3986 6.2.2.2 has it; in the query a name or a value may hold an encoded `&`.
constexpr auto kFlags = G_URI_FLAGS_ENCODED_QUERY;

/// Without what could be a password, even in an address that is none, and without what follows the room.
std::string shown(std::string_view text) {
  std::string kept(text);
  if (const auto at = kept.rfind('@'); at != std::string::npos) {
    const auto slashes = kept.find("//");
    const std::size_t begin = slashes < at ? slashes + 2 : 0;
    kept.replace(begin, at - begin, "***");
  }
  if (const auto rest = kept.find_first_of("?#"); rest != std::string::npos)
    kept.replace(rest + 1, std::string::npos, "...");
  return rendezvous::presentable_url(kept);
}

ice::Error refuse(std::string_view text, std::string_view why) {
  return ice::Error{"uri " + shown(text) + " is refused: " + std::string(why)};
}

std::optional<unsigned> number(std::string_view text, unsigned low, unsigned high) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
  return value;
}

template <auto Field, unsigned Low, unsigned High>
std::string store_number(IceUri& uri, std::string_view value) {
  uri.*Field = number(value, Low, High);
  if (uri.*Field) return {};
  return "must be a number from " + std::to_string(Low) + " to " + std::to_string(High);
}

/// A property that does no harm when a stranger's playlist sets it. Everything that is not here is refused.
struct QueryRow {
  std::string_view name;
  std::string (*store)(IceUri&, std::string_view value);  ///< what is wrong with the value; empty: nothing
};

constexpr std::array kQueryRows{
    QueryRow{"stream", store_number<&IceUri::stream, 0U, kMaxStream>},
    QueryRow{"component", store_number<&IceUri::component, 1U, kMaxComponent>},
};

/// What is wrong with the query; empty: nothing.
std::string store_query(IceUri& uri, const char* query) {
  GUriParamsIter iter;
  g_uri_params_iter_init(&iter, query, -1, "&", G_URI_PARAMS_NONE);
  std::array<bool, kQueryRows.size()> seen{};
  while (true) {
    char* name_out = nullptr;
    char* value_out = nullptr;
    GErrorSlot error;
    const bool more = g_uri_params_iter_next(&iter, &name_out, &value_out, error.out()) != FALSE;
    const GCharPtr name(name_out);
    const GCharPtr value(value_out);
    if (error) return "what follows the \"?\" is not of the form name=value";
    if (!more) return {};
    const auto row = std::ranges::find(kQueryRows, std::string_view(name.get()), &QueryRow::name);
    const auto index = static_cast<std::size_t>(row - kQueryRows.begin());
    if (row == kQueryRows.end()) {
      const std::string quoted = rendezvous::presentable_url(std::string_view(name.get()).substr(0, kMaxShownName));
      return quoted + " may not be set in an address; only stream and component may";
    }
    if (seen.at(index)) return std::string(row->name) + " stands in it twice";
    seen.at(index) = true;
    if (const std::string wrong = row->store(uri, value.get()); !wrong.empty()) {
      return std::string(row->name) + " " + wrong;
    }
  }
}

/// A name or an address as they are written, nothing that was smuggled in encoded.
bool is_host(std::string_view host) {
  const bool ipv6 = host.find(':') != std::string_view::npos;
  return std::ranges::all_of(host, [ipv6](char c) {
    // GUri has seen to it that an IPv6 address is one; a scope may follow its %.
    return g_ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || (ipv6 && (c == ':' || c == '%'));
  });
}

}  // namespace

bool has_ice_scheme(std::string_view text) {
  const GCharPtr scheme(g_uri_parse_scheme(std::string(text).c_str()));
  return scheme && (g_ascii_strcasecmp(scheme.get(), "ice") == 0 || g_ascii_strcasecmp(scheme.get(), "ices") == 0);
}

ice::Result<IceUri> IceUri::parse(std::string_view text) {
  if (text.empty()) return ice::Error{"uri is refused: it is empty"};
  if (text.size() > kMaxUri) return refuse(text, "it is longer than 2048 characters");
  if (text.find('\0') != std::string_view::npos) return refuse(text, "a NUL character stands in it");
  if (!has_ice_scheme(text)) return refuse(text, "it does not begin with ice:// or ices://");

  IceUri result;
  result.text = text;
  GErrorSlot error;
  const GUriPtr uri(g_uri_parse(result.text.c_str(), kFlags, error.out()));
  if (g_error_matches(error.get(), G_URI_ERROR, G_URI_ERROR_BAD_PORT)) {
    return refuse(text, "the port is not between 1 and 65535");
  }
  if (g_error_matches(error.get(), G_URI_ERROR, G_URI_ERROR_BAD_HOST)) return refuse(text, "the host is no valid one");
  if (!uri) return refuse(text, std::string("no valid address") + kExample);

  if (g_uri_get_userinfo(uri.get()) != nullptr) return refuse(text, "a user name or password may not stand in it");
  const char* host = g_uri_get_host(uri.get());
  if (host == nullptr || *host == '\0') return refuse(text, std::string("the host is missing") + kExample);
  if (!is_host(host)) return refuse(text, "the host is no valid one");
  const int port = g_uri_get_port(uri.get());
  if (port == 0 || port > 65535) return refuse(text, "the port is not between 1 and 65535");
  if (g_uri_get_fragment(uri.get()) != nullptr) return refuse(text, "nothing may follow a \"#\"");
  const std::string_view path = g_uri_get_path(uri.get());
  if (path.empty() || path == "/") return refuse(text, std::string("the room is missing") + kExample);
  if (const char* query = g_uri_get_query(uri.get())) {
    if (const std::string wrong = store_query(result, query); !wrong.empty()) return refuse(text, wrong);
  }

  const std::string_view room = path.substr(1);
  if (room.size() > rendezvous::kMaxRoomLength) return refuse(text, "the room's name is longer than 128 characters");
  if (!rendezvous::is_room_name(room)) {
    return refuse(text, "the room's name may consist of the characters A-Z a-z 0-9 - . _ ~ only");
  }

  const bool tls = g_ascii_strcasecmp(g_uri_get_scheme(uri.get()), "ices") == 0;
  const GCharPtr address(g_uri_join(G_URI_FLAGS_NONE, tls ? "wss" : "ws", nullptr, host,
                                    port < 0 ? static_cast<int>(kDefaultRendezvousPort) : port, path.data(), nullptr,
                                    nullptr));
  result.rendezvous = address.get();
  // The rendezvous has the last word, so that what we accept is never refused there.
  if (const auto url = rendezvous::Url::parse(result.rendezvous); !url) return refuse(text, url.error().message);
  return result;
}

}  // namespace gstice
