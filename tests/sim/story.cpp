// SPDX-License-Identifier: LGPL-2.1-or-later
// The words of a call's story.
#include "tests/sim/story.h"

#include <cstdio>

#include "ice-core/candidates/candidate_line.h"
#include "ice-core/stun/message.h"
#include "tests/sim/agent_host.h"
#include "tests/sim/turn_framing.h"

namespace sim {

namespace {
std::string number(std::uint64_t value) {
  return std::to_string(value);
}
std::string flow_text(ice::StreamId stream, ice::ComponentId component) {
  return number(stream.value) + "/" + number(component.value);
}
std::string method_text(ice::StunMethod method) {
  switch (method) {
    case ice::StunMethod::binding:
      return "binding";
    case ice::StunMethod::allocate:
      return "allocate";
    case ice::StunMethod::refresh:
      return "refresh";
    case ice::StunMethod::send:
      return "send to";
    case ice::StunMethod::data:
      return "data from";
    case ice::StunMethod::create_permission:
      return "create-permission";
    case ice::StunMethod::channel_bind:
      return "channel-bind";
  }
  return "method " + number(static_cast<unsigned>(method));
}
}  // namespace

std::string describe(ice::ByteView datagram) {
  if (datagram.empty()) return "nothing";
  if (!ice::looks_like_stun(datagram)) {
    if (is_channel_data(datagram) && channel_payload(datagram)) {
      char number_text[8];
      std::snprintf(number_text, sizeof number_text, "%04x", static_cast<unsigned>(channel_number(datagram)));
      return std::string("channel ") + number_text + " [" + describe(*channel_payload(datagram)) + "]";
    }
    if (const auto media = parse_media(datagram)) return "media " + media->text;
    return number(datagram.size()) + " bytes that are not STUN";
  }
  const auto message = ice::StunMessage::parse(datagram);
  if (!message) return "broken STUN: " + message.error().message;
  char id[8];
  std::snprintf(id, sizeof id, " %02x%02x", std::to_integer<unsigned>(message->transaction_id().bytes[0]),
                std::to_integer<unsigned>(message->transaction_id().bytes[1]));
  switch (message->message_class()) {
    case ice::StunClass::request:
      if (!message->has(ice::StunAttribute::ice_controlling) && !message->has(ice::StunAttribute::ice_controlled)) {
        return method_text(message->method()) + id + (message->has_integrity() ? "" : " unsigned") +
               (message->lifetime() == 0U ? " to release" : "");
      }
      return std::string("check") + id + (message->ice_controlling() ? " controlling" : " controlled") +
             (message->use_candidate() ? " use-candidate" : "");
    case ice::StunClass::success: {
      const auto mapped = message->mapped_address();
      return (message->method() == ice::StunMethod::binding ? "" : method_text(message->method()) + " ") + "success" +
             id + (mapped ? " mapped " + mapped->text() : "");
    }
    case ice::StunClass::error: {
      const auto error = message->error_code();
      return "error " + (error ? std::to_string(error->code) : "without a code") + id;
    }
    case ice::StunClass::indication: {
      const auto peer = message->xor_peer_address();
      const auto inner = message->raw(ice::StunAttribute::data);
      if (!peer || !inner) return std::string("indication") + id;
      return method_text(message->method()) + " " + peer->text() + " [" + describe(*inner) + "]";
    }
  }
  return "";
}

Story::Story(World& world, std::ostream& out) : world_(world), out_(out) {
  world.watch(*this);
}

void Story::line(const std::string& who, const std::string& what) {
  char time[32];
  std::snprintf(time, sizeof time, "%10.3f", std::chrono::duration<double>(world_.elapsed()).count());
  out_ << time << "  " << who << "  " << what << '\n';
}

void Story::sent(const Node& from, NetworkId, const Datagram& datagram, const Fate& fate) {
  const char* twice = fate.arrivals[1] ? " (twice)" : "";
  line(from.name(), datagram.source.text() + " -> " + datagram.destination.text() + "  " + describe(datagram.bytes) +
                        (fate.loss == Loss::none ? twice : std::string("  ") + text(fate.loss)));
}

void Story::told(const AgentHost& host, std::string_view what) {
  line(host.name(), std::string(what));
}

void Story::told_description(const AgentHost& host, const ice::Description& description) {
  std::string candidates;
  std::size_t count = 0;
  for (const auto& stream : description.streams) {
    count += stream.candidates.size();
    if (stream.end_of_candidates) candidates += ", the end of stream " + number(stream.stream.value);
  }
  line(host.name(), "hears the description: " + number(count) + " candidates" + candidates +
                        (description.pacing_ms ? ", pacing " + number(*description.pacing_ms) : ", no pacing"));
}

void Story::told_candidate(const AgentHost& host, ice::StreamId stream, const ice::Candidate& candidate) {
  line(host.name(), "hears of stream " + number(stream.value) + ": " + ice::candidate_line(candidate));
}

void Story::told_end_of_candidates(const AgentHost& host, ice::StreamId stream) {
  line(host.name(), "hears the end of stream " + number(stream.value) + "'s candidates");
}

void Story::told_new_generation(const AgentHost& host) {
  line(host.name(), "begins a new generation");
}

void Story::told_reborn(const AgentHost& host) {
  line(host.name(), "is dead, and another agent begins in its place");
}

void Story::received(const AgentHost& host, ice::TransportId, const Datagram& datagram) {
  line(host.name(), datagram.destination.text() + " <- " + datagram.source.text() + "  " + describe(datagram.bytes));
}

void Story::disposed(const AgentHost& host, ice::TransportId, const Datagram&, const ice::Disposition& disposition) {
  if (const auto* media = std::get_if<ice::Media>(&disposition)) {
    line(host.name(), "takes it as media of " + flow_text(media->stream, media->component));
  } else if (std::holds_alternative<ice::Stranger>(disposition)) {
    line(host.name(), "drops it: a stranger's");
  }
}

void Story::event(const AgentHost& host, const ice::Event& event) {
  const std::string& who = host.name();
  if (const auto* state = std::get_if<ice::ConnectionStateChanged>(&event)) {
    line(who, std::string("is ") + ice::text(state->state) + (state->reason.empty() ? "" : ": " + state->reason));
  } else if (const auto* gathering = std::get_if<ice::GatheringStateChanged>(&event)) {
    line(who, std::string("gathering is ") + ice::text(gathering->state));
  } else if (const auto* changed = std::get_if<ice::PathChanged>(&event)) {
    const Socket* socket = changed->path ? host.socket(changed->path->transport) : nullptr;
    line(who, "path of " + flow_text(changed->stream, changed->component) + ": " +
                  (changed->path ? (socket != nullptr ? socket->local.text() : "?") + " -> " +
                                       changed->path->remote.text() + (changed->path->nominated ? ", nominated" : "")
                                 : "none"));
  } else if (const auto* validated = std::get_if<ice::SourceValidated>(&event)) {
    line(who, "validates the source " + validated->remote.text() + " for " +
                  flow_text(validated->stream, validated->component));
  } else if (const auto* revoked = std::get_if<ice::SourceRevoked>(&event)) {
    line(who, "revokes the source " + revoked->remote.text());
  } else if (const auto* found = std::get_if<ice::LocalCandidateFound>(&event)) {
    line(who, "found for stream " + number(found->stream.value) + ": " + ice::candidate_line(found->candidate));
  } else if (const auto* role = std::get_if<ice::RoleChanged>(&event)) {
    line(who, std::string("is now ") + (role->role == ice::Role::controlling ? "controlling" : "controlled"));
  } else if (const auto* warning = std::get_if<ice::Warning>(&event)) {
    line(who, "warns: " + warning->text);
  } else if (const auto* trace = std::get_if<ice::Trace>(&event)) {
    line(who, "  . " + trace->text);
  }
}

}  // namespace sim
