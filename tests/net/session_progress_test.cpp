// SPDX-License-Identifier: LGPL-2.1-or-later
// What a person is told while a session comes about.
#include "gst/agent/session_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gstice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Room = ProgressFacts::Room;
using Peer = ProgressFacts::Peer;

/// "peer start" and so on.
std::vector<std::string> steps(const std::vector<ProgressNote>& notes) {
  static constexpr const char* kTypes[] = {"start", "continue", "complete", "canceled", "error"};
  std::vector<std::string> result;
  for (const ProgressNote& note : notes) {
    EXPECT_FALSE(note.text.empty());
    result.push_back(std::string(code_of(note.step)) + " " + kTypes[static_cast<int>(note.type)]);
  }
  return result;
}

class Progress : public ::testing::Test {
 protected:
  Progress() {
    facts.open = true;
    facts.gathered = true;
    facts.playing = true;
  }
  std::vector<std::string> told() { return steps(progress.update(facts)); }

  ProgressFacts facts;
  SessionProgress progress;
};

TEST_F(Progress, FollowsACallFromTheRoomToTheConnection) {
  facts.gathered = false;
  facts.room = Room::entering;
  EXPECT_THAT(told(), ElementsAre("rendezvous start", "gathering start"));
  facts.gathered = true;
  EXPECT_THAT(told(), ElementsAre("gathering complete"));
  facts.room = Room::entered;
  EXPECT_THAT(told(), ElementsAre("rendezvous complete", "peer start"));
  EXPECT_THAT(told(), IsEmpty());
  facts.peer = Peer::present;
  EXPECT_THAT(told(), ElementsAre("peer complete", "connecting start"));
  facts.peer = Peer::connected;
  EXPECT_THAT(told(), ElementsAre("connecting complete"));
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Progress, InPausedTellsOnlyOfWhatEndsByItself) {
  facts.playing = false;
  facts.room = Room::entering;
  EXPECT_THAT(told(), ElementsAre("rendezvous start"));
  facts.room = Room::entered;
  EXPECT_THAT(told(), ElementsAre("rendezvous complete"));
  facts.peer = Peer::present;
  EXPECT_THAT(told(), IsEmpty());
  facts.playing = true;
  EXPECT_THAT(told(), ElementsAre("connecting start"));
  facts.playing = false;
  EXPECT_THAT(told(), ElementsAre("connecting canceled"));
}

TEST_F(Progress, TellsOfAConnectionThatWasThereBeforeAnybodyWaitedButOnce) {
  facts.playing = false;
  facts.peer = Peer::connected;
  EXPECT_THAT(told(), IsEmpty());
  facts.playing = true;
  EXPECT_THAT(told(), ElementsAre("connecting start", "connecting complete"));
  facts.playing = false;
  EXPECT_THAT(told(), IsEmpty());
  facts.playing = true;
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Progress, WaitsForTheNextPeerWhenOneHasLeft) {
  facts.room = Room::entered;
  facts.peer = Peer::connected;
  told();
  facts.peer = Peer::awaited;
  EXPECT_THAT(told(), ElementsAre("peer start"));
  facts.peer = Peer::present;
  EXPECT_THAT(told(), ElementsAre("peer complete", "connecting start"));
  facts.peer = Peer::awaited;
  EXPECT_THAT(told(), ElementsAre("connecting canceled", "peer start"));
  facts.peer = Peer::connected;
  EXPECT_THAT(told(), ElementsAre("peer complete", "connecting start", "connecting complete"));
}

TEST_F(Progress, TellsOfASilentPeerAndOfItsReturn) {
  facts.peer = Peer::connected;
  told();
  facts.peer = Peer::silent;
  EXPECT_THAT(told(), ElementsAre("connecting start"));
  facts.peer = Peer::connected;
  EXPECT_THAT(told(), ElementsAre("connecting complete"));
  facts.peer = Peer::silent;
  EXPECT_THAT(told(), ElementsAre("connecting start"));
  facts.peer = Peer::gone;
  EXPECT_THAT(told(), ElementsAre("connecting canceled"));
}

TEST_F(Progress, AFailureEndsEveryStepAndNoneBegins) {
  facts.room = Room::entered;
  facts.peer = Peer::present;
  told();
  facts.failure = "6 pairs tried";
  EXPECT_THAT(told(), ElementsAre("connecting error"));
  facts.peer = Peer::awaited;
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Progress, SaysWhatHindersTheEnteringOfTheRoom) {
  facts.room = Room::entering;
  EXPECT_THAT(told(), ElementsAre("rendezvous start"));
  facts.room_note = "the room is full; trying again";
  EXPECT_THAT(told(), ElementsAre("rendezvous continue"));
  facts.room = Room::failed;
  facts.room_note = "the room is full";
  facts.failure = "the room is full";
  EXPECT_THAT(told(), ElementsAre("rendezvous error"));
}

TEST_F(Progress, WithTheSessionEverythingEnds) {
  facts.gathered = false;
  facts.room = Room::entering;
  told();
  facts = {};
  EXPECT_THAT(told(), ElementsAre("rendezvous canceled", "gathering canceled"));
  facts.open = facts.playing = facts.gathered = true;
  EXPECT_THAT(told(), ElementsAre("peer start"));
  facts.open = false;
  EXPECT_THAT(told(), ElementsAre("peer canceled"));
}

TEST_F(Progress, AStepThatNobodyCanTellOfAnyMoreIsCanceledAndBeginsAnew) {
  told();
  EXPECT_THAT(steps(progress.cancel(ProgressStep::peer)), ElementsAre("peer canceled"));
  EXPECT_THAT(steps(progress.cancel(ProgressStep::peer)), IsEmpty());
  EXPECT_THAT(told(), ElementsAre("peer start"));
}

TEST_F(Progress, AStepThatEndsByItselfIsNotToldOfAnewByAnother) {
  facts.gathered = false;
  told();
  EXPECT_THAT(steps(progress.cancel(ProgressStep::gathering)), ElementsAre("gathering canceled"));
  EXPECT_THAT(told(), IsEmpty());
  facts.gathered = true;
  told();
  facts.gathered = false;
  EXPECT_THAT(told(), ElementsAre("gathering start"));
}

}  // namespace
}  // namespace gstice
