// SPDX-License-Identifier: LGPL-2.1-or-later
// Questions and answers as GstBuffers.
#include "tests/peers/media_echo.h"

#include <algorithm>
#include <cstring>

#include "tests/peers/commands.h"

namespace peers {

namespace {

constexpr std::size_t kHeader = 5;      // 'Q' or 'A', then the question's number
constexpr std::size_t kLargest = 1200;  // bytes; fits any path
constexpr std::size_t kInFlight = 16;   // questions; far below what a socket buffer holds

std::size_t index_of(const std::vector<std::uint8_t>& datagram) {
  std::uint32_t index = 0;
  std::memcpy(&index, datagram.data() + 1, sizeof index);
  return index;
}

}  // namespace

MediaEcho::MediaEcho(GstElement* pipeline)
    : appsrc_(gst_bin_get_by_name(GST_BIN(pipeline), "in")), appsink_(gst_bin_get_by_name(GST_BIN(pipeline), "out")) {
  g_object_set(appsink_, "emit-signals", TRUE, "sync", FALSE, "async", FALSE, nullptr);
  g_object_set(appsrc_, "is-live", TRUE, "do-timestamp", TRUE, "format", GST_FORMAT_TIME, nullptr);
  handler_ = g_signal_connect(appsink_, "new-sample", G_CALLBACK(on_sample), this);
}

MediaEcho::~MediaEcho() {
  g_signal_handler_disconnect(appsink_, handler_);
  gst_object_unref(appsink_);
  gst_object_unref(appsrc_);
}

std::vector<std::uint8_t> MediaEcho::question(std::size_t index) {
  std::vector<std::uint8_t> datagram(kHeader + index * 7919 % (kLargest - kHeader + 1));
  datagram[0] = 'Q';
  const auto number = static_cast<std::uint32_t>(index);
  std::memcpy(datagram.data() + 1, &number, sizeof number);
  std::uint32_t state = number + 1;
  for (auto byte = datagram.begin() + kHeader; byte != datagram.end(); ++byte) {
    state = state * 1664525U + 1013904223U;
    *byte = static_cast<std::uint8_t>(state >> 24U);
  }
  return datagram;
}

void MediaEcho::ask(std::size_t count) {
  std::size_t first = 0;
  {
    const std::scoped_lock lock(mutex_);
    answered_.assign(count, false);
    answers_ = 0;
    asked_ = first = std::min(kInFlight, count);
  }
  for (std::size_t index = 0; index < first; ++index) send(question(index));
}

void MediaEcho::send(const std::vector<std::uint8_t>& datagram) {
  GstBuffer* buffer = gst_buffer_new_memdup(datagram.data(), datagram.size());
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(appsrc_, "push-buffer", buffer, &flow);
  gst_buffer_unref(buffer);
  if (flow != GST_FLOW_OK) say("error sending: " + std::string(gst_flow_get_name(flow)));
}

GstFlowReturn MediaEcho::on_sample(GstElement* appsink, gpointer self) {
  GstSample* sample = nullptr;
  g_signal_emit_by_name(appsink, "pull-sample", &sample);
  if (sample == nullptr) return GST_FLOW_EOS;
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  std::vector<std::uint8_t> datagram(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, datagram.data(), datagram.size());
  gst_sample_unref(sample);
  static_cast<MediaEcho*>(self)->take(datagram);
  return GST_FLOW_OK;
}

void MediaEcho::take(const std::vector<std::uint8_t>& datagram) {
  if (datagram.size() < kHeader) return say("error: received " + std::to_string(datagram.size()) + " bytes");
  if (datagram[0] == 'Q') {
    std::vector<std::uint8_t> answer = datagram;
    answer[0] = 'A';
    return send(answer);
  }
  const std::size_t index = index_of(datagram);
  std::size_t next = 0;
  bool ask_next = false;
  {
    const std::scoped_lock lock(mutex_);
    std::vector<std::uint8_t> expected = question(index);
    expected[0] = 'A';
    if (index >= answered_.size() || datagram != expected)
      return say("error: answer " + std::to_string(index) + " differs");
    if (answered_[index]) return;
    answered_[index] = true;
    if (++answers_ == answered_.size()) return say("echoed " + std::to_string(answers_));
    ask_next = asked_ < answered_.size();
    if (ask_next) next = asked_++;
  }
  if (ask_next) send(question(next));
}

}  // namespace peers
