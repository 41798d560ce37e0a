// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading commands from stdin in a GLib main loop.
#include "tests/peers/commands.h"

#include <utility>

namespace peers {

Commands::Commands(GMainLoop* loop, Handler handle)
    : loop_(loop),
      handle_(std::move(handle)),
      channel_(g_io_channel_unix_new(0)),
      watch_(g_io_add_watch(channel_, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP | G_IO_ERR), on_input, this)) {}

Commands::~Commands() {
  if (watch_ != 0) g_source_remove(watch_);
  g_io_channel_unref(channel_);
}

gboolean Commands::on_input(GIOChannel* channel, GIOCondition, gpointer data) {
  auto* self = static_cast<Commands*>(data);
  do {
    gchar* text = nullptr;
    const GIOStatus status = g_io_channel_read_line(channel, &text, nullptr, nullptr, nullptr);
    if (status == G_IO_STATUS_AGAIN) return G_SOURCE_CONTINUE;
    if (status != G_IO_STATUS_NORMAL) {
      self->watch_ = 0;
      g_main_loop_quit(self->loop_);
      return G_SOURCE_REMOVE;
    }
    std::string line(g_strchomp(text));
    g_free(text);
    const auto space = line.find(' ');
    const std::string word = line.substr(0, space);
    if (word == "quit") {
      g_main_loop_quit(self->loop_);
    } else {
      self->handle_(word, space == std::string::npos ? std::string() : line.substr(space + 1));
    }
  } while ((g_io_channel_get_buffer_condition(channel) & G_IO_IN) != 0);
  return G_SOURCE_CONTINUE;
}

}  // namespace peers
