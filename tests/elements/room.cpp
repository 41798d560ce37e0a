// SPDX-License-Identifier: LGPL-2.1-or-later
// See room.h.
#include "tests/elements/room.h"

#include <sys/prctl.h>

#include <csignal>

#include "tests/elements/support.h"

namespace test {

Server::Server() {
  const char* command = g_getenv("GST_RENDEZVOUS_SERVER");
  fail_unless(command != nullptr, "GST_RENDEZVOUS_SERVER does not name the server: run this through meson");
  GSubprocessLauncher* launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_set_child_setup(
      launcher, [](gpointer) { prctl(PR_SET_PDEATHSIG, SIGKILL); }, nullptr, nullptr);
  GError* error = nullptr;
  process_ = g_subprocess_launcher_spawn(launcher, &error, command, "--listen", "127.0.0.1", "--port", "0", nullptr);
  g_object_unref(launcher);
  fail_unless(process_ != nullptr, "%s", error != nullptr ? error->message : "");
  GDataInputStream* lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(process_));
  gchar* line = g_data_input_stream_read_line(lines, nullptr, nullptr, nullptr);
  fail_unless(line != nullptr, "the server said nothing");
  const std::string said = line;
  g_free(line);
  g_object_unref(lines);
  const auto at = said.find("port ");
  fail_unless(at != std::string::npos, "%s", said.c_str());
  port_ = std::stoi(said.substr(at + 5));
}

Server::~Server() {
  if (process_ != nullptr) stop();
}

void Server::stop() {
  g_subprocess_force_exit(process_);
  g_subprocess_wait(process_, nullptr, nullptr);
  g_clear_object(&process_);
}

std::string in_room(const char* element, const Server& server, const std::string& more) {
  return std::string(element) + " interfaces=127.0.0.1 rendezvous=" + server.room("my-room") + " " + more;
}

}  // namespace test
