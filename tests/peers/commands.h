// SPDX-License-Identifier: LGPL-2.1-or-later
// How a peer talks with the test that started it: lines on stdin and stdout, the same for every implementation.
//
//   test → peer   ufrag X · pwd X · candidate LINE · end (no more candidates) · ask N · quit
//   peer → test   the first four about itself · connected · role controlling|controlled · echoed N · error TEXT
#pragma once

#include <glib.h>

#include <functional>
#include <string>

namespace peers {

/// Prints a line, whole also when several threads print.
inline void say(const std::string& line) {
  g_print("%s\n", line.c_str());
}

/// Calls `handle` with each word and the rest of its line, on the main context, until stdin ends; then quits the loop.
class Commands {
 public:
  using Handler = std::function<void(const std::string& word, const std::string& rest)>;
  Commands(GMainLoop* loop, Handler handle);
  ~Commands();
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;

 private:
  static gboolean on_input(GIOChannel* channel, GIOCondition condition, gpointer self);

  GMainLoop* loop_;
  Handler handle_;
  GIOChannel* channel_;
  guint watch_;
};

}  // namespace peers
