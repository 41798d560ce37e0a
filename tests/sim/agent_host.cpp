// SPDX-License-Identifier: LGPL-2.1-or-later
// Drives one ice::Agent as agent.h says: drain after every call, wake at next_timeout(), obey the events.
#include "tests/sim/agent_host.h"

#include <algorithm>
#include <cstring>

namespace sim {

namespace {
template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;
}  // namespace

AgentHost::AgentHost(World& world, std::string name, HostOptions options)
    : Node(world, std::move(name)), options_(std::move(options)), random_(world.random("agent " + this->name())) {
  agent_ = std::make_unique<ice::Agent>(options_.agent, random_);
  for (const HostInterface& interface : options_.interfaces) world.attach(interface.network, interface.address, *this);
}

AgentHost::~AgentHost() = default;

void AgentHost::act(std::string_view what, const std::function<void(ice::Agent&, ice::TimePoint)>& action) {
  for (Observer* observer : world().observers()) observer->told(*this, what);
  action(*agent_, clock());
  drain(Step::told);
}

void AgentHost::start() {
  for (const Flow& each : options_.flows) {
    act("adds a component", [&](ice::Agent& agent, ice::TimePoint now) {
      static_cast<void>(agent.add_component(now, each.first, each.second).ok());
    });
  }
  for (ice::StunServer server : options_.stun_servers) {
    if (options_.unresolved.contains(server.at.id)) server.at.addresses.clear();
    act("adds a STUN server",
        [&](ice::Agent& agent, ice::TimePoint now) { static_cast<void>(agent.add_stun_server(now, server).ok()); });
  }
  for (ice::TurnServer server : options_.turn_servers) {
    if (options_.unresolved.contains(server.at.id)) server.at.addresses.clear();
    act("adds a TURN server",
        [&](ice::Agent& agent, ice::TimePoint now) { static_cast<void>(agent.add_turn_server(now, server).ok()); });
  }
  gather("gathers");
}

void AgentHost::gather(std::string_view what) {
  act(what, [&](ice::Agent& agent, ice::TimePoint now) {
    std::vector<ice::GatheringAddress> addresses;
    for (std::size_t i = 0; i < options_.interfaces.size(); ++i) {
      const HostInterface& interface = options_.interfaces[i];
      ice::GatheringAddress address;
      address.local.interface = interface.name;
      address.local.interface_index = static_cast<unsigned>(i + 1);
      address.local.address = interface.address;
      address.local.prefix_length = interface.address.family() == ice::Family::ipv4 ? 24 : 64;
      address.local_preference = interface.local_preference;
      addresses.push_back(address);
    }
    agent.set_local_addresses(std::move(addresses));
    agent.gather(now);
  });
}

void AgentHost::add_component(Flow flow) {
  options_.flows.push_back(flow);
  act("adds a component", [&](ice::Agent& agent, ice::TimePoint now) {
    static_cast<void>(agent.add_component(now, flow.first, flow.second).ok());
  });
}

void AgentHost::remove_component(Flow flow) {
  std::erase(options_.flows, flow);
  act("removes a component",
      [&](ice::Agent& agent, ice::TimePoint now) { agent.remove_component(now, flow.first, flow.second); });
}

void AgentHost::resolve(ice::ServerId server) {
  std::vector<ice::Address> addresses;
  for (const auto& each : options_.stun_servers) {
    if (each.at.id == server) addresses = each.at.addresses;
  }
  for (const auto& each : options_.turn_servers) {
    if (each.at.id == server) addresses = each.at.addresses;
  }
  for (Observer* observer : world().observers()) {
    for (const ice::Address& each : addresses) observer->told_server(*this, each);
  }
  act("resolves a server's name",
      [&](ice::Agent& agent, ice::TimePoint now) { agent.server_resolved(now, server, addresses); });
}

void AgentHost::hear(const ice::Description& description) {
  if (asleep()) {
    world().at(asleep_until_, [this, description] { hear(description); });
    return;
  }
  for (Observer* observer : world().observers()) observer->told_description(*this, description);
  static_cast<void>(agent_->set_remote_description(clock(), description).ok());
  drain(Step::told);
}

void AgentHost::hear(ice::StreamId stream, const ice::Candidate& candidate) {
  if (asleep()) {
    world().at(asleep_until_, [this, stream, candidate] { hear(stream, candidate); });
    return;
  }
  for (Observer* observer : world().observers()) observer->told_candidate(*this, stream, candidate);
  static_cast<void>(agent_->add_remote_candidate(clock(), stream, candidate).ok());
  drain(Step::told);
}

void AgentHost::hear_end_of_candidates(ice::StreamId stream) {
  if (asleep()) {
    world().at(asleep_until_, [this, stream] { hear_end_of_candidates(stream); });
    return;
  }
  for (Observer* observer : world().observers()) observer->told_end_of_candidates(*this, stream);
  agent_->end_remote_candidates(clock(), stream);
  drain(Step::told);
}

void AgentHost::new_generation() {
  for (Observer* observer : world().observers()) observer->told_new_generation(*this);
  agent_->new_generation(clock());
  drain(Step::told);
}

bool AgentHost::send_media(Flow flow, std::string_view text) {
  const ice::PathChanged::Path* to = path(flow);
  if (to == nullptr) return false;
  const Socket* from = socket(to->transport);
  if (from == nullptr) return false;
  ice::Bytes bytes = media_bytes(name(), flow, text);
  const ice::Address where = to->relay ? to->relay->server : to->remote;
  if (to->relay) bytes = ice::relay_wrap(*to->relay, bytes, random_);
  world().send(*this, from->network, {from->local, where, std::move(bytes), from->stream ? Wire::tcp_data : Wire::udp});
  return true;
}

void AgentHost::close() {
  for (Observer* observer : world().observers()) observer->told(*this, "closes");
  agent_->close(clock());
  drain(Step::closed);
}

bool AgentHost::ended() const {
  return is(ice::ConnectionState::completed) || is(ice::ConnectionState::failed);
}

const ice::PathChanged::Path* AgentHost::path(Flow flow) const {
  const auto found = paths_.find(flow);
  return found == paths_.end() ? nullptr : &found->second;
}

const Socket* AgentHost::socket(ice::TransportId id) const {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : &found->second;
}

ice::Address AgentHost::address_of(Flow flow) const {
  for (const auto& [id, socket] : sockets_) {
    if (Flow(socket.asked.stream, socket.asked.component) == flow) return socket.local;
  }
  return {};
}

std::optional<ice::TimePoint> AgentHost::first(ice::ConnectionState state) const {
  const auto found = first_.find(state);
  return found == first_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<ice::TimePoint> AgentHost::first_path(Flow flow) const {
  const auto found = first_path_.find(flow);
  return found == first_path_.end() ? std::nullopt : std::optional(found->second);
}

void AgentHost::receive(NetworkId, const Datagram& datagram) {
  if (asleep()) return;
  const auto found = bound_.find(datagram.destination);
  if (found == bound_.end()) return;  // nobody listens on that port
  const ice::TransportId transport = found->second;
  if (sockets_.at(transport).stream != is_tcp(datagram.wire)) return;
  if (is_tcp(datagram.wire)) {
    from_stream(transport, datagram);
    return;
  }
  for (Observer* observer : world().observers()) observer->received(*this, transport, datagram);
  const ice::Disposition disposition = agent_->handle_datagram(clock(), transport, datagram.source, datagram.bytes);
  for (Observer* observer : world().observers()) observer->disposed(*this, transport, datagram, disposition);
  if (const auto* media = std::get_if<ice::Media>(&disposition)) {
    take(media->stream, media->component, ice::ByteView(datagram.bytes).subspan(media->offset, media->length));
  } else if (std::holds_alternative<ice::Stranger>(disposition)) {
    ++strangers_;
  }
  drain(Step::received);
}

void AgentHost::take(ice::StreamId stream, ice::ComponentId component, ice::ByteView payload) {
  const auto* characters = reinterpret_cast<const char*>(payload.data());
  media_.push_back({world().now(), stream, component, std::string(characters, payload.size())});
}

void AgentHost::drain(Step step) {
  last_call_ = world().now();
  // Both queues, until neither has anything: draining one may fill the other.
  for (bool more = true; more && !world().stopped();) {
    more = false;
    while (auto transmit = agent_->poll_transmit()) {
      more = true;
      for (Observer* observer : world().observers()) observer->transmitted(*this, *transmit);
      if (const Socket* from = socket(transmit->transport)) {
        world().send(
            *this, from->network,
            {from->local, transmit->remote, std::move(transmit->bytes), from->stream ? Wire::tcp_data : Wire::udp});
      }
    }
    while (auto event = agent_->poll_event()) {
      more = true;
      for (Observer* observer : world().observers()) observer->event(*this, *event);
      obey(*event);
    }
  }
  for (Observer* observer : world().observers()) observer->stepped(*this, step);
  for (const Flow& each : std::exchange(new_paths_, {})) {
    for (unsigned i = 0; i < options_.media_on_new_path; ++i) send_media(each, "m" + std::to_string(media_sent_++));
  }
  plan_wake();
}

void AgentHost::obey(const ice::Event& event) {
  std::visit(Overloaded{
                 [&](const ice::OpenTransport& asked) {
                   // Never at once: a driver answers from its own loop.
                   world().after(options_.open_delay, [this, asked, life = lives_] {
                     if (life == lives_) open(asked);
                   });
                 },
                 [&](const ice::CloseTransport& closed) {
                   const Socket* known = socket(closed.id);
                   if (known == nullptr) return;
                   if (known->stream && known->asked.remote) {
                     world().send(*this, known->network, {known->local, *known->asked.remote, {}, Wire::tcp_close});
                   }
                   bound_.erase(known->local);
                   sockets_.erase(closed.id);
                 },
                 [&](const ice::PathChanged& changed) {
                   const Flow of(changed.stream, changed.component);
                   if (!changed.path) {
                     paths_.erase(of);
                     return;
                   }
                   const auto* old = path(of);
                   const bool other = old == nullptr || old->transport != changed.path->transport ||
                                      old->remote != changed.path->remote;
                   paths_.insert_or_assign(of, *changed.path);
                   first_path_.emplace(of, world().now());
                   if (other) new_paths_.push_back(of);
                 },
                 [&](const ice::ConnectionStateChanged& changed) {
                   first_.emplace(changed.state, world().now());
                   if (changed.state == ice::ConnectionState::failed) failure_ = changed.reason;
                 },
                 [](const auto&) {},
             },
             event);
  if (keep_events) events_.push_back(event);
  if (on_event) on_event(event);
}

ice::Bytes media_bytes(const std::string& sender, Flow flow, std::string_view text) {
  std::string line = "media from " + sender + " " + std::to_string(flow.first.value) + "/" +
                     std::to_string(flow.second.value) + " " + std::string(text);
  ice::Bytes bytes(line.size());
  std::memcpy(bytes.data(), line.data(), line.size());
  return bytes;
}

std::optional<MediaText> parse_media(ice::ByteView bytes) {
  const std::string_view line(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  constexpr std::string_view kBegin = "media from ";
  if (!line.starts_with(kBegin)) return std::nullopt;
  const auto name_end = line.find(' ', kBegin.size());
  const auto slash = line.find('/', name_end);
  const auto flow_end = line.find(' ', slash);
  if (name_end == line.npos || slash == line.npos || flow_end == line.npos) return std::nullopt;
  const auto number = [&](std::size_t from) {
    return static_cast<unsigned>(std::strtoul(line.data() + from, nullptr, 10));
  };
  return MediaText{std::string(line.substr(kBegin.size(), name_end - kBegin.size())),
                   flow(number(name_end + 1), number(slash + 1)), std::string(line.substr(flow_end + 1))};
}

}  // namespace sim
