// SPDX-License-Identifier: LGPL-2.1-or-later
// What an agent says to the elements that joined it.
#pragma once

#include <string>

#include "gst/agent/offer.h"
#include "gst/agent/session_progress.h"
#include "gst/agent/session_properties.h"

namespace gstice {

/// One element of a session. Everything but the destructor and progress() is called on the event thread, under no lock.
class AgentMember {
 public:
  virtual ~AgentMember() = default;

  /// This property reads differently now.
  virtual void notify(SessionProperty property) = 0;
  /// A local candidate; an empty line ends the stream's.
  virtual void local_candidate(unsigned stream, const std::string& line) = 0;
  /// For the log and the bus: something was refused or skipped.
  virtual void warn(const std::string& text) = 0;
  /// For the bus: the session has failed. Only one member of a session is told.
  virtual void fail(const std::string& text, const std::string& details) = 0;
  /// The peer that was connected is gone for good and `disconnect-action` is eos. What it sent has arrived by now.
  virtual void peer_gone() = 0;
  /// What is known of the caps with which the peer sends this member's flow: now, and at each change. `unknown` also
  /// says that there is another peer from now on.
  virtual void peer_caps(const PeerCaps& caps) = 0;
  /// Somebody behind the peer wants a key frame on this member's flow, to which it sends.
  virtual void key_unit_wanted() = 0;
  /// From now on media can be sent on this member's flow, which it could not before: a path was found to this peer.
  virtual void media_possible() = 0;
  /// For the bus: what the session waits for. Only one member of a session is told. On the event thread, or within a
  /// state change of a member, under no lock.
  virtual void progress(const ProgressNote& note) = 0;
};

}  // namespace gstice
