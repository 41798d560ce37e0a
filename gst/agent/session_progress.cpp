// SPDX-License-Identifier: LGPL-2.1-or-later
// See session_progress.h.
#include "gst/agent/session_progress.h"

#include <utility>

namespace gstice {

using Room = ProgressFacts::Room;
using Peer = ProgressFacts::Peer;

namespace {

/// Is this step what the session does now?
bool is_due(ProgressStep step, const ProgressFacts& facts) {
  if (!facts.open || !facts.failure.empty()) return false;
  if (needs_playing(step) && !facts.playing) return false;
  switch (step) {
    case ProgressStep::rendezvous:
      return facts.room == Room::entering;
    case ProgressStep::gathering:
      return !facts.gathered;
    case ProgressStep::peer:
      return facts.peer == Peer::awaited && (facts.room == Room::none || facts.room == Room::entered);
    case ProgressStep::connection:
      return facts.peer == Peer::present || facts.peer == Peer::silent;
  }
  return false;
}

std::string words_for(ProgressStep step, const ProgressFacts& facts) {
  switch (step) {
    case ProgressStep::rendezvous:
      return facts.room_note.empty() ? "Entering the room " + facts.room_name : facts.room_note;
    case ProgressStep::gathering:
      return "Gathering candidate addresses of this machine";
    case ProgressStep::peer:
      return facts.room == Room::entered ? "Waiting for a peer in the room " + facts.room_name
                                         : "Waiting for the peer's description: set remote-description, or "
                                           "remote-ufrag, remote-pwd and candidates";
    case ProgressStep::connection:
      return facts.peer == Peer::silent ? "The peer has fallen silent; waiting for it" : "Connecting to the peer";
  }
  return {};
}

std::string connected_words(const ProgressFacts& facts) {
  return facts.path.empty() ? "Connected" : "Connected: " + facts.path;
}

struct Ending {
  ProgressType type;
  std::string text;
};

Ending ending_of(ProgressStep step, const ProgressFacts& facts) {
  if (facts.open) {
    switch (step) {
      case ProgressStep::rendezvous:
        if (facts.room == Room::entered) return {ProgressType::complete, "In the room " + facts.room_name};
        if (facts.room == Room::failed) return {ProgressType::error, facts.room_note};
        break;
      case ProgressStep::gathering:
        if (facts.gathered) {
          return {ProgressType::complete, "Gathered " + std::to_string(facts.candidates) +
                                              (facts.candidates == 1 ? " candidate address" : " candidate addresses")};
        }
        break;
      case ProgressStep::peer:
        if (facts.peer == Peer::present || facts.peer == Peer::connected || facts.peer == Peer::silent) {
          if (facts.failure.empty()) return {ProgressType::complete, "A peer is there"};
        }
        break;
      case ProgressStep::connection:
        if (facts.peer == Peer::connected) return {ProgressType::complete, connected_words(facts)};
        if (facts.peer == Peer::gone) return {ProgressType::canceled, "The peer is gone"};
        if (facts.peer == Peer::awaited && facts.failure.empty()) return {ProgressType::canceled, "The peer has left"};
        break;
    }
    if (!facts.failure.empty()) return {ProgressType::error, facts.failure};
  }
  switch (step) {
    case ProgressStep::rendezvous:
      return {ProgressType::canceled, "No longer entering the room"};
    case ProgressStep::gathering:
      return {ProgressType::canceled, "No longer gathering addresses"};
    case ProgressStep::peer:
      return {ProgressType::canceled, "No longer waiting for a peer"};
    case ProgressStep::connection:
      break;
  }
  return {ProgressType::canceled, "No longer connecting"};
}

constexpr std::array kAllSteps{ProgressStep::rendezvous, ProgressStep::gathering, ProgressStep::peer,
                               ProgressStep::connection};

}  // namespace

const char* code_of(ProgressStep step) {
  switch (step) {
    case ProgressStep::rendezvous:
      return "rendezvous";
    case ProgressStep::gathering:
      return "gathering";
    case ProgressStep::peer:
      return "peer";
    case ProgressStep::connection:
      return "connecting";
  }
  return "";
}

std::vector<ProgressNote> SessionProgress::update(const ProgressFacts& facts) {
  if (!facts.open || facts.peer == Peer::awaited || facts.peer == Peer::present) told_connected_ = false;
  end_what_is_over(facts);
  begin_what_is_due(facts);
  return std::exchange(notes_, {});
}

std::vector<ProgressNote> SessionProgress::cancel(ProgressStep step) {
  if (is_open(step)) {
    const Ending ending = ending_of(step, {});
    end(step, ending.type, ending.text);
    steps_[index(step)].muted = !needs_playing(step);
  }
  return std::exchange(notes_, {});
}

void SessionProgress::end_what_is_over(const ProgressFacts& facts) {
  for (const ProgressStep step : kAllSteps) {
    if (is_due(step, facts)) continue;
    steps_[index(step)].muted = false;
    if (!is_open(step)) continue;
    const Ending ending = ending_of(step, facts);
    end(step, ending.type, ending.text);
  }
}

void SessionProgress::begin_what_is_due(const ProgressFacts& facts) {
  for (const ProgressStep step : kAllSteps) {
    if (is_due(step, facts) && !steps_[index(step)].muted) begin_or_go_on(step, words_for(step, facts));
  }
  // So fast that nobody was told of the waiting; or before PLAYING.
  if (facts.open && facts.playing && facts.peer == Peer::connected && !told_connected_) {
    begin_or_go_on(ProgressStep::connection, "Connecting to the peer");
    end(ProgressStep::connection, ProgressType::complete, connected_words(facts));
  }
}

void SessionProgress::begin_or_go_on(ProgressStep step, const std::string& text) {
  Step& it = steps_[index(step)];
  if (it.open && it.text == text) return;
  notes_.push_back({step, it.open ? ProgressType::go_on : ProgressType::start, text});
  it.open = true;
  it.text = text;
}

void SessionProgress::end(ProgressStep step, ProgressType type, const std::string& text) {
  steps_[index(step)].open = false;
  if (step == ProgressStep::connection && type == ProgressType::complete) told_connected_ = true;
  notes_.push_back({step, type, text});
}

}  // namespace gstice
