// SPDX-License-Identifier: LGPL-2.1-or-later
// See live_start.h.
#include "gst/elements/live_start.h"

#include <utility>

namespace gstice {

void LiveStart::begin(std::optional<Nanoseconds> running_time) {
  start_ = running_time;
  beginning_ = true;
  dropping_ = false;
  mark_.reset();
}

LiveStart::Verdict LiveStart::judge(std::optional<Nanoseconds> running_time, Time now) {
  dropping_ = is_old(running_time, now);
  if (dropping_) return Verdict::drop;
  return std::exchange(beginning_, false) ? Verdict::begin : Verdict::send;
}

bool LiveStart::is_old(std::optional<Nanoseconds> running_time, Time now) {
  if (!start_) return false;
  if (!running_time) return dropping_;
  if (*running_time >= *start_) return false;
  if (!mark_) mark_ = Mark{*running_time, now};
  if (!hopeless(*running_time, now)) return true;
  start_.reset();
  return false;
}

/// A backlog is read faster than it was made. What comes at the pace of a live stream, or slower, is none.
bool LiveStart::hopeless(Nanoseconds running_time, Time now) {
  const auto elapsed = now - mark_->at;
  if (elapsed < kPatience) return false;
  const auto gained = running_time - mark_->running_time;
  if (gained <= elapsed + elapsed / 10) return true;
  mark_ = Mark{running_time, now};
  return false;
}

}  // namespace gstice
