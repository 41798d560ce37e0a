// SPDX-License-Identifier: LGPL-2.1-or-later
// iceurisrc: the GObject shell, its states, and what of its children's messages gets out.
/**
 * SECTION:element-iceurisrc
 * @title: iceurisrc
 * @short_description: plays what a peer in a room sends, by its address
 * @see_also: icesrc, icesink
 *
 * Players take this element for `ice://host[:8765]/room` (`ices://…` with TLS) by themselves. It enters the room of the
 * gst-ice-rendezvous server on that host, waits for somebody who sends there, and shows a pad for each stream of the
 * sender: one icesrc each, an rtpjitterbuffer behind those that carry RTP, with the caps that the sender announced. A
 * stream that is added later gets its pad then; one that ends, ends with EOS. It is live: it never waits in PAUSED.
 *
 * In the address `?stream=N` chooses one stream, `&component=N` a component.
 *
 * Each has a session of its own. To send back over the same connection, set #GstIceUriSrc:agent of this element and of
 * icesink to one GstIceAgent.
 *
 * ## Example launch lines
 * |[
 * gst-play-1.0 ice://HOST/my-room
 * ]| Picture and sound of whoever sends in the room `my-room` on HOST.
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay ! icesink uri=ice://HOST/my-room
 * audiotestsrc is-live=true ! opusenc ! rtpopuspay ! icesink stream=1
 * ]| Sends both.
 * |[
 * gst-launch-1.0 iceurisrc uri=ice://HOST/my-room ! decodebin ! autovideosink
 * ]| Shows the first stream alone.
 */
#include "gst/elements/gsticeurisrc.h"

#include <atomic>
#include <memory>

#include "gst/elements/ice_element.h"
#include "gst/elements/offer_follower.h"
#include "gst/elements/uri_handler.h"

GST_DEBUG_CATEGORY_STATIC(ice_uri_src_debug);
#define GST_CAT_DEFAULT ice_uri_src_debug

using gstice::IceElement;
using gstice::OfferFollower;

namespace {

enum class UriSrcProperty : guint { latency = gstice::kFirstSpecificProperty };

constexpr guint kDefaultLatency = 200;

}  // namespace

struct _GstIceUriSrc {
  GstBin parent;
};

struct GstIceUriSrcPrivate {
  std::shared_ptr<IceElement> ice;
  std::unique_ptr<OfferFollower> follower;
  std::atomic<guint> latency{kDefaultLatency};
  std::atomic<bool> failed{false};  ///< an ERROR of a child went out: what follows from it does not
};

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);

static IceElement& gst_ice_uri_src_element(GObject* object);

G_DEFINE_TYPE_WITH_CODE(GstIceUriSrc, gst_ice_uri_src, GST_TYPE_BIN, G_ADD_PRIVATE(GstIceUriSrc);
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER,
                                              (gstice::init_uri_handler<gst_ice_uri_src_element, GST_URI_SRC>))
                            GST_DEBUG_CATEGORY_INIT(ice_uri_src_debug, "iceurisrc", 0, "ICE source for players"))
GST_ELEMENT_REGISTER_DEFINE(iceurisrc, "iceurisrc", GST_RANK_PRIMARY, GST_TYPE_ICE_URI_SRC)

namespace {

GstIceUriSrcPrivate& priv(gpointer object) {
  return *static_cast<GstIceUriSrcPrivate*>(gst_ice_uri_src_get_instance_private(static_cast<GstIceUriSrc*>(object)));
}

// ---- properties ----

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstIceUriSrcPrivate& self = priv(object);
  if (self.ice->set_property(id, value)) return;
  switch (static_cast<UriSrcProperty>(id)) {
    case UriSrcProperty::latency:
      self.latency = g_value_get_uint(value);
      self.follower->set_latency(self.latency);
      return;
  }
  G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  GstIceUriSrcPrivate& self = priv(object);
  if (self.ice->get_property(id, value)) return;
  switch (static_cast<UriSrcProperty>(id)) {
    case UriSrcProperty::latency:
      g_value_set_uint(value, self.latency);
      return;
  }
  G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  std::destroy_at(&priv(object));
  G_OBJECT_CLASS(gst_ice_uri_src_parent_class)->finalize(object);
}

// ---- states ----

bool join(GstElement* element) {
  GstIceUriSrcPrivate& self = priv(element);
  self.failed = false;
  if (self.ice->has_room()) return self.ice->join();
  GST_ELEMENT_ERROR(element, RESOURCE, NOT_FOUND, ("No address to play: set uri=ice://host/room"), (nullptr));
  return false;
}

bool begin(GstElement* element) {
  GstIceUriSrcPrivate& self = priv(element);
  self.failed = false;
  if (!self.follower->start(self.latency)) {
    GST_ELEMENT_ERROR(element, RESOURCE, FAILED, ("The system gives no more threads"), (nullptr));
    return false;
  }
  self.ice->gather();
  return true;
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  GstIceUriSrcPrivate& self = priv(element);
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!join(element)) return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!begin(element)) return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      self.ice->set_playing(false);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      self.follower->stop();
      break;
    default:
      break;
  }
  GstStateChangeReturn result = GST_ELEMENT_CLASS(gst_ice_uri_src_parent_class)->change_state(element, transition);
  const bool failed = result == GST_STATE_CHANGE_FAILURE;
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (failed) self.ice->leave();
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (failed) self.follower->stop();
      [[fallthrough]];
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      // Live, also as long as there is nothing in it.
      if (!failed) result = GST_STATE_CHANGE_NO_PREROLL;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      if (!failed) self.ice->set_playing(true);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      self.follower->remove_pads();
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      self.ice->leave();
      break;
    default:
      break;
  }
  return result;
}

gboolean query(GstElement* element, GstQuery* what) {
  if (GST_QUERY_TYPE(what) == GST_QUERY_URI) {
    const std::string uri = priv(element).ice->uri();
    if (uri.empty()) return FALSE;
    gst_query_set_uri(what, uri.c_str());
    return TRUE;
  }
  return GST_ELEMENT_CLASS(gst_ice_uri_src_parent_class)->query(element, what);
}

/// What goes wrong inside is one ERROR of ours, whichever of the children notices first.
void handle_message(GstBin* bin, GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR) {
    GST_BIN_CLASS(gst_ice_uri_src_parent_class)->handle_message(bin, message);
    return;
  }
  if (!priv(bin).failed.exchange(true)) {
    GError* error = nullptr;
    gchar* details = nullptr;
    gst_message_parse_error(message, &error, &details);
    gst_element_post_message(GST_ELEMENT(bin), gst_message_new_error(GST_OBJECT(bin), error, details));
    g_clear_error(&error);
    g_free(details);
  }
  gst_message_unref(message);
}

}  // namespace

static IceElement& gst_ice_uri_src_element(GObject* object) {
  return *priv(object).ice;
}

static void gst_ice_uri_src_class_init(GstIceUriSrcClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  IceElement::install<gst_ice_uri_src_element>(object_class, true);
  g_object_class_install_property(
      object_class, static_cast<guint>(UriSrcProperty::latency),
      g_param_spec_uint(
          "latency", "Latency",
          "How long RTP waits for packets that are late, in milliseconds: more plays smoother, less sooner", 0,
          G_MAXUINT, kDefaultLatency,
          static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)));

  auto* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  element_class->query = query;
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "ICE source for players", "Source/Network",
      "Plays ice://host/room and ices://host/room: receives all streams that the peer in this room sends, each on a "
      "pad "
      "of its own, directly from its machine, through NATs and firewalls (ICE, RFC 8445)",
      "The gst-ice authors");
  GST_BIN_CLASS(klass)->handle_message = handle_message;
}

static void gst_ice_uri_src_init(GstIceUriSrc* self) {
  GstIceUriSrcPrivate& data = *std::construct_at(&priv(self));
  IceElement::Traits traits;
  traits.debug = ice_uri_src_debug;
  traits.watches = true;
  traits.peer_gone = [self] { priv(self).follower->peer_gone(); };
  // Of our own flow; but it comes with every change of the whole offer.
  traits.peer_caps = [self](const gstice::PeerCaps&) { priv(self).follower->look(); };
  data.ice = std::make_shared<IceElement>(GST_ELEMENT(self), std::move(traits));
  data.follower = std::make_unique<OfferFollower>(GST_BIN(self), *data.ice);
  // A source, whatever its children make of it.
  GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
  gst_bin_set_suppressed_flags(GST_BIN(self),
                               static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK));
}
