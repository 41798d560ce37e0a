// SPDX-License-Identifier: LGPL-2.1-or-later
// A real gst-ice-rendezvous on loopback, and who may be in a room of it.
#pragma once

#include <string>

#include <gio/gio.h>

namespace test {

/// The server command on a free port; ends with this, or with the test's process.
class Server {
 public:
  Server();
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// A room's address for `rendezvous`, and for `uri`.
  std::string room(const char* name) const { return "ws://" + host() + "/" + name; }
  std::string uri(const char* name) const { return "ice://" + host() + "/" + name; }
  void stop();

 private:
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

  GSubprocess* process_ = nullptr;
  int port_ = 0;
};

/// A launch line of `element` in the one room that a test's peers meet in.
std::string in_room(const char* element, const Server& server, const std::string& more = "");

}  // namespace test
