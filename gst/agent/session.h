// SPDX-License-Identifier: LGPL-2.1-or-later
// One ICE session with its sockets: the C++ class behind GstIceAgent. It owns an ice::Agent and drives it: datagrams,
// timers and the application's calls go in under its lock, transmits and events come out. Knows nothing of GLib.
//
// Locks: Session's mutex is taken first, then a Transport's, then a MediaSender's, a MediaReceiver's, a loop's or the
// event thread's; never the reverse, and the observer is called under none of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gst/agent/media_path.h"
#include "ice-core/agent/agent.h"

namespace gstice {

/// What of the operating system a session is told to use. Set before gather(); later changes have no effect.
struct SocketOptions {
  std::vector<std::string> interfaces;  ///< names or addresses; empty = all but loopback
  std::uint16_t min_port = 0;           ///< 0, 0 = any
  std::uint16_t max_port = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  /// Receives the agent's application events (candidates, states, roles, warnings, traces, PathChanged), in order, on
  /// the process's event thread (gst/agent/event_thread.h), under no lock. Not called any more once close() was called,
  /// but for the ConnectionStateChanged{closed} that closing makes, which comes last.
  using Observer = std::function<void(const ice::Event&)>;

  static std::shared_ptr<Session> create(ice::AgentConfig config, Observer observer);
  ~Session();

  // ---- the application's calls: any thread, never block on the network, see ice::Agent for meaning and errors ----
  void set_socket_options(SocketOptions options);
  ice::Result<> add_component(ice::StreamId stream, ice::ComponentId component);
  void remove_component(ice::StreamId stream, ice::ComponentId component);
  ice::Result<> set_local_credentials(const ice::Credentials& credentials);
  ice::Result<> set_role(ice::Role role);
  ice::Result<> set_pacing(std::chrono::milliseconds pacing);
  /// Looks at the interfaces, then gathers. Interfaces named but not found, and ports that are taken, come out as
  /// Warning events.
  void gather();
  ice::Result<> set_remote_description(const ice::Description& description);
  ice::Result<> set_remote_credentials(const ice::Credentials& credentials);
  ice::Result<> add_remote_candidate(ice::StreamId stream, const ice::Candidate& candidate);
  void end_remote_candidates(ice::StreamId stream);
  void new_generation();
  /// Ends it from any thread, the event thread included, at once: after it returns nothing is sent, receivers and
  /// senders have woken with `closed`, sockets are closed as soon as the driver thread lets go of them. Joins no
  /// thread.
  void close();

  // ---- looking in: any thread ----
  [[nodiscard]] ice::GatheringState gathering_state() const;
  [[nodiscard]] ice::ConnectionState connection_state() const;
  [[nodiscard]] ice::Role role() const;
  [[nodiscard]] ice::Credentials local_credentials() const;
  [[nodiscard]] ice::Credentials remote_credentials() const;
  [[nodiscard]] ice::Description local_description() const;
  [[nodiscard]] std::optional<ice::SelectedPair> selected_pair(ice::StreamId stream, ice::ComponentId component) const;
  [[nodiscard]] ice::AgentCounters counters() const;
  [[nodiscard]] ice::Snapshot snapshot() const;
  [[nodiscard]] std::string explain() const;

  // ---- the media path: null when the component does not exist ----
  [[nodiscard]] std::shared_ptr<MediaSender> sender(ice::StreamId stream, ice::ComponentId component) const;
  [[nodiscard]] std::shared_ptr<MediaReceiver> receiver(ice::StreamId stream, ice::ComponentId component) const;
  /// SO_SNDBUF / SO_RCVBUF of the component's sockets, now and those to come, in bytes; the system's limits
  /// (net.core.wmem_max, rmem_max) hold. 0 leaves what is: at first the kernel's default for sending, and for receiving
  /// 1 MiB or what the limit allows, so that the driver may be late without loss.
  void set_buffer_sizes(ice::StreamId stream, ice::ComponentId component, int send_bytes, int receive_bytes);
  /// DSCP (0 to 63) of everything that the component sends, STUN included; -1 leaves it alone.
  void set_dscp(ice::StreamId stream, ice::ComponentId component, int dscp);

 private:
  class Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gstice
