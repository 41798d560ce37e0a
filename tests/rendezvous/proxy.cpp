// SPDX-License-Identifier: LGPL-2.1-or-later
// Proxy: one thread that polls and copies.
#include "tests/rendezvous/proxy.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace gstice::testing {
namespace {

/// False when that direction has ended.
bool copy(int from, int to) {
  char buffer[16384];
  const ssize_t count = read(from, buffer, sizeof buffer);
  if (count <= 0) return false;
  write_all(to, {buffer, static_cast<std::size_t>(count)});
  return true;
}

/// Closing sends a reset instead of an orderly end.
void make_reset(int fd) {
  const linger hard{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

}  // namespace

Proxy::Proxy(std::uint16_t target_port) : target_port_(target_port) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) == 0) {
    wake_read_ = Descriptor(ends[0]);
    wake_write_ = Descriptor(ends[1]);
  }
  thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
  command('q');
  thread_.join();
}

std::string Proxy::url(const std::string& room) const {
  return "ws://127.0.0.1:" + std::to_string(listener_.port) + "/" + room;
}

void Proxy::command(char what) {
  if (write(wake_write_.get(), &what, 1) != 1) std::abort();
}

void Proxy::run() {
  while (true) {
    std::vector<pollfd> waiting{{wake_read_.get(), POLLIN, 0}, {listener_.socket.get(), POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      const short events = pair.silent ? 0 : POLLIN;
      waiting.push_back({pair.silent ? -1 : pair.near.get(), events, 0});
      waiting.push_back({pair.silent ? -1 : pair.far.get(), events, 0});
    }
    poll(waiting.data(), waiting.size(), -1);
    std::vector<Pair> kept;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      Pair& pair = pairs_[i];
      bool alive = true;
      if (waiting[2 + 2 * i].revents != 0) alive = copy(pair.near.get(), pair.far.get());
      if (alive && waiting[3 + 2 * i].revents != 0) alive = copy(pair.far.get(), pair.near.get());
      if (alive) kept.push_back(std::move(pair));
    }
    pairs_ = std::move(kept);
    if (waiting[1].revents != 0) {
      Pair pair{Descriptor(accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC)), connect_to(target_port_)};
      if (pair.near.get() >= 0 && pair.far.get() >= 0) pairs_.push_back(std::move(pair));
    }
    if (waiting[0].revents != 0) {
      char what = 0;
      if (read(wake_read_.get(), &what, 1) != 1 || what == 'q') return;
      if (what == 's') {
        for (Pair& pair : pairs_) pair.silent = true;
      } else {
        for (const Pair& pair : pairs_) {
          make_reset(pair.near.get());
          make_reset(pair.far.get());
        }
        pairs_.clear();
      }
    }
  }
}

}  // namespace gstice::testing
