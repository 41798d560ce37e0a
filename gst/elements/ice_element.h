// SPDX-License-Identifier: LGPL-2.1-or-later
// What icesink and icesrc have in common: finding and joining their agent, the session's properties, signals and
// messages. Each element holds one.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gst/agent/ice_agent.h"
#include "gst/agent/session_signals.h"
#include "gst/elements/ice_uri.h"

namespace gstice {

/// Properties of the element itself, common to both. Their own begin at kFirstSpecificProperty.
enum class ElementProperty : guint { session = kFirstOwnProperty, agent, stream, component, uri };
inline constexpr guint kFirstSpecificProperty = 200;

/// Why an address was refused.
struct UriRefusal {
  GstURIError code;
  std::string message;
};

class IceElement final : public AgentMember, public std::enable_shared_from_this<IceElement> {
 public:
  struct Traits {
    bool receives = false;  ///< an icesrc
    GstDebugCategory* debug = nullptr;
    /// The peer is gone for good and `disconnect-action` is eos. On the event thread, while the element is alive.
    std::function<void()> peer_gone;
    // What an element leaves empty does not concern it. On the event thread, while it is alive, each of them:
    std::function<void(const PeerCaps& caps)> peer_caps = {};
    std::function<void()> key_unit_wanted = {};
    std::function<void()> media_possible = {};
    /// Carries no media: keeps a session of its own, in which its parts do. Its statistics are those of all of them.
    bool watches = false;
  };

  IceElement(GstElement* element, Traits traits);

  /// Installs properties and signals common to both elements; `Of` finds an instance's IceElement.
  template <IceElement& (*Of)(GObject*)>
  static void install(GObjectClass* klass, bool watches = false) {
    install_properties(klass, watches);
    install_session_signals(
        klass, {[](GObject* object, guint stream, const gchar* line) { Of(object).add_ice_candidate(stream, line); },
                [](GObject* object) { Of(object).gather(); }});
  }

  /// True when the property was one of ours.
  bool set_property(guint id, const GValue* value);
  bool get_property(guint id, GValue* value);

  /// Takes the room, and what else the address says, from an ice:// address; null: no address. Refused outside NULL and
  /// READY. A refused one changes nothing.
  std::optional<UriRefusal> set_uri(const char* text);
  /// The address, as long as it is the one in force; empty: none is.
  [[nodiscard]] std::string uri() const;

  /// Is there a rendezvous to go to?
  [[nodiscard]] bool has_room() const { return !room().empty(); }

  /// NULL→READY. False, having posted an ERROR, when there is no place for us.
  bool join();
  /// READY→NULL.
  void leave();
  /// PAUSED→PLAYING, and back.
  void set_playing(bool playing);
  /// READY→PAUSED: gathering begins, if it has not. Also the action of that name.
  void gather();
  void add_ice_candidate(unsigned stream, const char* candidate);

  /// The agent, while we are joined to it; else null.
  [[nodiscard]] std::shared_ptr<IceAgent> joined_agent() const;
  [[nodiscard]] Flow flow() const;
  /// One that watches goes over to this flow, which others carry.
  void move_to(Flow flow);
  /// The stream and component that the address asks for, where it does.
  [[nodiscard]] std::optional<IceUri> address() const;
  /// The agent, joined now or last, or given; null when there never was one.
  [[nodiscard]] ObjectRef<GstIceAgent> agent() const;
  /// The media path of our flow, since joining; null pointers before. Kept after leaving, for its counters.
  [[nodiscard]] MediaEnds ends() const;

  /// For the log, and for the bus, at once or when there is one.
  void complain(const std::vector<std::string>& texts);
  /// For the log, and as an INFO message for the bus.
  void inform(const std::string& text);

  // ---- AgentMember ----
  void notify(SessionProperty property) override;
  void local_candidate(unsigned stream, const std::string& line) override;
  void warn(const std::string& text) override;
  void fail(const std::string& text, const std::string& details) override;
  void peer_gone() override;
  void peer_caps(const PeerCaps& caps) override;
  void key_unit_wanted() override;
  void media_possible() override;
  void progress(const ProgressNote& note) override;

 private:
  static void install_properties(GObjectClass* klass, bool watches);
  SetOutcome set_session_property(SessionProperty property, const GValue* value);
  /// `rendezvous`, as set now.
  [[nodiscard]] std::string room() const;
  SetOutcome set_room(const char* rendezvous);
  [[nodiscard]] ObjectRef<GstIceAgent> find_agent(GstElement* element) const;
  void post_warning(GstElement* element, const std::string& text);
  void post_info(const std::string& text);
  void tell_player(bool waiting, const std::string& text);
  /// What came of it, for the log: the counters of our component when we leave.
  void log_stats() const;

  std::atomic<unsigned> waits_{0};  ///< how often waiting for a peer began or ended

  WeakObject<GstElement> element_;
  const Traits traits_;

  /// Guards what follows; not held while the agent is called.
  mutable std::mutex mutex_;
  SessionSettings settings_;            ///< as set on this element
  std::set<SessionProperty> set_here_;  ///< which of them were
  std::set<SessionProperty> changed_;   ///< which of them the agent does not know yet
  std::string session_ = "default";
  ObjectRef<GstIceAgent> given_agent_;  ///< the `agent` property, as set
  ObjectRef<GstIceAgent> agent_;        ///< joined now or last
  bool joined_ = false;
  Flow flow_;  ///< as set
  std::optional<IceUri> uri_;
  Flow joined_flow_;
  MediaEnds ends_;
  EarlyCandidates early_candidates_;  ///< from before joining
  std::vector<std::string> unheard_;  ///< complaints from before there was a bus
};

}  // namespace gstice
