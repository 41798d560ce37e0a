// SPDX-License-Identifier: LGPL-2.1-or-later
// See sink_start.h. Times: connections are dated by the steady clock, buffers by running time.
#include "gst/elements/sink_start.h"

#include <algorithm>
#include <utility>

#include "gst/elements/debug.h"
#include "gst/elements/incoming_buffers.h"
#include "gst/elements/key_unit_request.h"

#define GST_CAT_DEFAULT ice_sink_debug

namespace gstice {
namespace {

/// A buffer of a live upstream waits for a connection until it is so old.
constexpr std::chrono::milliseconds kLongestHold{300};

}  // namespace

void SinkStart::reset_counters() {
  old_ = 0;
  old_bytes_ = 0;
  told_ = 0;
}

void SinkStart::join(std::shared_ptr<MediaSender> sender) {
  sender_ = std::move(sender);
  asked_ = 0;
  begun_ = 0;
}

void SinkStart::set_playing(bool playing) {
  playing_since_ = playing ? Clock::now().time_since_epoch() : Clock::duration::max();
}

void SinkStart::ask_again() {
  const auto connection = sender_.load()->connection();
  if (!connection.up || begun_ == connection.number) return;
  asked_ = 0;
  media_possible();
}

void SinkStart::media_possible() {
  // Upstream is queried, which nobody promises to answer at once.
  gst_element_call_async(
      GST_ELEMENT(sink_), [](GstElement*, gpointer start) { static_cast<SinkStart*>(start)->request_key_unit(); }, this,
      nullptr);
}

/// What a live upstream makes until the connection's running time is dropped, but encoded all the same: the first
/// picture after that is asked for.
void SinkStart::request_key_unit() {
  const auto sender = sender_.load();
  if (!sender) return;
  const auto connection = sender->connection();
  if (!connection.up || asked_.exchange(connection.number) == connection.number) return;
  std::optional<Nanoseconds> start;
  if (upstream_is_live()) start = running_time_at(connection.since);
  GST_INFO_OBJECT(sink_, "media can flow: asking upstream for a key unit");
  gstice::request_key_unit(GST_ELEMENT(sink_), start ? static_cast<GstClockTime>(start->count()) : GST_CLOCK_TIME_NONE);
}

void SinkStart::begin_connection(OutgoingBuffers& waiting, std::size_t first) {
  const auto connection = sender_.load()->connection();
  live_start_.begin(upstream_is_live() ? running_time_at(connection.since) : std::nullopt);
  media_possible();
  waiting.take_out(first, [this](GstBuffer* buffer) { return is_old(buffer); });
}

bool SinkStart::is_old(GstBuffer* buffer) {
  if (live_start_.idle()) return false;
  const auto verdict = live_start_.judge(running_time_of(buffer), Clock::now());
  if (verdict == LiveStart::Verdict::begin) note_first(buffer);
  if (verdict != LiveStart::Verdict::drop) return false;
  count(buffer);
  return true;
}

std::optional<std::chrono::nanoseconds> SinkStart::patience(OutgoingBuffers& waiting, std::size_t first) {
  const auto now = upstream_is_live() ? running_time_at(Clock::now()) : std::nullopt;
  if (!now) return std::nullopt;
  std::optional<Nanoseconds> oldest;
  waiting.take_out(first, [&](GstBuffer* buffer) {
    const auto time = running_time_of(buffer);
    if (!time) return false;
    if (*time + kLongestHold <= *now) {
      count(buffer);
      return true;
    }
    oldest = std::min(oldest.value_or(*time), *time);
    return false;
  });
  if (!oldest) return std::nullopt;
  return *oldest + kLongestHold - *now;
}

/// Not before we were PLAYING. Nothing while we are not, and without a clock.
std::optional<SinkStart::Nanoseconds> SinkStart::running_time_at(Clock::time_point time) const {
  const auto playing_since = playing_since_.load();
  if (playing_since == Clock::duration::max()) return std::nullopt;
  ArrivalClock clock;
  clock.look(GST_ELEMENT(sink_));
  const GstClockTime running = clock.running_time(std::max(time, Clock::time_point(playing_since)));
  if (running == GST_CLOCK_TIME_NONE) return std::nullopt;
  return Nanoseconds(static_cast<gint64>(running));
}

std::optional<SinkStart::Nanoseconds> SinkStart::running_time_of(GstBuffer* buffer) const {
  if (sink_->segment.format != GST_FORMAT_TIME) return std::nullopt;
  // A key picture's PTS is its running time in the encoder; its DTS may lie before.
  const GstClockTime stamp = GST_BUFFER_PTS_IS_VALID(buffer) ? GST_BUFFER_PTS(buffer) : GST_BUFFER_DTS(buffer);
  const GstClockTime time = gst_segment_to_running_time(&sink_->segment, GST_FORMAT_TIME, stamp);
  if (time == GST_CLOCK_TIME_NONE) return std::nullopt;
  return Nanoseconds(static_cast<gint64>(time));
}

bool SinkStart::upstream_is_live() const {
  gboolean live = FALSE;
  GstQuery* query = gst_query_new_latency();
  if (gst_pad_peer_query(GST_BASE_SINK_PAD(sink_), query) != FALSE) {
    gst_query_parse_latency(query, &live, nullptr, nullptr);
  }
  gst_query_unref(query);
  return live != FALSE;
}

bool SinkStart::is_transport_stream() const {
  GstCaps* caps = gst_pad_get_current_caps(GST_BASE_SINK_PAD(sink_));
  if (caps == nullptr) return false;
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const bool result = gst_structure_has_name(structure, "video/mpegts") != FALSE ||
                      g_strcmp0(gst_structure_get_string(structure, "encoding-name"), "MP2T") == 0;
  gst_caps_unref(caps);
  return result;
}

void SinkStart::count(GstBuffer* buffer) {
  ++old_;
  old_bytes_ += gst_buffer_get_size(buffer);
}

void SinkStart::note_first(GstBuffer* buffer) {
  begun_ = sender_.load()->connection().number;
  const guint64 dropped = old_ - std::exchange(told_, old_.load());
  GST_INFO_OBJECT(sink_, "media begins; dropped %" G_GUINT64_FORMAT " buffers made before the connection", dropped);
  // The key unit asked for was among what is dropped: not every encoder waits for the running time it is told. Or it
  // begins there: a datagram of a transport stream bears the time of its first packet, and may end with the next
  // picture.
  if (dropped > 0 && (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT) || is_transport_stream())) {
    gstice::request_key_unit(GST_ELEMENT(sink_), GST_CLOCK_TIME_NONE);
  }
}

}  // namespace gstice
