// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes a failing plan short: leaves out whatever the breach does not need.
#pragma once

#include "tests/sim/random_call.h"

namespace sim {

/// The smallest plan found that breaks the same invariant as `plan` does; `plan` itself when it breaks none.
CallPlan shrink(const CallPlan& plan);

}  // namespace sim
