// SPDX-License-Identifier: LGPL-2.1-or-later
// A real gst-ice-rendezvous for a test.
#pragma once

#include <string>

#include <gio/gio.h>

namespace test {

/// The server command on a free port of loopback; ends with this, or with the test's process.
class RendezvousServer {
 public:
  RendezvousServer();
  ~RendezvousServer();
  RendezvousServer(const RendezvousServer&) = delete;
  RendezvousServer& operator=(const RendezvousServer&) = delete;

  /// A room's address for `rendezvous`, and for `uri`.
  std::string room(const char* name) const { return "ws://" + host() + "/" + name; }
  std::string uri(const char* name) const { return "ice://" + host() + "/" + name; }
  void stop();

 private:
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

  GSubprocess* process_ = nullptr;
  int port_ = 0;
};

}  // namespace test
