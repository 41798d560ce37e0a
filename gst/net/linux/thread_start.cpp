// SPDX-License-Identifier: LGPL-2.1-or-later
// Names and signal masks of our threads.
#include "gst/net/thread_start.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <csignal>
#include <utility>

namespace gstice {

namespace {

/// Blocks every signal on the calling thread while it lives: a new thread inherits the mask.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::thread start_thread(const std::string& name, std::function<void()> body) {
  const SignalsBlocked blocked;
  std::thread thread([body = std::move(body)] {
    // The default of 50 us is as long as the pauses that the driver makes.
    prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    body();
  });
  pthread_setname_np(thread.native_handle(), name.substr(0, 15).c_str());
  return thread;
}

}  // namespace gstice
