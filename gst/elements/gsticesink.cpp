// SPDX-License-Identifier: LGPL-2.1-or-later
// icesink: the GObject shell, and when it blocks, drops, sends or ends.
/**
 * SECTION:element-icesink
 * @title: icesink
 * @short_description: sends buffers as datagrams to a peer found by ICE
 * @see_also: icesrc
 *
 * Each buffer becomes one UDP datagram on the path that Interactive Connectivity Establishment (RFC 8445) found. The
 * element is a whole ICE peer: with no icesrc beside it, it answers checks and keeps consent fresh all the same.
 * An icesrc with the same #GstIceSink:session in the same pipeline shares its connection.
 *
 * When there is a connection, and again for every new peer, GstForceKeyUnit goes upstream. What a live upstream made
 * before the connection is dropped and counted, not sent in a burst; without a connection a live upstream is held back
 * by 300 ms at most. Any other upstream is blocked as long as it takes (see #GstIceSink:wait-for-connection), and
 * nothing of it is dropped.
 *
 * ICE does not encrypt. Put srtpenc or dtlssrtpenc before icesink where others may listen.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay ! icesink rendezvous=ws://HOST:8765/my-room
 * ]| Sends to whoever enters the room `my-room` of the gst-ice-rendezvous server on HOST.
 * |[
 * gst-launch-1.0 icesrc rendezvous=ws://HOST:8765/my-room ! fakesink dump=true videotestsrc is-live=true ! vp8enc
 * deadline=1 ! rtpvp8pay ! icesink
 * ]| Sends and receives over one connection.
 */
#include "gst/elements/gsticesink.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>

#include "gst/elements/ice_element.h"
#include "gst/elements/key_unit_request.h"
#include "gst/elements/outgoing_buffers.h"
#include "gst/elements/sink_start.h"
#include "gst/elements/uri_handler.h"

GST_DEBUG_CATEGORY(ice_sink_debug);
#define GST_CAT_DEFAULT ice_sink_debug

using gstice::IceElement;
using gstice::MediaSender;
using gstice::OutgoingBuffers;
using gstice::SinkStart;

namespace {

enum class SinkProperty : guint { wait_for_connection = gstice::kFirstSpecificProperty, qos_dscp, buffer_size };

}  // namespace

struct _GstIceSink {
  GstBaseSink parent;
};

struct GstIceSinkPrivate {
  explicit GstIceSinkPrivate(GstIceSink* element) : start(GST_BASE_SINK(element)) {}

  std::shared_ptr<IceElement> ice;
  SinkStart start;                      ///< its comments say which thread's
  std::shared_ptr<MediaSender> sender;  ///< since joining; the streaming thread's
  OutgoingBuffers outgoing;             ///< the streaming thread's
  bool warned_too_large = false;        ///< the streaming thread's
  bool said_in_the_clear = false;       ///< the streaming thread's
  bool offered = false;                 ///< the streaming thread's: the agent knows our caps

  std::mutex mutex;            ///< guards `flushing` together with the calls that follow from it
  bool flushing = false;       ///< between unlock() and unlock_stop()
  MediaSender::Waiter waiter;  ///< how our own waits are interrupted

  std::atomic<bool> ended{false};  ///< the peer is gone for good
  std::atomic<bool> wait_for_connection{true};
  std::atomic<int> qos_dscp{-1};
  std::atomic<int> buffer_size{0};
  std::atomic<guint64> discarded{0};  ///< not sent for want of a connection, or too large
  std::atomic<guint64> discarded_bytes{0};
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static IceElement& gst_ice_sink_element(GObject* object);

G_DEFINE_TYPE_WITH_CODE(GstIceSink, gst_ice_sink, GST_TYPE_BASE_SINK, G_ADD_PRIVATE(GstIceSink);
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER,
                                              (gstice::init_uri_handler<gst_ice_sink_element, GST_URI_SINK>))
                            GST_DEBUG_CATEGORY_INIT(ice_sink_debug, "icesink", 0, "ICE sink"))
GST_ELEMENT_REGISTER_DEFINE(icesink, "icesink", GST_RANK_NONE, GST_TYPE_ICE_SINK)

namespace {

GstIceSinkPrivate& priv(gpointer object) {
  return *static_cast<GstIceSinkPrivate*>(gst_ice_sink_get_instance_private(static_cast<GstIceSink*>(object)));
}

// ---- properties ----

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstIceSinkPrivate& self = priv(object);
  if (self.ice->set_property(id, value)) return;
  switch (static_cast<SinkProperty>(id)) {
    case SinkProperty::wait_for_connection:
      self.wait_for_connection = g_value_get_boolean(value) != FALSE;
      return;
    case SinkProperty::qos_dscp:
      self.qos_dscp = g_value_get_int(value);
      if (const auto agent = self.ice->joined_agent()) agent->set_dscp(self.ice->flow(), self.qos_dscp);
      return;
    case SinkProperty::buffer_size:
      self.buffer_size = g_value_get_int(value);
      if (const auto agent = self.ice->joined_agent()) agent->set_send_buffer(self.ice->flow(), self.buffer_size);
      return;
  }
  G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

/// Our counters beside GstBaseSink's own.
void complete_stats(GObject* object, GValue* value) {
  GstIceSinkPrivate& self = priv(object);
  auto* stats = static_cast<GstStructure*>(g_value_get_boxed(value));
  gst_structure_set(stats, "packets-discarded-on-send", G_TYPE_UINT64, self.discarded + self.start.old_packets(),
                    "bytes-discarded-on-send", G_TYPE_UINT64, self.discarded_bytes + self.start.old_bytes(),
                    "packets-older-than-connection", G_TYPE_UINT64, self.start.old_packets(),
                    "bytes-older-than-connection", G_TYPE_UINT64, self.start.old_bytes(), nullptr);

  GParamSpec* inherited = g_object_class_find_property(G_OBJECT_CLASS(gst_ice_sink_parent_class), "stats");
  GValue base = G_VALUE_INIT;
  g_value_init(&base, GST_TYPE_STRUCTURE);
  G_OBJECT_CLASS(gst_ice_sink_parent_class)->get_property(object, inherited->param_id, &base, inherited);
  if (const auto* fields = static_cast<const GstStructure*>(g_value_get_boxed(&base))) {
    for (int i = 0; i < gst_structure_n_fields(fields); ++i) {
      const char* name = gst_structure_nth_field_name(fields, static_cast<guint>(i));
      gst_structure_set_value(stats, name, gst_structure_get_value(fields, name));
    }
  }
  g_value_unset(&base);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  GstIceSinkPrivate& self = priv(object);
  if (self.ice->get_property(id, value)) {
    if (id == static_cast<guint>(gstice::SessionProperty::stats)) complete_stats(object, value);
    return;
  }
  switch (static_cast<SinkProperty>(id)) {
    case SinkProperty::wait_for_connection:
      g_value_set_boolean(value, self.wait_for_connection);
      return;
    case SinkProperty::qos_dscp:
      g_value_set_int(value, self.qos_dscp);
      return;
    case SinkProperty::buffer_size:
      g_value_set_int(value, self.buffer_size);
      return;
  }
  G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  std::destroy_at(&priv(object));
  G_OBJECT_CLASS(gst_ice_sink_parent_class)->finalize(object);
}

// ---- states ----

bool join(GstIceSinkPrivate& self) {
  self.ended = false;
  if (!self.ice->join()) return false;
  self.sender = self.ice->ends().sender;
  self.sender->unlock_stop(self.waiter);
  self.sender->watch_connections(self.waiter);
  self.start.join(self.sender);
  const auto agent = self.ice->joined_agent();
  // A value left alone does not overrule what another icesink of this component asked for.
  if (self.buffer_size != 0) agent->set_send_buffer(self.ice->flow(), self.buffer_size);
  if (self.qos_dscp != -1) agent->set_dscp(self.ice->flow(), self.qos_dscp);
  return true;
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  GstIceSinkPrivate& self = priv(element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !join(self)) return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    self.warned_too_large = false;
    self.said_in_the_clear = false;
    self.offered = false;
    self.discarded = 0;
    self.discarded_bytes = 0;
    self.start.reset_counters();
    self.ice->gather();
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) self.start.set_playing(true);
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) {
    self.start.set_playing(false);
    self.ice->set_playing(false);
  }
  const GstStateChangeReturn result = GST_ELEMENT_CLASS(gst_ice_sink_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    self.start.ask_again();
    self.ice->set_playing(true);
  }
  const bool came_to_nothing = transition == GST_STATE_CHANGE_NULL_TO_READY && result == GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_NULL || came_to_nothing) self.ice->leave();
  return result;
}

gboolean unlock(GstBaseSink* base) {
  GstIceSinkPrivate& self = priv(base);
  const std::lock_guard lock(self.mutex);
  self.flushing = true;
  if (self.sender) self.sender->unlock(self.waiter);
  return TRUE;
}

gboolean unlock_stop(GstBaseSink* base) {
  GstIceSinkPrivate& self = priv(base);
  const std::lock_guard lock(self.mutex);
  self.flushing = false;
  if (self.sender) self.sender->unlock_stop(self.waiter);
  return TRUE;
}

/// The event thread says that the peer is gone: what waits for it shall end.
void end(gpointer object) {
  GstIceSinkPrivate& self = priv(object);
  GST_INFO_OBJECT(object, "the peer is gone for good; the stream ends");
  self.ended = true;
  if (const auto sender = self.ice->ends().sender) sender->unlock(self.waiter);
  // Reported at once: upstream may have nothing to push for seconds, and some never answer a FLOW_EOS with an EOS event
  // (rtpbin on its RTCP pads). A sink that reports twice counts once.
  gst_element_post_message(GST_ELEMENT(object), gst_message_new_eos(GST_OBJECT(object)));
}

/// The event thread says that the peer wants a key unit.
void pass_key_unit_on(gpointer object) {
  GST_DEBUG_OBJECT(object, "the peer wants a key unit: asking upstream");
  gstice::request_key_unit(GST_ELEMENT(object), GST_CLOCK_TIME_NONE);
}

/// The peer is told over the rendezvous what it gets.
void offer(GstIceSinkPrivate& self, const GstCaps* caps) {
  self.offered = true;
  const auto agent = self.ice->joined_agent();
  if (!agent) return;
  const std::unique_ptr<gchar, decltype(&g_free)> text(caps != nullptr ? gst_caps_to_string(caps) : nullptr, g_free);
  agent->set_offer(self.ice->flow(), text ? text.get() : gstice::kNoCaps);
}

gboolean set_caps(GstBaseSink* base, GstCaps* caps) {
  GstIceSinkPrivate& self = priv(base);
  GST_DEBUG_OBJECT(base, "caps %" GST_PTR_FORMAT, static_cast<void*>(caps));
  offer(self, caps);
  const GstStructure* first = gst_caps_get_size(caps) > 0 ? gst_caps_get_structure(caps, 0) : nullptr;
  const bool clear_rtp = first != nullptr && (gst_structure_has_name(first, "application/x-rtp") != FALSE ||
                                              gst_structure_has_name(first, "application/x-rtcp") != FALSE);
  if (clear_rtp && !self.said_in_the_clear) {
    self.said_in_the_clear = true;
    self.ice->inform("RTP without SRTP travels in the clear: ICE does not encrypt, srtpenc or dtlssrtpenc does");
  }
  return TRUE;
}

gboolean event(GstBaseSink* base, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
    gboolean reset_time = FALSE;
    gst_event_parse_flush_stop(event, &reset_time);
    if (reset_time != FALSE) priv(base).start.flushed();
  }
  return GST_BASE_SINK_CLASS(gst_ice_sink_parent_class)->event(base, event);
}

// ---- sending ----

void discard(GstIceSinkPrivate& self, std::size_t packets, std::size_t bytes) {
  self.discarded += packets;
  self.discarded_bytes += bytes;
}

void warn_too_large(GstBaseSink* base, std::size_t bytes) {
  GstIceSinkPrivate& self = priv(base);
  if (self.warned_too_large) return;
  self.warned_too_large = true;
  self.ice->complain({"A buffer of " + std::to_string(bytes) +
                      " bytes is larger than the path can carry as one datagram and is dropped, as all such will be; "
                      "use a payloader, or a smaller mtu or alignment upstream"});
}

void add(GstBaseSink* base, GstBuffer* buffer) {
  GstIceSinkPrivate& self = priv(base);
  if (self.start.is_old(buffer)) return;
  switch (self.outgoing.add(buffer)) {
    case OutgoingBuffers::Added::ok:
    case OutgoingBuffers::Added::empty:
      return;
    case OutgoingBuffers::Added::too_large:
      discard(self, 1, gst_buffer_get_size(buffer));
      warn_too_large(base, gst_buffer_get_size(buffer));
      return;
    case OutgoingBuffers::Added::unreadable:
      discard(self, 1, gst_buffer_get_size(buffer));
      GST_WARNING_OBJECT(base, "a buffer's memory cannot be mapped for reading; dropped");
      return;
  }
}

/// Waits for a path without the preroll lock, as GstBaseSink itself does when it waits for the clock: a change from
/// PAUSED to PLAYING takes that lock and interrupts nobody.
MediaSender::Outcome wait_for_path(GstBaseSink* base, std::optional<std::chrono::nanoseconds> patience) {
  GstIceSinkPrivate& self = priv(base);
  GST_BASE_SINK_PREROLL_UNLOCK(base);
  const auto outcome = self.sender->wait_for_path(self.waiter, patience);
  GST_BASE_SINK_PREROLL_LOCK(base);
  return outcome;
}

/// In PLAYING, or on the way there.
bool is_to_play(GstBaseSink* base) {
  GST_OBJECT_LOCK(base);
  const GstState pending = GST_STATE_PENDING(base);
  const bool result =
      pending == GST_STATE_PLAYING || (pending == GST_STATE_VOID_PENDING && GST_STATE(base) == GST_STATE_PLAYING);
  GST_OBJECT_UNLOCK(base);
  return result;
}

/// After a wait, which a flush, a state change or end() may have interrupted. GST_FLOW_OK: go on.
GstFlowReturn after_wait(GstBaseSink* base) {
  GstIceSinkPrivate& self = priv(base);
  if (self.ended) return GST_FLOW_EOS;
  if (base->flushing != FALSE) return GST_FLOW_FLUSHING;
  bool unlocking = false;
  {
    const std::lock_guard lock(self.mutex);
    unlocking = self.flushing;
  }
  // Only where a change to PLAYING or a flush is still to come, which ends this wait. GstBaseSink wants a preroll also
  // when it goes to PLAYING while we wait in here, and takes that back only at the next buffer.
  const bool paused = base->need_preroll != FALSE && !is_to_play(base);
  return paused || unlocking ? gst_base_sink_wait_preroll(base) : GST_FLOW_OK;
}

/// Sends what was added, waiting for a path as long as it must.
GstFlowReturn send(GstBaseSink* base) {
  GstIceSinkPrivate& self = priv(base);
  if (!self.offered) offer(self, nullptr);
  std::size_t dealt_with = 0;
  while (true) {
    const auto left = self.outgoing.datagrams().subspan(dealt_with);
    if (left.empty()) return GST_FLOW_OK;
    if (self.ended) return GST_FLOW_EOS;
    const auto result = self.sender->send(left, self.waiter);
    if (result.too_large > 0) {
      discard(self, result.too_large, 0);
      warn_too_large(base, result.largest_refused);
    }
    dealt_with += result.datagrams_sent;
    auto outcome = result.outcome;
    if (outcome == MediaSender::Outcome::fresh) {
      self.start.begin_connection(self.outgoing, dealt_with);
      continue;
    }
    if (outcome == MediaSender::Outcome::no_path) {
      if (!self.wait_for_connection) {
        std::size_t bytes = 0;
        const auto lost = left.subspan(result.datagrams_sent);
        for (const auto& datagram : lost) bytes += datagram.length;
        discard(self, lost.size(), bytes);
        return GST_FLOW_OK;
      }
      const auto patience = self.start.patience(self.outgoing, dealt_with);
      if (self.outgoing.size() == dealt_with) return GST_FLOW_OK;
      outcome = wait_for_path(base, patience);
    }
    if (outcome == MediaSender::Outcome::closed) return self.ended ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
    if (outcome == MediaSender::Outcome::sent && result.datagrams_sent == left.size()) return GST_FLOW_OK;
    if (outcome == MediaSender::Outcome::no_path) continue;
    if (const GstFlowReturn flow = after_wait(base); flow != GST_FLOW_OK) return flow;
  }
}

GstFlowReturn render(GstBaseSink* base, GstBuffer* buffer) {
  add(base, buffer);
  const GstFlowReturn result = send(base);
  priv(base).outgoing.clear();
  return result;
}

GstFlowReturn render_list(GstBaseSink* base, GstBufferList* list) {
  const guint length = gst_buffer_list_length(list);
  for (guint i = 0; i < length; ++i) add(base, gst_buffer_list_get(list, i));
  const GstFlowReturn result = send(base);
  priv(base).outgoing.clear();
  return result;
}

}  // namespace

static IceElement& gst_ice_sink_element(GObject* object) {
  return *priv(object).ice;
}

static void gst_ice_sink_class_init(GstIceSinkClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  IceElement::install<gst_ice_sink_element>(object_class);

  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const auto put = [object_class](SinkProperty id, GParamSpec* spec) {
    g_object_class_install_property(object_class, static_cast<guint>(id), spec);
  };
  put(SinkProperty::wait_for_connection,
      g_param_spec_boolean("wait-for-connection", "Wait for connection",
                           "Block upstream until there is a connection; otherwise drop and count until then", TRUE,
                           kFlags));
  put(SinkProperty::qos_dscp,
      g_param_spec_int("qos-dscp", "QoS DSCP",
                       "Differentiated Services Code Point of all that this component sends (0 to 63), -1 = default",
                       -1, 63, -1, kFlags));
  put(SinkProperty::buffer_size,
      g_param_spec_int("buffer-size", "Buffer size", "Size of the kernel's send buffer in bytes, 0 = default", 0,
                       G_MAXINT, 0, kFlags));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_set_static_metadata(element_class, "ICE sink", "Sink/Network",
                                        "Sends buffers as datagrams to a peer, through NATs and firewalls, on the path "
                                        "that Interactive Connectivity Establishment (RFC 8445) finds",
                                        "The gst-ice authors");

  auto* base_class = GST_BASE_SINK_CLASS(klass);
  base_class->unlock = unlock;
  base_class->unlock_stop = unlock_stop;
  base_class->set_caps = set_caps;
  base_class->event = event;
  base_class->render = render;
  base_class->render_list = render_list;
}

static void gst_ice_sink_init(GstIceSink* self) {
  GstIceSinkPrivate& data = *std::construct_at(&priv(self), self);
  data.ice = std::make_shared<IceElement>(
      GST_ELEMENT(self), IceElement::Traits{.receives = false,
                                            .debug = ice_sink_debug,
                                            .peer_gone = [self] { end(self); },
                                            .key_unit_wanted = [self] { pass_key_unit_on(self); },
                                            .media_possible = [&data] { data.start.media_possible(); }});
  // Media is live: it goes out as it comes, and nobody waits for a first buffer to go to PAUSED.
  gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_async_enabled(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_last_sample_enabled(GST_BASE_SINK(self), FALSE);
}
