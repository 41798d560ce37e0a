// SPDX-License-Identifier: LGPL-2.1-or-later
// The plumbing behind support.h.
#include "tests/rendezvous/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

/// GCC 12's leak check crashes when it follows the thread-local storage of a library that was loaded late, as GLib
/// loads its TLS. What the environment says comes on top of this.
extern "C" [[gnu::visibility("default")]] const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "intercept_tls_get_addr=0";
}

namespace gstice::testing {

void EventQueue::push(std::string event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  arrived_.notify_all();
}

std::string EventQueue::next() {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, kPatience, [this] { return !events_.empty(); })) return "(nothing came)";
  std::string event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::string EventQueue::next_with(std::string_view part) {
  while (true) {
    std::string event = next();
    if (event == "(nothing came)" || event.find(part) != std::string::npos) return event;
  }
}

bool EventQueue::is_empty() const {
  const std::lock_guard lock(mutex_);
  return events_.empty();
}

ServerThread::ServerThread(RendezvousServer::Options options, RendezvousServer::Limits limits) {
  if (options.addresses.empty()) options.addresses = {"127.0.0.1"};
  if (options.port == 8765) options.port = 0;
  options.limits = limits;
  options.log = [this](const std::string& line) { events_.push(line); };
  run([this, options] {
    auto server = RendezvousServer::start(options);
    if (!server) {
      events_.push("cannot start: " + server.error().message);
      return;
    }
    server_ = std::move(server).value();
    port_ = server_->port();
  });
}

ServerThread::~ServerThread() {
  // libsoup closes in the background, and what the thread's end interrupts there would count as a leak.
  if (server_) shut_down();
  run([this] { server_.reset(); });
}

void ServerThread::run(const std::function<void()>& work) {
  std::promise<void> done;
  thread_.post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

std::string ServerThread::url(const std::string& room) const {
  return "ws://127.0.0.1:" + std::to_string(port_) + "/" + room;
}

std::size_t ServerThread::connection_count() {
  std::size_t count = 0;
  run([&] { count = server_->connection_count(); });
  return count;
}

std::size_t ServerThread::room_count() {
  std::size_t count = 0;
  run([&] { count = server_->room_count(); });
  return count;
}

void ServerThread::shut_down() {
  auto gone = std::make_shared<std::promise<void>>();
  auto future = gone->get_future();
  run([&] { server_->shut_down([gone] { gone->set_value(); }); });
  future.wait_for(kPatience);
}

TestClient::TestClient(const std::string& url, RendezvousOptions options) {
  const auto events = events_;
  client_ = RendezvousClient::connect(
      url,
      {.joined = [events](bool first) { events->push(first ? "joined first" : "joined second"); },
       .peer_joined = [events](const std::string& id) { events->push("peer " + id); },
       .description = [events](const std::string& text) { events->push("description " + text); },
       .candidate = [events](
                        unsigned stream,
                        const std::string& line) { events->push("candidate " + std::to_string(stream) + " " + line); },
       .caps =
           [events](const std::vector<FlowCaps>& flows) {
             std::string line = "caps";
             for (const FlowCaps& flow : flows) {
               line += " " + std::to_string(flow.stream) + "/" + std::to_string(flow.component) + "=" +
                       flow.caps.value_or("?");
             }
             events->push(line);
           },
       .key_frame =
           [events](unsigned stream, unsigned component) {
             events->push("keyframe " + std::to_string(stream) + "/" + std::to_string(component));
           },
       .peer_left =
           [events](bool goodbye, const FlowCounts& sent) {
             std::string line = goodbye ? "left goodbye" : "left lost";
             if (sent) {
               for (const FlowCount& flow : *sent) {
                 line += " " + std::to_string(flow.stream) + "/" + std::to_string(flow.component) + ":" +
                         std::to_string(flow.packets);
               }
             }
             events->push(line);
           },
       .failed = [events](const std::string& message,
                          bool fatal) { events->push((fatal ? "failed fatal: " : "failed for now: ") + message); }},
      options);
}

TestClient::~TestClient() = default;

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Listener::Listener(std::uint16_t wanted_port) : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(wanted_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return;
  listen(socket.get(), 64);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
}

Descriptor connect_to(std::uint16_t port) {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Descriptor();
  return fd;
}

bool wait_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1;
}

FakeServer::FakeServer(std::function<void(int fd)> serve) : serve_(std::move(serve)) {
  thread_ = std::thread([this] {
    while (true) {
      const Descriptor connection(accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.get() < 0) return;
      serve_(connection.get());
    }
  });
}

FakeServer::~FakeServer() {
  shutdown(listener_.socket.get(), SHUT_RDWR);
  thread_.join();
}

void read_to_end(int fd) {
  char buffer[4096];
  while (wait_readable(fd) && read(fd, buffer, sizeof buffer) > 0) {
  }
}

std::string read_head(int fd) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && wait_readable(fd) && read(fd, &byte, 1) == 1) head += byte;
  return head;
}

void write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    data.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator begin("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin, std::filesystem::directory_iterator()));
}

}  // namespace gstice::testing
