// SPDX-License-Identifier: LGPL-2.1-or-later
// RendezvousServer: accepts connections, bounds what each may do, and carries out what the RoomTable decides.
#include "gst/rendezvous/server.h"

#include <libsoup/soup.h>

#include <string_view>
#include <unordered_map>
#include <utility>

#include "gst/rendezvous/glib_thread.h"
#include "gst/rendezvous/guarded_input.h"
#include "gst/rendezvous/protocol.h"
#include "gst/rendezvous/room.h"
#include "gst/rendezvous/token_bucket.h"
#include "gst/rendezvous/websocket.h"
#include "gst/util/gobject_ptr.h"

namespace gstice {
namespace {

using namespace rendezvous;
using Clock = std::chrono::steady_clock;

/// How long an ended connection may take to say so, before it is cut.
constexpr std::chrono::milliseconds kEndPatience{2000};

/// TCP's first byte to the hello: an HTTP request and one small message.
constexpr std::size_t kMaxGreetingBytes = 16u << 10;
/// Frame headers, when a message comes in many fragments, and pings in between.
constexpr std::size_t kFrameOverhead = 64u << 10;

enum class Phase {
  http,    ///< TCP, TLS, the HTTP upgrade
  opened,  ///< a WebSocket; no hello yet
  joined,  ///< in a room
  ending,  ///< to be forgotten as soon as it is closed
};

struct Connection {
  ConnectionId id = 0;
  Phase phase = Phase::http;
  GIOStream* stream = nullptr;  ///< the TCP connection; not owned, watched by a weak reference
  GObjectPtr<GSocket> tcp;
  GObjectPtr<GSocketAddress> remote;  ///< also how libsoup's message is known to be of this connection
  std::string address;                ///< the remote IP address
  std::unique_ptr<WebSocket> socket;
  std::string room;
  TokenBucket messages;
  std::shared_ptr<InputGuard> input;
  Clock::time_point since;       ///< of the phase
  Clock::time_point last_heard;  ///< any message or pong
  std::size_t unsent = 0;        ///< at most so many bytes wait to be sent
  std::uint64_t input_seen = 0;  ///< of InputGuard::total(), at the last sweep
};

std::string ip_address_of(GSocketAddress* address) {
  if (!G_IS_INET_SOCKET_ADDRESS(address)) return {};
  GCharPtr text(g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address))));
  return text.get();
}

ice::Result<GObjectPtr<GTlsCertificate>> load_certificate(const std::string& file, const std::string& key_file) {
  GErrorSlot error;
  auto certificate = GObjectPtr<GTlsCertificate>::adopt(
      key_file.empty() ? g_tls_certificate_new_from_file(file.c_str(), error.out())
                       : g_tls_certificate_new_from_files(file.c_str(), key_file.c_str(), error.out()));
  if (certificate) return certificate;
  if (g_tls_backend_supports_tls(g_tls_backend_get_default()) == FALSE) {
    return ice::Error{"this machine has no TLS for GLib; install glib-networking"};
  }
  const std::string key = key_file.empty() ? "" : " with the key \"" + key_file + "\"";
  return ice::Error{"the certificate \"" + file + "\"" + key + " cannot be used: " + error->message};
}

}  // namespace

class RendezvousServer::Impl {
 public:
  explicit Impl(Options options);
  ~Impl();
  ice::Result<> listen();
  void shut_down(std::function<void()> done);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] GTlsCertificate* certificate() const { return certificate_.get(); }
  [[nodiscard]] std::size_t connection_count() const { return connections_.size(); }
  [[nodiscard]] std::size_t room_count() const { return rooms_.room_count(); }

 private:
  ice::Result<> listen_on(const std::string& address, std::uint16_t port);
  ice::Error cannot_listen(const std::string& where, std::uint16_t port, const GError* error) const;

  static gboolean on_incoming(GSocketService*, GSocketConnection* stream, GObject*, gpointer self);
  static void on_stream_gone(gpointer link, GObject* stream);
  static void on_handshake(GObject* tls, GAsyncResult* result, gpointer link);
  static void on_request(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer self);
  static void on_websocket(SoupServer*, SoupServerMessage* message, const char* path,
                           SoupWebsocketConnection* connection, gpointer self);

  void accept(GSocketConnection* stream);
  void serve(Connection& connection, GIOStream* stream);
  void upgraded(Connection& connection, std::string room, SoupWebsocketConnection* websocket);
  void received(ConnectionId id, const std::string& text);
  void closed(ConnectionId id);
  void perform(const Actions& actions);
  void perform(const SendText& action);
  void perform(const EndConnection& action);
  void drop(ConnectionId id, const RefusalKind& kind, const std::string& reason);
  bool add_unsent(Connection& connection, std::size_t bytes);
  void sweep();
  void sweep(Connection& connection, Clock::time_point now);
  void cut(Connection& connection);
  void log(const Connection& connection, const std::string& what) const;
  [[nodiscard]] Connection* find(ConnectionId id);

  /// What a GLib callback that may come after our end holds.
  struct Link {
    std::weak_ptr<Impl*> server;
    ConnectionId connection = 0;
  };
  [[nodiscard]] std::unique_ptr<Link> link(ConnectionId id) const { return std::make_unique<Link>(Link{self_, id}); }

  Options options_;
  const Limits& limits_ = options_.limits;
  GObjectPtr<GTlsCertificate> certificate_;
  std::uint16_t port_ = 0;
  RoomTable rooms_{options_.limits.rooms};
  std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::string, std::size_t> per_address_;
  ConnectionId next_id_ = 1;
  std::function<void()> done_;
  GlibTimer sweeper_;
  GObjectPtr<GSocketService> service_;
  GObjectPtr<SoupServer> soup_;
  std::shared_ptr<Impl*> self_ = std::make_shared<Impl*>(this);
};

RendezvousServer::Impl::Impl(Options options) : options_(std::move(options)) {}

RendezvousServer::Impl::~Impl() {
  self_.reset();
  if (service_) {
    g_signal_handlers_disconnect_by_data(service_.get(), this);
    g_socket_service_stop(service_.get());
    g_socket_listener_close(G_SOCKET_LISTENER(service_.get()));
  }
  for (auto& [id, connection] : connections_) {
    connection->socket.reset();
    abort_socket(connection->tcp.get());
  }
  if (soup_) {
    soup_server_remove_handler(soup_.get(), "/");
    soup_server_disconnect(soup_.get());
  }
}

ice::Result<> RendezvousServer::Impl::listen() {
  if (!options_.certificate_file.empty()) {
    auto certificate = load_certificate(options_.certificate_file, options_.key_file);
    if (!certificate) return certificate.error();
    certificate_ = std::move(certificate).value();
  }
  service_ = GObjectPtr<GSocketService>::adopt(g_socket_service_new());
  g_socket_listener_set_backlog(G_SOCKET_LISTENER(service_.get()), 128);
  port_ = options_.port;
  if (options_.addresses.empty()) {
    GErrorSlot error;
    if (port_ == 0) {
      port_ = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service_.get()), nullptr, error.out());
    } else {
      g_socket_listener_add_inet_port(G_SOCKET_LISTENER(service_.get()), port_, nullptr, error.out());
    }
    if (error) return cannot_listen("", port_, error.get());
  }
  for (const std::string& address : options_.addresses) {
    if (auto listening = listen_on(address, port_); !listening) return listening;
  }

  soup_ = GObjectPtr<SoupServer>::adopt(soup_server_new("server-header", "gst-ice-rendezvous", nullptr));
  soup_server_remove_websocket_extension(soup_.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_early_handler(soup_.get(), "/", on_request, this, nullptr);
  soup_server_add_websocket_handler(soup_.get(), "/", nullptr, nullptr, on_websocket, this, nullptr);
  g_signal_connect(service_.get(), "incoming", G_CALLBACK(on_incoming), this);
  g_socket_service_start(service_.get());
  sweeper_.start_repeating(std::chrono::milliseconds(250), [this] { sweep(); });
  return ice::Ok{};
}

ice::Result<> RendezvousServer::Impl::listen_on(const std::string& address, std::uint16_t port) {
  const auto socket_address =
      GObjectPtr<GSocketAddress>::adopt(g_inet_socket_address_new_from_string(address.c_str(), port));
  if (!socket_address) return ice::Error{"\"" + address + "\" is no IP address to listen on"};
  GErrorSlot error;
  GSocketAddress* effective = nullptr;
  g_socket_listener_add_address(G_SOCKET_LISTENER(service_.get()), socket_address.get(), G_SOCKET_TYPE_STREAM,
                                G_SOCKET_PROTOCOL_TCP, nullptr, &effective, error.out());
  if (error) return cannot_listen(address, port, error.get());
  const auto owned = GObjectPtr<GSocketAddress>::adopt(effective);
  port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(effective));
  return ice::Ok{};
}

ice::Error RendezvousServer::Impl::cannot_listen(const std::string& where, std::uint16_t port,
                                                 const GError* error) const {
  const std::string place = "port " + std::to_string(port) + (where.empty() ? "" : " of " + where);
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
    return ice::Error{place + " is taken: another program listens there"};
  }
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)) {
    return ice::Error{place + " may not be used by this user (ports below 1024 are the administrator's)"};
  }
  return ice::Error{place + " cannot be listened on: " + error->message};
}

// ---- a connection's way from TCP to a WebSocket ----

gboolean RendezvousServer::Impl::on_incoming(GSocketService*, GSocketConnection* stream, GObject*, gpointer self) {
  static_cast<Impl*>(self)->accept(stream);
  return TRUE;
}

void RendezvousServer::Impl::accept(GSocketConnection* stream) {
  auto remote = GObjectPtr<GSocketAddress>::adopt(g_socket_connection_get_remote_address(stream, nullptr));
  const auto local = GObjectPtr<GSocketAddress>::adopt(g_socket_connection_get_local_address(stream, nullptr));
  if (!remote || !local) return;
  GSocket* tcp = g_socket_connection_get_socket(stream);
  std::string address = ip_address_of(remote.get());
  const auto same = per_address_.find(address);
  if (connections_.size() >= limits_.connections ||
      (same != per_address_.end() && same->second >= limits_.connections_per_address)) {
    constexpr std::string_view kBusy =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (!certificate_) g_socket_send_with_blocking(tcp, kBusy.data(), kBusy.size(), FALSE, nullptr, nullptr);
    return;
  }

  const ConnectionId id = next_id_++;
  const auto now = Clock::now();
  auto connection = std::make_unique<Connection>(
      Connection{.id = id,
                 .stream = G_IO_STREAM(stream),
                 .tcp = GObjectPtr<GSocket>::share(tcp),
                 .remote = std::move(remote),
                 .address = address,
                 .messages = TokenBucket(limits_.messages_per_second, limits_.message_burst, now),
                 .input = std::make_shared<InputGuard>(
                     TokenBucket(limits_.bytes_per_second, limits_.byte_burst, now), kMaxGreetingBytes,
                     [this, id] { drop(id, kRefusedMessage, "more bytes than a message may have"); }),
                 .since = now,
                 .last_heard = now});
  ++per_address_[address];
  g_object_weak_ref(G_OBJECT(stream), on_stream_gone, link(id).release());
  Connection& accepted = *connections_.emplace(id, std::move(connection)).first->second;

  if (!certificate_) {
    serve(accepted, G_IO_STREAM(stream));
    return;
  }
  GErrorSlot error;
  const auto tls =
      GObjectPtr<GIOStream>::adopt(g_tls_server_connection_new(G_IO_STREAM(stream), certificate_.get(), error.out()));
  if (!tls) return;
  g_tls_connection_set_require_close_notify(G_TLS_CONNECTION(tls.get()), FALSE);
  g_tls_connection_handshake_async(G_TLS_CONNECTION(tls.get()), G_PRIORITY_DEFAULT, nullptr, on_handshake,
                                   link(id).release());
}

void RendezvousServer::Impl::on_handshake(GObject* tls, GAsyncResult* result, gpointer data) {
  const std::unique_ptr<Link> link(static_cast<Link*>(data));
  const auto server = link->server.lock();
  const bool secure = g_tls_connection_handshake_finish(G_TLS_CONNECTION(tls), result, nullptr) != FALSE;
  if (!server || !secure) return;
  if (Connection* connection = (*server)->find(link->connection)) (*server)->serve(*connection, G_IO_STREAM(tls));
}

void RendezvousServer::Impl::serve(Connection& connection, GIOStream* stream) {
  const auto local = GObjectPtr<GSocketAddress>::adopt(g_socket_get_local_address(connection.tcp.get(), nullptr));
  if (!local) return;
  const auto guarded = guard_input(stream, connection.input);
  soup_server_accept_iostream(soup_.get(), guarded.get(), local.get(), connection.remote.get(), nullptr);
}

void RendezvousServer::Impl::on_stream_gone(gpointer data, GObject*) {
  const std::unique_ptr<Link> link(static_cast<Link*>(data));
  const auto server = link->server.lock();
  if (!server) return;
  Impl& self = **server;
  self.closed(link->connection);
  const auto gone = self.connections_.extract(link->connection);
  self.log(*gone.mapped(), "closed");
  const auto count = self.per_address_.find(gone.mapped()->address);
  if (--count->second == 0) self.per_address_.erase(count);
  if (self.connections_.empty() && self.done_) std::exchange(self.done_, {})();
}

void RendezvousServer::Impl::on_request(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
                                        gpointer) {
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  soup_message_headers_append(soup_server_message_get_response_headers(message), "Connection", "close");
  const std::string_view room = path == nullptr ? "" : path;
  std::string_view answer;
  if (!room.starts_with('/') || !is_room_name(room.substr(1))) {
    soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, nullptr);
    answer = "The path names the room: 1 to 128 characters of A-Z a-z 0-9 - . _ ~\n";
  } else if (soup_message_headers_header_contains(headers, "Upgrade", "websocket") == FALSE) {
    soup_server_message_set_status(message, 426, "Upgrade Required");
    soup_message_headers_append(soup_server_message_get_response_headers(message), "Upgrade", "websocket");
    answer =
        "This is a rendezvous of gst-ice. It speaks WebSocket: give this address with ws:// to icesink or icesrc.\n";
  } else {
    soup_message_headers_remove(soup_server_message_get_response_headers(message), "Connection");
    return;
  }
  soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_STATIC, answer.data(), answer.size());
}

void RendezvousServer::Impl::on_websocket(SoupServer*, SoupServerMessage* message, const char* path,
                                          SoupWebsocketConnection* websocket, gpointer data) {
  auto* self = static_cast<Impl*>(data);
  const GSocketAddress* remote = soup_server_message_get_remote_address(message);
  for (auto& [id, connection] : self->connections_) {
    if (connection->remote.get() == remote && connection->phase == Phase::http) {
      self->upgraded(*connection, std::string(path + 1), websocket);
      return;
    }
  }
}

void RendezvousServer::Impl::upgraded(Connection& connection, std::string room, SoupWebsocketConnection* websocket) {
  connection.phase = Phase::opened;
  connection.last_heard = Clock::now();
  connection.room = std::move(room);
  const ConnectionId id = connection.id;
  connection.socket = std::make_unique<WebSocket>(
      GObjectPtr<SoupWebsocketConnection>::share(websocket), connection.tcp, limits_.ping_interval, kMaxMessageBytes,
      WebSocket::Handlers{.text = [this, id](const std::string& text) { received(id, text); },
                          .binary = [this, id] { drop(id, kRefusedMessage, "a binary message"); },
                          .pong =
                              [this, id] {
                                if (Connection* heard = find(id)) {
                                  heard->last_heard = Clock::now();
                                  heard->input->progress();
                                }
                              },
                          .closed = [this, id] { closed(id); }});
}

// ---- messages ----

Connection* RendezvousServer::Impl::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void RendezvousServer::Impl::received(ConnectionId id, const std::string& text) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->phase == Phase::ending) return;
  const auto now = Clock::now();
  connection->last_heard = now;
  connection->input->progress();
  if (!connection->messages.take(now)) {
    drop(id, kRefusedRate, "too many messages");
    return;
  }
  const auto message = parse_for_relay(text);
  if (!message) {
    drop(id, kRefusedMessage, message.error().message);
    return;
  }
  const bool greeting = connection->phase == Phase::opened;
  perform(rooms_.receive(id, connection->room, message.value()));
  connection = find(id);
  if (greeting && connection != nullptr && rooms_.is_in_room(id)) {
    connection->phase = Phase::joined;
    connection->input->set_limit(kMaxMessageBytes + kFrameOverhead);
    log(*connection, "joined a room");
  }
}

void RendezvousServer::Impl::closed(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  if (connection->phase == Phase::joined) log(*connection, "connection lost");
  connection->phase = Phase::ending;
  connection->since = Clock::now();
  // The handler that may be running now belongs to the WebSocket; it lives on until it returns.
  connection->socket.reset();
  perform(rooms_.lost(id));
}

void RendezvousServer::Impl::drop(ConnectionId id, const RefusalKind& kind, const std::string& reason) {
  perform(refuse(id, kind, reason));
  perform(rooms_.lost(id));
}

void RendezvousServer::Impl::perform(const Actions& actions) {
  for (const Action& action : actions) {
    std::visit([this](const auto& known) { perform(known); }, action);
  }
}

void RendezvousServer::Impl::perform(const SendText& action) {
  Connection* connection = find(action.to);
  if (connection == nullptr || !connection->socket || connection->phase == Phase::ending) return;
  if (add_unsent(*connection, action.text.size())) connection->socket->send(action.text);
}

bool RendezvousServer::Impl::add_unsent(Connection& connection, std::size_t bytes) {
  if (connection.socket->is_drained()) connection.unsent = 0;
  connection.unsent += bytes;
  if (connection.unsent <= limits_.unsent_bytes) return true;
  // No use to tell it why: it does not read.
  const ConnectionId id = connection.id;
  perform(EndConnection{id, kRefusedSlow.close_code, "what was sent was not read"});
  perform(rooms_.lost(id));
  return false;
}

void RendezvousServer::Impl::perform(const EndConnection& action) {
  Connection* connection = find(action.connection);
  if (connection == nullptr || connection->phase == Phase::ending) return;
  log(*connection, action.reason.empty() ? "left" : "ended: " + action.reason);
  connection->phase = Phase::ending;
  connection->since = Clock::now();
  if (connection->socket) {
    connection->socket->close(action.close_code, action.reason);
  } else {
    cut(*connection);
  }
}

// ---- time ----

void RendezvousServer::Impl::sweep() {
  std::vector<ConnectionId> ids;
  ids.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  const auto now = Clock::now();
  for (const ConnectionId id : ids) {
    if (Connection* connection = find(id)) sweep(*connection, now);
  }
}

void RendezvousServer::Impl::sweep(Connection& connection, Clock::time_point now) {
  // What is answered without our doing, pings, is no more than what came in.
  const std::uint64_t came =
      connection.input->total() - std::exchange(connection.input_seen, connection.input->total());
  if (connection.phase == Phase::joined && !add_unsent(connection, came)) return;
  switch (connection.phase) {
    case Phase::http:
      if (now - connection.since > limits_.hello_timeout) cut(connection);
      break;
    case Phase::opened:
      if (now - connection.since > limits_.hello_timeout) drop(connection.id, kRefusedHello, "no hello came in time");
      break;
    case Phase::joined:
      if (now - connection.last_heard > limits_.silence_timeout) drop(connection.id, kRefusedSilent, "no sign of life");
      break;
    case Phase::ending:
      if (now - connection.since > kEndPatience) cut(connection);
      break;
  }
}

void RendezvousServer::Impl::cut(Connection& connection) {
  connection.phase = Phase::ending;
  connection.since = Clock::now();
  connection.socket.reset();
  connection.input->end();
  abort_socket(connection.tcp.get());
}

void RendezvousServer::Impl::shut_down(std::function<void()> done) {
  g_signal_handlers_disconnect_by_data(service_.get(), this);
  g_socket_service_stop(service_.get());
  g_socket_listener_close(G_SOCKET_LISTENER(service_.get()));
  if (connections_.empty()) {
    done();
    return;
  }
  done_ = std::move(done);
  for (const auto& [id, connection] : connections_) {
    if (connection->socket && connection->phase != Phase::ending) {
      perform(EndConnection{id, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "the server goes"});
    } else {
      cut(*connection);
    }
  }
}

void RendezvousServer::Impl::log(const Connection& connection, const std::string& what) const {
  if (!options_.log) return;
  options_.log("connection " + std::to_string(connection.id) + " from " + connection.address + ": " + what);
}

// ---- the public face ----

ice::Result<std::unique_ptr<RendezvousServer>> RendezvousServer::start(Options options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  if (auto listening = impl->listen(); !listening) return listening.error();
  return std::unique_ptr<RendezvousServer>(new RendezvousServer(std::move(impl)));
}

RendezvousServer::RendezvousServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RendezvousServer::~RendezvousServer() = default;

std::uint16_t RendezvousServer::port() const {
  return impl_->port();
}
bool RendezvousServer::speaks_tls() const {
  return impl_->certificate() != nullptr;
}
std::size_t RendezvousServer::connection_count() const {
  return impl_->connection_count();
}
std::size_t RendezvousServer::room_count() const {
  return impl_->room_count();
}
void RendezvousServer::shut_down(std::function<void()> done) {
  impl_->shut_down(std::move(done));
}

std::vector<std::string> RendezvousServer::certificate_names() const {
  std::vector<std::string> names;
  if (impl_->certificate() == nullptr) return names;
  GPtrArray* found = g_tls_certificate_get_dns_names(impl_->certificate());
  if (found == nullptr) return names;
  for (guint i = 0; i < found->len; ++i) {
    gsize size = 0;
    const auto* text =
        static_cast<const char*>(g_bytes_get_data(static_cast<GBytes*>(g_ptr_array_index(found, i)), &size));
    names.emplace_back(text, size);
  }
  g_ptr_array_unref(found);
  return names;
}

}  // namespace gstice
