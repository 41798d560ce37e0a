// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tests of the rendezvous share: a server on a thread of its own, a recorder of a client's callbacks, plain
// sockets. Everything waits for what it expects, with a limit that only a failing test reaches.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>

#include "gst/rendezvous/client.h"
#include "gst/rendezvous/glib_thread.h"
#include "gst/rendezvous/server.h"

namespace gstice::testing {

using namespace std::chrono_literals;

/// Nothing that works takes so long, under sanitizers on a busy machine either.
inline constexpr std::chrono::seconds kPatience{20};

/// Lines that one thread writes and the test takes.
class EventQueue {
 public:
  void push(std::string event);
  /// The next line; "(nothing came)" when none comes.
  std::string next();
  /// Drops lines until one contains `part`, and returns that; "(nothing came)" when none does.
  std::string next_with(std::string_view part);
  [[nodiscard]] bool is_empty() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::string> events_;
};

/// A server on its own thread.
class ServerThread {
 public:
  explicit ServerThread(RendezvousServer::Options options = {}, RendezvousServer::Limits limits = {});
  ~ServerThread();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& room = "room") const;
  /// What the server logs.
  EventQueue& events() { return events_; }
  [[nodiscard]] std::size_t connection_count();
  [[nodiscard]] std::size_t room_count();
  /// Tells the clients, and returns when the last is gone.
  void shut_down();

 private:
  void run(const std::function<void()>& work);

  EventQueue events_;
  GlibThread thread_{"test-server"};
  std::unique_ptr<RendezvousServer> server_;
  std::uint16_t port_ = 0;
};

/// A client whose callbacks become lines:
/// "joined first", "joined second", "peer <id>", "description <text>", "candidate <stream> <line>", "left goodbye",
/// "left lost", "failed fatal: <message>", "failed for now: <message>".
class TestClient {
 public:
  explicit TestClient(const std::string& url, RendezvousOptions options = {});
  ~TestClient();

  std::string next() { return events_->next(); }
  std::string next_with(std::string_view part) { return events_->next_with(part); }
  [[nodiscard]] bool is_quiet() const { return events_->is_empty(); }
  RendezvousClient& operator*() { return *client_; }
  RendezvousClient* operator->() { return client_.get(); }
  void leave() { client_.reset(); }

 private:
  std::shared_ptr<EventQueue> events_ = std::make_shared<EventQueue>();
  std::unique_ptr<RendezvousClient> client_;
};

/// A file descriptor, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// A TCP socket that listens on a free port of 127.0.0.1.
struct Listener {
  explicit Listener(std::uint16_t wanted_port = 0);
  Descriptor socket;
  std::uint16_t port = 0;
};

/// A connection to that port of 127.0.0.1.
Descriptor connect_to(std::uint16_t port);

/// Waits until it can be read, or the other side closed; false after kPatience.
bool wait_readable(int fd);

/// A TCP server that lets `serve` have each connection, on a thread of its own; the connection closes when it returns.
class FakeServer {
 public:
  explicit FakeServer(std::function<void(int fd)> serve);
  ~FakeServer();
  [[nodiscard]] std::string url() const { return "ws://127.0.0.1:" + std::to_string(listener_.port) + "/room"; }
  [[nodiscard]] std::uint16_t port() const { return listener_.port; }

 private:
  Listener listener_;
  std::function<void(int fd)> serve_;
  std::thread thread_;
};

/// Reads until the other side closes. What a fake server does that keeps its connection.
void read_to_end(int fd);
/// Reads an HTTP request's head.
std::string read_head(int fd);
void write_all(int fd, std::string_view data);

/// Open descriptors of this process.
std::size_t open_descriptors();

}  // namespace gstice::testing
