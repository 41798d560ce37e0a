// SPDX-License-Identifier: LGPL-2.1-or-later
// The worker behind GstIceAgent: settings, members, one Session after another, and the rendezvous.
//
//   elements ── join, set, actions ──▶ IceAgent ──▶ Session (sockets, ice::Agent)
//      ▲                                  │ ▲──────── events, on the event thread
//      └── AgentMember: notify, warn … ───┘ ◀─▶ PeerExchange (RendezvousClient)
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gst/agent/agent_member.h"
#include "gst/agent/agent_object.h"
#include "gst/agent/farewell.h"
#include "gst/agent/flow.h"
#include "gst/agent/object_ref.h"
#include "gst/agent/offer.h"
#include "gst/agent/pace.h"
#include "gst/agent/peer_exchange.h"
#include "gst/agent/progress_reporter.h"
#include "gst/agent/session.h"
#include "gst/agent/session_properties.h"

namespace gstice {

/// Candidates of the peer that came before the session they are for. An empty line ends a stream's.
class EarlyCandidates {
 public:
  /// Refuses what is no candidate, and too many.
  SetOutcome add(unsigned stream, const char* line);
  [[nodiscard]] std::vector<std::pair<unsigned, std::string>> take() { return std::exchange(lines_, {}); }

 private:
  std::vector<std::pair<unsigned, std::string>> lines_;
};

/// The media path of a flow, both ends of it.
struct MediaEnds {
  std::shared_ptr<MediaSender> sender;
  std::shared_ptr<MediaReceiver> receiver;
};

/// What an element brings when it joins.
struct Joining {
  std::shared_ptr<AgentMember> member;
  Flow flow;
  bool receives = false;                     ///< an icesrc, of which a flow has one
  const SessionSettings& settings;           ///< its own
  const std::set<SessionProperty>& changed;  ///< those of them that the agent shall take over
  bool watches = false;                      ///< neither receives nor sends: keeps the session, and hears of it
};

/// Any thread may call everything. Nothing waits for the network or another thread.
class IceAgent : public std::enable_shared_from_this<IceAgent>, private PeerListener {
 public:
  explicit IceAgent(GstIceAgent* owner);
  ~IceAgent() override;

  // ---- properties ----
  /// Checks, stores, and passes on to the running session. What is refused leaves everything as it was.
  SetOutcome set(SessionProperty property, const GValue* value);
  /// `flow`: whose selected-pair and stats are meant; null for the whole session.
  void get(SessionProperty property, GValue* value, const Flow* flow) const;
  [[nodiscard]] SessionSettings settings() const;

  // ---- actions ----
  void gather();
  /// What comes before there is a session is kept for it.
  SetOutcome add_remote_candidate(unsigned stream, const char* line);
  /// For complaints about what was set on the agent itself: into the log, and on a member's bus.
  void complain(const SetOutcome& outcome);

  // ---- members ----
  /// Joins; the first to do so begins a session. Complaints about its settings go to the member. The error names what
  /// is at fault.
  ice::Result<MediaEnds> join(const Joining& joining);
  /// Leaves; the last to do so closes the session.
  void leave(const std::shared_ptr<AgentMember>& member);
  /// Tells whether a member is in PLAYING: only then it speaks of what may take as long as it likes.
  void set_playing(const std::shared_ptr<AgentMember>& member, bool playing);
  /// A watching member goes over to a flow that others carry, so that the one it was on can end. False: none do.
  bool move(const std::shared_ptr<AgentMember>& member, Flow to);

  // ---- what members want of their sockets ----
  void set_send_buffer(Flow flow, int bytes);
  void set_receive_buffer(Flow flow, int bytes);
  void set_dscp(Flow flow, int dscp);

  // ---- what members tell the peer over the rendezvous, and what it told ----
  /// An icesink's: what it sends on this flow, as gst_caps_to_string() writes it, or kNoCaps.
  void set_offer(Flow flow, std::string caps);
  /// An icesrc's: somebody downstream wants a key frame. Passed on to the peer, at most once in 100 ms.
  /// False: there is no rendezvous to carry it.
  bool request_key_frame(Flow flow);
  /// What is known of the caps with which the peer sends this flow, for a member that has just joined and may get media
  /// before it is told.
  [[nodiscard]] PeerCaps peer_caps(Flow flow) const;
  /// The `remote-offer` property, owned by the caller: what the present peer sends, or null.
  [[nodiscard]] GstStructure* remote_offer() const;

 private:
  struct Member {
    std::shared_ptr<AgentMember> member;
    Flow flow;
    bool receives;
    bool sends;
    bool playing = false;
  };
  struct FlowState {
    MediaEnds ends;
    int send_buffer = 0;
    int receive_buffer = 0;
    bool has_path = false;                  ///< as far as members were told
    Pace key_frames_asked{kKeyFramePace};   ///< of the peer
    Pace key_frames_wanted{kKeyFramePace};  ///< by the peer
    std::uint64_t sent_before = 0;          ///< to earlier peers, in datagrams
    std::uint64_t received_before = 0;      ///< from earlier peers
  };
  static constexpr std::chrono::milliseconds kKeyFramePace{100};
  /// How far the present peer has come.
  enum class Peer { none, connected, gone };
  using Members = std::vector<std::shared_ptr<AgentMember>>;

  // agent_events.cpp: on the event thread, but for the post_ ones
  void on_event(unsigned run, const ice::Event& event);
  void on_local_candidate(unsigned stream, const std::string& line);
  void on_connection_state(const ice::ConnectionStateChanged& event);
  void on_never_connected(const std::string& reason);
  void on_path(const ice::PathChanged& event);
  void tell_property(SessionProperty property);
  void tell_warning(const std::string& text);
  void tell_failure(const std::string& text);
  [[nodiscard]] Members audience(const Flow* flow = nullptr) const;
  void post_property(SessionProperty property);
  void post_warnings(std::vector<std::string> texts);

  // rendezvous_events.cpp: on the event thread, but for the post_ one
  void on_room_entered(bool first) override;
  void on_peer_joined(bool newcomer) override;
  void on_peer_description(const std::string& text) override;
  void on_peer_candidate(unsigned stream, const std::string& line) override;
  void on_peer_caps(const std::vector<FlowCaps>& flows) override;
  void on_peer_key_frame(unsigned stream, unsigned component) override;
  void on_peer_left(bool goodbye, const FlowCounts& sent) override;
  void on_rendezvous_failed(const std::string& message, bool fatal) override;
  /// A peer that was connected said goodbye: what it sent is waited for before it is gone.
  void begin_farewell(const FlowCounts& sent);
  void continue_farewell(unsigned number);
  /// The peer that was connected is gone for good: does what `disconnect-action` says.
  void on_peer_gone(const std::string& reason);
  void tell_remote_offer();
  void post_remote_offer();

  // agent_progress.cpp: any thread
  /// After anything that may have changed what is being waited for. Not under mutex_.
  void report_progress();
  /// Does so at the end of its scope, when locks taken since are given back.
  struct ProgressAtEnd {
    IceAgent& agent;
    ~ProgressAtEnd() { agent.report_progress(); }
  };
  [[nodiscard]] ProgressReporter::View progress_view() const;

  [[nodiscard]] std::shared_ptr<Session> open_session() const;

  // under mutex_
  void begin_session(std::vector<std::string>& complaints);
  void end_session();
  /// Ready for another peer: new credentials, nothing known of it, nothing counted. Its remote offer is to be told.
  void begin_generation();
  [[nodiscard]] std::vector<FlowCount> sent_to_peer() const;
  [[nodiscard]] bool peer_sent_something(const FlowCounts& sent) const;
  void enter_room();
  void note_remote(SessionProperty property);
  void adopt(const Joining& joining, std::vector<std::string>& complaints);
  ice::Result<> apply(SessionProperty property, const SessionSettings& settings);
  [[nodiscard]] PeerCaps peer_caps_locked(Flow flow) const;
  [[nodiscard]] bool live(SessionProperty property, GValue* value, const Flow* flow) const;
  [[nodiscard]] GstStructure* stats(const Flow* flow) const;

  WeakObject<GstIceAgent> owner_;

  /// Guards all that follows. Taken before the Session's and the PeerExchange's own; no member is called and no signal
  /// emitted under it.
  mutable std::mutex mutex_;
  SessionSettings settings_;
  std::vector<Member> members_;
  std::map<Flow, FlowState> flows_;
  std::vector<std::weak_ptr<AgentMember>> departed_;  ///< of this session: they still hear that it has closed
  std::shared_ptr<Session> session_;
  unsigned run_ = 0;        ///< which session of ours this is; events of earlier ones are ignored
  bool open_ = false;       ///< session_ has not been closed
  bool gathering_ = false;  ///< gather() was called on it
  EarlyCandidates early_candidates_;
  bool new_remote_ufrag_ = false;  ///< set since the session was told the last pair of them
  bool new_remote_pwd_ = false;    ///< the same
  Peer peer_ = Peer::none;
  bool peer_present_ = false;  ///< in the room
  bool refused_caps_ = false;  ///< of this peer, and said so
  bool peer_known_ = false;    ///< since this generation began some peer was in the room
  std::uint64_t pair_changes_ = 0;
  GstIceGatheringState shown_gathering_ = GST_ICE_GATHERING_STATE_NEW;     ///< as far as it was notified
  GstIceConnectionState shown_connection_ = GST_ICE_CONNECTION_STATE_NEW;  ///< as far as it was notified
  std::optional<Farewell> farewell_;                                       ///< of the present peer, while it lasts
  unsigned farewells_ = 0;                                                 ///< which one it is
  LocalOffer local_offer_;
  RemoteOffer remote_offer_;
  ProgressFacts::Room room_ = ProgressFacts::Room::none;
  std::string room_note_;  ///< what the rendezvous said last, when it hinders the entering of the room
  std::string failure_;    ///< why the session has failed
  PeerExchange exchange_;

  ProgressReporter progress_;  ///< its lock is taken before mutex_
};

/// The agent that elements with this `session` name share under this topmost ancestor; made when there is none.
ObjectRef<GstIceAgent> agent_of(GstObject* topmost, const std::string& session);

}  // namespace gstice
