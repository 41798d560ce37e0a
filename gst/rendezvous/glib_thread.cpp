// SPDX-License-Identifier: LGPL-2.1-or-later
// GlibThread and GlibTimer: work on a GMainContext, in C++ functions.
#include "gst/rendezvous/glib_thread.h"

#include <memory>
#include <utility>

namespace gstice {
namespace {

struct Work {
  std::function<void()> function;
  bool repeat;
};

gboolean run(gpointer data) {
  auto* work = static_cast<Work*>(data);
  work->function();
  return work->repeat ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void destroy(gpointer data) {
  std::unique_ptr<Work> dropped(static_cast<Work*>(data));
}

void attach(GSource* source, GMainContext* context, std::function<void()> function, bool repeat) {
  auto work = std::make_unique<Work>(Work{std::move(function), repeat});
  g_source_set_callback(source, run, work.release(), destroy);
  g_source_attach(source, context);
}

}  // namespace

GlibThread& GlibThread::shared() {
  // Never destroyed: it may still be finishing a goodbye while static objects go away.
  static auto* const instance = std::make_unique<GlibThread>("ice-glib").release();
  return *instance;
}

GlibThread::GlibThread(const char* name)
    : context_(g_main_context_new()), loop_(g_main_loop_new(context_.get(), FALSE)) {
  thread_ = std::thread([this] {
    g_main_context_push_thread_default(context_.get());
    g_main_loop_run(loop_.get());
    g_main_context_pop_thread_default(context_.get());
  });
  pthread_setname_np(thread_.native_handle(), name);
}

GlibThread::~GlibThread() {
  post([this] { g_main_loop_quit(loop_.get()); });
  thread_.join();
}

void GlibThread::post(std::function<void()> work) {
  // An idle source at default priority, not g_main_context_invoke(): that one would run it inside this call when the
  // context is free.
  GSource* source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  attach(source, context_.get(), std::move(work), false);
  g_source_unref(source);
}

void GlibTimer::start(std::chrono::milliseconds delay, std::function<void()> work, bool repeat) {
  stop();
  source_ = g_timeout_source_new(static_cast<guint>(delay.count()));
  attach(source_, g_main_context_get_thread_default(), std::move(work), repeat);
}

void GlibTimer::stop() {
  if (source_ == nullptr) return;
  GSource* source = std::exchange(source_, nullptr);
  g_source_destroy(source);
  g_source_unref(source);
}

}  // namespace gstice
