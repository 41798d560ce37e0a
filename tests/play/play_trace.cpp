// SPDX-License-Identifier: LGPL-2.1-or-later
// A GStreamer tracer that writes down what happens inside an unchanged gst-launch-1.0 or gst-play-1.0:
//   GST_TRACERS=iceplay ICE_PLAY_TRACE=FILE gst-launch-1.0 …
// One event a line, fields parted by tabs: time (CLOCK_MONOTONIC, ns), kind, element, and what the kind says.
//   connection STATE                        the element's ice-connection-state is now this
//   stats STREAM COMPONENT PACKETS BYTES    what an icesrc had received, each 50 ms for 5 s from `connected` on
//   pushed BUFFERS BYTES                    an icesrc pushed downstream
//   frame video|audio TIMESTAMP             a decoder pushed a decoded frame
//   eos                                     an icesrc pushed EOS, or an icesink posted it
//   keyunit                                 an icesink asked its upstream for a key unit
//   counted STREAM COMPONENT SENT RECEIVED  datagrams, when the element goes to NULL
//   state STATE TYPE                        a whole pipeline or an ICE element (of this type) arrived in it
//   message TYPE TEXT                       progress, warnings, errors, latency
#define GST_USE_UNSTABLE_API
#include <fcntl.h>
#include <gst/gst.h>
#include <gst/gsttracer.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

constexpr auto kSampling = 50ms;
constexpr auto kSampled = 5s;
/// An element's kind, kept with it.
constexpr const char* kKindKey = "ice-play-kind";
constexpr const char* kConnectedKey = "ice-play-connected";
enum Kind : gint { kUnknown = 0, kOther, kIceSrc, kIceSink, kIceUriSrc, kVideoDecoder, kAudioDecoder };

int output = -1;

template <typename T, void (*Free)(T*)>
struct Freed {
  void operator()(T* pointer) const { Free(pointer); }
};
using Text = std::unique_ptr<gchar, decltype(&g_free)>;
using Structure = std::unique_ptr<GstStructure, Freed<GstStructure, gst_structure_free>>;

/// One write() a line, so that lines of several threads never mix and nothing is lost with a kill.
void tell(const char* kind, GstObject* who, std::string what) {
  if (output < 0) return;
  for (char& letter : what) {
    if (letter == '\n' || letter == '\r') letter = ' ';
  }
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const Text name(gst_object_get_name(who), g_free);
  const std::string line = std::to_string(std::chrono::nanoseconds(now).count()) + "\t" + kind + "\t" +
                           (name ? name.get() : "") + "\t" + what + "\n";
  [[maybe_unused]] const auto written = ::write(output, line.data(), line.size());
}

Kind kind_of(GstElement* element) {
  return static_cast<Kind>(GPOINTER_TO_INT(g_object_get_data(G_OBJECT(element), kKindKey)));
}

bool is_ice(Kind kind) {
  return kind == kIceSrc || kind == kIceSink || kind == kIceUriSrc;
}

Kind classify(GstElement* element) {
  const char* type = G_OBJECT_TYPE_NAME(element);
  if (std::strcmp(type, "GstIceSrc") == 0) return kIceSrc;
  if (std::strcmp(type, "GstIceSink") == 0) return kIceSink;
  if (std::strcmp(type, "GstIceUriSrc") == 0) return kIceUriSrc;
  if (GST_IS_BIN(element)) return kOther;
  const char* klass = gst_element_get_metadata(element, GST_ELEMENT_METADATA_KLASS);
  if (klass == nullptr || std::strstr(klass, "Decoder") == nullptr) return kOther;
  if (std::strstr(klass, "Video") != nullptr) return kVideoDecoder;
  return std::strstr(klass, "Audio") != nullptr ? kAudioDecoder : kOther;
}

std::string flow_of(GstElement* element) {
  guint stream = 0;
  guint component = 0;
  g_object_get(element, "stream", &stream, "component", &component, nullptr);
  return std::to_string(stream) + "\t" + std::to_string(component);
}

std::string counted(GstElement* element, std::initializer_list<const char*> fields) {
  GstStructure* raw = nullptr;
  g_object_get(element, "stats", &raw, nullptr);
  const Structure stats(raw);
  std::string result = flow_of(element);
  for (const char* field : fields) {
    guint64 value = 0;
    if (stats) gst_structure_get_uint64(stats.get(), field, &value);
    result += "\t" + std::to_string(value);
  }
  return result;
}

/// From `connected` on, in a thread of its own, while the element is alive.
void sample(const std::shared_ptr<GWeakRef>& weak) {
  const auto end = std::chrono::steady_clock::now() + kSampled;
  while (std::chrono::steady_clock::now() < end) {
    auto* element = static_cast<GstElement*>(g_weak_ref_get(weak.get()));
    if (element == nullptr) return;
    tell("stats", GST_OBJECT(element), counted(element, {"packets-received", "bytes-received"}));
    gst_object_unref(element);
    std::this_thread::sleep_for(kSampling);
  }
}

std::string connection_of(GObject* element) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), "ice-connection-state");
  GValue state = G_VALUE_INIT;
  g_value_init(&state, spec->value_type);
  g_object_get_property(element, spec->name, &state);
  auto* type = static_cast<GEnumClass*>(g_type_class_ref(spec->value_type));
  const auto* named = g_enum_get_value(type, g_value_get_enum(&state));
  std::string nick = named != nullptr ? named->value_nick : "?";
  g_type_class_unref(type);
  g_value_unset(&state);
  return nick;
}

/// An icesrc is sampled from its first `connected` on.
void follow(GObject* element, const std::string& state) {
  const bool connected = state == "connected" || state == "completed";
  const bool was_connected = g_object_get_data(element, kConnectedKey) != nullptr;
  g_object_set_data(element, kConnectedKey, GINT_TO_POINTER(connected ? 1 : 0));
  if (!connected || was_connected || kind_of(GST_ELEMENT(element)) != kIceSrc) return;
  const std::shared_ptr<GWeakRef> weak(new GWeakRef, [](GWeakRef* reference) {
    g_weak_ref_clear(reference);
    delete reference;
  });
  g_weak_ref_init(weak.get(), element);
  std::thread(sample, weak).detach();
}

void on_connection(GObject* element, GParamSpec*, gpointer) {
  const std::string state = connection_of(element);
  tell("connection", GST_OBJECT(element), state);
  follow(element, state);
}

void change_state(GObject*, GstClockTime, GstElement* element, GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && kind_of(element) == kUnknown) {
    const Kind kind = classify(element);
    g_object_set_data(G_OBJECT(element), kKindKey, GINT_TO_POINTER(kind));
    if (is_ice(kind)) {
      g_signal_connect(element, "notify::ice-connection-state", G_CALLBACK(on_connection), nullptr);
    }
  }
  if (transition != GST_STATE_CHANGE_READY_TO_NULL) return;
  const Kind kind = kind_of(element);
  if (kind != kIceSrc && kind != kIceSink) return;
  tell("counted", GST_OBJECT(element), counted(element, {"packets-sent", "packets-received"}));
}

/// An icesrc may join a session that is connected.
void changed_state(GObject*, GstClockTime, GstElement* element, GstStateChange transition, GstStateChangeReturn) {
  if (transition != GST_STATE_CHANGE_NULL_TO_READY || kind_of(element) != kIceSrc) return;
  follow(G_OBJECT(element), connection_of(G_OBJECT(element)));
}

void pushed(GstPad* pad, guint buffers, gsize bytes, GstBuffer* first) {
  GstElement* element = GST_PAD_PARENT(pad);
  if (element == nullptr || !GST_IS_ELEMENT(element) || first == nullptr) return;
  switch (kind_of(element)) {
    case kIceSrc:
      tell("pushed", GST_OBJECT(element), std::to_string(buffers) + "\t" + std::to_string(bytes));
      return;
    case kVideoDecoder:
    case kAudioDecoder:
      tell("frame", GST_OBJECT(element),
           (kind_of(element) == kVideoDecoder ? "video\t" : "audio\t") + std::to_string(GST_BUFFER_PTS(first)));
      return;
    default:
      return;
  }
}

void push(GObject*, GstClockTime, GstPad* pad, GstBuffer* buffer) {
  pushed(pad, 1, gst_buffer_get_size(buffer), buffer);
}

void push_list(GObject*, GstClockTime, GstPad* pad, GstBufferList* list) {
  const guint length = gst_buffer_list_length(list);
  pushed(pad, length, gst_buffer_list_calculate_size(list), length > 0 ? gst_buffer_list_get(list, 0) : nullptr);
}

void push_event(GObject*, GstClockTime, GstPad* pad, GstEvent* event) {
  GstElement* element = GST_PAD_PARENT(pad);
  if (element == nullptr || !GST_IS_ELEMENT(element)) return;
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && kind_of(element) == kIceSrc) tell("eos", GST_OBJECT(element), "");
  if (GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_UPSTREAM && kind_of(element) == kIceSink &&
      gst_event_has_name(event, "GstForceKeyUnit") != FALSE) {
    tell("keyunit", GST_OBJECT(element), "");
  }
}

void message_with_error(GstElement* element, GstMessage* message) {
  GError* error = nullptr;
  gchar* details = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message, &error, &details);
  } else {
    gst_message_parse_warning(message, &error, &details);
  }
  tell(
      "message", GST_OBJECT(element),
      std::string(GST_MESSAGE_TYPE_NAME(message)) + "\t" + error->message + "\t" + (details != nullptr ? details : ""));
  g_clear_error(&error);
  g_free(details);
}

void post_message(GObject*, GstClockTime, GstElement* element, GstMessage* message) {
  // Each bin hands on what its children post: only the poster counts.
  if (GST_MESSAGE_SRC(message) != GST_OBJECT(element)) return;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      if (kind_of(element) == kIceSink) tell("eos", GST_OBJECT(element), "");
      return;
    case GST_MESSAGE_ERROR:
    case GST_MESSAGE_WARNING:
      message_with_error(element, message);
      return;
    case GST_MESSAGE_PROGRESS: {
      GstProgressType type = GST_PROGRESS_TYPE_ERROR;
      gchar* code = nullptr;
      gchar* text = nullptr;
      gst_message_parse_progress(message, &type, &code, &text);
      tell("message", GST_OBJECT(element),
           "progress\t" + std::to_string(type) + "\t" + (code != nullptr ? code : "") + "\t" +
               (text != nullptr ? text : ""));
      g_free(code);
      g_free(text);
      return;
    }
    case GST_MESSAGE_LATENCY:
      tell("message", GST_OBJECT(element), "latency");
      return;
    case GST_MESSAGE_STATE_CHANGED: {
      if (GST_OBJECT_PARENT(element) != nullptr && !is_ice(kind_of(element))) return;
      GstState state = GST_STATE_VOID_PENDING;
      gst_message_parse_state_changed(message, nullptr, &state, nullptr);
      tell("state", GST_OBJECT(element),
           std::string(gst_element_state_get_name(state)) + "\t" + G_OBJECT_TYPE_NAME(element));
      return;
    }
    default:
      return;
  }
}

struct PlayTracer {
  GstTracer parent;
};
struct PlayTracerClass {
  GstTracerClass parent_class;
};

GType play_tracer_get_type();
G_DEFINE_TYPE(PlayTracer, play_tracer, GST_TYPE_TRACER)

void play_tracer_class_init(PlayTracerClass*) {}

void play_tracer_init(PlayTracer* self) {
  const char* file = g_getenv("ICE_PLAY_TRACE");
  if (file == nullptr) return;
  output = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  auto* tracer = GST_TRACER(self);
  gst_tracing_register_hook(tracer, "element-change-state-pre", G_CALLBACK(change_state));
  gst_tracing_register_hook(tracer, "element-change-state-post", G_CALLBACK(changed_state));
  gst_tracing_register_hook(tracer, "element-post-message-pre", G_CALLBACK(post_message));
  gst_tracing_register_hook(tracer, "pad-push-pre", G_CALLBACK(push));
  gst_tracing_register_hook(tracer, "pad-push-list-pre", G_CALLBACK(push_list));
  gst_tracing_register_hook(tracer, "pad-push-event-pre", G_CALLBACK(push_event));
}

gboolean plugin_init(GstPlugin* plugin) {
  return gst_tracer_register(plugin, "iceplay", play_tracer_get_type());
}

}  // namespace

#define PACKAGE "gst-ice"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, iceplay, "Writes down when media starts and ends", plugin_init,
                  GST_ICE_VERSION, "LGPL", "gst-ice", "Unknown package origin")
