// SPDX-License-Identifier: LGPL-2.1-or-later
// A TCP relay between a client and a server, to cut or to silence what lies between them.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/rendezvous/support.h"

namespace gstice::testing {

class Proxy {
 public:
  explicit Proxy(std::uint16_t target_port);
  ~Proxy();

  [[nodiscard]] std::string url(const std::string& room = "room") const;
  /// Resets every connection that is open now.
  void cut() { command('c'); }
  /// Carries nothing any more on connections that are open now, without closing them.
  void silence() { command('s'); }
  /// Where new connections go from now on.
  void set_target(std::uint16_t port) { target_port_ = port; }

 private:
  struct Pair {
    Descriptor near;
    Descriptor far;
    bool silent = false;
  };
  void run();
  void command(char what);

  Listener listener_;
  std::atomic<std::uint16_t> target_port_;
  Descriptor wake_read_;
  Descriptor wake_write_;
  std::vector<Pair> pairs_;  ///< the thread's
  std::thread thread_;
};

}  // namespace gstice::testing
