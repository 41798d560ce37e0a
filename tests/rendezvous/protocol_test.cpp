// SPDX-License-Identifier: LGPL-2.1-or-later
// The messages: what is built reads back, what is hostile is refused.
#include "gst/rendezvous/protocol.h"

#include <gtest/gtest.h>

#include <random>

namespace gstice::rendezvous {
namespace {

template <typename T>
T read_back(const T& message) {
  const auto parsed = parse(to_text(message));
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  if (!parsed) return {};
  EXPECT_TRUE(std::holds_alternative<T>(*parsed));
  const T* found = std::get_if<T>(&*parsed);
  return found == nullptr ? T{} : *found;
}

std::string error_of(std::string_view text) {
  const auto parsed = parse(text);
  return parsed ? "(accepted)" : parsed.error().message;
}

TEST(Messages, EveryMessageReadsBackAsItWasBuilt) {
  const auto hello = read_back(Hello{1, "peer-id-1", "token_token_token"});
  EXPECT_EQ(hello.version, 1);
  EXPECT_EQ(hello.peer, "peer-id-1");
  EXPECT_EQ(hello.token, "token_token_token");
  EXPECT_TRUE(read_back(Welcome{1, true}).first);
  EXPECT_FALSE(read_back(Welcome{1, false}).first);
  EXPECT_EQ(read_back(PeerPresent{"peer-id-2", true}).peer, "peer-id-2");
  EXPECT_TRUE(read_back(PeerLeft{"peer-id-2", true}).goodbye);
  EXPECT_EQ(read_back(Refusal{"rate", "too much"}).reason, "too much");
  EXPECT_EQ(read_back(CandidateLine{7, "candidate:1 1 udp 1 192.0.2.1 9 typ host"}).stream, 7u);
  EXPECT_EQ(read_back(CandidateLine{7, ""}).candidate, "");
  read_back(RoomFull{});
  EXPECT_FALSE(read_back(Goodbye{}).sent);
  const std::vector<FlowCount> counts{{0, 1, 0}, {65535, 256, (1ull << 53) - 1}};
  EXPECT_EQ(read_back(Goodbye{counts}).sent, counts);
  EXPECT_EQ(read_back(Goodbye{std::vector<FlowCount>{}}).sent, std::vector<FlowCount>{});
  const std::vector<FlowCaps> flows{
      {0, 1, "application/x-rtp, media=(string)video, a=(string)\"\\\"\303\251\""}, {0, 2, kNoCaps}, {65535, 256, {}}};
  EXPECT_EQ(read_back(Caps{flows}).flows, flows);
  EXPECT_TRUE(read_back(Caps{}).flows.empty());
  EXPECT_EQ(read_back(KeyFrame{3, 2}).stream, 3u);
  EXPECT_EQ(read_back(KeyFrame{3, 2}).component, 2u);
}

TEST(Messages, LineEndsQuotesAndUnicodeSurviveInADescription) {
  const std::string text = "a=ice-ufrag:abcd\r\na=x:\"quoted\\\" \t \xc3\xa9 \xf0\x9f\x8e\xa5 </script>\n";
  EXPECT_EQ(read_back(Description{text}).description, text);
}

TEST(Messages, TheWireLooksAsTheDocumentSays) {
  EXPECT_EQ(to_text(Hello{1, "peer-id-1", "token_token_token"}),
            R"({"type":"hello","version":1,"peer":"peer-id-1","token":"token_token_token"})");
  EXPECT_EQ(to_text(Welcome{1, true}), R"({"type":"welcome","version":1,"first":true})");
  EXPECT_EQ(to_text(CandidateLine{0, "candidate:1"}), R"({"type":"candidate","stream":0,"candidate":"candidate:1"})");
  EXPECT_EQ(to_text(Caps{{{0, 1, "video/x-vp8"}, {1, 1, std::nullopt}}}),
            R"({"type":"caps","flows":[{"stream":0,"component":1,"caps":"video/x-vp8"},{"stream":1,"component":1}]})");
  EXPECT_EQ(to_text(KeyFrame{0, 1}), R"({"type":"keyframe","stream":0,"component":1})");
  EXPECT_EQ(to_text(Goodbye{}), R"({"type":"goodbye"})");
  EXPECT_EQ(to_text(Goodbye{std::vector<FlowCount>{{0, 1, 1234}}}),
            R"({"type":"goodbye","sent":[{"stream":0,"component":1,"packets":1234}]})");
}

TEST(Messages, UnknownTypesAndMembersAreTakenForALaterVersion) {
  const auto later = parse(R"({"type":"later","caps":"video/x-vp8","stream":3})");
  ASSERT_TRUE(later.ok());
  ASSERT_TRUE(std::holds_alternative<Unknown>(*later));
  EXPECT_EQ(std::get<Unknown>(*later).type, "later");
  EXPECT_TRUE(parse(R"({"type":"goodbye","packets":{"0/1":123}})").ok());
}

TEST(Messages, WhatIsRelayedIsStrictJsonWithEveryMemberOnce) {
  const auto parsed = parse_for_relay("{\"type\":\"left\",\n \"type\" : \"later\", \"new\": [1, 2.5, null, true]}");
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(std::holds_alternative<Unknown>(parsed->message));
  EXPECT_EQ(parsed->canonical, R"({"type":"later","new":[1,2.5,null,true]})");
}

TEST(Messages, AMissingOrMistypedMemberIsNamed) {
  EXPECT_EQ(error_of("{}"), "\"type\" is missing");
  EXPECT_EQ(error_of(R"({"type":5})"), "\"type\" is not a string");
  EXPECT_EQ(error_of(R"({"type":"welcome","version":1})"), "\"first\" is missing");
  EXPECT_EQ(error_of(R"({"type":"welcome","version":"1","first":true})"), "\"version\" is not an integer");
  EXPECT_EQ(error_of(R"({"type":"welcome","version":0,"first":true})"), "\"version\" is not between 1 and 1000000");
  EXPECT_EQ(error_of(R"({"type":"description","description":{}})"), "\"description\" is not a string");
  EXPECT_EQ(error_of(R"({"type":"candidate","stream":-1,"candidate":""})"), "\"stream\" is not between 0 and 65535");
  EXPECT_EQ(error_of(R"({"type":"candidate","stream":1.5,"candidate":""})"), "\"stream\" is not an integer");
  EXPECT_EQ(error_of(R"({"type":"candidate","stream":0,"candidate":null})"), "\"candidate\" is not a string");
  EXPECT_NE(error_of(R"({"type":"hello","version":1,"peer":"short","token":"token_token_token"})").find("\"peer\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"type":"hello","version":1,"peer":"peer-id-1","token":"short"})").find("\"token\""),
            std::string::npos);
}

TEST(Messages, WhatIsWrongInAListOfFlowsIsNamed) {
  EXPECT_EQ(error_of(R"({"type":"caps"})"), "\"flows\" is missing");
  EXPECT_EQ(error_of(R"({"type":"caps","flows":{}})"), "\"flows\" is not an array");
  EXPECT_EQ(error_of(R"({"type":"caps","flows":["x"]})"), "\"flows\" has an element that is not an object");
  EXPECT_EQ(error_of(R"({"type":"caps","flows":[{"stream":0}]})"), "in \"flows\": \"component\" is missing");
  EXPECT_EQ(error_of(R"({"type":"caps","flows":[{"stream":0,"component":0}]})"),
            "in \"flows\": \"component\" is not between 1 and 256");
  EXPECT_EQ(error_of(R"({"type":"caps","flows":[{"stream":0,"component":1,"caps":null}]})"),
            "in \"flows\": \"caps\" is not a string");
  EXPECT_EQ(error_of(R"({"type":"keyframe","stream":65536,"component":1})"), "\"stream\" is not between 0 and 65535");
  EXPECT_EQ(error_of(R"({"type":"goodbye","sent":null})"), "\"sent\" is not an array");
  EXPECT_EQ(error_of(R"({"type":"goodbye","sent":[{"stream":0,"component":1,"packets":-1}]})"),
            "in \"sent\": \"packets\" is not between 0 and 9007199254740991");
}

TEST(Messages, ErrorsNeverQuoteWhatWasReceived) {
  for (const char* text : {R"({"type":"hello","version":1,"peer":"peer-id-1","token":"s3cret!"})", R"({"s3cret!)",
                           R"({"type":"s3cret!"})"}) {
    EXPECT_EQ(error_of(text).find("s3cret"), std::string::npos) << text;
  }
}

TEST(HostileText, WhatIsNoJsonObjectIsRefused) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      " "sv,
                                      "null"sv,
                                      "[]"sv,
                                      "\"x\""sv,
                                      "1"sv,
                                      "{"sv,
                                      "}"sv,
                                      "{}}"sv,
                                      "{\"a\":}"sv,
                                      "{'type':'full'}"sv,
                                      "{\"type\":\"full\"} trailing"sv,
                                      "{\"type\":\"full\"/* */}"sv,
                                      "{\"type\":\"full\"}\0"sv,
                                      "{\"type\":\"fu\nll\"}"sv,
                                      "\xff\xfe"sv,
                                      "{\"type\":\"a\\u0000b\"}"sv,
                                      "{\"type\":\"full\",}"sv,
                                      "{\"type\" \"full\"}"sv,
                                      "{type:\"full\"}"sv,
                                      "{\"type\":tru}"sv,
                                      "{\"type\":\"full\"}{\"type\":\"full\"}"sv}) {
    EXPECT_FALSE(parse(text).ok()) << text;
    EXPECT_FALSE(parse_for_relay(text).ok()) << text;
  }
}

TEST(HostileText, DeepNestingIsRefusedBeforeItIsParsed) {
  const std::string deep(kMaxMessageBytes / 2, '[');
  EXPECT_EQ(error_of(deep), "message is nested too deeply");
  std::string objects;
  for (int i = 0; i < 10000; ++i) objects += "{\"a\":";
  EXPECT_EQ(error_of(objects), "message is nested too deeply");
  EXPECT_EQ(error_of("{\"type\":\"x\",\"a\":" + std::string(15, '[') + std::string(15, ']') + "}"), "(accepted)");
  EXPECT_EQ(error_of("{\"type\":\"x\",\"a\":" + std::string(16, '[') + std::string(16, ']') + "}"),
            "message is nested too deeply");
}

TEST(HostileText, HalfASurrogatePairIsRefusedOrMadeValid) {
  for (const char* text : {R"({"type":"description","description":"\ud800"})", R"({"type":"x","a":"\udc00\ud800"})",
                           R"({"type":"x","\ud83d":1})"}) {
    const auto parsed = parse_for_relay(text);
    if (parsed) {
      EXPECT_TRUE(parse(parsed->canonical).ok()) << text;
    }
  }
}

TEST(HostileText, SizesAreBoundedExactly) {
  EXPECT_EQ(error_of(to_text(Description{std::string(kMaxDescriptionBytes, 'a')})), "(accepted)");
  EXPECT_NE(error_of(to_text(Description{std::string(kMaxDescriptionBytes + 1, 'a')})), "(accepted)");
  EXPECT_EQ(error_of(to_text(CandidateLine{0, std::string(kMaxCandidateBytes, 'a')})), "(accepted)");
  EXPECT_NE(error_of(to_text(CandidateLine{0, std::string(kMaxCandidateBytes + 1, 'a')})), "(accepted)");
  EXPECT_EQ(error_of(to_text(Caps{{{0, 1, std::string(kMaxCapsBytes, 'a')}}})), "(accepted)");
  EXPECT_NE(error_of(to_text(Caps{{{0, 1, std::string(kMaxCapsBytes + 1, 'a')}}})), "(accepted)");
  EXPECT_EQ(error_of(to_text(Caps{std::vector<FlowCaps>(kMaxFlows)})), "(accepted)");
  EXPECT_NE(error_of(to_text(Caps{std::vector<FlowCaps>(kMaxFlows + 1)})), "(accepted)");
  EXPECT_EQ(error_of(to_text(Goodbye{std::vector<FlowCount>(kMaxFlows)})), "(accepted)");
  EXPECT_NE(error_of(to_text(Goodbye{std::vector<FlowCount>(kMaxFlows + 1)})), "(accepted)");
  EXPECT_NE(error_of("{\"type\":\"x\",\"a\":\"" + std::string(kMaxMessageBytes, 'a') + "\"}"), "(accepted)");
}

TEST(HostileText, HugeNumbersDoNoHarm) {
  EXPECT_NE(error_of(R"({"type":"candidate","stream":99999999999999999999999,"candidate":""})"), "(accepted)");
  EXPECT_NE(error_of(R"({"type":"candidate","stream":1e999,"candidate":""})"), "(accepted)");
  const auto parsed = parse_for_relay(R"({"type":"x","a":1e999})");
  if (parsed) {
    EXPECT_TRUE(parse(parsed->canonical).ok());
  }
}

TEST(HostileText, AMutatedMessageIsAValueOrAnErrorAndWhatIsRelayedParses) {
  const std::string valid =
      R"({"type":"description","description":"a=ice-ufrag:abcd\r\n\u00e9","extra":{"a":[1,-2.5e3,true,null,"\\\""]}})";
  std::mt19937 random(20261125);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = valid;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int change = 0; change < changes; ++change) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, 1 + random() % 5);
          break;
        case 2:
          text.insert(at, 1, "{}[]\",:\\/'0e"[random() % 12]);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
      }
      if (text.empty()) text = " ";
    }
    const auto parsed = parse_for_relay(text);
    if (!parsed) continue;
    ++accepted;
    ASSERT_TRUE(parse(parsed->canonical).ok()) << text << "\n" << parsed->canonical;
  }
  EXPECT_GT(accepted, 100);
}

TEST(Names, RoomsPeersAndTokensHaveTheirAlphabets) {
  EXPECT_TRUE(is_room_name("my-room_1.0~x"));
  EXPECT_TRUE(is_room_name(std::string(128, 'r')));
  EXPECT_FALSE(is_room_name(std::string(129, 'r')));
  for (const char* name : {"", ".", "..", "a/b", "a b", "a%20b", "\xc3\xa9", "a?b"}) EXPECT_FALSE(is_room_name(name));
  EXPECT_TRUE(is_peer_id("12345678"));
  EXPECT_FALSE(is_peer_id("1234567"));
  EXPECT_FALSE(is_peer_id(std::string(65, 'a')));
  EXPECT_TRUE(is_token(std::string(16, 'a')));
  EXPECT_FALSE(is_token(std::string(15, 'a')));
}

}  // namespace
}  // namespace gstice::rendezvous
