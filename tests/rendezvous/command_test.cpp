// SPDX-License-Identifier: LGPL-2.1-or-later
// The command gst-ice-rendezvous as a process of its own.
#include <gio/gio.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <regex>
#include <set>

#include "gst/util/gobject_ptr.h"
#include "tests/rendezvous/support.h"

namespace gstice::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Command {
 public:
  explicit Command(const std::vector<std::string>& arguments) {
    std::vector<const char*> line{std::getenv("GST_ICE_RENDEZVOUS")};
    for (const std::string& argument : arguments) line.push_back(argument.c_str());
    line.push_back(nullptr);
    process_ = GObjectPtr<GSubprocess>::adopt(g_subprocess_newv(
        line.data(), static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE),
        nullptr));
    if (!process_) return;
    output_ =
        GObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_.get())));
    errors_ =
        GObjectPtr<GDataInputStream>::adopt(g_data_input_stream_new(g_subprocess_get_stderr_pipe(process_.get())));
  }
  ~Command() {
    if (process_) g_subprocess_force_exit(process_.get());
  }

  /// Reads lines until one contains `part`.
  std::string output_with(const std::string& part) { return read(output_.get(), part); }
  std::string error() { return read(errors_.get(), ""); }
  void send(int number) { g_subprocess_send_signal(process_.get(), number); }
  /// -1 when it did not exit by itself.
  int exit_status() {
    g_subprocess_wait(process_.get(), nullptr, nullptr);
    return g_subprocess_get_if_exited(process_.get()) != FALSE ? g_subprocess_get_exit_status(process_.get()) : -1;
  }
  /// The first address with 127.0.0.1, with a room of our choice.
  std::string url(const std::string& room) {
    const std::string line = output_with("//127.0.0.1:");
    std::smatch match;
    if (!std::regex_search(line, match, std::regex("(wss?://127\\.0\\.0\\.1:[0-9]+/)"))) return "(no address printed)";
    return match[1].str() + room;
  }

 private:
  static std::string read(GDataInputStream* stream, const std::string& part) {
    while (true) {
      const GCharPtr line(g_data_input_stream_read_line(stream, nullptr, nullptr, nullptr));
      if (!line) return "(end of output)";
      if (std::string_view(line.get()).find(part) != std::string_view::npos) return line.get();
    }
  }
  GObjectPtr<GSubprocess> process_;
  GObjectPtr<GDataInputStream> output_;
  GObjectPtr<GDataInputStream> errors_;
};

TEST(ServerCommand, PrintsTheAddressToPasteAndServesThere) {
  Command server({"--port", "0"});
  const std::string url = server.url("pasted-room");
  TestClient one(url);
  EXPECT_EQ(one.next(), "joined first");
  TestClient two(url);
  EXPECT_EQ(two.next(), "joined second");
  EXPECT_THAT(one.next(), HasSubstr("peer "));
  one->send_description("through the command");
  EXPECT_EQ(two.next_with("description"), "description through the command");
}

TEST(ServerCommand, ListensWhereItIsTold) {
  Command server({"--port", "0", "--listen", "127.0.0.1"});
  EXPECT_THAT(server.output_with(""), HasSubstr("listens on port"));
  std::vector<std::string> hosts;
  while (true) {
    const std::string line = server.output_with("");
    if (line.find("Ctrl-C ends the server.") != std::string::npos) break;
    ASSERT_NE(line, "(end of output)");
    if (line.rfind("over ", 0) == 0) hosts.push_back(line);
  }
  EXPECT_THAT(hosts, ElementsAre("over 127.0.0.1:"));
}

TEST(ServerCommand, PrintsTheLinesToSendReceiveAndPlayInARoomThatNobodyGuesses) {
  std::set<std::string> rooms;
  for (int run = 0; run < 3; ++run) {
    Command server({"--port", "0", "--listen", "127.0.0.1"});
    const std::regex pattern("(rendezvous=ws|gst-play-1.0 ice)://127.0.0.1:[0-9]+/([a-z0-9-]+)");
    for (const char* line : {"  send ", "  receive ", "  play "}) {
      const std::string text = server.output_with(line);
      std::smatch match;
      ASSERT_TRUE(std::regex_search(text, match, pattern)) << text;
      rooms.insert(match[2]);
      EXPECT_GE(match[2].length(), 16);
    }
  }
  EXPECT_EQ(rooms.size(), 3u) << "one room for each server, another one each time";
}

TEST(ServerCommand, EndsCleanlyOnSigtermAndOnCtrlC) {
  for (const int number : {SIGTERM, SIGINT}) {
    Command server({"--port", "0"});
    const std::string url = server.url("room");
    RendezvousOptions options;
    options.first_pause = options.longest_pause = 10ms;
    TestClient client(url, options);
    EXPECT_EQ(client.next(), "joined first");
    server.send(number);
    EXPECT_EQ(server.exit_status(), 0);
    EXPECT_THAT(client.next(), HasSubstr("failed for now"));
  }
}

TEST(ServerCommand, ATakenPortIsNamed) {
  const Listener taken;
  Command server({"--port", std::to_string(taken.port)});
  EXPECT_EQ(server.error(),
            "gst-ice-rendezvous: port " + std::to_string(taken.port) + " is taken: another program listens there");
  EXPECT_EQ(server.exit_status(), 1);
}

TEST(ServerCommand, WhatIsWrongOnTheCommandLineIsNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"--port", "65536"}, "--port 65536 is not between 0 and 65535"},
      {{"--port", "-1"}, "--port -1 is not between 0 and 65535"},
      {{"--port", "many"}, "many"},
      {{"--frobnicate"}, "frobnicate"},
      {{"8765"}, "unknown argument \"8765\""},
      {{"--key", "/nonexistent/key.pem"}, "--key is of no use without --cert"},
      {{"--port", "0", "--cert", "/nonexistent/cert.pem"}, "/nonexistent/cert.pem"},
      {{"--port", "0", "--cert", "/dev/null", "--key", "/dev/null"}, "the certificate \"/dev/null\""},
      {{"--port", "0", "--listen", "nowhere"}, "\"nowhere\" is no IP address"},
      {{"--port", "0", "--listen", "192.0.2.77"}, "192.0.2.77"},
  };
  for (const auto& [arguments, message] : wrong) {
    Command server(arguments);
    EXPECT_THAT(server.error(), HasSubstr(message));
    EXPECT_EQ(server.exit_status(), 1);
  }
}

TEST(ServerCommand, ExplainsItself) {
  Command help({"--help"});
  EXPECT_THAT(help.output_with("--cert"), HasSubstr("--cert"));
  EXPECT_EQ(help.exit_status(), 0);
  Command version({"--version"});
  EXPECT_THAT(version.output_with(""), HasSubstr("gst-ice-rendezvous "));
  EXPECT_EQ(version.exit_status(), 0);
}

}  // namespace
}  // namespace gstice::testing
