// SPDX-License-Identifier: LGPL-2.1-or-later
#include <chrono>
#include <thread>

#include "tests/elements/support.h"

namespace test {
namespace {

constexpr std::chrono::nanoseconds kPatienceChrono(kPatience);
// Only loopback, and one address of it: little noise, no other machine.
const std::string kLocal = " interfaces=127.0.0.1 ";

template <typename T>
Ref<T> keep(gpointer object) {
  return Ref<T>(static_cast<T*>(gst_object_ref(object)));
}

/// Wakes waiters from a signal handler.
struct Wake {
  std::mutex mutex;
  std::condition_variable changed;
  unsigned times = 0;
  void operator()() {
    const std::lock_guard lock(mutex);
    ++times;
    changed.notify_all();
  }
};

void on_notify(GObject*, GParamSpec*, gpointer wake) {
  (*static_cast<Wake*>(wake))();
}

void on_candidate(GObject*, guint stream, const gchar* candidate, gpointer other) {
  g_signal_emit_by_name(other, "add-ice-candidate", stream, candidate);
}

}  // namespace

// ---- properties ----

std::string text(gpointer object, const char* property) {
  gchar* value = nullptr;
  g_object_get(object, property, &value, nullptr);
  std::string result = value != nullptr ? value : "";
  g_free(value);
  return result;
}

bool is_null(gpointer object, const char* property) {
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(object), property, &value);
  const bool result = G_VALUE_HOLDS_OBJECT(&value)  ? g_value_get_object(&value) == nullptr
                      : G_VALUE_HOLDS_BOXED(&value) ? g_value_get_boxed(&value) == nullptr
                                                    : g_value_get_string(&value) == nullptr;
  g_value_unset(&value);
  return result;
}

void set_text(gpointer object, const char* property, const std::string& value) {
  g_object_set(object, property, value.c_str(), nullptr);
}

std::string nick(gpointer object, const char* property) {
  GValue value = G_VALUE_INIT;
  g_object_get_property(G_OBJECT(object), property, &value);
  auto* klass = G_ENUM_CLASS(g_type_class_ref(G_VALUE_TYPE(&value)));
  std::string result = g_enum_get_value(klass, g_value_get_enum(&value))->value_nick;
  g_type_class_unref(klass);
  g_value_unset(&value);
  return result;
}

Structure structure(gpointer object, const char* property) {
  GstStructure* result = nullptr;
  g_object_get(object, property, &result, nullptr);
  return Structure(result);
}

guint64 stat(gpointer object, const char* field) {
  const Structure stats = structure(object, "stats");
  fail_unless(stats != nullptr, "there are no stats");
  guint64 value = 0;
  fail_unless(gst_structure_get_uint64(stats.get(), field, &value), "stats have no %s", field);
  return value;
}

Ref<GObject> agent_of(gpointer element) {
  GObject* agent = nullptr;
  g_object_get(element, "agent", &agent, nullptr);
  return Ref<GObject>(agent);
}

// ---- waiting ----

void wait_until(gpointer object, const char* property, const std::function<bool()>& holds, const char* what) {
  Wake wake;
  const std::string signal = std::string("notify::") + property;
  const gulong handler = g_signal_connect(object, signal.c_str(), G_CALLBACK(on_notify), &wake);
  const auto deadline = std::chrono::steady_clock::now() + kPatienceChrono;
  bool held = false;
  while (true) {
    unsigned seen = 0;
    {
      const std::lock_guard lock(wake.mutex);
      seen = wake.times;
    }
    held = holds();
    if (held) break;
    std::unique_lock lock(wake.mutex);
    if (!wake.changed.wait_until(lock, deadline, [&] { return wake.times != seen; })) break;
  }
  g_signal_handler_disconnect(object, handler);
  // A handler that runs at this moment still uses `wake`.
  drain_events(object);
  fail_unless(held, "waited in vain for %s", what);
}

void wait_for_nick(gpointer object, const char* property, const char* wanted) {
  wait_until(
      object, property, [&] { return nick(object, property) == wanted; }, wanted);
}

void wait_connected(gpointer object) {
  wait_until(
      object, "ice-connection-state",
      [&] {
        const std::string state = nick(object, "ice-connection-state");
        return state == "connected" || state == "completed";
      },
      "connected");
}

namespace {

void poll(const std::function<bool()>& holds, const char* what, std::chrono::nanoseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    fail_unless(std::chrono::steady_clock::now() < deadline, "waited in vain for %s", what);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

void poll_until(const std::function<bool()>& holds, const char* what) {
  poll(holds, what, kPatienceChrono);
}

void poll_long(const std::function<bool()>& holds, const char* what) {
  poll(holds, what, std::chrono::seconds(60));
}

void drain_events(gpointer) {
  // A complaint of an element of our own goes through the event thread as everything else does, in order.
  Ref<GstElement> probe(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("icesink", nullptr))));
  Ref<GstBus> bus(gst_bus_new());
  gst_element_set_bus(probe.get(), bus.get());
  g_signal_emit_by_name(probe.get(), "gather-candidates");
  Message message(gst_bus_timed_pop_filtered(bus.get(), kPatience, GST_MESSAGE_WARNING));
  gst_element_set_bus(probe.get(), nullptr);
  fail_unless(message != nullptr, "the event thread does not answer");
  message.reset();
  // Until it has let go of the probe as well, which a leak tracer would see.
  while (GST_OBJECT_REFCOUNT_VALUE(probe.get()) > 1) std::this_thread::yield();
}

Message wait_message(GstBus* bus, int types) {
  Message message(gst_bus_timed_pop_filtered(bus, kPatience, static_cast<GstMessageType>(types)));
  fail_unless(message != nullptr, "waited in vain for a message");
  return message;
}

Message take_message(GstBus* bus, int types) {
  return Message(gst_bus_pop_filtered(bus, static_cast<GstMessageType>(types)));
}

std::string text(const Message& message) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
    gst_message_parse_error(message.get(), &error, &debug);
  } else {
    gst_message_parse_warning(message.get(), &error, &debug);
  }
  std::string result = error->message;
  g_clear_error(&error);
  g_free(debug);
  return result;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void compare_texts(const char* what, const std::string& is, const std::string& wanted, int line) {
  fail_unless(is == wanted, "line %d: %s is \"%s\", not \"%s\"", line, what, is.c_str(), wanted.c_str());
}

// ---- pipelines ----

Pipeline::Pipeline(const std::string& description) {
  GError* error = nullptr;
  GstElement* made = gst_parse_launch(description.c_str(), &error);
  fail_unless(error == nullptr, "%s: %s", description.c_str(), error != nullptr ? error->message : "");
  if (!GST_IS_PIPELINE(made)) {
    GstElement* pipeline = gst_pipeline_new(nullptr);
    gst_bin_add(GST_BIN(pipeline), made);
    made = pipeline;
  }
  pipeline_.reset(GST_ELEMENT(gst_object_ref_sink(made)));
  bus_.reset(gst_element_get_bus(made));
}

Pipeline::~Pipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  // What is told of the end refers to the elements for a moment.
  drain_events(nullptr);
}

GstElement* Pipeline::operator[](const char* name) {
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline_.get()), name);
  fail_unless(element != nullptr, "no element %s", name);
  named_.emplace_back(element);
  return element;
}

void Pipeline::set_state(GstState state) {
  const auto result = gst_element_set_state(pipeline_.get(), state);
  fail_unless(result != GST_STATE_CHANGE_FAILURE, "cannot go to %s", gst_element_state_get_name(state));
}

Harness::Harness(const std::string& description) : bus_(gst_bus_new()) {
  GError* error = nullptr;
  Ref<GstElement> element(
      GST_ELEMENT(gst_object_ref_sink(gst_parse_bin_from_description(description.c_str(), FALSE, &error))));
  fail_unless(error == nullptr, "%s", error != nullptr ? error->message : "");
  // The element itself, out of its bin: the harness wants its pads.
  Ref<GstElement> inner = keep<GstElement>(GST_BIN_CHILDREN(element.get())->data);
  gst_bin_remove(GST_BIN(element.get()), inner.get());
  gst_element_set_bus(inner.get(), bus_.get());
  const bool is_sink = GST_OBJECT_FLAG_IS_SET(inner.get(), GST_ELEMENT_FLAG_SINK);
  harness_.reset(gst_harness_new_with_element(inner.get(), is_sink ? "sink" : nullptr, is_sink ? nullptr : "src"));
  // A harness sets sinks playing at once: before anybody could connect to their signals.
  gst_element_set_state(inner.get(), GST_STATE_NULL);
  drain_events(inner.get());
  gst_harness_use_systemclock(harness_.get());
  if (is_sink) gst_harness_set_src_caps_str(harness_.get(), "application/octet-stream");
}

Harness::~Harness() {
  gst_element_set_state(element(), GST_STATE_NULL);
  gst_element_set_bus(element(), nullptr);
  drain_events(nullptr);
}

void Harness::set_state(GstState state) {
  fail_unless(gst_element_set_state(element(), state) != GST_STATE_CHANGE_FAILURE);
}

// ---- two peers ----

Signaling::Signaling(gpointer one, gpointer other) : one_(keep<GObject>(one)), other_(keep<GObject>(other)) {
  handlers_[0] = g_signal_connect(one, "on-ice-candidate", G_CALLBACK(on_candidate), other);
  handlers_[1] = g_signal_connect(other, "on-ice-candidate", G_CALLBACK(on_candidate), one);
}

Signaling::~Signaling() {
  g_signal_handler_disconnect(one_.get(), handlers_[0]);
  g_signal_handler_disconnect(other_.get(), handlers_[1]);
  drain_events(nullptr);
}

void Signaling::exchange_credentials() {
  for (const auto& [from, to] : {std::pair{one_.get(), other_.get()}, std::pair{other_.get(), one_.get()}}) {
    set_text(to, "remote-ufrag", text(from, "local-ufrag"));
    set_text(to, "remote-pwd", text(from, "local-pwd"));
  }
}

ConnectedPair::ConnectedPair(const std::string& sink_properties, const std::string& src_properties)
    : sink("icesink" + kLocal + sink_properties),
      src("icesrc controlling=false" + kLocal + src_properties),
      signaling(sink.element(), src.element()) {
  sink.set_state(GST_STATE_READY);
  src.set_state(GST_STATE_READY);
  sink.set_state(GST_STATE_PLAYING);
  src.set_state(GST_STATE_PLAYING);
  signaling.exchange_credentials();
  wait_connected(sink.element());
  wait_connected(src.element());
}

GstBuffer* numbered_buffer(unsigned number, std::size_t size) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, size, nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  for (std::size_t i = 0; i < size; ++i) map.data[i] = static_cast<guint8>(number * 31 + i * 7 + (i >> 8));
  gst_buffer_unmap(buffer, &map);
  return buffer;
}

bool is_numbered(GstBuffer* buffer, unsigned number, std::size_t size) {
  GstBuffer* wanted = numbered_buffer(number, size);
  GstMapInfo map;
  gst_buffer_map(wanted, &map, GST_MAP_READ);
  const bool same = gst_buffer_get_size(buffer) == size && gst_buffer_memcmp(buffer, 0, map.data, size) == 0;
  gst_buffer_unmap(wanted, &map);
  gst_buffer_unref(wanted);
  return same;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

std::size_t threads() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

}  // namespace test
