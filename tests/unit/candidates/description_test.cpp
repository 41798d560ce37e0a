// SPDX-License-Identifier: LGPL-2.1-or-later
// Descriptions, both ways: our fragments, other stacks' SDPs, and text that nobody should send.
#include "ice-core/candidates/description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ice-core/candidates/candidate_line.h"
#include "tests/unit/support/bytes.h"

namespace ice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const Credentials kSession{"abcd", "0123456789012345678901"};
const Credentials kMedia{"efgh/+", "abcdefghijklmnopqrstuvwx"};
constexpr const char* kSessionLines = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n";

ParsedDescription read(std::string_view text) {
  auto parsed = parse_description(text);
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? std::move(parsed).value() : ParsedDescription{};
}

std::string error_of(std::string_view text) {
  const auto parsed = parse_description(text);
  return parsed.ok() ? "accepted" : parsed.error().message;
}

Candidate candidate(std::string_view line) {
  return *parse_candidate_line(line);
}

Description sample() {
  Description d;
  d.credentials = kSession;
  d.options = {"ice2", "trickle"};
  d.pacing_ms = 10;
  d.streams.resize(2);
  d.streams[0].stream = StreamId(0);
  d.streams[0].candidates = {candidate("1 1 UDP 2130706431 192.0.2.1 5000 typ host"),
                             candidate("1 2 UDP 2130706430 192.0.2.1 5001 typ host ufrag abcd")};
  d.streams[0].end_of_candidates = true;
  d.streams[1].stream = StreamId(7);
  d.streams[1].credentials = kMedia;
  return d;
}

void expect_equal(const Description& a, const Description& b) {
  EXPECT_EQ(a.credentials, b.credentials);
  EXPECT_EQ(a.options, b.options);
  EXPECT_EQ(a.pacing_ms, b.pacing_ms);
  EXPECT_EQ(a.lite, b.lite);
  ASSERT_EQ(a.streams.size(), b.streams.size());
  for (std::size_t i = 0; i < a.streams.size(); ++i) {
    EXPECT_EQ(a.streams[i].stream, b.streams[i].stream);
    EXPECT_EQ(a.streams[i].credentials, b.streams[i].credentials);
    EXPECT_EQ(a.streams[i].candidates, b.streams[i].candidates);
    EXPECT_EQ(a.streams[i].end_of_candidates, b.streams[i].end_of_candidates);
  }
}

// RFC 8840 9, ELEMENTS local-description
TEST(WriteDescription, WritesTheFragmentLineByLine) {
  EXPECT_EQ(write_description(sample()),
            "a=ice-options:ice2 trickle\r\n"
            "a=ice-pacing:10\r\n"
            "a=ice-ufrag:abcd\r\n"
            "a=ice-pwd:0123456789012345678901\r\n"
            "m=audio 9 RTP/AVP 0\r\n"
            "a=mid:0\r\n"
            "a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\r\n"
            "a=candidate:1 2 UDP 2130706430 192.0.2.1 5001 typ host ufrag abcd\r\n"
            "a=end-of-candidates\r\n"
            "m=audio 9 RTP/AVP 0\r\n"
            "a=mid:7\r\n"
            "a=ice-ufrag:efgh/+\r\n"
            "a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n");
}

TEST(WriteDescription, LeavesOutCredentialsThatTheSessionHas) {
  Description d = sample();
  d.streams[1].credentials = kSession;
  const std::string text = write_description(d);
  EXPECT_EQ(text.find("ice-ufrag"), text.rfind("ice-ufrag"));
}

TEST(ParseDescription, ReadsWhatWasWritten) {
  const ParsedDescription parsed = read(write_description(sample()));
  expect_equal(parsed.description, sample());
  EXPECT_THAT(parsed.warnings, IsEmpty());
}

TEST(ParseDescription, ReadsALiteAgentsFragment) {
  Description d;
  d.lite = true;
  d.credentials = kMedia;
  expect_equal(read(write_description(d)).description, d);
}

TEST(ParseDescription, ReadsEveryLineEnd) {
  const std::string crlf = write_description(sample());
  for (const char* end : {"\n", "\r", "\\n", "\\r\\n", "  \n", "\r\n\r\n", "\\n\n"}) {
    std::string text;
    for (std::size_t at = 0; at < crlf.size();) {
      const std::size_t next = crlf.find("\r\n", at);
      text += crlf.substr(at, next - at) + end;
      at = next + 2;
    }
    expect_equal(read(text).description, sample());
    // The last line needs no end.
    text.resize(text.size() - std::string_view(end).size());
    expect_equal(read(text).description, sample());
  }
}

TEST(ParseDescription, PutsEverythingIntoStreamZeroWithoutMediaLines) {
  const auto d =
      read(std::string(kSessionLines) + "a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\na=end-of-candidates").description;
  EXPECT_EQ(d.credentials, kSession);
  ASSERT_THAT(d.streams, SizeIs(1));
  EXPECT_EQ(d.streams[0].stream, StreamId(0));
  EXPECT_THAT(d.streams[0].candidates, SizeIs(1));
  EXPECT_TRUE(d.streams[0].end_of_candidates);
}

TEST(ParseDescription, TakesCredentialsAloneAndCandidatesAlone) {
  EXPECT_EQ(read(kSessionLines).description.credentials, kSession);
  EXPECT_THAT(read(kSessionLines).description.streams, IsEmpty());
  const auto d = read("candidate:1 1 UDP 1 192.0.2.1 5 typ host").description;
  EXPECT_EQ(d.credentials, std::nullopt);
  EXPECT_THAT(d.streams, SizeIs(1));
}

/// As Chromium offers it, shortened.
constexpr const char* kBrowserOffer =
    "v=0\r\n"
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n"
    "s=-\r\n"
    "t=0 0\r\n"
    "a=group:BUNDLE 1 0\r\n"
    "m=audio 46243 UDP/TLS/RTP/SAVPF 111\r\n"
    "c=IN IP4 192.168.0.196\r\n"
    "a=rtcp:9 IN IP4 0.0.0.0\r\n"
    "a=candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0 network-id 1\r\n"
    "a=ice-ufrag:efgh/+\r\n"
    "a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
    "a=ice-options:trickle\r\n"
    "a=fingerprint:sha-256 7B:8B:F0\r\n"
    "a=mid:1\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    "c=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:abcd\r\n"
    "a=ice-pwd:0123456789012345678901\r\n"
    "a=ice-options:trickle renomination\r\n"
    "a=mid:0\r\n"
    "a=end-of-candidates\r\n";

TEST(ParseDescription, CountsTheStreamsOfAWholeSdpByMediaLinesNotByMid) {
  const auto parsed = read(kBrowserOffer);
  const Description& d = parsed.description;
  EXPECT_EQ(d.credentials, std::nullopt);
  EXPECT_THAT(d.options, ElementsAre("trickle", "renomination"));
  EXPECT_EQ(d.pacing_ms, std::nullopt);
  ASSERT_THAT(d.streams, SizeIs(2));
  EXPECT_EQ(d.streams[0].stream, StreamId(0));
  EXPECT_EQ(d.streams[0].credentials, kMedia);
  EXPECT_THAT(d.streams[0].candidates, SizeIs(1));
  EXPECT_FALSE(d.streams[0].end_of_candidates);
  EXPECT_EQ(d.streams[1].stream, StreamId(1));
  EXPECT_EQ(d.streams[1].credentials, kSession);
  EXPECT_TRUE(d.streams[1].end_of_candidates);
  EXPECT_THAT(parsed.warnings, IsEmpty());
}

TEST(ParseDescription, TakesAFragmentsStreamFromANumericMid) {
  const auto d = read(std::string(kSessionLines) +
                      "m=audio 9 RTP/AVP 0\na=mid:3\na=end-of-candidates\n"
                      "m=audio 9 RTP/AVP 0\na=candidate:1 1 UDP 1 192.0.2.1 5 typ host\na=mid:audio\n"
                      "m=audio 9 RTP/AVP 0\na=mid:-1\n")
                     .description;
  ASSERT_THAT(d.streams, SizeIs(3));
  EXPECT_EQ(d.streams[0].stream, StreamId(3));
  EXPECT_EQ(d.streams[1].stream, StreamId(1));
  EXPECT_EQ(d.streams[2].stream, StreamId(2));
}

TEST(ParseDescription, PutsTwoPartsOfOneStreamTogether) {
  const auto d = read(
                     "m=audio 9 RTP/AVP 0\na=mid:0\na=candidate:1 1 UDP 1 192.0.2.1 5 typ host\n"
                     "m=audio 9 RTP/AVP 0\na=mid:0\na=candidate:1 1 UDP 1 192.0.2.1 6 typ host\na=end-of-candidates\n")
                     .description;
  ASSERT_THAT(d.streams, SizeIs(1));
  EXPECT_THAT(d.streams[0].candidates, SizeIs(2));
  EXPECT_TRUE(d.streams[0].end_of_candidates);
  EXPECT_THAT(error_of("m=a\na=mid:0\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n"
                       "m=a\na=mid:0\na=ice-ufrag:abce\na=ice-pwd:0123456789012345678901\n"),
              HasSubstr("stream 0 is described twice"));
}

// RFC 8840 4.4: at session level it ends the candidates of all streams.
TEST(ParseDescription, EndsAllStreamsCandidatesAtSessionLevel) {
  const auto d = read("a=end-of-candidates\nm=audio 9 RTP/AVP 0\na=mid:0\nm=audio 9 RTP/AVP 0\na=mid:1\n").description;
  ASSERT_THAT(d.streams, SizeIs(2));
  EXPECT_TRUE(d.streams[0].end_of_candidates);
  EXPECT_TRUE(d.streams[1].end_of_candidates);
}

// STANDARDS trap 15: a bad candidate line costs only itself.
TEST(ParseDescription, SkipsBadCandidatesAndKeepsTheRest) {
  const auto parsed = read(std::string(kSessionLines) +
                           "a=candidate:1 1 UDP 1 192.0.2.300 5 typ host\n"
                           "a=candidate:1 1 SCTP 1 192.0.2.1 5 typ host\n"
                           "a=candidate:\n"
                           "a=candidate:2 1 UDP 1 192.0.2.1 5 typ host\n"
                           "a=candidate:3 1 UDP 1 abc.local 5 typ host\n");
  ASSERT_THAT(parsed.description.streams, SizeIs(1));
  EXPECT_THAT(parsed.description.streams[0].candidates, SizeIs(2));
  EXPECT_THAT(parsed.warnings,
              ElementsAre(HasSubstr("192.0.2.300"), HasSubstr("transport \"SCTP\" is unknown"), HasSubstr("empty")));
}

TEST(ParseDescription, SkipsCandidatesThatBelongToNoStream) {
  const auto parsed =
      read("a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\nm=audio 9 RTP/AVP 0\na=mid:0\n" + std::string(kSessionLines));
  EXPECT_THAT(parsed.description.streams[0].candidates, IsEmpty());
  EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("before the first m= line")));
}

TEST(ParseDescription, RefusesBadCredentialsWithoutShowingThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"a=ice-ufrag:abcd", "a=ice-ufrag is given without a=ice-pwd"},
      {"a=ice-pwd:secret789012345678901", "a=ice-pwd is given without a=ice-ufrag"},
      {"a=ice-ufrag:sec\na=ice-pwd:0123456789012345678901", "ice-ufrag has 3 characters"},
      {"a=ice-ufrag:secret-\na=ice-pwd:0123456789012345678901", "ice-ufrag holds characters"},
      {"a=ice-ufrag:abcd\na=ice-pwd:secret", "ice-pwd has 6 characters"},
      {"a=ice-ufrag:abcd\na=ice-pwd:secret-secret-secret-secret", "ice-pwd holds characters"},
      {"a=ice-ufrag:\na=ice-pwd:", "ice-ufrag has 0 characters"},
      {"a=ice-ufrag:abcd\na=ice-ufrag:secre\na=ice-pwd:0123456789012345678901", "a=ice-ufrag is given twice"},
      {"a=ice-ufrag:abcd\na=ice-pwd:secret7890123456789012\na=ice-pwd:secret7890123456789013",
       "a=ice-pwd is given twice"},
      {"m=audio 9 RTP/AVP 0\na=ice-ufrag:abcd\nm=audio 9 RTP/AVP 0\na=ice-pwd:secret7890123456789012",
       "a=ice-ufrag is given without a=ice-pwd"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(error_of(text), HasSubstr(message)) << text;
    EXPECT_THAT(error_of(text), Not(HasSubstr("secre"))) << text;
  }
}

TEST(ParseDescription, AllowsTheSameValueTwice) {
  EXPECT_EQ(read(std::string(kSessionLines) + kSessionLines).description.credentials, kSession);
}

TEST(ParseDescription, RefusesTextWithNothingOfIce) {
  for (const char* text : {"hello", "v=0\r\ns=-\r\nm=audio 9 RTP/AVP 0\r\n", "a=mid:0", "{\"type\":\"offer\"}",
                           "a=ice-ufragabcd", "a=candidates:1", "A=ICE-UFRAG:abcd"}) {
    EXPECT_THAT(error_of(text), HasSubstr("nothing of ICE")) << text;
  }
  for (const char* text : {"", "  \r\n", "\n\n"}) EXPECT_THAT(error_of(text), HasSubstr("empty"));
}

TEST(ParseDescription, SaysWhyWhenAllItsCandidatesAreBad) {
  EXPECT_THAT(error_of("a=candidate:1 1 UDP 1 192.0.2.300 5 typ host"), HasSubstr("192.0.2.300"));
}

// RFC 8839 5.5
TEST(ParseDescription, ReadsPacing) {
  EXPECT_EQ(read("a=ice-pacing:50").description.pacing_ms, 50U);
  EXPECT_EQ(read("a=ice-pacing: 0\r\n").description.pacing_ms, 0U);
  EXPECT_EQ(read("a=ice-pacing:20\na=ice-pacing:30\na=ice-pacing:10").description.pacing_ms, 30U);
  for (const char* bad : {"a=ice-pacing:", "a=ice-pacing:-5", "a=ice-pacing:5ms", "a=ice-pacing:99999999999"}) {
    const auto parsed = read(std::string(kSessionLines) + bad);
    EXPECT_EQ(parsed.description.pacing_ms, std::nullopt);
    EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("ice-pacing")));
  }
}

TEST(ParseDescription, ReadsOptionsOnceAndFew) {
  const auto d = read("a=ice-options:ice2 trickle\na=ice-options:trickle x\n").description;
  EXPECT_THAT(d.options, ElementsAre("ice2", "trickle", "x"));
  EXPECT_TRUE(d.has_option("ice2"));
  EXPECT_FALSE(d.has_option("ice"));
  std::string many = "a=ice-options:";
  for (int i = 0; i < 1000; ++i) many += " o" + std::to_string(i);
  EXPECT_THAT(read(many).description.options, SizeIs(32));
  EXPECT_THAT(read("a=ice-options:" + std::string(65, 'x') + " \x01 y").description.options, ElementsAre("y"));
}

TEST(ParseDescription, ToleratesNulBytesAndForeignLines) {
  std::string text = std::string(kSessionLines) + "a=x:";
  text += '\0';
  text += "\na=candidate:1 1 UDP 1 192.0.2.1 5 typ host\n";
  text += '\0';
  const auto d = read(text).description;
  EXPECT_EQ(d.credentials, kSession);
  EXPECT_THAT(d.streams[0].candidates, SizeIs(1));
  std::string inside = "a=ice-ufrag:ab";
  inside += '\0';
  inside += "cd\na=ice-pwd:0123456789012345678901";
  EXPECT_THAT(error_of(inside), HasSubstr("ice-ufrag holds characters"));
}

TEST(ParseDescription, RefusesGiantTextByItsSizeAlone) {
  std::string giant;
  while (giant.size() < (4U << 20)) giant += "a=candidate:1 1 UDP 1 192.0.2.1 5 typ host\n";
  EXPECT_THAT(error_of(giant), HasSubstr("bytes long; at most 262144"));
  EXPECT_THAT(error_of(std::string(kMaxDescription + 1, '\n')), HasSubstr("bytes long"));
  EXPECT_THAT(error_of(std::string(kMaxDescription, 'a')), HasSubstr("nothing of ICE"));
}

TEST(ParseDescription, BoundsCandidatesAndWarnings) {
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "a=candidate:1 1 UDP 1 192.0.2.1 " + std::to_string(i + 1) + " typ host\n";
  auto parsed = read(text);
  EXPECT_THAT(parsed.description.streams[0].candidates, SizeIs(kMaxDescriptionCandidates));
  EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("500 candidates after the first 1000")));
  text = kSessionLines;
  for (int i = 0; i < 5000; ++i) text += "a=candidate:bad\n";
  EXPECT_THAT(read(text).warnings, SizeIs(20));
}

TEST(ParseDescription, BoundsStreams) {
  std::string text = kSessionLines;
  while (text.size() + 4 < kMaxDescription) text += "m=\n";
  const auto parsed = read(text);
  EXPECT_THAT(parsed.description.streams, SizeIs(256));
  EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("m= lines after the first 256")));
}

TEST(ParseDescription, SurvivesEveryTruncationAndManyChanges) {
  const std::string good = write_description(sample()) + kBrowserOffer;
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto parsed = parse_description(good.substr(0, size));
    if (!parsed.ok()) {
      EXPECT_FALSE(parsed.error().message.empty());
    }
  }
  test::SeededRandom random(11);
  std::size_t accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = write_description(sample());
    for (auto changes = random.below(4) + 1; changes > 0; --changes) {
      const std::size_t at = random.below(text.size());
      switch (random.below(3)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, random.below(20));
          break;
        default:
          text.insert(at, text.substr(random.below(text.size()), random.below(40)));
      }
      if (text.empty()) text = "a";
    }
    const auto parsed = parse_description(text);
    if (!parsed.ok()) continue;
    ++accepted;
    // What was understood can be said again and is understood the same way.
    const std::string written = write_description(parsed->description);
    expect_equal(read(written).description, parsed->description);
  }
  EXPECT_GT(accepted, 5000U);
  EXPECT_LT(accepted, 19000U);
}

}  // namespace
}  // namespace ice
