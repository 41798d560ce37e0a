// SPDX-License-Identifier: LGPL-2.1-or-later
// The rendezvous server: rooms over WebSockets. gst-ice-rendezvous is a command around it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ice-core/base/result.h"

namespace gstice {

class RendezvousServer {
 public:
  /// What one client, and all together, may ask of the server.
  struct Limits {
    std::size_t connections = 4096;             ///< at a time, those that are still only TCP included
    std::size_t connections_per_address = 256;  ///< of them from one IP address
    std::size_t rooms = 2048;
    double messages_per_second = 200;  ///< of one connection
    double message_burst = 400;
    double bytes_per_second = 256u << 10;
    double byte_burst = 2u << 20;
    std::size_t unsent_bytes = 4u << 20;              ///< that wait for a client which does not read
    std::chrono::milliseconds hello_timeout{10'000};  ///< from the TCP connection to the hello
    std::chrono::seconds ping_interval{5};
    std::chrono::milliseconds silence_timeout{12'000};  ///< then the place is free: within 15 s, ELEMENTS.md says
  };

  struct Options {
    std::vector<std::string> addresses;  ///< to listen on; none = all of the machine
    std::uint16_t port = 8765;           ///< 0: a free one
    std::string certificate_file;        ///< PEM; with one the server speaks wss
    std::string key_file;
    Limits limits;
    std::function<void(const std::string& line)> log;  ///< what happens, without secrets and without room names
  };

  /// Listens. Lives on the thread-default main context of the calling thread, which alone may touch and destroy it.
  /// The error is a sentence that names what could not be used.
  static ice::Result<std::unique_ptr<RendezvousServer>> start(Options options);
  /// Stops listening and ends every connection at once.
  ~RendezvousServer();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] bool speaks_tls() const;
  /// Host names in the certificate.
  [[nodiscard]] std::vector<std::string> certificate_names() const;
  [[nodiscard]] std::size_t connection_count() const;
  [[nodiscard]] std::size_t room_count() const;

  /// Listens no more and tells every client that the server goes; `done` is called when the last one is gone.
  void shut_down(std::function<void()> done);

 private:
  class Impl;
  explicit RendezvousServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gstice
