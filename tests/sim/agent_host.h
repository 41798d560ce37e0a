// SPDX-License-Identifier: LGPL-2.1-or-later
// A host that runs an ice::Agent: its interfaces, its sockets, and the application that obeys the agent's events. It
// stands for the driver and the elements at once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ice-core/agent/agent.h"
#include "tests/sim/observer.h"
#include "tests/sim/world.h"

namespace sim {

struct HostInterface {
  std::string name;
  NetworkId network;
  ice::Address address;  ///< port 0
  std::uint16_t local_preference = 65535;
};

/// A component of a stream.
using Flow = std::pair<ice::StreamId, ice::ComponentId>;
inline Flow flow(unsigned stream, unsigned component) {
  return {ice::StreamId(stream), ice::ComponentId(static_cast<std::uint16_t>(component))};
}

struct HostOptions {
  ice::AgentConfig agent;
  std::vector<HostInterface> interfaces;
  std::vector<Flow> flows = {flow(0, 1)};
  std::vector<ice::StunServer> stun_servers;
  std::vector<ice::TurnServer> turn_servers;
  std::set<ice::ServerId> unresolved;  ///< of these the agent learns the addresses by resolve()
  /// How long opening a socket takes.
  ice::Duration open_delay{};
  /// Sockets on these interfaces cannot be opened.
  std::vector<std::string> broken_interfaces;
  /// Media datagrams sent at once whenever a path appears or changes.
  unsigned media_on_new_path = 2;
};

/// A socket that the agent asked for.
struct Socket {
  ice::OpenTransport asked;
  NetworkId network;
  ice::Address local;  ///< with the port
  bool stream = false;
  bool connected = true;
};

/// Media that the agent handed on.
struct MediaReceived {
  ice::TimePoint at;
  ice::StreamId stream;
  ice::ComponentId component;
  std::string text;
};

class AgentHost final : public Node {
 public:
  AgentHost(World& world, std::string name, HostOptions options);
  ~AgentHost() override;

  // ---- the application ----

  /// Adds the components, sets the addresses and gathers.
  void start();
  void add_component(Flow flow);
  void remove_component(Flow flow);
  void hear(const ice::Description& description);
  void hear(ice::StreamId stream, const ice::Candidate& candidate);
  void hear_end_of_candidates(ice::StreamId stream);
  void new_generation();
  /// Sends text as media on the flow's current path; false without one.
  bool send_media(Flow flow, std::string_view text);
  void close();

  /// The name of an unresolved server is looked up.
  void resolve(ice::ServerId server);

  // ---- what befalls the host ----

  /// Its clock jumps; all that the agent is told and asked afterwards is by the new time.
  void step_clock(ice::Duration by);
  /// Neither hears nor does anything for so long (a laptop's lid); its clock goes on.
  void sleep(ice::Duration length);
  /// The process dies and another begins at once: an agent that knows nothing, on new ports. Begin it with start().
  void be_reborn();
  /// An interface is gone: its sockets break.
  void lose_interface(const std::string& name);
  /// It has another address: its sockets break, and new ones open on the new address.
  void change_address(const std::string& name, const ice::Address& address);

  /// Anything else that an application can do, with the draining that each call needs.
  void act(std::string_view what, const std::function<void(ice::Agent&, ice::TimePoint)>& action);

  /// Called for each event, while draining: may plan, must not call into this host.
  std::function<void(const ice::Event&)> on_event;

  // ---- looking in ----

  [[nodiscard]] const ice::Agent& agent() const { return *agent_; }
  [[nodiscard]] const HostOptions& options() const { return options_; }
  [[nodiscard]] ice::ConnectionState state() const { return agent_->connection_state(); }
  /// What the host's clock says.
  [[nodiscard]] ice::TimePoint clock() const { return world().now() + clock_offset_; }
  /// The same without its jumps backward: time that has passed for the agent. It cannot know how much passed between
  /// its last call and a jump backward.
  [[nodiscard]] ice::TimePoint felt_time() const { return world().now() + jumped_forward_; }
  [[nodiscard]] bool asleep() const { return world().now() < asleep_until_; }
  [[nodiscard]] int lives() const { return lives_; }
  [[nodiscard]] bool is(ice::ConnectionState wanted) const { return state() == wanted; }
  /// Completed or failed.
  [[nodiscard]] bool ended() const;
  /// The path that the last PathChanged of the flow named.
  [[nodiscard]] const ice::PathChanged::Path* path(Flow flow) const;
  [[nodiscard]] const std::map<Flow, ice::PathChanged::Path>& paths() const { return paths_; }
  [[nodiscard]] const std::map<ice::TransportId, Socket>& sockets() const { return sockets_; }
  [[nodiscard]] const Socket* socket(ice::TransportId id) const;
  /// The flow's only or first socket, where a peer's datagrams go.
  [[nodiscard]] ice::Address address_of(Flow flow) const;
  /// When the agent first said so.
  [[nodiscard]] std::optional<ice::TimePoint> first(ice::ConnectionState state) const;
  /// When the flow first had a path.
  [[nodiscard]] std::optional<ice::TimePoint> first_path(Flow flow) const;
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] const std::vector<MediaReceived>& media() const { return media_; }
  [[nodiscard]] const std::vector<ice::Event>& events() const { return events_; }
  [[nodiscard]] const std::vector<Flow>& flows() const { return options_.flows; }
  [[nodiscard]] std::uint64_t strangers() const { return strangers_; }

  /// Keep all events for events(): on for tests, off for thousands of calls.
  bool keep_events = false;

  void receive(NetworkId network, const Datagram& datagram) override;

 private:
  void drain(Step step);
  void obey(const ice::Event& event);
  void open(const ice::OpenTransport& asked);
  void connect(const ice::OpenTransport& asked, const HostInterface& interface);
  void connected(ice::TransportId id, bool accepted);
  void from_stream(ice::TransportId id, const Datagram& datagram);
  void gather(std::string_view what);
  void break_sockets(const ice::Address& ip, const std::string& why);
  [[nodiscard]] const HostInterface* interface_of(const ice::Address& ip) const;
  void take(ice::StreamId stream, ice::ComponentId component, ice::ByteView payload);
  void plan_wake();
  void wake();

  HostOptions options_;
  SeededRandom random_;
  std::unique_ptr<ice::Agent> agent_;
  std::map<ice::TransportId, Socket> sockets_;
  std::map<ice::Address, ice::TransportId> bound_;
  std::map<Flow, ice::PathChanged::Path> paths_;
  std::map<ice::ConnectionState, ice::TimePoint> first_;
  std::map<Flow, ice::TimePoint> first_path_;
  std::string failure_;
  std::vector<MediaReceived> media_;
  std::vector<ice::Event> events_;
  std::vector<Flow> new_paths_;
  std::uint64_t strangers_ = 0;
  std::uint64_t media_sent_ = 0;
  std::uint16_t next_port_ = 50000;
  std::optional<ice::TimePoint> wake_at_;
  ice::Duration clock_offset_{};
  ice::Duration jumped_forward_{};
  ice::TimePoint last_call_{};  ///< into the agent, by the world's time
  ice::TimePoint asleep_until_{};
  int lives_ = 1;
};

/// Media in the simulator is text that says who sent it on which flow.
ice::Bytes media_bytes(const std::string& sender, Flow flow, std::string_view text);
struct MediaText {
  std::string sender;
  Flow flow;
  std::string text;
};
std::optional<MediaText> parse_media(ice::ByteView bytes);

}  // namespace sim
