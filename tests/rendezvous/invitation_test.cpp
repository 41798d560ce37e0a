// SPDX-License-Identifier: LGPL-2.1-or-later
// The lines that the server prints for people to paste.
#include "gst/rendezvous/invitation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gst/rendezvous/url.h"

namespace gstice::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Invitation, HasTheLineToSendToReceiveAndToPlayForEachAddress) {
  const std::string text = lines_to_paste({{"192.0.2.5", "2001:db8::5"}, 8765, false, "room-1"});
  EXPECT_THAT(text, HasSubstr("over 192.0.2.5:\n"
                              "  send     gst-launch-1.0 videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay "
                              "! icesink rendezvous=ws://192.0.2.5:8765/room-1\n"
                              "  receive  gst-launch-1.0 icesrc rendezvous=ws://192.0.2.5:8765/room-1 "
                              "! rtpjitterbuffer ! decodebin ! videoconvert ! autovideosink\n"
                              "  play     gst-play-1.0 ice://192.0.2.5/room-1\n"));
  EXPECT_THAT(text, HasSubstr("over 2001:db8::5:\n"));
  EXPECT_THAT(text, HasSubstr("! icesink 'rendezvous=ws://[2001:db8::5]:8765/room-1'\n"));
  EXPECT_THAT(text, HasSubstr("gst-launch-1.0 icesrc 'rendezvous=ws://[2001:db8::5]:8765/room-1' !"));
  EXPECT_THAT(text, HasSubstr("gst-play-1.0 'ice://[2001:db8::5]/room-1'\n"));
}

TEST(Invitation, NamesAnotherPortAndTls) {
  const std::string text = lines_to_paste({{"example.org"}, 4433, true, "room-1"});
  EXPECT_THAT(text, HasSubstr("icesink rendezvous=wss://example.org:4433/room-1\n"));
  EXPECT_THAT(text, HasSubstr("gst-play-1.0 ices://example.org:4433/room-1\n"));
  EXPECT_THAT(text, Not(HasSubstr("=ws:")));
}

TEST(Invitation, SuggestsARoomThatTheServerTakesAndAnotherEachTime) {
  ice::SecureRandom random;
  const std::string room = suggest_room(random);
  EXPECT_NE(room, suggest_room(random));
  const auto url = rendezvous::Url::parse("ws://example.org:8765/" + room);
  ASSERT_TRUE(url);
  EXPECT_EQ(url->room, room);
}

}  // namespace
}  // namespace gstice::testing
