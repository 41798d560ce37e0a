// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens a WebSocket: name, TCP, TLS and the HTTP upgrade, and says in one sentence why it did not work.
#pragma once

#include <libsoup/soup.h>

#include <functional>
#include <memory>
#include <string>

#include "gst/rendezvous/url.h"
#include "gst/util/gobject_ptr.h"

namespace gstice::rendezvous {

/// One attempt. Belongs to the GLib thread; destroying it cancels the attempt, and nothing is called any more.
class Connector {
 public:
  using Connected = std::function<void(GObjectPtr<SoupWebsocketConnection>)>;
  /// `reason`: what was wrong, without the address.
  using Failed = std::function<void(const std::string& reason)>;

  /// `trust`: the certificate authorities believed for wss; null: the system's.
  Connector(const Url& url, GTlsDatabase* trust, Connected connected, Failed failed);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// How far it came, for the message when patience ends.
  [[nodiscard]] std::string waiting_for() const;

 private:
  static void on_event(SoupMessage*, GSocketClientEvent event, GIOStream*, gpointer self);
  static void on_headers(SoupMessage* message, gpointer self);
  static void on_finished(GObject* session, GAsyncResult* result, gpointer link);
  [[nodiscard]] std::string describe(const GError* error) const;

  Url url_;
  Connected connected_;
  Failed failed_;
  GObjectPtr<SoupSession> session_;
  GObjectPtr<SoupMessage> message_;
  GObjectPtr<GCancellable> cancellable_;
  GSocketClientEvent progress_ = G_SOCKET_CLIENT_RESOLVING;
  guint status_ = 0;  ///< the HTTP status when it was not 101
  std::shared_ptr<Connector*> link_;
};

}  // namespace gstice::rendezvous
