// SPDX-License-Identifier: LGPL-2.1-or-later
// WebSocket: libsoup's connection with C++ functions for its signals.
#include "gst/rendezvous/websocket.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <utility>

namespace gstice::rendezvous {
namespace {

constexpr std::chrono::milliseconds kClosingPatience{2000};

GIOStream* layer_below(GIOStream* stream) {
  // libsoup's own stream class is private; its property is not. GTlsConnection has the other name.
  for (const char* name : {"base-iostream", "base-io-stream"}) {
    GParamSpec* property = g_object_class_find_property(G_OBJECT_GET_CLASS(stream), name);
    if (property == nullptr || (property->flags & G_PARAM_READABLE) == 0) continue;
    GIOStream* below = nullptr;
    g_object_get(stream, name, &below, nullptr);
    return below;
  }
  return nullptr;
}

}  // namespace

GObjectPtr<GSocket> socket_below(GIOStream* stream) {
  auto layer = GObjectPtr<GIOStream>::share(stream);
  while (layer) {
    if (G_IS_SOCKET_CONNECTION(layer.get())) {
      return GObjectPtr<GSocket>::share(g_socket_connection_get_socket(G_SOCKET_CONNECTION(layer.get())));
    }
    layer = GObjectPtr<GIOStream>::adopt(layer_below(layer.get()));
  }
  return {};
}

void abort_socket(GSocket* socket) {
  // With a reset when it is closed: an orderly end would leave a flooding peer waiting for room to send.
  const linger at_once{1, 0};
  setsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  g_socket_shutdown(socket, TRUE, TRUE, nullptr);
}

WebSocket::WebSocket(GObjectPtr<SoupWebsocketConnection> connection, GObjectPtr<GSocket> socket,
                     std::chrono::seconds ping_interval, std::size_t max_message, Handlers handlers)
    : connection_(std::move(connection)),
      socket_(std::move(socket)),
      handlers_(std::make_shared<Handlers>(std::move(handlers))) {
  soup_websocket_connection_set_max_incoming_payload_size(connection_.get(), max_message);
  // Newer versions of libsoup also bound a message of many fragments, by 128 KiB unless told.
  GObjectClass* object_class = G_OBJECT_GET_CLASS(connection_.get());
  if (g_object_class_find_property(object_class, "max-total-message-size") != nullptr) {
    g_object_set(connection_.get(), "max-total-message-size", static_cast<guint64>(max_message), nullptr);
  }
  soup_websocket_connection_set_keepalive_interval(connection_.get(), static_cast<guint>(ping_interval.count()));
  if (socket_) g_socket_set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY, TRUE, nullptr);
  g_signal_connect(connection_.get(), "message", G_CALLBACK(on_message), this);
  g_signal_connect(connection_.get(), "error", G_CALLBACK(on_error), this);
  g_signal_connect(connection_.get(), "pong", G_CALLBACK(on_pong), this);
  g_signal_connect(connection_.get(), "closed", G_CALLBACK(on_closed), this);
}

WebSocket::~WebSocket() {
  g_signal_handlers_disconnect_by_data(connection_.get(), this);
  if (!is_closed()) abort();
  // libsoup still uses its object after the signal in which we may be destroyed: the last reference goes later.
  GSource* later = g_idle_source_new();
  g_source_set_callback(
      later, [](gpointer) -> gboolean { return G_SOURCE_REMOVE; }, g_object_ref(connection_.get()), g_object_unref);
  g_source_attach(later, g_main_context_get_thread_default());
  g_source_unref(later);
}

void WebSocket::send(const std::string& text) {
  if (is_open()) soup_websocket_connection_send_text(connection_.get(), text.c_str());
}

void WebSocket::close(std::uint16_t code, const std::string& reason) {
  if (is_open()) soup_websocket_connection_close(connection_.get(), code, reason.c_str());
}

void WebSocket::abort() {
  if (socket_) abort_socket(socket_.get());
}

void WebSocket::set_handlers(Handlers handlers) {
  handlers_ = std::make_shared<Handlers>(std::move(handlers));
}

bool WebSocket::is_open() const {
  return soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_OPEN;
}

bool WebSocket::is_closed() const {
  return soup_websocket_connection_get_state(connection_.get()) == SOUP_WEBSOCKET_STATE_CLOSED;
}

bool WebSocket::is_drained() const {
  int waiting = 0;
  return socket_ && ioctl(g_socket_get_fd(socket_.get()), SIOCOUTQ, &waiting) == 0 && waiting == 0;
}

std::uint64_t WebSocket::received_bytes() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (!socket_ || getsockopt(g_socket_get_fd(socket_.get()), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received;
}

void WebSocket::on_message(SoupWebsocketConnection*, gint type, GBytes* bytes, gpointer self) {
  const auto handlers = static_cast<WebSocket*>(self)->handlers_;
  if (type != SOUP_WEBSOCKET_DATA_TEXT) {
    if (handlers->binary) handlers->binary();
    return;
  }
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  if (handlers->text) handlers->text(std::string(data, size));
}

void WebSocket::on_error(SoupWebsocketConnection*, GError* error, gpointer self) {
  static_cast<WebSocket*>(self)->close_reason_ = error->message;
}

void WebSocket::on_pong(SoupWebsocketConnection*, GBytes*, gpointer self) {
  const auto handlers = static_cast<WebSocket*>(self)->handlers_;
  if (handlers->pong) handlers->pong();
}

void WebSocket::on_closed(SoupWebsocketConnection* connection, gpointer data) {
  auto* self = static_cast<WebSocket*>(data);
  if (const char* reason = soup_websocket_connection_get_close_data(connection);
      reason != nullptr && self->close_reason_.empty()) {
    self->close_reason_ = reason;
  }
  const auto handlers = self->handlers_;
  if (handlers->closed) handlers->closed();
}

void ClosingWebSockets::add(std::unique_ptr<WebSocket> socket, std::uint16_t code, const std::string& reason) {
  if (!socket || socket->is_closed()) {
    if (entries_.empty() && empty_) empty_();
    return;
  }
  const std::uint64_t key = next_key_++;
  socket->set_handlers({.closed = [this, key] { finish(key); }});
  socket->close(code, reason);
  auto deadline = std::make_unique<GlibTimer>();
  deadline->start_once(kClosingPatience, [this, key] { finish(key); });
  entries_.emplace(key, Entry{std::move(socket), std::move(deadline)});
}

void ClosingWebSockets::finish(std::uint64_t key) {
  // Held until the end of this function: it may be inside one of the entry's own handlers.
  const auto gone = entries_.extract(key);
  if (!gone.empty() && entries_.empty() && empty_) {
    const auto empty = empty_;
    empty();
  }
}

}  // namespace gstice::rendezvous
