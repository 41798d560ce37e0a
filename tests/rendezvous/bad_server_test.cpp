// SPDX-License-Identifier: LGPL-2.1-or-later
// The client against what is no rendezvous server: one clear sentence that names the address and what is wrong.
#include <glib.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "gst/util/gobject_ptr.h"
#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

RendezvousOptions impatient() {
  RendezvousOptions options;
  options.connect_timeout = 300ms;
  return options;
}

/// What the client says of the server at `url`; checks that it is final and names the address.
std::string verdict(const std::string& url, RendezvousOptions options = {}) {
  TestClient client(url, options);
  const std::string event = client.next();
  const std::string expected = "failed fatal: rendezvous \"" + url + "\": ";
  EXPECT_EQ(event.substr(0, expected.size()), expected);
  EXPECT_TRUE(client.is_quiet());
  return event.size() < expected.size() ? event : event.substr(expected.size());
}

/// Upgrades as RFC 6455 4.2.2 says, then speaks as it likes.
void upgrade(int fd) {
  const std::string head = read_head(fd);
  const std::string name = "Sec-WebSocket-Key: ";
  const auto begin = head.find(name) + name.size();
  const std::string key = head.substr(begin, head.find('\r', begin) - begin) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  guint8 digest[20];
  gsize size = sizeof digest;
  const std::unique_ptr<GChecksum, GFree<GChecksum, g_checksum_free>> sha1(g_checksum_new(G_CHECKSUM_SHA1));
  g_checksum_update(sha1.get(), reinterpret_cast<const guchar*>(key.data()), static_cast<gssize>(key.size()));
  g_checksum_get_digest(sha1.get(), digest, &size);
  const GCharPtr accept(g_base64_encode(digest, size));
  write_all(fd, std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: ") +
                    accept.get() + "\r\n\r\n");
}

std::string short_frame(char first, const std::string& payload) {
  return std::string{first, static_cast<char>(payload.size())} + payload;
}

TEST(BadServer, NobodyThere) {
  std::uint16_t port = 0;
  { port = Listener().port; }
  EXPECT_EQ(verdict("ws://127.0.0.1:" + std::to_string(port) + "/room"),
            "connection refused; is gst-ice-rendezvous running there?");
}

TEST(BadServer, NoSuchHost) {
  // Where there is no name server at all, the name cannot be looked up; both messages name it.
  EXPECT_NE(verdict("ws://no-such-host.invalid/room").find("\"no-such-host.invalid\""), std::string::npos);
}

TEST(BadServer, NotFound) {
  FakeServer server([](int fd) {
    read_head(fd);
    write_all(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  });
  EXPECT_NE(verdict(server.url()).find("HTTP 404 (Not Found)"), std::string::npos);
}

TEST(BadServer, ARedirectionIsNotFollowed) {
  FakeServer server([](int fd) {
    read_head(fd);
    write_all(fd, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  });
  EXPECT_NE(verdict(server.url()).find("HTTP 302"), std::string::npos);
}

TEST(BadServer, AWebServerWithAPageWithoutEnd) {
  FakeServer server([](int fd) {
    read_head(fd);
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>");
    read_to_end(fd);
  });
  EXPECT_NE(verdict(server.url()).find("HTTP 200"), std::string::npos);
}

TEST(BadServer, Garbage) {
  FakeServer server([](int fd) {
    read_head(fd);
    write_all(fd, "\x01\x02\x03garbage\r\n\r\nmore\r\n\r\n");
  });
  EXPECT_NE(verdict(server.url()).find("what listens there"), std::string::npos);
}

TEST(BadServer, AGreetingOfAnotherProtocol) {
  FakeServer server([](int fd) { write_all(fd, "SSH-2.0-OpenSSH_9.2p1\r\n"); });
  EXPECT_NE(verdict(server.url()).find("what listens there"), std::string::npos);
}

TEST(BadServer, ClosesAtOnce) {
  FakeServer server([](int fd) { read_head(fd); });
  EXPECT_NE(verdict(server.url()).find("ended the connection"), std::string::npos);
}

TEST(BadServer, SaysNothing) {
  FakeServer server(read_to_end);
  EXPECT_EQ(verdict(server.url(), impatient()), "what listens there does not answer; waited 300 ms");
}

TEST(BadServer, UpgradesAndSaysNothing) {
  FakeServer server([](int fd) {
    upgrade(fd);
    read_to_end(fd);
  });
  EXPECT_EQ(verdict(server.url(), impatient()), "what listens there does not answer; waited 300 ms");
}

TEST(BadServer, UpgradesWithAWrongProof) {
  FakeServer server([](int fd) {
    read_head(fd);
    write_all(fd,
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: AAAA\r\n\r\n");
    read_to_end(fd);
  });
  EXPECT_NE(verdict(server.url()).find("does not speak WebSocket"), std::string::npos);
}

TEST(BadServer, SpeaksAnotherLanguageOverWebSocket) {
  for (const char* text : {"hello", "{}", "[[[[[[[[[[[[[[[[[[[[[[[[", R"({"type":"welcome"})"}) {
    FakeServer server([text](int fd) {
      upgrade(fd);
      write_all(fd, short_frame('\x81', text));
      read_to_end(fd);
    });
    EXPECT_NE(verdict(server.url()).find("speaks otherwise than a rendezvous server"), std::string::npos) << text;
  }
}

TEST(BadServer, SendsBinary) {
  FakeServer server([](int fd) {
    upgrade(fd);
    write_all(fd, short_frame('\x82', "binary"));
    read_to_end(fd);
  });
  EXPECT_NE(verdict(server.url()).find("binary"), std::string::npos);
}

TEST(BadServer, AnnouncesAFrameOfManyGigabytes) {
  FakeServer server([](int fd) {
    upgrade(fd);
    write_all(fd, std::string("\x81\x7f\x00\x00\x00\x7f\xff\xff\xff\xff", 10));
    read_to_end(fd);
  });
  EXPECT_NE(verdict(server.url()).find("ended the connection"), std::string::npos);
}

TEST(BadServer, SendsAMessageOfEndlesslyManyFragments) {
  FakeServer server([](int fd) {
    upgrade(fd);
    write_all(fd, short_frame('\x81', R"({"type":"welcome","version":1,"first":true})"));
    write_all(fd, short_frame('\x01', "{"));
    std::string fragments;
    for (int i = 0; i < 100; ++i) fragments += short_frame('\x00', std::string(100, ' '));
    // As fast as a network, not as loopback: libsoup reads on for as long as there is something, and nothing else runs.
    pollfd nothing{-1, 0, 0};
    while (send(fd, fragments.data(), fragments.size(), MSG_NOSIGNAL) > 0) poll(&nothing, 1, 1);
  });
  RendezvousOptions options;
  options.silence_timeout = 20s;
  TestClient client(server.url(), options);
  EXPECT_EQ(client.next(), "joined first");
  EXPECT_NE(client.next().find("the server sends a message that is too large; trying again"), std::string::npos);
}

TEST(BadServer, SpeaksALaterVersionOnly) {
  FakeServer server([](int fd) {
    upgrade(fd);
    write_all(fd, short_frame('\x81', R"({"type":"welcome","version":2,"first":true})"));
    read_to_end(fd);
  });
  EXPECT_EQ(verdict(server.url()), "the server speaks version 2 of the protocol, and we 1");
}

TEST(BadServer, RefusesWithAReasonThatIsShownAsOneLine) {
  FakeServer server([](int fd) {
    upgrade(fd);
    write_all(fd, short_frame('\x81', R"({"type":"error","code":"busy","reason":"no\nmore \u001b[31m rooms"})"));
    read_to_end(fd);
  });
  EXPECT_EQ(verdict(server.url()), "the server refuses us: no more  [31m rooms");
}

TEST(BadServer, MessagesBeforeTheWelcomeAreNotBelieved) {
  FakeServer server([](int fd) {
    upgrade(fd);
    for (const char* text :
         {R"({"type":"peer","peer":"peer-aaaa","first":true})", R"({"type":"description","description":"d"})",
          R"({"type":"left","peer":"","goodbye":true})", R"({"type":"welcome","version":1,"first":true})"}) {
      write_all(fd, short_frame('\x81', text));
    }
    read_to_end(fd);
  });
  TestClient client(server.url());
  EXPECT_EQ(client.next(), "joined first");
  EXPECT_TRUE(client.is_quiet());
}

TEST(BadServer, AWrongAddressIsNamedBeforeAnythingIsTried) {
  TestClient client("ws://127.0.0.1:8765/");
  EXPECT_NE(client.next().find("the room is missing"), std::string::npos);
}

}  // namespace
}  // namespace gstice::testing
