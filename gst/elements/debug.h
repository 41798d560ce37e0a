// SPDX-License-Identifier: LGPL-2.1-or-later
// Debug categories of the elements whose work is done in several files.
#pragma once

#include <gst/gst.h>

/// icesink's; defined, and made with the type, in gsticesink.cpp.
extern GstDebugCategory* ice_sink_debug;
