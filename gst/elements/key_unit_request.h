// SPDX-License-Identifier: LGPL-2.1-or-later
// Asking the encoder upstream of a sink for a picture that can be decoded without those before it.
#pragma once

#include <gst/gst.h>

namespace gstice {

/// Sends GstForceKeyUnit (all headers) upstream of the sink, from a thread of GStreamer's own, since upstream may
/// block. The first picture whose running time is not before `running_time` shall be one; GST_CLOCK_TIME_NONE: the
/// next. Any thread.
void request_key_unit(GstElement* sink, GstClockTime running_time);

}  // namespace gstice
