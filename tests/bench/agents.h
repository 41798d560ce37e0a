// SPDX-License-Identifier: LGPL-2.1-or-later
// Two agents of one implementation on loopback, made ready to be told of each other: what both benchmarks start from.
#pragma once

#include <agent.h>
#include <gst/gst.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace bench {

using Clock = std::chrono::steady_clock;

/// Counts what two agents report and lets the caller wait for both; throws std::runtime_error after ten seconds.
class BothReported {
 public:
  void report(int agent);
  /// Returns when the later of the two reported.
  Clock::time_point wait(const char* what);

 private:
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  bool reported_[2] = {false, false};
  Clock::time_point last_;
};

/// The elements `first` (to be controlling) and `second`, in pipelines or bins of their own. Begins gathering is the
/// caller's: set them to PAUSED or PLAYING after this.
class IceAgents {
 public:
  IceAgents(GstElement* first, GstElement* second);
  ~IceAgents();
  IceAgents(const IceAgents&) = delete;
  IceAgents& operator=(const IceAgents&) = delete;
  void wait_gathered();
  /// Gives each the other's description; returns the time from the moment both have it until both are connected.
  Clock::duration connect();

 private:
  struct Watch {
    IceAgents* agents;
    int index;
  };
  static void on_gathering(GstElement* element, GParamSpec* spec, gpointer watch);
  static void on_connection(GstElement* element, GParamSpec* spec, gpointer watch);

  GstElement* elements_[2];
  Watch watches_[2];
  gulong handlers_[4];
  BothReported gathered_;
  BothReported connected_;
};

/// The same with two NiceAgents, whose main loop runs on a thread of its own.
class NiceAgents {
 public:
  NiceAgents();
  ~NiceAgents();
  NiceAgents(const NiceAgents&) = delete;
  NiceAgents& operator=(const NiceAgents&) = delete;
  [[nodiscard]] NiceAgent* agent(int index) const { return agents_[index]; }
  [[nodiscard]] guint stream(int index) const { return streams_[index]; }
  /// For an agent without a nicesrc: without a receiver of its media libnice does not even read its sockets.
  void discard_media(int index);
  void gather();
  Clock::duration connect();

 private:
  struct Watch {
    NiceAgents* agents;
    int index;
  };
  static void on_gathered(NiceAgent* agent, guint stream, gpointer watch);
  static void on_state(NiceAgent* agent, guint stream, guint component, guint state, gpointer watch);

  GMainContext* context_;
  GMainLoop* loop_;
  std::thread thread_;
  NiceAgent* agents_[2];
  guint streams_[2];
  Watch watches_[2];
  BothReported gathered_;
  BothReported connected_;
};

}  // namespace bench
