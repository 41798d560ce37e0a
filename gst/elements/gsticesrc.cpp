// SPDX-License-Identifier: LGPL-2.1-or-later
// icesrc: the GObject shell, and when it waits, pushes or ends.
/**
 * SECTION:element-icesrc
 * @title: icesrc
 * @short_description: hands on datagrams that a peer found by ICE sends
 * @see_also: icesink
 *
 * Each datagram that arrives on the path of Interactive Connectivity Establishment (RFC 8445) becomes a buffer, stamped
 * with the pipeline's running time at which it arrived; what arrives together is pushed as one buffer list. The element
 * is live and a whole ICE peer: checks and consent live on in PAUSED and while downstream blocks.
 * An icesink with the same #GstIceSrc:session in the same pipeline shares its connection.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 icesrc rendezvous=ws://HOST:8765/my-room
 * caps="application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96" ! rtpjitterbuffer ! rtpvp8depay !
 * vp8dec ! autovideosink
 * ]| Shows what whoever is in the room `my-room` of the gst-ice-rendezvous server on HOST sends.
 */
#include "gst/elements/gsticesrc.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <span>

#include "gst/elements/caps_gate.h"
#include "gst/elements/ice_element.h"
#include "gst/elements/incoming_buffers.h"
#include "gst/elements/outgoing_buffers.h"
#include "gst/elements/uri_handler.h"

GST_DEBUG_CATEGORY_STATIC(ice_src_debug);
#define GST_CAT_DEFAULT ice_src_debug

using gstice::CapsGate;
using gstice::IceElement;
using gstice::InboundDatagram;
using gstice::MediaReceiver;

namespace {

enum class SrcProperty : guint { caps = gstice::kFirstSpecificProperty, buffer_size, mtu };

/// At most this many datagrams go downstream in one list.
constexpr std::size_t kBatch = 256;
/// A peer may be connected and send before a starting pipeline is PLAYING: so much is kept until then.
constexpr std::chrono::milliseconds kStarting{1000};

struct CapsUnref {
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
};
using CapsRef = std::unique_ptr<GstCaps, CapsUnref>;

struct ListUnref {
  void operator()(GstBufferList* list) const { gst_buffer_list_unref(list); }
};
using ListRef = std::unique_ptr<GstBufferList, ListUnref>;

}  // namespace

struct _GstIceSrc {
  GstPushSrc parent;
};

struct GstIceSrcPrivate {
  std::shared_ptr<IceElement> ice;
  std::vector<InboundDatagram> waiting;  ///< the streaming thread's: received and not handed on
  std::size_t passed = 0;         ///< the streaming thread's: so many of them, from the first, are handed on by now
  gstice::ArrivalClock arrivals;  ///< the streaming thread's
  bool warned_too_large = false;  ///< the streaming thread's

  std::mutex mutex;                         ///< guards what follows together with the receiver's unlock()
  std::shared_ptr<MediaReceiver> receiver;  ///< since joining
  bool flushing = false;                    ///< between unlock() and unlock_stop()
  bool starting = false;                    ///< for changes of state alone: not PLAYING since READY
  CapsRef caps;                             ///< the property
  CapsGate gate;                            ///< the peer's, while there are none of our own

  std::atomic<bool> ended{false};  ///< the peer is gone for good: the stream ends behind what waits
  std::atomic<int> buffer_size{0};
  std::atomic<guint> mtu{gstice::kMaxDatagram};
  std::atomic<guint64> too_large{0};
};

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static IceElement& gst_ice_src_element(GObject* object);

G_DEFINE_TYPE_WITH_CODE(GstIceSrc, gst_ice_src, GST_TYPE_PUSH_SRC, G_ADD_PRIVATE(GstIceSrc);
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER,
                                              (gstice::init_uri_handler<gst_ice_src_element, GST_URI_SRC>))
                            GST_DEBUG_CATEGORY_INIT(ice_src_debug, "icesrc", 0, "ICE source"))
GST_ELEMENT_REGISTER_DEFINE(icesrc, "icesrc", GST_RANK_NONE, GST_TYPE_ICE_SRC)

namespace {

GstIceSrcPrivate& priv(gpointer object) {
  return *static_cast<GstIceSrcPrivate*>(gst_ice_src_get_instance_private(static_cast<GstIceSrc*>(object)));
}

// ---- properties ----

void set_caps_property(GObject* object, const GValue* value) {
  GstIceSrcPrivate& self = priv(object);
  const GstCaps* caps = gst_value_get_caps(value);
  {
    const std::lock_guard lock(self.mutex);
    self.caps.reset(caps != nullptr ? gst_caps_copy(caps) : nullptr);
    // Downstream is about to have others than the peer's.
    self.gate.applied(nullptr);
  }
  gst_pad_mark_reconfigure(GST_BASE_SRC_PAD(object));
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstIceSrcPrivate& self = priv(object);
  if (self.ice->set_property(id, value)) return;
  switch (static_cast<SrcProperty>(id)) {
    case SrcProperty::caps:
      set_caps_property(object, value);
      return;
    case SrcProperty::buffer_size:
      self.buffer_size = g_value_get_int(value);
      if (const auto agent = self.ice->joined_agent()) agent->set_receive_buffer(self.ice->flow(), self.buffer_size);
      return;
    case SrcProperty::mtu:
      self.mtu = g_value_get_uint(value);
      return;
  }
  G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  GstIceSrcPrivate& self = priv(object);
  if (self.ice->get_property(id, value)) {
    if (id == static_cast<guint>(gstice::SessionProperty::stats)) {
      gst_structure_set(static_cast<GstStructure*>(g_value_get_boxed(value)), "packets-above-mtu", G_TYPE_UINT64,
                        self.too_large.load(), nullptr);
    }
    return;
  }
  switch (static_cast<SrcProperty>(id)) {
    case SrcProperty::caps: {
      const std::lock_guard lock(self.mutex);
      gst_value_set_caps(value, self.caps.get());
      return;
    }
    case SrcProperty::buffer_size:
      g_value_set_int(value, self.buffer_size);
      return;
    case SrcProperty::mtu:
      g_value_set_uint(value, self.mtu);
      return;
  }
  G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  std::destroy_at(&priv(object));
  G_OBJECT_CLASS(gst_ice_src_parent_class)->finalize(object);
}

// ---- states ----

void forget_waiting(GstIceSrcPrivate& self) {
  self.waiting.clear();
  self.passed = 0;
}

bool join(GstIceSrcPrivate& self) {
  self.ended = false;
  self.too_large = 0;
  if (!self.ice->join()) return false;
  const auto agent = self.ice->joined_agent();
  {
    const std::lock_guard lock(self.mutex);
    self.receiver = self.ice->ends().receiver;
    self.flushing = false;
    self.receiver->unlock_stop();
    // In a session that runs, media can be here before the event thread tells us.
    self.gate.hear(agent->peer_caps(self.ice->flow()), std::chrono::steady_clock::now());
  }
  if (self.buffer_size != 0) agent->set_receive_buffer(self.ice->flow(), self.buffer_size);
  return true;
}

void begin_playing(GstIceSrcPrivate& self) {
  if (std::exchange(self.starting, false)) {
    self.receiver->forget_before(std::chrono::steady_clock::now() - kStarting);
  } else {
    // A live source has nothing to give but the present.
    self.receiver->clear();
  }
  // What follows on what was dropped cannot be decoded by itself.
  if (self.receiver->counters().packets_dropped > 0) {
    (void)self.ice->joined_agent()->request_key_frame(self.ice->flow());
  }
  self.receiver->set_listening(true);
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  GstIceSrcPrivate& self = priv(element);
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!join(self)) return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      self.warned_too_large = false;
      self.starting = true;
      self.receiver->set_listening(true);
      self.ice->gather();
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      begin_playing(self);
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      self.ice->set_playing(false);
      break;
    default:
      break;
  }
  const GstStateChangeReturn result = GST_ELEMENT_CLASS(gst_ice_src_parent_class)->change_state(element, transition);
  switch (transition) {
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      self.ice->set_playing(true);
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      self.receiver->set_listening(false);
      self.receiver->clear();
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      self.ice->leave();
      break;
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (result == GST_STATE_CHANGE_FAILURE) self.ice->leave();
      break;
    default:
      break;
  }
  return result;
}

gboolean start(GstBaseSrc* base) {
  GstIceSrcPrivate& self = priv(base);
  self.arrivals.reset();
  forget_waiting(self);
  const std::lock_guard lock(self.mutex);
  self.gate.reset();
  return TRUE;
}

gboolean unlock(GstBaseSrc* base) {
  GstIceSrcPrivate& self = priv(base);
  const std::lock_guard lock(self.mutex);
  self.flushing = true;
  if (self.receiver) self.receiver->unlock();
  return TRUE;
}

gboolean unlock_stop(GstBaseSrc* base) {
  GstIceSrcPrivate& self = priv(base);
  const std::lock_guard lock(self.mutex);
  self.flushing = false;
  if (self.receiver) self.receiver->unlock_stop();
  return TRUE;
}

/// The event thread says that the peer is gone: create() shall look at `ended` anew.
void end(gpointer object) {
  GstIceSrcPrivate& self = priv(object);
  GST_INFO_OBJECT(object, "the peer is gone for good; the stream ends behind what it sent");
  self.ended = true;
  const std::lock_guard lock(self.mutex);
  if (self.receiver) self.receiver->unlock();
}

/// The event thread says what the peer sends, or that there is another one.
void hear_caps(gpointer object, const gstice::PeerCaps& caps) {
  GstIceSrcPrivate& self = priv(object);
  const std::lock_guard lock(self.mutex);
  self.gate.hear(caps, std::chrono::steady_clock::now());
  // create() shall look at it.
  if (self.receiver) self.receiver->unlock();
}

// ---- negotiation ----

GstCaps* get_caps(GstBaseSrc* base, GstCaps* filter) {
  GstIceSrcPrivate& self = priv(base);
  CapsRef caps;
  {
    const std::lock_guard lock(self.mutex);
    // Before the peer said what it sends, nobody knows.
    const gstice::SharedCaps& of_peer = self.gate.applied();
    GstCaps* known = self.caps ? self.caps.get() : of_peer.get();
    caps.reset(known != nullptr ? gst_caps_ref(known) : gst_caps_new_any());
  }
  if (filter == nullptr) return caps.release();
  return gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST);
}

gboolean query(GstBaseSrc* base, GstQuery* what) {
  if (GST_QUERY_TYPE(what) == GST_QUERY_LATENCY) {
    // Nothing is held back, and however late downstream is, datagrams wait.
    gst_query_set_latency(what, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  }
  return GST_BASE_SRC_CLASS(gst_ice_src_parent_class)->query(base, what);
}

gboolean event(GstBaseSrc* base, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_UPSTREAM && gst_event_has_name(event, "GstForceKeyUnit") != FALSE) {
    const auto agent = priv(base).ice->joined_agent();
    return agent && agent->request_key_frame(priv(base).ice->flow()) ? TRUE : FALSE;
  }
  return GST_BASE_SRC_CLASS(gst_ice_src_parent_class)->event(base, event);
}

/// GStreamer wants caps ahead of the first segment. When data went without any until now, downstream has to forget the
/// segment first; a flush is the only way to make it. Returns what is to be pushed behind the caps, or null.
GstEvent* make_room_for_first_caps(GstBaseSrc* base) {
  GstPad* pad = GST_BASE_SRC_PAD(base);
  if (gst_pad_has_current_caps(pad) != FALSE) return nullptr;
  GstEvent* segment = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
  if (segment == nullptr) return nullptr;
  gst_pad_push_event(pad, gst_event_new_flush_start());
  gst_pad_push_event(pad, gst_event_new_flush_stop(FALSE));
  return segment;
}

/// Puts the peer's caps on the pad, ahead of what follows.
GstFlowReturn apply_caps(GstBaseSrc* base, const gstice::SharedCaps& caps) {
  GstIceSrcPrivate& self = priv(base);
  GST_INFO_OBJECT(base, "the peer sends %" GST_PTR_FORMAT, static_cast<void*>(caps.get()));
  {
    const std::lock_guard lock(self.mutex);
    self.gate.applied(caps);
  }
  GstEvent* segment = make_room_for_first_caps(base);
  const bool accepted = gst_base_src_set_caps(base, caps.get()) != FALSE;
  if (segment != nullptr) gst_pad_push_event(GST_BASE_SRC_PAD(base), segment);
  if (accepted) return GST_FLOW_OK;
  if (GST_PAD_IS_FLUSHING(GST_BASE_SRC_PAD(base))) return GST_FLOW_FLUSHING;
  GST_ELEMENT_ERROR(base, STREAM, FORMAT, ("What the peer sends is not what downstream takes."),
                    ("the peer announced %" GST_PTR_FORMAT, static_cast<void*>(caps.get())));
  return GST_FLOW_NOT_NEGOTIATED;
}

// ---- receiving ----

/// Waits for something to come, for so long at most; without a limit, as long as the stream goes on.
MediaReceiver::Outcome receive(GstIceSrcPrivate& self, std::optional<CapsGate::TimePoint> until) {
  using std::chrono::milliseconds;
  std::optional<milliseconds> patience;
  if (self.ended) patience = milliseconds(0);
  if (until && !patience) {
    patience = std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*until - std::chrono::steady_clock::now()));
  }
  return self.receiver->pop(self.waiting, kBatch, patience);
}

/// How many of those that wait may go downstream, having set the caps under which they go. None: wait until then.
GstFlowReturn let_pass(GstBaseSrc* base, std::size_t& datagrams, std::optional<CapsGate::TimePoint>& until) {
  using What = CapsGate::Verdict::What;
  GstIceSrcPrivate& self = priv(base);
  const auto left = std::span(self.waiting).subspan(self.passed);
  datagrams = 0;
  until.reset();
  if (left.empty()) return GST_FLOW_OK;
  CapsGate::Verdict verdict{What::pass, left.size(), nullptr, {}};
  {
    const std::lock_guard lock(self.mutex);
    if (!self.caps) verdict = self.gate.judge(left, std::chrono::steady_clock::now());
    if (verdict.what == What::give_up) self.gate.give_up();
  }
  // At the end nothing else will come, and what is there shall not be lost.
  if (verdict.what == What::hold && !self.ended) {
    until = verdict.until;
    return GST_FLOW_OK;
  }
  if (verdict.what == What::give_up) {
    self.ice->complain(
        {"The peer sends, but has not said over the rendezvous what: it is handed on without caps. "
         "Set caps= if downstream needs them"});
  }
  datagrams = std::min(verdict.what == What::pass ? verdict.datagrams : left.size(), kBatch);
  return verdict.caps ? apply_caps(base, verdict.caps) : GST_FLOW_OK;
}

/// Waits for datagrams that may go downstream. GST_FLOW_OK: the next `datagrams` of those that wait.
GstFlowReturn wait_for_media(GstBaseSrc* base, std::size_t& datagrams) {
  GstIceSrcPrivate& self = priv(base);
  if (self.passed == self.waiting.size()) forget_waiting(self);
  while (true) {
    std::optional<CapsGate::TimePoint> until;
    const GstFlowReturn result = let_pass(base, datagrams, until);
    if (result != GST_FLOW_OK || datagrams > 0) return result;
    switch (receive(self, until)) {
      case MediaReceiver::Outcome::data:
        break;
      case MediaReceiver::Outcome::timeout:
        if (!until) return GST_FLOW_EOS;
        break;
      case MediaReceiver::Outcome::closed:
        return self.ended ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
      case MediaReceiver::Outcome::unlocked: {
        const std::lock_guard lock(self.mutex);
        if (self.flushing) return GST_FLOW_FLUSHING;
        // Only end() or hear_caps() called: what it changed is looked at next.
        self.receiver->unlock_stop();
        break;
      }
    }
  }
}

/// Neither empty datagrams, which no parser expects, nor those above `mtu` go downstream.
bool wanted(GstBaseSrc* base, const InboundDatagram& datagram) {
  GstIceSrcPrivate& self = priv(base);
  if (datagram.length == 0) return false;
  if (datagram.length <= self.mtu) return true;
  ++self.too_large;
  if (!self.warned_too_large) {
    self.warned_too_large = true;
    self.ice->complain({"A datagram of " + std::to_string(datagram.length) +
                        " bytes is above mtu=" + std::to_string(self.mtu) + " and is dropped, as all such will be"});
  }
  return false;
}

GstFlowReturn create(GstPushSrc* push, GstBuffer** out) {
  GstBaseSrc* base = GST_BASE_SRC(push);
  GstIceSrcPrivate& self = priv(push);
  ListRef list;
  GstBuffer* single = nullptr;
  while (single == nullptr && !list) {
    std::size_t datagrams = 0;
    const GstFlowReturn result = wait_for_media(base, datagrams);
    if (result == GST_FLOW_EOS) self.receiver->set_listening(false);
    if (result != GST_FLOW_OK) {
      forget_waiting(self);
      return result;
    }
    self.arrivals.look(GST_ELEMENT(push));
    for (InboundDatagram& datagram : std::span(self.waiting).subspan(self.passed, datagrams)) {
      if (!wanted(base, datagram)) continue;
      const GstClockTime time = self.arrivals.running_time(datagram.arrival);
      GstBuffer* buffer = gstice::wrap(std::move(datagram), time);
      if (list) {
        gst_buffer_list_add(list.get(), buffer);
      } else if (single == nullptr) {
        single = buffer;
      } else {
        list.reset(gst_buffer_list_new_sized(static_cast<guint>(datagrams)));
        gst_buffer_list_add(list.get(), std::exchange(single, nullptr));
        gst_buffer_list_add(list.get(), buffer);
      }
    }
    self.passed += datagrams;
  }
  if (list) {
    *out = nullptr;
    gst_base_src_submit_buffer_list(base, list.release());
  } else {
    *out = single;
  }
  return GST_FLOW_OK;
}

}  // namespace

static IceElement& gst_ice_src_element(GObject* object) {
  return *priv(object).ice;
}

static void gst_ice_src_class_init(GstIceSrcClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  IceElement::install<gst_ice_src_element>(object_class);

  constexpr auto kFlags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const auto put = [object_class](SrcProperty id, GParamSpec* spec) {
    g_object_class_install_property(object_class, static_cast<guint>(id), spec);
  };
  put(SrcProperty::caps,
      g_param_spec_boxed("caps", "Caps", "Caps of what the peer sends; null = any", GST_TYPE_CAPS, kFlags));
  put(SrcProperty::buffer_size,
      g_param_spec_int("buffer-size", "Buffer size", "Size of the kernel's receive buffer in bytes, 0 = default", 0,
                       G_MAXINT, 0, kFlags));
  put(SrcProperty::mtu,
      g_param_spec_uint("mtu", "MTU", "Largest datagram to hand on, in bytes; larger ones are dropped and counted", 1,
                        G_MAXUINT16, gstice::kMaxDatagram, kFlags));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "ICE source", "Source/Network",
      "Hands on the datagrams that a peer sends, through NATs and firewalls, on the path "
      "that Interactive Connectivity Establishment (RFC 8445) finds",
      "The gst-ice authors");

  auto* base_class = GST_BASE_SRC_CLASS(klass);
  base_class->start = start;
  base_class->unlock = unlock;
  base_class->unlock_stop = unlock_stop;
  base_class->get_caps = get_caps;
  base_class->query = query;
  base_class->event = event;
  GST_PUSH_SRC_CLASS(klass)->create = create;
}

static void gst_ice_src_init(GstIceSrc* self) {
  GstIceSrcPrivate& data = *std::construct_at(&priv(self));
  data.ice = std::make_shared<IceElement>(
      GST_ELEMENT(self),
      IceElement::Traits{.receives = true,
                         .debug = ice_src_debug,
                         .peer_gone = [self] { end(self); },
                         .peer_caps = [self](const gstice::PeerCaps& caps) { hear_caps(self, caps); }});
  GstBaseSrc* base = GST_BASE_SRC(self);
  gst_base_src_set_live(base, TRUE);
  gst_base_src_set_format(base, GST_FORMAT_TIME);
}
