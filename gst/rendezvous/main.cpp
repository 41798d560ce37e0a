// SPDX-License-Identifier: LGPL-2.1-or-later
// The command gst-ice-rendezvous: a rendezvous server for icesink and icesrc.
#include <glib-unix.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "gst/rendezvous/invitation.h"
#include "gst/rendezvous/server.h"
#include "gst/util/gobject_ptr.h"

namespace {

using gstice::RendezvousServer;

struct Arguments {
  RendezvousServer::Options server;
  bool version = false;
};

constexpr const char* kSummary =
    "Introduces two gst-ice peers to each other: both are given the same address, ws://HOST:PORT/ROOM,\n"
    "with a room name of their own choice. Only the introduction goes through this server, never media.";

/// Exits when the command line is not understood.
Arguments parse_command_line(int argc, char** argv) {
  int port = 8765;
  char* certificate = nullptr;
  char* key = nullptr;
  char** addresses = nullptr;
  gboolean verbose = FALSE;
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
      {"port", 'p', 0, G_OPTION_ARG_INT, &port, "TCP port to listen on; 0 takes a free one (default: 8765)", "PORT"},
      {"listen", 'l', 0, G_OPTION_ARG_STRING_ARRAY, &addresses,
       "IP address to listen on, can be given again (default: all of this machine)", "ADDRESS"},
      {"cert", 0, 0, G_OPTION_ARG_FILENAME, &certificate, "certificate (chain) for wss://, PEM", "FILE"},
      {"key", 0, 0, G_OPTION_ARG_FILENAME, &key, "its private key, PEM (default: in the certificate's file)", "FILE"},
      {"verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "print who comes and goes", nullptr},
      {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", nullptr},
      {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr}};
  GOptionContext* context = g_option_context_new("- rendezvous server of gst-ice");
  g_option_context_set_summary(context, kSummary);
  g_option_context_add_main_entries(context, entries, nullptr);
  gstice::GErrorSlot error;
  const bool understood = g_option_context_parse(context, &argc, &argv, error.out()) != FALSE;
  g_option_context_free(context);

  std::string complaint;
  if (!understood) {
    complaint = error->message;
  } else if (argc > 1) {
    complaint = std::string("unknown argument \"") + argv[1] + "\"";
  } else if (port < 0 || port > 65535) {
    complaint = "--port " + std::to_string(port) + " is not between 0 and 65535";
  } else if (key != nullptr && certificate == nullptr) {
    complaint = "--key is of no use without --cert";
  }

  Arguments arguments;
  arguments.version = version != FALSE;
  arguments.server.port = static_cast<std::uint16_t>(port);
  for (char** address = addresses; address != nullptr && *address != nullptr; ++address) {
    arguments.server.addresses.emplace_back(*address);
  }
  if (certificate != nullptr) arguments.server.certificate_file = certificate;
  if (key != nullptr) arguments.server.key_file = key;
  if (verbose != FALSE) {
    arguments.server.log = [](const std::string& line) {
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);
    };
  }
  g_free(certificate);
  g_free(key);
  g_strfreev(addresses);
  if (!complaint.empty()) {
    std::fprintf(stderr, "gst-ice-rendezvous: %s (see --help)\n", complaint.c_str());
    std::exit(1);
  }
  return arguments;
}

/// Every connection is a file; the usual limit of 1024 of them is the shell's, not the system's.
void raise_file_limit(std::size_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = connections + 64;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Less than what RendezvousServer is content with when the system allows no more files.
void fit_to_file_limit(RendezvousServer::Limits& limits) {
  raise_file_limit(limits.connections);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limits.connections + 64) return;
  limits.connections = limit.rlim_cur > 128 ? limit.rlim_cur - 64 : limit.rlim_cur / 2;
}

/// The addresses at which this machine can be reached: IPv4 first, which people find easier, those for itself last.
std::vector<std::string> machine_addresses() {
  std::vector<std::string> outside;
  std::vector<std::string> inside;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return outside;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_UP) == 0) continue;
    if (entry->ifa_addr->sa_family != AF_INET && entry->ifa_addr->sa_family != AF_INET6) continue;
    const auto address = gstice::GObjectPtr<GSocketAddress>::adopt(g_socket_address_new_from_native(
        entry->ifa_addr, entry->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)));
    if (!address) continue;
    GInetAddress* inet = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address.get()));
    // A URL cannot name the interface that a link-local address needs.
    if (g_inet_address_get_is_link_local(inet) != FALSE) continue;
    const gstice::GCharPtr text(g_inet_address_to_string(inet));
    (g_inet_address_get_is_loopback(inet) != FALSE ? inside : outside).emplace_back(text.get());
  }
  freeifaddrs(list);
  for (auto* each : {&outside, &inside}) {
    std::ranges::stable_partition(*each, [](const std::string& text) { return text.find(':') == std::string::npos; });
  }
  outside.insert(outside.end(), inside.begin(), inside.end());
  return outside;
}

void print_invitation(const RendezvousServer& server, const RendezvousServer::Options& options) {
  gstice::Invitation invitation;
  invitation.hosts = server.certificate_names();
  if (invitation.hosts.empty()) {
    invitation.hosts = options.addresses.empty() ? machine_addresses() : options.addresses;
  }
  invitation.port = server.port();
  invitation.tls = server.speaks_tls();
  ice::SecureRandom random;
  invitation.room = gstice::suggest_room(random);
  std::printf(
      "gst-ice-rendezvous listens on port %u. Paste one line on each of two machines, both over the same address:\n",
      server.port());
  std::fputs(gstice::lines_to_paste(invitation).c_str(), stdout);
  std::printf("\nAny other name of a room will do, if both use it; who knows it can enter. Ctrl-C ends the server.\n");
  std::fflush(stdout);
}

struct Running {
  GMainLoop* loop;
  RendezvousServer* server;
};

gboolean on_signal(gpointer data) {
  const auto* running = static_cast<Running*>(data);
  running->server->shut_down([loop = running->loop] { g_main_loop_quit(loop); });
  return G_SOURCE_CONTINUE;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments = parse_command_line(argc, argv);
  if (arguments.version) {
    std::printf("gst-ice-rendezvous %s\n", GST_ICE_VERSION);
    return 0;
  }
  fit_to_file_limit(arguments.server.limits);

  const gstice::GMainContextPtr context(g_main_context_new());
  g_main_context_push_thread_default(context.get());
  const gstice::GMainLoopPtr loop(g_main_loop_new(context.get(), FALSE));
  auto server = RendezvousServer::start(arguments.server);
  if (!server) {
    std::fprintf(stderr, "gst-ice-rendezvous: %s\n", server.error().message.c_str());
    return 1;
  }
  print_invitation(**server, arguments.server);

  Running running{loop.get(), server.value().get()};
  for (const int number : {SIGINT, SIGTERM}) {
    GSource* source = g_unix_signal_source_new(number);
    g_source_set_callback(source, on_signal, &running, nullptr);
    g_source_attach(source, context.get());
    g_source_unref(source);
  }
  g_main_loop_run(loop.get());
  server.value().reset();
  g_main_context_pop_thread_default(context.get());
  return 0;
}
