// SPDX-License-Identifier: LGPL-2.1-or-later
// Parsing of rendezvous addresses.
#include "gst/rendezvous/url.h"

#include <algorithm>

#include "gst/rendezvous/protocol.h"
#include "gst/util/gobject_ptr.h"

namespace gstice::rendezvous {
namespace {

constexpr std::size_t kMaxUrlLength = 1024;
constexpr std::string_view kExample = "as in ws://example.org:8765/my-room";

ice::Error refuse(std::string_view url, std::string_view why) {
  return ice::Error{"rendezvous " + presentable_url(url) + ": " + std::string(why)};
}

}  // namespace

std::string presentable_url(std::string_view text) {
  std::string shown(text.substr(0, 200));
  if (const auto at = shown.rfind('@'); at != std::string::npos) {
    const auto slashes = shown.find("//");
    const std::size_t begin = slashes == std::string::npos ? 0 : slashes + 2;
    if (begin < at) shown.replace(begin, at - begin, "***");
  }
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }, '?');
  if (text.size() > 200) shown += "...";
  GCharPtr valid(g_utf8_make_valid(shown.data(), static_cast<gssize>(shown.size())));
  return std::string("\"") + valid.get() + "\"";
}

ice::Result<Url> Url::parse(std::string_view text) {
  if (text.empty()) return ice::Error{"rendezvous: the address is empty"};
  if (text.size() > kMaxUrlLength) return refuse(text, "the address is longer than 1024 characters");
  if (text.find('\0') != std::string_view::npos) return refuse(text, "a NUL character stands in the address");

  GErrorSlot error;
  const std::string copy(text);
  const GUriPtr uri(g_uri_parse(copy.c_str(), static_cast<GUriFlags>(G_URI_FLAGS_ENCODED_PATH), error.out()));
  if (g_error_matches(error.get(), G_URI_ERROR, G_URI_ERROR_BAD_PORT)) {
    return refuse(text, "the port is not between 1 and 65535");
  }
  if (g_error_matches(error.get(), G_URI_ERROR, G_URI_ERROR_BAD_HOST)) return refuse(text, "the host is no valid one");
  if (!uri) return refuse(text, std::string("no valid address, ") + std::string(kExample));

  Url url;
  url.text = copy;
  const std::string_view scheme = g_uri_get_scheme(uri.get());
  if (scheme != "ws" && scheme != "wss") {
    return refuse(text, "the scheme is \"" + std::string(scheme.substr(0, 32)) + "\" and not ws or wss");
  }
  url.tls = scheme == "wss";
  if (g_uri_get_userinfo(uri.get()) != nullptr) return refuse(text, "a user name or password may not stand in it");
  const char* host = g_uri_get_host(uri.get());
  if (host == nullptr || *host == '\0') return refuse(text, "the host is missing");
  url.host = host;
  const int port = g_uri_get_port(uri.get());
  if (port == 0 || port > 65535) return refuse(text, "the port is not between 1 and 65535");
  url.port = static_cast<std::uint16_t>(port < 0 ? (url.tls ? 443 : 80) : port);
  if (g_uri_get_query(uri.get()) != nullptr) return refuse(text, "nothing may follow the room after a \"?\"");
  if (g_uri_get_fragment(uri.get()) != nullptr) return refuse(text, "nothing may follow the room after a \"#\"");
  std::string_view path = g_uri_get_path(uri.get());
  if (path.empty() || path == "/") return refuse(text, "the room is missing, " + std::string(kExample));
  path.remove_prefix(1);
  if (path.size() > kMaxRoomLength) return refuse(text, "the room's name is longer than 128 characters");
  if (!is_room_name(path)) {
    return refuse(text, "the room's name may consist of the characters A-Z a-z 0-9 - . _ ~ only");
  }
  url.room = path;
  return url;
}

}  // namespace gstice::rendezvous
