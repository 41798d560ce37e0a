// SPDX-License-Identifier: LGPL-2.1-or-later
// What the agent knows of its session, as far as a person who waits for it is concerned.
#include <algorithm>
#include <chrono>

#include "gst/agent/event_thread.h"
#include "gst/agent/ice_agent.h"
#include "gst/rendezvous/url.h"

namespace gstice {
namespace {

/// A state change waits so long for a handler that is running, so that what it ends is told before it returns.
constexpr std::chrono::milliseconds kStateChangePatience{50};

std::string words_for(const ice::SelectedPair& pair) {
  const auto end = [](const ice::Candidate& candidate) {
    return candidate.address.text() + " (" + ice::type_text(candidate.type) + ")";
  };
  return end(pair.local) + " to " + end(pair.remote);
}

std::size_t count_candidates(const ice::Description& description) {
  std::size_t count = 0;
  for (const auto& stream : description.streams) count += stream.candidates.size();
  return count;
}

}  // namespace

void IceAgent::report_progress() {
  const std::chrono::milliseconds patience(EventThread::is_current() ? std::chrono::milliseconds(0)
                                                                     : kStateChangePatience);
  progress_.update([this] { return progress_view(); }, patience);
}

ProgressReporter::View IceAgent::progress_view() const {
  using Facts = ProgressFacts;
  const std::lock_guard lock(mutex_);
  ProgressReporter::View view;
  if (!members_.empty()) view.teller = members_.front().member;
  Facts& facts = view.facts;
  facts.open = open_ && gathering_;
  if (!facts.open) return view;
  // Players that find a step open do not go to PLAYING: what may last is told of by who is there already.
  facts.playing = !members_.empty() && members_.front().playing;
  facts.gathered = shown_gathering_ == GST_ICE_GATHERING_STATE_COMPLETE;
  if (facts.gathered) facts.candidates = count_candidates(session_->local_description());
  facts.room = room_;
  if (settings_.rendezvous) facts.room_name = rendezvous::presentable_url(*settings_.rendezvous);
  facts.room_note = room_note_;
  facts.failure = failure_;
  if (peer_ == Peer::gone) {
    facts.peer = Facts::Peer::gone;
  } else if (shown_connection_ == GST_ICE_CONNECTION_STATE_CONNECTED ||
             shown_connection_ == GST_ICE_CONNECTION_STATE_COMPLETED) {
    facts.peer = Facts::Peer::connected;
    for (auto flow = flows_.begin(); flow != flows_.end() && facts.path.empty(); ++flow) {
      const auto pair = session_->selected_pair(flow->first.stream, flow->first.component);
      if (pair) facts.path = words_for(*pair);
    }
  } else if (shown_connection_ == GST_ICE_CONNECTION_STATE_DISCONNECTED) {
    facts.peer = Facts::Peer::silent;
  } else if (!session_->remote_credentials().ufrag.empty() || (exchange_.running() && peer_present_)) {
    facts.peer = Facts::Peer::present;
  }
  return view;
}

void IceAgent::set_playing(const std::shared_ptr<AgentMember>& member, bool playing) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(members_, member, &Member::member);
    if (found == members_.end() || found->playing == playing) return;
    found->playing = playing;
  }
  report_progress();
}

}  // namespace gstice
