// SPDX-License-Identifier: LGPL-2.1-or-later
// See stream_pad.h.
#include "gst/elements/stream_pad.h"

#include <string>
#include <utility>

namespace gstice {
namespace {

ObjectRef<GstElement> make_element(const char* factory, const std::string& name) {
  GstElement* element = gst_element_factory_make(factory, name.c_str());
  return ObjectRef<GstElement>(element != nullptr ? GST_ELEMENT(gst_object_ref_sink(element)) : nullptr);
}

struct EventUnref {
  void operator()(GstEvent* event) const { gst_event_unref(event); }
};
using EventRef = std::unique_ptr<GstEvent, EventUnref>;

}  // namespace

void FlowReturns::add(GstPad* pad) {
  const std::lock_guard lock(mutex_);
  gst_flow_combiner_add_pad(combiner_.get(), pad);
}

void FlowReturns::remove(GstPad* pad) {
  const std::lock_guard lock(mutex_);
  gst_flow_combiner_remove_pad(combiner_.get(), pad);
}

GstFlowReturn FlowReturns::combine(GstPad* pad, GstFlowReturn result) {
  const std::lock_guard lock(mutex_);
  return gst_flow_combiner_update_pad_flow(combiner_.get(), pad, result);
}

// ---- what happens on the way from the elements to the pad ----

/// Lives as long as the pad's inner side.
struct StreamPad::Link {
  std::shared_ptr<FlowReturns> returns;
  std::function<void()> on_end;
  GstPad* pad = nullptr;  ///< the outer side, which owns the inner one
  std::atomic<bool> ended{false};

  static Link& of(gpointer data) { return **static_cast<std::shared_ptr<Link>*>(data); }

  static GstFlowReturn chain(GstPad* inner, GstObject* parent, GstBuffer* buffer) {
    Link& link = of(inner->chaindata);
    return link.returns->combine(link.pad, gst_proxy_pad_chain_default(inner, parent, buffer));
  }

  static GstFlowReturn chain_list(GstPad* inner, GstObject* parent, GstBufferList* list) {
    Link& link = of(inner->chainlistdata);
    return link.returns->combine(link.pad, gst_proxy_pad_chain_list_default(inner, parent, list));
  }

  static gboolean event(GstPad* inner, GstObject* parent, GstEvent* event) {
    Link& link = of(inner->eventdata);
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_STREAM_START:
        // The pad has one of its own: icesrc does not know whose stream it is.
        gst_event_unref(event);
        return TRUE;
      case GST_EVENT_CAPS:
        if (link.has_caps_of(event)) {
          gst_event_unref(event);
          return TRUE;
        }
        break;
      default:
        break;
    }
    const bool last = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    const gboolean taken = gst_pad_event_default(inner, parent, event);
    if (last) {
      link.ended = true;
      link.on_end();
    }
    return taken;
  }

  /// Those are on the pad since it is there.
  [[nodiscard]] bool has_caps_of(GstEvent* event) const {
    const EventRef present(gst_pad_get_sticky_event(pad, GST_EVENT_CAPS, 0));
    if (!present) return false;
    GstCaps* now = nullptr;
    GstCaps* fresh = nullptr;
    gst_event_parse_caps(present.get(), &now);
    gst_event_parse_caps(event, &fresh);
    return gst_caps_is_equal(now, fresh) != FALSE;
  }
};

// ---- making ----

StreamPad::StreamPad(const Surroundings& in, const OfferedStream& stream)
    : bin_(in.bin), stream_(stream), returns_(in.returns), link_(std::make_shared<Link>()) {
  link_->returns = in.returns;
  link_->on_end = in.on_end;
}

StreamPad::~StreamPad() = default;

std::shared_ptr<StreamPad> StreamPad::make(const Surroundings& in, const OfferedStream& stream) {
  const std::shared_ptr<StreamPad> made(new StreamPad(in, stream));
  if (!made->make_elements()) return nullptr;
  g_object_set(made->source_.get(), "agent", in.agent, "stream", stream.flow.stream.value, "component",
               static_cast<guint>(stream.flow.component.value), nullptr);
  made->set_latency(in.latency);
  made->make_pad();
  made->put_sticky_events(in.group_id);
  return made;
}

bool StreamPad::make_elements() {
  const std::string number = std::to_string(stream_.flow.stream.value);
  source_ = make_element("icesrc", "icesrc" + number);
  if (stream_.is_rtp()) jitterbuffer_ = make_element("rtpjitterbuffer", "rtpjitterbuffer" + number);
  if (!source_ || (stream_.is_rtp() && !jitterbuffer_)) {
    const char* missing = source_ ? "rtpjitterbuffer" : "icesrc";
    GST_ELEMENT_ERROR(bin_, CORE, MISSING_PLUGIN,
                      ("The element %s is missing: is the plugin that has it installed?", missing), (nullptr));
    return false;
  }
  for (GstElement* element : {source_.get(), jitterbuffer_.get()}) {
    if (element == nullptr) continue;
    // Not with the bin's next change of state: the pad comes first.
    gst_element_set_locked_state(element, TRUE);
    gst_bin_add(bin_, element);
  }
  if (jitterbuffer_) {
    // Depayloaders want to hear of what is lost, to conceal it or to wait for a key frame.
    g_object_set(jitterbuffer_.get(), "do-lost", TRUE, nullptr);
    gst_element_link(source_.get(), jitterbuffer_.get());
  }
  return true;
}

void StreamPad::make_pad() {
  GstElement* last = jitterbuffer_ ? jitterbuffer_.get() : source_.get();
  const ObjectRef<GstPad> target(gst_element_get_static_pad(last, "src"));
  GstPadTemplate* in_class = gst_element_get_pad_template(GST_ELEMENT(bin_), "src_%u");
  const std::string name = "src_" + std::to_string(stream_.flow.stream.value);
  pad_.reset(GST_PAD(gst_object_ref_sink(gst_ghost_pad_new_from_template(name.c_str(), target.get(), in_class))));
  link_->pad = pad_.get();
  returns_->add(pad_.get());

  const ObjectRef<GstPad> inner(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad_.get()))));
  auto data = std::make_unique<std::shared_ptr<Link>>(link_);
  gst_pad_set_chain_list_function_full(inner.get(), Link::chain_list, data.get(), nullptr);
  gst_pad_set_event_function_full(inner.get(), Link::event, data.get(), nullptr);
  gst_pad_set_chain_function_full(inner.get(), Link::chain, data.release(), [](gpointer old) {
    std::unique_ptr<std::shared_ptr<Link>>(static_cast<std::shared_ptr<Link>*>(old)).reset();
  });
}

void StreamPad::put_sticky_events(guint group_id) {
  gst_pad_set_active(pad_.get(), TRUE);
  gchar* id = gst_pad_create_stream_id_printf(pad_.get(), GST_ELEMENT(bin_), "%03u", stream_.flow.stream.value);
  const EventRef start(gst_event_new_stream_start(id));
  g_free(id);
  gst_event_set_group_id(start.get(), group_id);
  gst_pad_store_sticky_event(pad_.get(), start.get());
  if (!stream_.caps) return;
  const EventRef caps(gst_event_new_caps(stream_.caps.get()));
  gst_pad_store_sticky_event(pad_.get(), caps.get());
}

// ---- its life ----

void StreamPad::expose() {
  exposed_ = true;
  gst_element_add_pad(GST_ELEMENT(bin_), pad_.get());
}

void StreamPad::run() {
  for (GstElement* element : {jitterbuffer_.get(), source_.get()}) {
    if (element == nullptr) continue;
    gst_element_set_locked_state(element, FALSE);
    gst_element_sync_state_with_parent(element);
  }
}

void StreamPad::end() {
  if (std::exchange(ending_, true)) return;
  // It takes the stream lock, which downstream may hold for long.
  gst_element_call_async(
      source_.get(), [](GstElement* source, gpointer) { gst_element_send_event(source, gst_event_new_eos()); }, nullptr,
      nullptr);
}

void StreamPad::remove() {
  if (std::exchange(removed_, true)) return;
  for (GstElement* element : {source_.get(), jitterbuffer_.get()}) {
    if (element == nullptr) continue;
    gst_element_set_locked_state(element, TRUE);
    gst_element_set_state(element, GST_STATE_NULL);
  }
  gst_pad_set_active(pad_.get(), FALSE);
  if (exposed_) gst_element_remove_pad(GST_ELEMENT(bin_), pad_.get());
  returns_->remove(pad_.get());
  for (GstElement* element : {source_.get(), jitterbuffer_.get()}) {
    if (element != nullptr) gst_bin_remove(bin_, element);
  }
}

void StreamPad::set_latency(guint latency) {
  if (jitterbuffer_) g_object_set(jitterbuffer_.get(), "latency", latency, nullptr);
}

bool StreamPad::has_ended() const {
  return link_->ended;
}

bool StreamPad::carries(const OfferedStream& stream) const {
  return stream.flow == stream_.flow && stream.is_rtp() == stream_.is_rtp();
}

}  // namespace gstice
