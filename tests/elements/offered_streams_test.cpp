// SPDX-License-Identifier: LGPL-2.1-or-later
// Which pads an offer makes.
#include "gst/elements/offered_streams.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gst/agent/offer.h"

namespace {

using gstice::FlowCaps;
using gstice::OfferedStreams;
using gstice::Selection;

const std::string kRtp = "application/x-rtp, media=(string)video, clock-rate=(int)90000, encoding-name=(string)VP8";
const std::string kRtcp = "application/x-rtcp";

/// What is made of an offer as it came from the network.
std::optional<OfferedStreams> streams(const std::vector<FlowCaps>& flows, const Selection& selection = {}) {
  gst_init(nullptr, nullptr);
  gstice::RemoteOffer offer;
  (void)offer.replace(flows);
  const std::unique_ptr<GstStructure, decltype(&gst_structure_free)> structure(offer.structure(), gst_structure_free);
  return gstice::offered_streams(structure.get(), selection);
}

/// "0/1 1/2": stream/component of those that are ready.
std::string ready(const OfferedStreams& offer) {
  std::string text;
  for (const auto& stream : offer.ready) {
    text += (text.empty() ? "" : " ") + std::to_string(stream.flow.stream.value) + "/" +
            std::to_string(stream.flow.component.value);
  }
  return text;
}

TEST(OfferedStreams, APeerThatSaidNothingIsAnotherThingThanOneThatSendsNothing) {
  EXPECT_FALSE(gstice::offered_streams(nullptr, {}));
  const auto nothing = streams({});
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->ready.empty());
  EXPECT_FALSE(nothing->complete());
}

TEST(OfferedStreams, EachStreamIsOneWithTheCapsOfItsMedia) {
  const auto offer = streams({{1, 1, "none"}, {0, 1, kRtp}});
  EXPECT_EQ(ready(*offer), "0/1 1/1");
  EXPECT_TRUE(offer->complete());
  EXPECT_TRUE(offer->ready[0].is_rtp());
  ASSERT_TRUE(offer->ready[0].caps);
  EXPECT_FALSE(offer->ready[1].is_rtp());
  EXPECT_FALSE(offer->ready[1].caps);
}

TEST(OfferedStreams, TheLowestComponentWithMediaStandsForItsStreamAndRtcpForNone) {
  EXPECT_EQ(ready(*streams({{0, 2, kRtcp}, {0, 1, kRtp}})), "0/1");
  EXPECT_EQ(ready(*streams({{0, 1, kRtcp}, {0, 2, kRtp}})), "0/2");
  EXPECT_EQ(ready(*streams({{0, 1, kRtcp}, {1, 1, "application/x-srtcp"}})), "");
  EXPECT_EQ(ready(*streams({{3, 7, kRtp}})), "3/7");
}

TEST(OfferedStreams, AStreamIsAwaitedUntilItsCapsAreKnown) {
  const auto offer = streams({{0, 1, std::nullopt}, {0, 2, kRtcp}, {1, 1, kRtp}});
  EXPECT_EQ(ready(*offer), "1/1");
  ASSERT_EQ(offer->awaited.size(), 1U);
  EXPECT_FALSE(offer->complete());
  EXPECT_TRUE(offer->has(0));
  EXPECT_TRUE(offer->has(1));
  EXPECT_FALSE(offer->has(2));
}

TEST(OfferedStreams, RefusedCapsMakeNoStreamAndDelayNone) {
  const auto offer = streams({{0, 1, "application/x-rtp(memory:Evil)"}, {1, 1, kRtp}});
  EXPECT_EQ(ready(*offer), "1/1");
  EXPECT_TRUE(offer->complete());
}

TEST(OfferedStreams, TheAddressChoosesAmongThem) {
  const std::vector<FlowCaps> flows = {{0, 1, kRtp}, {0, 2, "none"}, {1, 1, std::nullopt}};
  const auto first = streams(flows, {0, std::nullopt});
  EXPECT_EQ(ready(*first), "0/1");
  EXPECT_TRUE(first->complete()) << "what was not asked for is not waited for";
  EXPECT_EQ(ready(*streams(flows, {std::nullopt, 2})), "0/2");
  EXPECT_EQ(ready(*streams(flows, {5, std::nullopt})), "");
}

TEST(OfferedStreams, OnlyRtpInTheClearWithAClockGoesThroughAJitterbuffer) {
  for (const auto& [caps, rtp] : std::vector<std::pair<std::string, bool>>{
           {kRtp, true},
           {"application/x-rtp, media=(string)audio", false},
           {"application/x-rtp, clock-rate=(int)0", false},
           {"application/x-rtp, clock-rate=(string)fast", false},
           {"application/x-srtp, clock-rate=(int)90000", false},
           {"video/mpegts, systemstream=(boolean)true, packetsize=(int)188", false},
       }) {
    const auto offer = streams({{0, 1, caps}});
    ASSERT_EQ(offer->ready.size(), 1U) << caps;
    EXPECT_EQ(offer->ready[0].is_rtp(), rtp) << caps;
  }
}

TEST(OfferedStreams, TheirNumberIsBounded) {
  std::vector<FlowCaps> flows;
  for (std::uint32_t i = 0; i < 64; ++i) flows.push_back({i, 1, i % 2 == 0 ? std::optional(kRtp) : std::nullopt});
  const auto offer = streams(flows);
  EXPECT_EQ(offer->ready.size() + offer->awaited.size(), gstice::kMaxOfferedStreams);
}

}  // namespace
