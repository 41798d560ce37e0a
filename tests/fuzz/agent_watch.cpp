// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fuzz/agent_watch.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "ice-core/agent/limits.h"
#include "ice-core/candidates/description.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/turn_answers.h"

namespace fuzz {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMaxPairs = 100;                 // RFC 8445 6.1.2.5
constexpr ice::Duration kMinimumTa = milliseconds(5);  // RFC 8445 14.2
constexpr ice::Duration kConsent = seconds(30);        // RFC 7675 5.1
/// What one call may put out: all pairs revoked and all transports closed is the most.
constexpr std::size_t kMostEvents = 8000;
constexpr std::size_t kKeptRequests = 64;
constexpr int kWakesInARow = 300;

Way way_of(ice::TransportId transport, const ice::Address& remote, const std::optional<ice::RelayPath>& relay) {
  return {transport, remote, relay ? std::optional(relay->server) : std::nullopt};
}

}  // namespace

AgentWatch::AgentWatch(const ice::AgentConfig& config) : agent_(config, random_) {
  own_passwords_.insert(agent_.local_credentials().pwd);
}

std::optional<ice::OpenTransport> AgentWatch::take_asked(std::size_t which) {
  if (asked_.empty()) return std::nullopt;
  const auto at = asked_.begin() + static_cast<std::ptrdiff_t>(which % asked_.size());
  const ice::OpenTransport taken = *at;
  asked_.erase(at);
  return taken;
}

std::optional<ice::TransportId> AgentWatch::transport(std::size_t which) const {
  if (open_.empty()) return std::nullopt;
  return std::next(open_.begin(), static_cast<std::ptrdiff_t>(which % open_.size()))->first;
}

void AgentWatch::told_credentials(const ice::Credentials& credentials) {
  if (!credentials.complete() || std::find(remote_.begin(), remote_.end(), credentials) != remote_.end()) return;
  remote_.push_back(credentials);
}
void AgentWatch::told_address(const ice::Address& address) {
  known_addresses_.insert(address);
}
void AgentWatch::told_new_generation() {
  remote_.clear();
}

void AgentWatch::call(const std::function<void(ice::Agent&, ice::TimePoint)>& action) {
  action(agent_, now_);
  drain(nullptr);
}

bool AgentWatch::is_stream(ice::TransportId id) const {
  const auto found = open_.find(id);
  return found != open_.end() && ice::is_stream(found->second.protocol);
}

void AgentWatch::close() {
  if (closed_) return;
  agent_.close(now_);
  closed_ = true;
  drain(nullptr);
  FUZZ_CHECK(paths_.empty() && sources_.empty(), "close() revokes every path and source");
  FUZZ_CHECK(agent_.connection_state() == ice::ConnectionState::closed, "close() closes");
  // TURN servers are told, which takes a bounded time.
  pass(ice::kFarewell + milliseconds(1));
  FUZZ_CHECK(finished_ && agent_.finished(), "an agent is finished in bounded time");
  FUZZ_CHECK(open_.empty(), "close() closes every transport");
  FUZZ_CHECK(!agent_.next_timeout(), "and leaves no timer");
}

void AgentWatch::pass(ice::Duration time) {
  const ice::TimePoint until = now_ + time;
  for (int wakes = 0; wakes < kWakesInARow; ++wakes) {
    const auto next = agent_.next_timeout();
    if (!next || *next > until) break;
    now_ = std::max(now_, *next);
    agent_.handle_timeout(now_);
    drain(nullptr);
    const auto after = agent_.next_timeout();
    FUZZ_CHECK(!after || *after > now_, "after handle_timeout() the timer is in the future");
  }
  const auto next = agent_.next_timeout();
  if (!next || *next > until) now_ = until;
}

void AgentWatch::oversleep(ice::Duration time) {
  now_ += time;
  agent_.handle_timeout(now_);
  drain(nullptr);
}

std::optional<AgentWatch::Heard> AgentWatch::hear(const Way& way, ice::ByteView bytes) {
  const auto message = ice::StunMessage::parse(bytes);
  if (!message) return std::nullopt;
  Heard heard{way, message->message_class(), message->transaction_id(), false, true};
  if (heard.message_class == ice::StunClass::request) {
    heard.genuine = std::any_of(own_passwords_.begin(), own_passwords_.end(),
                                [&](const std::string& pwd) { return message->verify_integrity(pwd); });
    if (heard.genuine) known_addresses_.insert(way.remote);
  } else if (heard.message_class != ice::StunClass::indication) {
    heard.genuine = sent_.contains(heard.id) && std::any_of(remote_.begin(), remote_.end(), [&](const auto& r) {
                      return message->verify_integrity(r.pwd);
                    });
  }
  return heard;
}

void AgentWatch::deliver(const Way& way, ice::ByteView bytes) {
  ice::Bytes wrapped;
  if (way.server) {
    wrapped = ice::StunBuilder(ice::StunClass::indication, ice::StunMethod::data, {})
                  .xor_address(ice::StunAttribute::xor_peer_address, way.remote)
                  .raw(ice::StunAttribute::data, bytes)
                  .build();
  }
  const ice::ByteView outside = way.server ? ice::ByteView(wrapped) : bytes;
  if (is_stream(way.transport)) {
    const auto heard = hear(way, bytes);  // may make the address known
    Heard anything{way};
    anything.certain = false;
    const auto received = agent_.counters().responses_received;
    agent_.handle_stream(now_, way.transport, outside, [](ice::StreamId, ice::ComponentId, ice::ByteView) {});
    if (heard && heard->genuine && agent_.counters().responses_received > received)
      answered_[sent_.at(heard->id)] = now_;
    drain(&anything);
    return;
  }
  // What comes from a server may answer what was asked of it, or carry anything inside.
  if (!way.server && servers_.contains(way.remote)) {
    Heard anything{way};
    anything.certain = false;
    agent_.handle_datagram(now_, way.transport, way.remote, bytes);
    drain(&anything);
    return;
  }
  const auto heard = hear(way, bytes);
  const bool was_source = sources_.contains(way);
  const auto received = agent_.counters().responses_received;
  const ice::Disposition disposition =
      agent_.handle_datagram(now_, way.transport, way.server.value_or(way.remote), outside);
  if (const auto* media = std::get_if<ice::Media>(&disposition)) {
    FUZZ_CHECK(!heard && was_source, "media comes from validated sources only");
    FUZZ_CHECK(media->offset + media->length <= outside.size(), "media lies within its datagram");
  }
  if (heard && heard->genuine && agent_.counters().responses_received > received) {
    // An answer from elsewhere is counted too, but proves nothing.
    if (sent_.at(heard->id) == heard->way) answered_[heard->way] = now_;
  }
  static const Heard kNothing;
  drain(heard ? &*heard : &kNothing);
}

void AgentWatch::drain(const Heard* heard) {
  new_requests_ = 0;
  responses_ = 0;
  std::size_t transmits = 0;
  while (const auto transmit = agent_.poll_transmit()) {
    ++transmits;
    FUZZ_CHECK(!finished_, "nothing is sent after the end");
    FUZZ_CHECK(open_.contains(transmit->transport), "only open transports send");
    const Way way{transmit->transport, transmit->remote, {}};
    if (servers_.contains(transmit->remote)) {
      sent_to_server(way, transmit->bytes, heard);
    } else {
      FUZZ_CHECK(!closed_, "nothing is sent to a peer after close()");
      sent(way, transmit->bytes, heard);
    }
  }
  FUZZ_CHECK(responses_ <= 1, "one answer for each request");
  std::size_t events = 0;
  while (const auto next = agent_.poll_event()) {
    FUZZ_CHECK(++events <= kMostEvents, "one call puts out bounded events");
    FUZZ_CHECK(!finished_, "nothing happens after the end");
    event(*next);
  }
  if (heard != nullptr && heard->certain && !heard->genuine && heard->message_class != ice::StunClass::indication) {
    FUZZ_CHECK(events == 0 && transmits == 0, "nothing unsigned has any effect");
  }
  own_passwords_.insert(agent_.local_credentials().pwd);
  check_counters();
  check_paths();
}

void AgentWatch::sent(const Way& way, ice::ByteView bytes, const Heard* heard) {
  const auto message = ice::StunMessage::parse(bytes);
  FUZZ_CHECK(message.ok(), "the agent sends well-formed STUN");
  if (message->message_class() == ice::StunClass::request) {
    request_sent(way, *message);
  } else if (message->message_class() != ice::StunClass::indication) {
    ++responses_;
    if (heard != nullptr && !heard->certain) return;
    FUZZ_CHECK(heard != nullptr && heard->genuine && heard->message_class == ice::StunClass::request,
               "only what is signed for us is answered");
    FUZZ_CHECK(heard->id == message->transaction_id() && heard->way == way,
               "an answer goes where the request came from");
  }
}

void AgentWatch::sent_to_server(const Way& way, ice::ByteView bytes, const Heard* heard) {
  if (!ice::looks_like_stun(bytes)) {
    // ChannelData: its channel was asked for.
    FUZZ_CHECK(bytes.size() >= 4, "ChannelData has a header");
    const auto at16 = [&](std::size_t i) {
      return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[i]) << 8 |
                                        std::to_integer<unsigned>(bytes[i + 1]));
    };
    const auto channel = channels_.find({way.transport, at16(0)});
    FUZZ_CHECK(channel != channels_.end() && at16(2) <= bytes.size() - 4,
               "ChannelData goes by a channel that was bound");
    FUZZ_CHECK(!closed_, "nothing is sent to a peer after close()");
    sent({way.transport, channel->second, way.remote}, bytes.subspan(4, at16(2)), heard);
    return;
  }
  const auto message = ice::StunMessage::parse(bytes);
  FUZZ_CHECK(message.ok(), "the agent sends well-formed STUN");
  FUZZ_CHECK(text_of(bytes).find(kTurnPassword) == std::string_view::npos, "no password on the wire");
  if (message->method() == ice::StunMethod::send) {
    const auto peer = message->xor_peer_address();
    const auto data = message->raw(ice::StunAttribute::data);
    FUZZ_CHECK(peer && data, "a Send indication has a peer and data");
    FUZZ_CHECK(!closed_, "nothing is sent to a peer after close()");
    sent({way.transport, *peer, way.remote}, *data, heard);
    return;
  }
  if (message->message_class() != ice::StunClass::request) return;
  if (message->method() == ice::StunMethod::channel_bind) {
    const auto number = message->raw(ice::StunAttribute::channel_number);
    const auto peer = message->xor_peer_address();
    FUZZ_CHECK(number && peer, "a ChannelBind has a number and a peer");
    channels_.insert_or_assign({way.transport, static_cast<std::uint16_t>(std::to_integer<unsigned>((*number)[0]) << 8 |
                                                                          std::to_integer<unsigned>((*number)[1]))},
                               *peer);
  }
  server_requests_.push_back({way, message->transaction_id(), ice::Bytes(bytes.begin(), bytes.end())});
  if (server_requests_.size() > kKeptRequests) server_requests_.pop_front();
}

void AgentWatch::request_sent(const Way& way, const ice::StunMessage& message) {
  const std::string username(message.username().value_or(""));
  const std::string own = agent_.local_credentials().ufrag;
  FUZZ_CHECK(std::any_of(remote_.begin(), remote_.end(),
                         [&](const ice::Credentials& remote) {
                           return username == remote.ufrag + ":" + own && message.verify_integrity(remote.pwd);
                         }),
             "a check carries the peer's current credentials");
  FUZZ_CHECK(known_addresses_.contains(way.remote), "only what the peer named or proved is checked");
  const bool controlling = message.ice_controlling().has_value();
  FUZZ_CHECK(controlling != message.ice_controlled().has_value(), "a check has one role");
  FUZZ_CHECK(controlling || !message.use_candidate(), "only the controlling side nominates");
  FUZZ_CHECK(message.priority().value_or(0) > 0 && message.has_fingerprint(), "a check has what RFC 8445 7.1 demands");
  const auto [known, is_new] = sent_.emplace(message.transaction_id(), way);
  FUZZ_CHECK(known->second == way, "a retransmission goes where the request went");
  if (!is_new) return;
  ++new_requests_;
  const ice::ByteView bytes = message.bytes();
  requests_.push_back({way, message.transaction_id(), ice::Bytes(bytes.begin(), bytes.end())});
  if (requests_.size() > kKeptRequests) requests_.pop_front();
}

void AgentWatch::event(const ice::Event& event) {
  std::visit(
      [&](const auto& e) {
        using E = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<E, ice::OpenTransport>) {
          asked_.push_back(e);
        } else if constexpr (std::is_same_v<E, ice::CloseTransport>) {
          std::erase_if(asked_, [&](const auto& asked) { return asked.id == e.id; });
          open_.erase(e.id);
          std::erase_if(sources_, [&](const Way& way) { return way.transport == e.id; });
        } else if constexpr (std::is_same_v<E, ice::SourceValidated>) {
          FUZZ_CHECK(known_addresses_.contains(e.remote), "a source has proved itself");
          sources_.insert(way_of(e.transport, e.remote, e.relay));
        } else if constexpr (std::is_same_v<E, ice::SourceRevoked>) {
          sources_.erase(way_of(e.transport, e.remote, e.relay));
        } else if constexpr (std::is_same_v<E, ice::Finished>) {
          FUZZ_CHECK(closed_, "only what is closed is finished");
          finished_ = true;
        } else if constexpr (std::is_same_v<E, ice::PathChanged>) {
          if (!e.path) {
            paths_.erase({e.stream, e.component});
            return;
          }
          const Way way = way_of(e.path->transport, e.path->remote, e.path->relay);
          FUZZ_CHECK(answered_.contains(way), "media flows only where a check was answered");
          paths_[{e.stream, e.component}] = way;
        } else if constexpr (std::is_same_v<E, ice::ConnectionStateChanged>) {
          check_text(ice::text(e.state));
          check_text(e.reason);
          FUZZ_CHECK(e.state != ice::ConnectionState::failed || !e.reason.empty(), "a failure has a reason");
        } else if constexpr (std::is_same_v<E, ice::Warning> || std::is_same_v<E, ice::Trace>) {
          check_text(e.text);
        }
      },
      event);
}

void AgentWatch::check_text(const std::string& text) {
  // FUZZ_STORY=1 tells what the agent did with an input.
  static const bool tell = std::getenv("FUZZ_STORY") != nullptr;
  if (tell && !text.empty()) {
    const std::chrono::duration<double> elapsed = now_.time_since_epoch() - std::chrono::hours(1);
    std::fprintf(stderr, "%10.3f  %s\n", elapsed.count(), text.c_str());
  }
  for (const std::string& pwd : own_passwords_) {
    FUZZ_CHECK(text.find(pwd) == std::string::npos, "no password in any message");
  }
  FUZZ_CHECK(text.find(kTurnPassword) == std::string::npos, "no password in any message");
  for (const ice::Credentials& remote : remote_) {
    FUZZ_CHECK(text.find(remote.pwd) == std::string::npos, "no password in any message");
  }
}

void AgentWatch::check_counters() {
  const ice::AgentCounters now = agent_.counters();
  const auto checks = now.requests_sent - counters_.requests_sent;
  const auto consents = now.consent_requests_sent - counters_.consent_requests_sent;
  const auto gathering = now.gathering_requests_sent - counters_.gathering_requests_sent;
  counters_ = now;
  FUZZ_CHECK(new_requests_ <= checks + consents, "every new transaction is counted");
  FUZZ_CHECK(checks + gathering <= 1, "at most one new check or gathering transaction at a time");
  if (checks + gathering == 0) return;
  FUZZ_CHECK(!last_check_ || now_ - *last_check_ >= kMinimumTa, "at most one per Ta");
  last_check_ = now_;
}

void AgentWatch::check_paths() {
  for (const auto& [flow, way] : paths_) {
    FUZZ_CHECK(open_.contains(way.transport), "a path's transport is open");
    FUZZ_CHECK(now_ - answered_.at(way) <= kConsent, "a path has consent (RFC 7675 5.1)");
    const auto selected = agent_.selected_pair(flow.first, flow.second);
    FUZZ_CHECK(selected && selected->transport == way.transport && selected->remote.address == way.remote,
               "selected_pair() is what PathChanged said");
  }
  const ice::Snapshot snapshot = agent_.snapshot();
  FUZZ_CHECK(snapshot.pairs.size() <= kMaxPairs, "at most 100 pairs");
  std::map<ice::StreamId, std::size_t> remotes;
  for (const auto& [stream, candidate] : snapshot.remote_candidates) {
    FUZZ_CHECK(++remotes[stream] <= ice::kMaxRemoteCandidates, "remote candidates are bounded");
  }
  std::map<ice::StreamId, std::size_t> locals;
  for (const auto& [stream, candidate] : snapshot.local_candidates) {
    FUZZ_CHECK(++locals[stream] <= ice::kMaxLocalCandidates + 64, "local candidates are bounded");
  }
}

void AgentWatch::finish() {
  check_text(agent_.explain());
  FUZZ_CHECK(!agent_.explain().empty() || agent_.snapshot().local_candidates.empty(), "it can explain itself");
  if (!closed_) {
    const auto parsed = ice::parse_description(ice::write_description(agent_.local_description()));
    FUZZ_CHECK(parsed.ok() && parsed->warnings.empty(), "a peer can read our description");
    for (const auto& server : agent_.snapshot().servers) check_text(server.text + server.name);
    close();
  }
  // After close() every call is harmless.
  agent_.gather(now_);
  agent_.new_generation(now_);
  oversleep(seconds(60));
}

}  // namespace fuzz
