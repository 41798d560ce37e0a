// SPDX-License-Identifier: LGPL-2.1-or-later
// One open WebSocket of libsoup, with C++ functions for its signals. Both ends of the rendezvous use it.
#pragma once

#include <libsoup/soup.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "gst/rendezvous/glib_thread.h"
#include "gst/util/gobject_ptr.h"

namespace gstice::rendezvous {

/// Belongs to the thread whose main context carries it. The functions may destroy it.
class WebSocket {
 public:
  struct Handlers {
    std::function<void(const std::string& text)> text;
    std::function<void()> binary;  ///< a binary message, which the rendezvous knows not
    std::function<void()> pong;
    std::function<void()> closed;  ///< the last one: nothing comes or goes any more
  };

  /// Pings the other side each `ping_interval` (whole seconds); nothing larger than `max_message` is received.
  /// `socket` is the TCP socket below it.
  WebSocket(GObjectPtr<SoupWebsocketConnection> connection, GObjectPtr<GSocket> socket,
            std::chrono::seconds ping_interval, std::size_t max_message, Handlers handlers);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// Queues a text; dropped when closing. Does not block.
  void send(const std::string& text);
  /// Begins the closing handshake; `closed` follows. Text that was queued before is sent first.
  void close(std::uint16_t code, const std::string& reason);
  /// Ends the connection below at once; `closed` follows.
  void abort();
  void set_handlers(Handlers handlers);

  [[nodiscard]] bool is_open() const;
  [[nodiscard]] bool is_closed() const;
  /// Everything that was sent has reached the other side's kernel, or is just now being written.
  [[nodiscard]] bool is_drained() const;
  /// Bytes that the kernel has received on this connection; 0 when it does not tell.
  [[nodiscard]] std::uint64_t received_bytes() const;
  /// What the other side said when it closed, or libsoup's words for what broke; empty when unknown.
  [[nodiscard]] const std::string& close_reason() const { return close_reason_; }

 private:
  static void on_message(SoupWebsocketConnection*, gint type, GBytes* bytes, gpointer self);
  static void on_error(SoupWebsocketConnection*, GError* error, gpointer self);
  static void on_pong(SoupWebsocketConnection*, GBytes*, gpointer self);
  static void on_closed(SoupWebsocketConnection*, gpointer self);

  GObjectPtr<SoupWebsocketConnection> connection_;
  GObjectPtr<GSocket> socket_;
  std::shared_ptr<Handlers> handlers_;  ///< shared, so that a handler may destroy us while it runs
  std::string close_reason_;
};

/// Websockets that are on their way out: kept until the other side has closed too, for a bounded time.
class ClosingWebSockets {
 public:
  /// `empty` is called when the last one is gone.
  explicit ClosingWebSockets(std::function<void()> empty = {}) : empty_(std::move(empty)) {}

  void add(std::unique_ptr<WebSocket> socket, std::uint16_t code, const std::string& reason);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::unique_ptr<WebSocket> socket;
    std::unique_ptr<GlibTimer> deadline;
  };
  void finish(std::uint64_t key);

  std::function<void()> empty_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::uint64_t next_key_ = 0;
};

/// Ends a TCP connection at once, whatever still waits to be sent. Its owner notices by reading.
void abort_socket(GSocket* socket);

/// The socket below libsoup's and TLS's layers; null when there is none.
GObjectPtr<GSocket> socket_below(GIOStream* stream);

}  // namespace gstice::rendezvous
