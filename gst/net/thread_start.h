// SPDX-License-Identifier: LGPL-2.1-or-later
// Starting the threads that are ours.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace gstice {

/// Starts a named thread (at most 15 characters) that leaves all signals to the application's own threads.
/// Throws std::system_error when the system refuses.
std::thread start_thread(const std::string& name, std::function<void()> body);

}  // namespace gstice
