// SPDX-License-Identifier: LGPL-2.1-or-later
// See invitation.h.
#include "gst/rendezvous/invitation.h"

namespace gstice {
namespace {

constexpr std::size_t kRoomCharacters = 12;  // 60 bits
/// What iceurisrc takes when no port stands in an address.
constexpr std::uint16_t kUsualPort = 8765;

bool is_ipv6(const std::string& host) {
  return host.find(':') != std::string::npos;
}

/// For a shell, to which the brackets of an IPv6 address or the star of a certificate's name are a pattern.
std::string quoted(const std::string& text) {
  return text.find_first_of("[*") == std::string::npos ? text : "'" + text + "'";
}

}  // namespace

std::string suggest_room(ice::RandomSource& random) {
  // Without letters and digits that are taken for each other.
  return "room-" + random.text(kRoomCharacters, "abcdefghijkmnpqrstuvwxyz23456789");
}

std::string lines_to_paste(const Invitation& invitation) {
  std::string text;
  for (const std::string& name : invitation.hosts) {
    const std::string host = is_ipv6(name) ? "[" + name + "]" : name;
    const std::string port = ":" + std::to_string(invitation.port);
    const std::string rendezvous =
        quoted((invitation.tls ? "rendezvous=wss://" : "rendezvous=ws://") + host + port + "/" + invitation.room);
    const std::string address = quoted((invitation.tls ? "ices://" : "ice://") + host +
                                       (invitation.port == kUsualPort ? "" : port) + "/" + invitation.room);
    text += "\nover " + name + ":\n";
    text +=
        "  send     gst-launch-1.0 videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay ! icesink " + rendezvous;
    text += "\n  receive  gst-launch-1.0 icesrc " + rendezvous +
            " ! rtpjitterbuffer ! decodebin ! videoconvert ! autovideosink";
    text += "\n  play     gst-play-1.0 " + address + "\n";
  }
  return text;
}

}  // namespace gstice
