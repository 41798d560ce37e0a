// SPDX-License-Identifier: LGPL-2.1-or-later
// A GInputStream that reads another one within bounds.
#include "gst/rendezvous/guarded_input.h"

#include <algorithm>
#include <new>
#include <utility>

namespace gstice::rendezvous {
namespace {

/// Reading goes on when so much is allowed again: not byte by byte.
constexpr double kWorthReading = 4096;
/// How often a stream that is not to be read any more looks whether it was ended.
constexpr std::chrono::milliseconds kEndPoll{100};

}  // namespace

std::size_t InputGuard::allowance() {
  if (stopped_) return 0;
  const double available = rate_.available(std::chrono::steady_clock::now());
  return available < kWorthReading ? 0 : static_cast<std::size_t>(available);
}

std::chrono::milliseconds InputGuard::pause() {
  if (stopped_) return kEndPoll;
  return rate_.time_until(std::chrono::steady_clock::now(), kWorthReading) + std::chrono::milliseconds(1);
}

void InputGuard::consumed(std::size_t bytes) {
  rate_.take(std::chrono::steady_clock::now(), static_cast<double>(bytes));
  total_ += bytes;
  pending_ += bytes;
  if (pending_ <= limit_ || stopped_) return;
  stopped_ = true;
  const auto exceeded = std::exchange(exceeded_, {});
  if (exceeded) exceeded();
}

}  // namespace gstice::rendezvous

// ---- the GObject around it ----

using gstice::GObjectPtr;
using gstice::rendezvous::InputGuard;

struct IceGuardedInputMembers {
  GObjectPtr<GIOStream> stream;  ///< keeps the input below alive
  std::shared_ptr<InputGuard> guard;
  [[nodiscard]] GInputStream* input() const { return g_io_stream_get_input_stream(stream.get()); }
  [[nodiscard]] GPollableInputStream* pollable() const { return G_POLLABLE_INPUT_STREAM(input()); }
};

struct IceGuardedInput {
  GInputStream parent;
  IceGuardedInputMembers members;
};

struct IceGuardedInputClass {
  GInputStreamClass parent_class;
};

static void ice_guarded_input_pollable_init(GPollableInputStreamInterface* interface);
static GType ice_guarded_input_get_type();

G_DEFINE_FINAL_TYPE_WITH_CODE(IceGuardedInput, ice_guarded_input, G_TYPE_INPUT_STREAM,
                              G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, ice_guarded_input_pollable_init))

static IceGuardedInputMembers& members_of(gpointer stream) {
  return static_cast<IceGuardedInput*>(stream)->members;
}

static void ice_guarded_input_init(IceGuardedInput* self) {
  new (&self->members) IceGuardedInputMembers;
}

static void ice_guarded_input_finalize(GObject* object) {
  members_of(object).~IceGuardedInputMembers();
  G_OBJECT_CLASS(ice_guarded_input_parent_class)->finalize(object);
}

/// What `read` (bytes → bytes read or -1) may read now; nothing is waited for: libsoup never reads so that it would
/// have to.
template <typename Read>
static gssize read_within_bounds(const IceGuardedInputMembers& self, gsize count, GError** error, Read read) {
  if (self.guard->is_ended()) return 0;
  const gsize allowed = self.guard->allowance();
  if (allowed == 0) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "not now");
    return -1;
  }
  const gssize done = read(std::min(count, allowed));
  if (done > 0) self.guard->consumed(static_cast<std::size_t>(done));
  return done;
}

static gssize ice_guarded_input_read(GInputStream* stream, void* buffer, gsize count, GCancellable* cancellable,
                                     GError** error) {
  const auto& self = members_of(stream);
  return read_within_bounds(self, count, error, [&](gsize allowed) {
    return g_input_stream_read(self.input(), buffer, allowed, cancellable, error);
  });
}

static gboolean ice_guarded_input_close(GInputStream* stream, GCancellable* cancellable, GError** error) {
  return g_input_stream_close(members_of(stream).input(), cancellable, error);
}

static void ice_guarded_input_class_init(IceGuardedInputClass* klass) {
  G_OBJECT_CLASS(klass)->finalize = ice_guarded_input_finalize;
  klass->parent_class.read_fn = ice_guarded_input_read;
  klass->parent_class.close_fn = ice_guarded_input_close;
}

static gboolean ice_guarded_input_is_readable(GPollableInputStream* stream) {
  auto& self = members_of(stream);
  return self.guard->allowance() > 0 && g_pollable_input_stream_is_readable(self.pollable());
}

static GSource* ice_guarded_input_create_source(GPollableInputStream* stream, GCancellable* cancellable) {
  auto& self = members_of(stream);
  GSource* below = self.guard->allowance() > 0 ? g_pollable_input_stream_create_source(self.pollable(), cancellable)
                                               : g_timeout_source_new(static_cast<guint>(self.guard->pause().count()));
  GSource* source = g_pollable_source_new_full(stream, below, cancellable);
  g_source_unref(below);
  return source;
}

static gssize ice_guarded_input_read_nonblocking(GPollableInputStream* stream, void* buffer, gsize count,
                                                 GError** error) {
  const auto& self = members_of(stream);
  return read_within_bounds(self, count, error, [&](gsize allowed) {
    return g_pollable_input_stream_read_nonblocking(self.pollable(), buffer, allowed, nullptr, error);
  });
}

static void ice_guarded_input_pollable_init(GPollableInputStreamInterface* interface) {
  interface->is_readable = ice_guarded_input_is_readable;
  interface->create_source = ice_guarded_input_create_source;
  interface->read_nonblocking = ice_guarded_input_read_nonblocking;
}

namespace gstice::rendezvous {

GObjectPtr<GIOStream> guard_input(GIOStream* base, std::shared_ptr<InputGuard> guard) {
  const auto input =
      GObjectPtr<GInputStream>::adopt(G_INPUT_STREAM(g_object_new(ice_guarded_input_get_type(), nullptr)));
  members_of(input.get()) = {GObjectPtr<GIOStream>::share(base), std::move(guard)};
  return GObjectPtr<GIOStream>::adopt(g_simple_io_stream_new(input.get(), g_io_stream_get_output_stream(base)));
}

}  // namespace gstice::rendezvous
