// SPDX-License-Identifier: LGPL-2.1-or-later
// Connector: one attempt to open a WebSocket with libsoup.
#include "gst/rendezvous/connector.h"

#include <utility>

namespace gstice::rendezvous {
namespace {

std::string certificate_fault(GTlsCertificateFlags flags) {
  if ((flags & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0) return "it is signed by nobody whom this machine trusts";
  if ((flags & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0) return "it is for another host name";
  if ((flags & G_TLS_CERTIFICATE_EXPIRED) != 0) return "it has expired";
  if ((flags & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0) return "its time has not begun";
  if ((flags & G_TLS_CERTIFICATE_REVOKED) != 0) return "it was revoked";
  if ((flags & G_TLS_CERTIFICATE_INSECURE) != 0) return "its algorithm is insecure";
  return "it is invalid";
}

}  // namespace

Connector::Connector(const Url& url, GTlsDatabase* trust, Connected connected, Failed failed)
    : url_(url),
      connected_(std::move(connected)),
      failed_(std::move(failed)),
      session_(GObjectPtr<SoupSession>::adopt(soup_session_new())),
      message_(GObjectPtr<SoupMessage>::adopt(soup_message_new("GET", url.text.c_str()))),
      cancellable_(GObjectPtr<GCancellable>::adopt(g_cancellable_new())),
      link_(std::make_shared<Connector*>(this)) {
  // Compression would let a small message unpack into an endless one.
  soup_session_remove_feature_by_type(session_.get(), SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  if (trust != nullptr) soup_session_set_tls_database(session_.get(), trust);
  soup_message_add_flags(message_.get(), SOUP_MESSAGE_NO_REDIRECT);
  g_signal_connect(message_.get(), "network-event", G_CALLBACK(on_event), this);
  g_signal_connect(message_.get(), "got-headers", G_CALLBACK(on_headers), this);
  auto link = std::make_unique<std::shared_ptr<Connector*>>(link_);
  soup_session_websocket_connect_async(session_.get(), message_.get(), nullptr, nullptr, G_PRIORITY_DEFAULT,
                                       cancellable_.get(), on_finished, link.release());
}

Connector::~Connector() {
  *link_ = nullptr;
  g_signal_handlers_disconnect_by_data(message_.get(), this);
  g_cancellable_cancel(cancellable_.get());
}

std::string Connector::waiting_for() const {
  switch (progress_) {
    case G_SOCKET_CLIENT_RESOLVING:
      return "the name server says nothing about host \"" + url_.host + "\"";
    case G_SOCKET_CLIENT_RESOLVED:
    case G_SOCKET_CLIENT_CONNECTING:
      return "the host does not answer";
    case G_SOCKET_CLIENT_TLS_HANDSHAKING:
      return "what listens there does not answer in TLS";
    default:
      return "what listens there does not answer";
  }
}

void Connector::on_event(SoupMessage*, GSocketClientEvent event, GIOStream*, gpointer self) {
  static_cast<Connector*>(self)->progress_ = event;
}

void Connector::on_headers(SoupMessage* message, gpointer data) {
  // The answer is known; a body without an end shall not keep us waiting.
  auto* self = static_cast<Connector*>(data);
  self->status_ = soup_message_get_status(message);
  g_cancellable_cancel(self->cancellable_.get());
}

void Connector::on_finished(GObject* session, GAsyncResult* result, gpointer data) {
  const std::unique_ptr<std::shared_ptr<Connector*>> link(static_cast<std::shared_ptr<Connector*>*>(data));
  GErrorSlot error;
  auto connection = GObjectPtr<SoupWebsocketConnection>::adopt(
      soup_session_websocket_connect_finish(SOUP_SESSION(session), result, error.out()));
  Connector* self = **link;
  if (self == nullptr) return;
  // The functions may destroy us while they run.
  if (connection) {
    const auto connected = self->connected_;
    connected(std::move(connection));
  } else {
    const auto failed = self->failed_;
    failed(self->describe(error.get()));
  }
}

std::string Connector::describe(const GError* error) const {
  if (status_ == SOUP_STATUS_SERVICE_UNAVAILABLE) return "the server has no more connections (HTTP 503)";
  if (status_ != 0) {
    const char* phrase = soup_status_get_phrase(status_);
    return "what listens there answered with HTTP " + std::to_string(status_) + " (" + phrase +
           "), so it is no rendezvous server or has no such room";
  }
  if (error == nullptr) return "it failed for an unknown reason";
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)) {
    return "connection refused; is gst-ice-rendezvous running there?";
  }
  if (error->domain == G_RESOLVER_ERROR) {
    if (error->code == G_RESOLVER_ERROR_NOT_FOUND) return "there is no host of the name \"" + url_.host + "\"";
    return "the name \"" + url_.host + "\" could not be looked up (" + error->message + ")";
  }
  if (error->domain == G_TLS_ERROR) {
    const GTlsCertificateFlags flags = soup_message_get_tls_peer_certificate_errors(message_.get());
    if (flags != 0) return "the certificate of the server is refused, since " + certificate_fault(flags);
    if (error->code == G_TLS_ERROR_UNAVAILABLE) return "this machine has no TLS for GLib; install glib-networking";
    return "TLS could not be set up with what listens there (" + std::string(error->message) + ")";
  }
  if (error->domain == SOUP_WEBSOCKET_ERROR) {
    return "what listens there does not speak WebSocket (" + std::string(error->message) + ")";
  }
  if (progress_ == G_SOCKET_CLIENT_COMPLETE) {
    if (g_error_matches(error, SOUP_SESSION_ERROR, SOUP_SESSION_ERROR_PARSING)) {
      return "what listens there does not speak HTTP";
    }
    return "what listens there ended the connection without a valid answer (" + std::string(error->message) + ")";
  }
  return error->message;
}

}  // namespace gstice::rendezvous
