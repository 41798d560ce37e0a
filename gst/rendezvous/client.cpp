// SPDX-License-Identifier: LGPL-2.1-or-later
// The rendezvous client: joins a room, stays in it through broken connections, and passes messages on.
#include "gst/rendezvous/client.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gst/rendezvous/connector.h"
#include "gst/rendezvous/glib_thread.h"
#include "gst/rendezvous/protocol.h"
#include "gst/rendezvous/url.h"
#include "gst/rendezvous/websocket.h"
#include "ice-core/base/random.h"

namespace gstice {
namespace {

using namespace rendezvous;
using Clock = std::chrono::steady_clock;

/// How long close() lets the goodbye reach the kernel, so that a process which exits right after has said it.
constexpr std::chrono::milliseconds kGoodbyePatience{50};
/// A connection that lived so long was a good one: the next pause is short again.
constexpr std::chrono::seconds kGoodConnection{10};
/// How often silence and floods are looked for.
constexpr std::chrono::milliseconds kShortestWatch{10};
constexpr std::chrono::milliseconds kLongestWatch{1000};
/// Bytes that come without a complete message, or pong, among them.
constexpr std::uint64_t kMaxUnfinished = kMaxMessageBytes + (64u << 10);
/// So many candidates are kept for a peer whose connection breaks.
constexpr std::size_t kMaxRemembered = 1024;

/// 128 random bits.
std::string random_name() {
  return ice::SecureRandom().text(32, "0123456789abcdef");
}

/// What the server says is shown to a person: one line of it.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

bool is_valid_text(const std::string& text) {
  return text.find('\0') == std::string::npos &&
         g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr) != FALSE;
}

/// What a peer was told last: said again when one of us had to connect anew.
struct Told {
  std::string description;  ///< JSON texts
  std::vector<std::string> candidates;
  std::string caps;
};

/// No further attempt would end otherwise.
bool is_final(const std::string& code) {
  return code == kRefusedVersion.code || code == kRefusedReplaced.code || code == kRefusedHello.code ||
         code == kRefusedTaken.code;
}

}  // namespace

class RendezvousClient::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::string address, Callbacks callbacks, RendezvousOptions options)
      : address_(std::move(address)),
        options_(options),
        trust_(GObjectPtr<GTlsDatabase>::share(options.trust)),
        peer_id_(random_name()),
        token_(random_name()),
        pause_(options.first_pause),
        callbacks_(std::move(callbacks)) {}

  // ---- any thread ----
  void close(FlowCounts sent);

  // ---- the GLib thread only ----
  void begin();
  void send_description(std::string description);
  void send_candidate(unsigned stream, std::string candidate);
  void send_caps(std::vector<FlowCaps> flows);
  void send_key_frame(unsigned stream, unsigned component);

 private:
  void attempt();
  void opened(GObjectPtr<SoupWebsocketConnection> connection);
  void received(const std::string& text);
  void lost(const std::string& reason);
  void end(const std::string& reason);
  void leave(FlowCounts sent);
  void disconnect();
  bool wait_for_a_place(const std::string& reason);
  void watch();
  void heard();
  void report(const std::string& reason);

  void handle(const Welcome& message);
  void handle(const PeerPresent& message);
  void handle(const RoomFull& message);
  void handle(const PeerLeft& message);
  void handle(const Refusal& message);
  void handle(const Description& message);
  void handle(const CandidateLine& message);
  void handle(const Caps& message);
  void handle(const KeyFrame& message);
  void handle(const Goodbye& message);
  void handle(const Hello&) {}
  void handle(const Unknown&) {}  // of a later version

  void peer_is_gone(bool goodbye);
  [[nodiscard]] std::string sentence(const std::string& reason) const {
    return "rendezvous " + presentable_url(address_) + ": " + reason;
  }

  /// Runs one callback unless we are closed. False: we are closed by now.
  template <typename... Parameters, typename... Arguments>
  bool call(std::function<void(Parameters...)> Callbacks::*which, const Arguments&... arguments);

  const std::string address_;
  const RendezvousOptions options_;
  const GObjectPtr<GTlsDatabase> trust_;
  const std::string peer_id_;
  const std::string token_;

  // ---- the GLib thread's ----
  Url url_;
  std::unique_ptr<Connector> connector_;  ///< while connecting
  std::unique_ptr<WebSocket> socket_;     ///< while there is a connection
  GlibTimer attempt_timer_;               ///< ends an attempt, or a pause
  GlibTimer watch_timer_;
  GlibTimer comeback_timer_;
  std::chrono::milliseconds pause_;
  Clock::time_point last_heard_;
  Clock::time_point welcomed_;
  std::uint64_t received_before_ = 0;  ///< bytes, when something complete had come last
  bool ended_ = false;
  bool in_room_ = false;                         ///< this connection was welcomed
  bool ever_joined_ = false;                     ///< any connection was
  bool first_ = false;                           ///< what the application was told last
  bool peer_is_here_ = false;                    ///< the server said so on this connection
  std::string peer_;                             ///< the peer that the application knows of; kept while we connect anew
  Told told_;                                    ///< what that peer was told
  FlowCounts peer_sent_;                         ///< what it said in its goodbye
  std::optional<Clock::time_point> full_until_;  ///< the room was full; how long we wait for a place
  std::string last_report_;
  std::shared_ptr<Impl> self_;  ///< keeps us until what closes has closed
  ClosingWebSockets closing_{[this] { self_.reset(); }};

  // ---- any thread's ----
  std::mutex mutex_;  ///< guards what follows; a leaf lock, never held while a callback runs
  std::condition_variable callback_returned_;
  bool closed_ = false;
  bool in_callback_ = false;
  bool drop_callbacks_ = false;  ///< closed from inside a callback
  Callbacks callbacks_;          ///< unchanged until closed_
};

template <typename... Parameters, typename... Arguments>
bool RendezvousClient::Impl::call(std::function<void(Parameters...)> Callbacks::*which, const Arguments&... arguments) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    in_callback_ = true;
  }
  if (callbacks_.*which) (callbacks_.*which)(arguments...);
  Callbacks dropped;
  bool closed = false;
  {
    const std::lock_guard lock(mutex_);
    in_callback_ = false;
    closed = closed_;
    if (drop_callbacks_) dropped = std::exchange(callbacks_, {});
  }
  callback_returned_.notify_all();
  return !closed;
}

void RendezvousClient::Impl::close(FlowCounts sent) {
  const bool on_glib_thread = GlibThread::shared().is_current();
  Callbacks dropped;
  {
    std::unique_lock lock(mutex_);
    const bool was_closed = std::exchange(closed_, true);
    if (!on_glib_thread) callback_returned_.wait(lock, [this] { return !in_callback_; });
    if (was_closed) return;
    if (in_callback_) {
      drop_callbacks_ = true;
    } else {
      dropped = std::exchange(callbacks_, {});
    }
  }
  auto left = std::make_shared<std::promise<void>>();
  auto done = left->get_future();
  GlibThread::shared().post([self = shared_from_this(), left, sent = std::move(sent)]() mutable {
    self->leave(std::move(sent));
    left->set_value();
  });
  if (!on_glib_thread) done.wait_for(kGoodbyePatience);
}

void RendezvousClient::Impl::begin() {
  auto url = Url::parse(address_);
  if (!url) {
    ended_ = true;
    call(&Callbacks::failed, url.error().message, true);
    return;
  }
  url_ = std::move(url).value();
  attempt();
}

void RendezvousClient::Impl::attempt() {
  if (ended_) return;
  attempt_timer_.start_once(options_.connect_timeout, [this] {
    const std::string who = connector_ ? connector_->waiting_for() : "what listens there does not answer";
    lost(who + "; waited " + std::to_string(options_.connect_timeout.count()) + " ms");
  });
  connector_ = std::make_unique<Connector>(
      url_, trust_.get(), [this](GObjectPtr<SoupWebsocketConnection> connection) { opened(std::move(connection)); },
      [this](const std::string& reason) { lost(reason); });
}

void RendezvousClient::Impl::opened(GObjectPtr<SoupWebsocketConnection> connection) {
  connector_.reset();
  last_heard_ = Clock::now();
  auto tcp = socket_below(soup_websocket_connection_get_io_stream(connection.get()));
  socket_ = std::make_unique<WebSocket>(
      std::move(connection), std::move(tcp), options_.ping_interval, kMaxMessageBytes,
      WebSocket::Handlers{
          .text = [this](const std::string& text) { received(text); },
          .binary = [this] { lost("what listens there sent a binary message, so it is no rendezvous server"); },
          .pong = [this] { heard(); },
          .closed =
              [this] {
                const std::string reason = one_line(socket_->close_reason());
                lost("the server ended the connection" + (reason.empty() ? "" : " (" + reason + ")"));
              }});
  received_before_ = socket_->received_bytes();
  watch_timer_.start_repeating(std::clamp(options_.silence_timeout / 8, kShortestWatch, kLongestWatch),
                               [this] { watch(); });
  socket_->send(to_text(Hello{kVersion, peer_id_, token_}));
}

void RendezvousClient::Impl::watch() {
  if (Clock::now() - last_heard_ > options_.silence_timeout) {
    lost("the server has gone silent");
    return;
  }
  // libsoup collects a message's fragments without a bound (before 3.6).
  if (socket_->received_bytes() - received_before_ > kMaxUnfinished) {
    lost("the server sends a message that is too large");
  }
}

void RendezvousClient::Impl::heard() {
  last_heard_ = Clock::now();
  received_before_ = socket_->received_bytes();
}

void RendezvousClient::Impl::disconnect() {
  connector_.reset();
  socket_.reset();
  attempt_timer_.stop();
  watch_timer_.stop();
  comeback_timer_.stop();
  in_room_ = false;
  peer_is_here_ = false;
}

void RendezvousClient::Impl::lost(const std::string& reason) {
  if (full_until_ && wait_for_a_place(reason)) return;
  if (!ever_joined_) {
    end(reason);
    return;
  }
  const bool was_good = in_room_ && Clock::now() - welcomed_ > kGoodConnection;
  disconnect();
  if (was_good) pause_ = options_.first_pause;
  attempt_timer_.start_once(pause_, [this] { attempt(); });
  pause_ = std::min(pause_ * 2, options_.longest_pause);
  report(reason + "; trying again");
}

void RendezvousClient::Impl::end(const std::string& reason) {
  disconnect();
  ended_ = true;
  call(&Callbacks::failed, sentence(reason), true);
}

void RendezvousClient::Impl::report(const std::string& reason) {
  if (reason == last_report_) return;
  last_report_ = reason;
  call(&Callbacks::failed, sentence(reason), false);
}

void RendezvousClient::Impl::leave(FlowCounts sent) {
  ended_ = true;
  auto socket = std::move(socket_);
  if (sent && sent->size() > kMaxFlows) sent.reset();
  if (socket && in_room_) socket->send(to_text(Goodbye{std::move(sent)}));
  disconnect();
  if (!socket) return;
  self_ = shared_from_this();
  closing_.add(std::move(socket), SOUP_WEBSOCKET_CLOSE_NORMAL, "");
}

void RendezvousClient::Impl::received(const std::string& text) {
  heard();
  const auto message = parse(text);
  if (!message) {
    lost("what listens there speaks otherwise than a rendezvous server: " + message.error().message);
    return;
  }
  std::visit([this](const auto& known) { handle(known); }, message.value());
}

void RendezvousClient::Impl::handle(const Welcome& message) {
  if (in_room_) return;
  if (message.version > kVersion) {
    end("the server speaks version " + std::to_string(message.version) + " of the protocol, and we " +
        std::to_string(kVersion));
    return;
  }
  in_room_ = true;
  welcomed_ = last_heard_;
  last_report_.clear();
  full_until_.reset();
  attempt_timer_.stop();
  if (ever_joined_) {
    // The peer may have lost the server too, and needs its time to come back.
    if (!peer_.empty()) comeback_timer_.start_once(options_.comeback_patience, [this] { peer_is_gone(false); });
    return;
  }
  ever_joined_ = true;
  first_ = message.first;
  call(&Callbacks::joined, first_);
}

void RendezvousClient::Impl::handle(const PeerPresent& message) {
  if (!in_room_) return;
  comeback_timer_.stop();
  peer_is_here_ = true;
  if (message.peer == peer_) {
    // One of us had to connect anew and may have missed something.
    if (!told_.description.empty()) socket_->send(told_.description);
    for (const std::string& candidate : told_.candidates) socket_->send(candidate);
    if (!told_.caps.empty()) socket_->send(told_.caps);
    return;
  }
  if (!peer_.empty()) {
    peer_is_gone(false);
    if (ended_ || !socket_) return;
    peer_is_here_ = true;
  }
  peer_ = message.peer;
  if (message.first != first_) {
    first_ = message.first;
    if (!call(&Callbacks::joined, first_)) return;
  }
  call(&Callbacks::peer_joined, message.peer);
}

void RendezvousClient::Impl::handle(const RoomFull&) {
  const std::string reason = "the room is full: two others are in it";
  if (!full_until_) full_until_ = Clock::now() + options_.full_patience;
  if (!wait_for_a_place(reason)) end(reason);
}

/// One of those in a full room may be dead, which the server notices in a while. False: it had its time.
bool RendezvousClient::Impl::wait_for_a_place(const std::string& reason) {
  if (Clock::now() + options_.full_pause > *full_until_) {
    full_until_.reset();
    return false;
  }
  disconnect();
  attempt_timer_.start_once(options_.full_pause, [this] { attempt(); });
  report(reason + "; trying again, should one of them be gone without a word");
  return true;
}

void RendezvousClient::Impl::handle(const Goodbye& message) {
  if (peer_is_here_) peer_sent_ = message.sent;  // the server's "left" follows
}

void RendezvousClient::Impl::handle(const PeerLeft& message) {
  if (in_room_ && message.peer == peer_) peer_is_gone(message.goodbye);
}

void RendezvousClient::Impl::handle(const Refusal& message) {
  const std::string reason = "the server refuses us: " + one_line(message.reason);
  if (is_final(message.code)) {
    end(reason);
  } else {
    lost(reason);
  }
}

void RendezvousClient::Impl::handle(const Description& message) {
  if (peer_is_here_) call(&Callbacks::description, message.description);
}

void RendezvousClient::Impl::handle(const CandidateLine& message) {
  if (peer_is_here_) call(&Callbacks::candidate, static_cast<unsigned>(message.stream), message.candidate);
}

void RendezvousClient::Impl::handle(const Caps& message) {
  if (peer_is_here_) call(&Callbacks::caps, message.flows);
}

void RendezvousClient::Impl::handle(const KeyFrame& message) {
  if (!peer_is_here_) return;
  call(&Callbacks::key_frame, static_cast<unsigned>(message.stream), static_cast<unsigned>(message.component));
}

void RendezvousClient::Impl::peer_is_gone(bool goodbye) {
  peer_.clear();
  peer_is_here_ = false;
  told_ = {};
  const FlowCounts sent = std::exchange(peer_sent_, std::nullopt);
  call(&Callbacks::peer_left, goodbye, goodbye ? sent : std::nullopt);
}

void RendezvousClient::Impl::send_description(std::string description) {
  if (ended_ || peer_.empty()) return;
  if (!is_valid_text(description)) {
    report("the description is no Unicode text and was not sent");
    return;
  }
  std::string text = to_text(Description{description});
  if (description.size() > kMaxDescriptionBytes || text.size() > kMaxMessageBytes) {
    report("the description has more than " + std::to_string(kMaxDescriptionBytes) + " bytes and was not sent");
    return;
  }
  if (peer_is_here_) socket_->send(text);
  told_.description = std::move(text);
  told_.candidates.clear();
}

void RendezvousClient::Impl::send_candidate(unsigned stream, std::string candidate) {
  if (ended_ || peer_.empty()) return;
  if (!is_valid_text(candidate) || candidate.size() > kMaxCandidateBytes || stream > kMaxStream) {
    report("a candidate is too long or no Unicode text and was not sent");
    return;
  }
  std::string text = to_text(CandidateLine{stream, std::move(candidate)});
  if (peer_is_here_) socket_->send(text);
  if (told_.candidates.size() < kMaxRemembered) told_.candidates.push_back(std::move(text));
}

void RendezvousClient::Impl::send_caps(std::vector<FlowCaps> flows) {
  if (ended_ || peer_.empty()) return;
  const bool sayable = flows.size() <= kMaxFlows && std::ranges::all_of(flows, [](const FlowCaps& flow) {
                         return !flow.caps || (flow.caps->size() <= kMaxCapsBytes && is_valid_text(*flow.caps));
                       });
  std::string text = sayable ? to_text(Caps{std::move(flows)}) : "";
  if (!sayable || text.size() > kMaxMessageBytes) {
    report("the caps of what we send are too long, too many or no Unicode text and were not sent");
    return;
  }
  if (peer_is_here_) socket_->send(text);
  told_.caps = std::move(text);
}

void RendezvousClient::Impl::send_key_frame(unsigned stream, unsigned component) {
  if (!ended_ && peer_is_here_) socket_->send(to_text(KeyFrame{stream, component}));
}

ice::Result<> RendezvousClient::check_url(std::string_view url) {
  if (auto parsed = Url::parse(url); !parsed) return parsed.error();
  return ice::Ok{};
}

std::unique_ptr<RendezvousClient> RendezvousClient::connect(std::string url, Callbacks callbacks,
                                                            RendezvousOptions options) {
  auto impl = std::make_shared<Impl>(std::move(url), std::move(callbacks), options);
  GlibThread::shared().post([impl] { impl->begin(); });
  return std::unique_ptr<RendezvousClient>(new RendezvousClient(std::move(impl)));
}

RendezvousClient::RendezvousClient(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

RendezvousClient::~RendezvousClient() {
  close();
}

void RendezvousClient::send_description(std::string description) {
  GlibThread::shared().post(
      [impl = impl_, text = std::move(description)]() mutable { impl->send_description(std::move(text)); });
}

void RendezvousClient::send_candidate(unsigned stream, std::string candidate) {
  GlibThread::shared().post(
      [impl = impl_, stream, line = std::move(candidate)]() mutable { impl->send_candidate(stream, std::move(line)); });
}

void RendezvousClient::send_caps(std::vector<FlowCaps> flows) {
  GlibThread::shared().post([impl = impl_, flows = std::move(flows)]() mutable { impl->send_caps(std::move(flows)); });
}

void RendezvousClient::send_key_frame(unsigned stream, unsigned component) {
  GlibThread::shared().post([impl = impl_, stream, component] { impl->send_key_frame(stream, component); });
}

void RendezvousClient::close(FlowCounts sent) {
  impl_->close(std::move(sent));
}

}  // namespace gstice
