// SPDX-License-Identifier: LGPL-2.1-or-later
// A script of bytes for one agent: an application, a peer, strangers and the clock, each byte one deed.
#pragma once

#include "tests/fuzz/agent_watch.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {

/// Lives the whole of `input` through, then closes. Ends the process when anything broke.
void live_through(Input input);

}  // namespace fuzz
