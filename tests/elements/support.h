// SPDX-License-Identifier: LGPL-2.1-or-later
// Plumbing of the element tests: pipelines that clean up, waiting without sleeping, two peers brought together.
#pragma once

// The standard library before GstCheck, which makes macros of words such as `fail`.
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/gst.h>

namespace test {

/// Longest that anything may take before the test fails.
inline constexpr GstClockTime kPatience = 15 * GST_SECOND;

struct Unref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
struct MessageUnref {
  void operator()(GstMessage* message) const { gst_message_unref(message); }
};
struct HarnessTeardown {
  void operator()(GstHarness* harness) const { gst_harness_teardown(harness); }
};
struct StructureFree {
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
};
template <typename T>
using Ref = std::unique_ptr<T, Unref>;
using Message = std::unique_ptr<GstMessage, MessageUnref>;
using Structure = std::unique_ptr<GstStructure, StructureFree>;

// ---- properties ----
std::string text(gpointer object, const char* property);
bool is_null(gpointer object, const char* property);  ///< of a string, boxed or object property
void set_text(gpointer object, const char* property, const std::string& value);
std::string nick(gpointer object, const char* property);  ///< of an enum
guint64 stat(gpointer object, const char* field);
Structure structure(gpointer object, const char* property);
Ref<GObject> agent_of(gpointer element);

// ---- waiting ----
/// Waits until `holds`, looked at now and whenever `object` notifies `property`; fails the test otherwise.
void wait_until(gpointer object, const char* property, const std::function<bool()>& holds, const char* what);
void wait_for_nick(gpointer object, const char* property, const char* wanted);
/// Waits for connected or completed.
void wait_connected(gpointer object);
/// Looks every few milliseconds: for counters, which are not notified.
void poll_until(const std::function<bool()>& holds, const char* what);
/// The same, with patience for a consent or a session to run out.
void poll_long(const std::function<bool()>& holds, const char* what);
/// Returns when the event thread has done all that was handed to it until now.
void drain_events(gpointer element);

/// The next message of these types within the patience; fails the test without one.
Message wait_message(GstBus* bus, int types);
/// Nothing when none is there.
Message take_message(GstBus* bus, int types);
/// What a WARNING or ERROR says.
std::string text(const Message& message);
bool contains(const std::string& text, const std::string& part);
/// Fails the test when they differ. (GstCheck's macro keeps pointers into strings that are gone by then.)
#define expect_text(is, wanted) test::compare_texts(#is, is, wanted, __LINE__)
void compare_texts(const char* what, const std::string& is, const std::string& wanted, int line);

// ---- pipelines ----
class Pipeline {
 public:
  explicit Pipeline(const std::string& description);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  GstElement* get() const { return pipeline_.get(); }
  GstElement* operator[](const char* name);
  GstBus* bus() const { return bus_.get(); }
  void set_state(GstState state);

 private:
  Ref<GstElement> pipeline_;
  Ref<GstBus> bus_;
  std::vector<Ref<GstElement>> named_;
};

/// An element in a harness, with a bus of its own and the system's clock.
class Harness {
 public:
  explicit Harness(const std::string& element);
  ~Harness();
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;
  GstElement* element() const { return harness_->element; }
  GstHarness* get() const { return harness_.get(); }
  GstBus* bus() const { return bus_.get(); }
  void set_state(GstState state);

 private:
  std::unique_ptr<GstHarness, HarnessTeardown> harness_;
  Ref<GstBus> bus_;
};

// ---- two peers ----
/// Hands candidates of each of two session objects (elements or agents) to the other, as an application would.
class Signaling {
 public:
  Signaling(gpointer one, gpointer other);
  ~Signaling();
  Signaling(const Signaling&) = delete;
  Signaling& operator=(const Signaling&) = delete;
  /// Tells each the other's credentials: once both are in READY or above.
  void exchange_credentials();

 private:
  Ref<GObject> one_;
  Ref<GObject> other_;
  gulong handlers_[2];
};

/// icesink and icesrc in harnesses, playing and connected over loopback.
struct ConnectedPair {
  explicit ConnectedPair(const std::string& sink_properties = "", const std::string& src_properties = "");
  Harness sink;
  Harness src;
  Signaling signaling;
};

/// A buffer of bytes that only this number gives.
GstBuffer* numbered_buffer(unsigned number, std::size_t size);
bool is_numbered(GstBuffer* buffer, unsigned number, std::size_t size);

/// Open file descriptors and threads of this process.
std::size_t open_descriptors();
std::size_t threads();

}  // namespace test
