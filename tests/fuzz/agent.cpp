// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole agent, fed with bytes and time.
#include "tests/fuzz/agent_script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::live_through(fuzz::Input(data, size));
  return 0;
}
