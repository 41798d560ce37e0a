// SPDX-License-Identifier: LGPL-2.1-or-later
// The server against clients that do what no honest client does: they are ended, the others do not notice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <random>

#include "gst/rendezvous/protocol.h"
#include "tests/rendezvous/raw_client.h"
#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Two honest clients that still hear each other.
void expect_serving(ServerThread& server) {
  TestClient one(server.url("honest"));
  TestClient two(server.url("honest"));
  EXPECT_THAT(one.next_with("peer "), StartsWith("peer "));
  EXPECT_THAT(two.next_with("peer "), StartsWith("peer "));
  one->send_description("hello");
  EXPECT_EQ(two.next_with("description"), "description hello");
}

/// A raw client in `room`, with an honest one who has seen it.
struct Pair {
  explicit Pair(ServerThread& server) : honest(server.url()), hostile(server.port()) {
    EXPECT_EQ(honest.next(), "joined first");
    hostile.send_text(hello_of("hostile-peer"));
    EXPECT_EQ(honest.next(), "peer hostile-peer");
    EXPECT_THAT(hostile.receive_text(), HasSubstr("welcome"));
    EXPECT_THAT(hostile.receive_text(), HasSubstr("\"peer\""));
  }
  TestClient honest;
  RawClient hostile;
};

TEST(HostileClient, ARoomThatIsNoneIsNotFound) {
  ServerThread server;
  for (const std::string& room : {std::string(), std::string("a/b"), std::string("a%20b"), std::string(129, 'r')}) {
    EXPECT_THAT(RawClient(server.port(), room).status(), HasSubstr("404")) << room;
  }
  EXPECT_THAT(RawClient(server.port(), std::string(128, 'r')).status(), HasSubstr("101"));
}

TEST(HostileClient, WhatIsNoHttpIsEnded) {
  ServerThread server;
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS?\r\n\r\n"sv, "garbage\r\n\r\n"sv, "\0\0\0\0\r\n\r\n"sv}) {
    const Descriptor socket = connect_to(server.port());
    write_all(socket.get(), text);
    read_to_end(socket.get());
  }
  expect_serving(server);
}

TEST(HostileClient, AnHttpHeadWithoutEndIsCut) {
  ServerThread server;
  const Descriptor socket = connect_to(server.port());
  write_all(socket.get(), "GET /room HTTP/1.1\r\nX: " + std::string(1 << 20, 'x'));
  read_to_end(socket.get());
  expect_serving(server);
}

TEST(HostileClient, AnHttpBodyWithoutEndIsCut) {
  ServerThread server;
  const Descriptor socket = connect_to(server.port());
  write_all(socket.get(),
            "POST /room HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" + std::string(1 << 20, 'x'));
  read_to_end(socket.get());
  expect_serving(server);
}

TEST(HostileClient, WhoSaysNothingIsEnded) {
  RendezvousServer::Limits limits;
  limits.hello_timeout = 100ms;
  ServerThread server({}, limits);
  const Descriptor mute = connect_to(server.port());
  read_to_end(mute.get());
  RawClient no_hello(server.port());
  EXPECT_THAT(no_hello.receive_text(), HasSubstr("no hello came in time"));
  EXPECT_THAT(no_hello.receive_text(), StartsWith("(closed 4004"));
}

TEST(HostileClient, TheFirstMessageMustBeAHello) {
  ServerThread server;
  RawClient client(server.port());
  client.send_text(R"({"type":"description","description":"d"})");
  EXPECT_EQ(client.receive_text(), R"({"type":"error","code":"hello","reason":"the first message is no hello"})");
  EXPECT_EQ(client.receive_text(), "(closed 4004 the first message is no hello)");
}

TEST(HostileClient, MalformedMessagesEndTheirSenderOnly) {
  ServerThread server;
  for (const std::string& text :
       {std::string("garbage"), std::string("[]"), std::string(100000, '['), std::string(R"({"type":"candidate"})"),
        std::string(R"({"type":"welcome","version":1,"first":true})"), hello_of("hostile-peer")}) {
    Pair pair(server);
    pair.hostile.send_text(text);
    EXPECT_THAT(pair.hostile.receive_text(), StartsWith(R"({"type":"error","code":"message")")) << text.substr(0, 50);
    EXPECT_THAT(pair.hostile.receive_text(), StartsWith("(closed 4005"));
    EXPECT_EQ(pair.honest.next(), "left lost");
    pair.honest.leave();
    server.events().next_with(": left");
  }
  expect_serving(server);
}

TEST(HostileClient, BrokenFramesEndTheirSenderOnly) {
  ServerThread server;
  const std::string text = hello_of("peer-of-frames");
  const std::string masked = RawClient::frame(0x81, text);
  for (const std::string& bytes : {
           std::string{'\x81', static_cast<char>(text.size())} + text,  // not masked
           RawClient::frame(0xf1, text),                                // reserved bits
           RawClient::frame(0x83, text),                                // an opcode that does not exist
           RawClient::frame(0x80, text),                                // a continuation of nothing
           RawClient::frame(0x09, "ping"),                              // a fragmented control frame
           RawClient::frame(0x89, std::string(200, 'p')),               // a control frame that is too long
           RawClient::frame(0x81, "\xff\xfe"),                          // no UTF-8
           RawClient::frame(0x88, "x"),                                 // half a close code
           std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10)  // 2^64 bytes
       }) {
    RawClient client(server.port());
    client.send_bytes(bytes);
    EXPECT_THAT(client.receive_text_with("never said"), ::testing::AnyOf(StartsWith("(closed"), "(ended)"));
  }
  RawClient binary(server.port());
  binary.send_bytes(RawClient::frame(0x82, text));
  EXPECT_THAT(binary.receive_text(), HasSubstr("a binary message"));
  expect_serving(server);
}

TEST(HostileClient, AMessageThatIsTooLargeEndsItsSender) {
  ServerThread server;
  Pair pair(server);
  pair.hostile.send_text("{\"type\":\"x\",\"a\":\"" + std::string(rendezvous::kMaxMessageBytes, 'a') + "\"}");
  EXPECT_THAT(pair.hostile.receive_text_with("never said"), ::testing::AnyOf(StartsWith("(closed"), "(ended)"));
  EXPECT_EQ(pair.honest.next(), "left lost");
}

TEST(HostileClient, AMessageOfEndlesslyManyFragmentsEndsItsSender) {
  ServerThread server;
  Pair pair(server);
  pair.hostile.send_bytes(RawClient::frame(0x01, "{"));
  for (int i = 0; i < 100; ++i) pair.hostile.send_bytes(RawClient::frame(0x00, std::string(10000, ' ')));
  EXPECT_THAT(pair.hostile.receive_text(), HasSubstr("more bytes than a message may have"));
  EXPECT_EQ(pair.honest.next(), "left lost");
}

TEST(HostileClient, AnHonestMessageInFragmentsIsReadWhole) {
  ServerThread server;
  Pair pair(server);
  pair.hostile.send_bytes(RawClient::frame(0x01, R"({"type":"description",)"));
  pair.hostile.send_bytes(RawClient::frame(0x89, "ping in between"));
  pair.hostile.send_bytes(RawClient::frame(0x80, R"("description":"whole"})"));
  EXPECT_EQ(pair.honest.next(), "description whole");
}

TEST(HostileClient, AHelloIsSmall) {
  ServerThread server;
  RawClient client(server.port());
  client.send_text("{\"x\":\"" + std::string(100000, 'x') + "\"}");
  EXPECT_THAT(client.receive_text(), HasSubstr("more bytes than a message may have"));
}

TEST(HostileClient, CompressionIsNotOffered) {
  // It would let a few bytes unpack into very many.
  ServerThread server;
  const Descriptor socket = connect_to(server.port());
  write_all(socket.get(),
            "GET /room HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  const std::string head = read_head(socket.get());
  EXPECT_THAT(head, HasSubstr("101"));
  EXPECT_EQ(head.find("deflate"), std::string::npos);
}

TEST(HostileClient, TooManyMessagesEndTheirSender) {
  ServerThread server;
  Pair pair(server);
  std::string burst;
  for (int i = 0; i < 1000; ++i) burst += RawClient::frame(0x81, R"({"type":"x"})");
  pair.hostile.send_bytes(burst);
  EXPECT_EQ(pair.hostile.receive_text(), R"({"type":"error","code":"rate","reason":"too many messages"})");
  EXPECT_THAT(pair.hostile.receive_text(), StartsWith("(closed 4006"));
  EXPECT_EQ(pair.honest.next(), "left lost");
  expect_serving(server);
}

TEST(HostileClient, ABurstOfCandidatesIsNoAbuse) {
  ServerThread server;
  Pair pair(server);
  for (int i = 0; i < 300; ++i) pair.hostile.send_text(R"({"type":"candidate","stream":0,"candidate":"c"})");
  for (int i = 0; i < 300; ++i) EXPECT_EQ(pair.honest.next(), "candidate 0 c");
}

TEST(HostileClient, TooManyBytesAreReadLaterAndNotLost) {
  RendezvousServer::Limits limits;
  limits.byte_burst = 64 << 10;
  limits.bytes_per_second = 1 << 20;
  ServerThread server({}, limits);
  Pair pair(server);
  const std::string description(100000, 'd');
  for (int i = 0; i < 4; ++i) pair.hostile.send_text(R"({"type":"description","description":")" + description + "\"}");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pair.honest.next(), "description " + description);
}

TEST(HostileClient, WhoDoesNotReadIsEndedBeforeMuchIsKeptForIt) {
  RendezvousServer::Limits limits;
  limits.bytes_per_second = limits.byte_burst = 64 << 20;
  ServerThread server({}, limits);
  Pair pair(server);
  const std::string description(rendezvous::kMaxDescriptionBytes, 'd');
  // The kernel's buffers take some megabytes; then the server's patience begins.
  for (int i = 0; i < 100; ++i) {
    pair.honest->send_description(description);
    if (!pair.honest.is_quiet()) break;
  }
  EXPECT_EQ(pair.honest.next(), "left lost");
  EXPECT_THAT(server.events().next_with("not read"), HasSubstr("what was sent was not read"));
}

TEST(HostileClient, WhoPingsWithoutReadingIsEnded) {
  RendezvousServer::Limits limits;
  limits.bytes_per_second = limits.byte_burst = 64 << 20;
  ServerThread server({}, limits);
  Pair pair(server);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += RawClient::frame(0x89, std::string(125, 'p'));
  for (int i = 0; i < 200 && pair.honest.is_quiet(); ++i) pair.hostile.send_bytes(pings);
  EXPECT_EQ(pair.honest.next(), "left lost");
}

TEST(HostileClient, APeerIdCannotBeStolen) {
  ServerThread server;
  Pair pair(server);
  RawClient thief(server.port());
  thief.send_text(R"({"type":"hello","version":1,"peer":"hostile-peer","token":"a-guessed-token-xx"})");
  EXPECT_THAT(thief.receive_text(), HasSubstr("\"taken\""));
  EXPECT_THAT(thief.receive_text(), StartsWith("(closed 4009"));
  pair.hostile.send_text(R"({"type":"description","description":"mine"})");
  EXPECT_EQ(pair.honest.next(), "description mine");
}

TEST(HostileClient, TheReplacedConnectionIsToldSo) {
  ServerThread server;
  Pair pair(server);
  RawClient again = RawClient::with_hello(server.port(), "room", "hostile-peer");
  EXPECT_THAT(pair.hostile.receive_text(), HasSubstr("\"replaced\""));
  EXPECT_THAT(pair.hostile.receive_text(), StartsWith("(closed 4002"));
  EXPECT_THAT(again.receive_text(), HasSubstr("welcome"));
  again.send_text(R"({"type":"description","description":"again"})");
  EXPECT_EQ(pair.honest.next(), "description again") << "and no news of a peer that left or came";
}

TEST(HostileClient, ConnectionsAreBoundedPerAddressAndFreedAgain) {
  RendezvousServer::Limits limits;
  limits.connections_per_address = 4;
  ServerThread server({}, limits);
  {
    std::vector<RawClient> clients;
    for (int i = 0; i < 4; ++i) clients.emplace_back(server.port(), "room-" + std::to_string(i));
    EXPECT_THAT(clients.back().status(), HasSubstr("101"));
    EXPECT_THAT(RawClient(server.port()).status(), HasSubstr("503"));
    for (int i = 0; i < 4; ++i) {
      clients[i].send_text(hello_of("peer-number-" + std::to_string(i)));
      EXPECT_THAT(clients[i].receive_text(), HasSubstr("welcome"));
    }
  }
  for (int i = 0; i < 4; ++i) server.events().next_with(": closed");
  expect_serving(server);
}

TEST(HostileClient, RoomsAreBounded) {
  RendezvousServer::Limits limits;
  limits.rooms = 2;
  ServerThread server({}, limits);
  TestClient one(server.url("one"));
  TestClient two(server.url("two"));
  EXPECT_EQ(one.next(), "joined first");
  EXPECT_EQ(two.next(), "joined first");
  TestClient three(server.url("three"));
  EXPECT_THAT(three.next(), HasSubstr("the server refuses us: the server has no more rooms"));
}

TEST(HostileClient, NothingSecretIsLogged) {
  ServerThread server;
  Pair pair(server);
  pair.hostile.send_text(R"({"type":"description","description":"a=ice-pwd:s3cret"})");
  EXPECT_EQ(pair.honest.next(), "description a=ice-pwd:s3cret");
  pair.hostile.send_text(R"({"type":"goodbye"} s3cret)");
  pair.honest.leave();
  server.shut_down();
  while (!server.events().is_empty()) {
    const std::string line = server.events().next();
    EXPECT_EQ(line.find("s3cret"), std::string::npos) << line;
    EXPECT_EQ(line.find("secret-of"), std::string::npos) << line;
  }
}

TEST(HostileClient, RandomBytesHarmNobody) {
  ServerThread server;
  std::mt19937 random(8);
  for (int i = 0; i < 200; ++i) {
    RawClient client(server.port(), "room-" + std::to_string(i));
    std::string bytes = RawClient::frame(0x81, hello_of("random-peer")) +
                        RawClient::frame(0x81, R"({"type":"description","description":"d"})") +
                        RawClient::frame(0x89, "ping") + RawClient::frame(0x88, "\x03\xe8");
    const int changes = 1 + static_cast<int>(random() % 8);
    for (int change = 0; change < changes; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    client.send_bytes(bytes.substr(0, random() % (bytes.size() + 1)));
    if (random() % 2 == 0) shutdown(client.fd(), SHUT_WR);
  }
  expect_serving(server);
  server.shut_down();
  EXPECT_EQ(server.connection_count(), 0u);
  EXPECT_EQ(server.room_count(), 0u);
}

}  // namespace
}  // namespace gstice::testing
