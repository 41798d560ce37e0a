// SPDX-License-Identifier: LGPL-2.1-or-later
// What a person is told while a session comes about: which steps are open, and how they end. A state machine without
// GStreamer; progress_reporter.h brings what it says to the bus.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace gstice {

/// The types of GST_MESSAGE_PROGRESS.
enum class ProgressType { start, go_on, complete, canceled, error };

/// The first two end by themselves in bounded time, so they may be open in PAUSED, where players wait for what is; the
/// others wait for somebody else and are open in PLAYING only.
enum class ProgressStep { rendezvous, gathering, peer, connection };
inline constexpr std::size_t kProgressSteps = 4;
inline constexpr bool needs_playing(ProgressStep step) {
  return step == ProgressStep::peer || step == ProgressStep::connection;
}
/// The progress message's code.
const char* code_of(ProgressStep step);

struct ProgressNote {
  ProgressStep step;
  ProgressType type;
  std::string text;
};

/// How things are.
struct ProgressFacts {
  bool open = false;     ///< there is a session, and it has begun to gather
  bool playing = false;  ///< the element that tells is in PLAYING
  bool gathered = false;
  std::size_t candidates = 0;  ///< gathered so far
  enum class Room { none, entering, entered, failed };
  Room room = Room::none;
  std::string room_name;  ///< for people
  std::string room_note;  ///< what hinders the entering, or hindered it
  enum class Peer { awaited, present, connected, silent, gone };
  Peer peer = Peer::awaited;
  std::string path;     ///< for people, when connected
  std::string failure;  ///< why the session has failed, when it has
};

/// Told how things are after each change, says what is new. Each start is followed by one complete, canceled or error
/// of the same step before its next start.
class SessionProgress {
 public:
  std::vector<ProgressNote> update(const ProgressFacts& facts);
  /// Who told of this step can tell no more. What may last is told of anew with the next update, if it still does.
  std::vector<ProgressNote> cancel(ProgressStep step);
  [[nodiscard]] bool is_open(ProgressStep step) const { return steps_[index(step)].open; }

 private:
  struct Step {
    bool open = false;
    bool muted = false;  ///< until it is over
    std::string text;    ///< said last
  };
  static std::size_t index(ProgressStep step) { return static_cast<std::size_t>(step); }
  void begin_or_go_on(ProgressStep step, const std::string& text);
  void end(ProgressStep step, ProgressType type, const std::string& text);
  void end_what_is_over(const ProgressFacts& facts);
  void begin_what_is_due(const ProgressFacts& facts);

  std::array<Step, kProgressSteps> steps_;
  bool told_connected_ = false;  ///< that there is a connection to this peer
  std::vector<ProgressNote> notes_;
};

}  // namespace gstice
