// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps that came from the network, from whoever is in the room.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "ice-core/base/result.h"

namespace gstice {

/// Never changed once made.
using SharedCaps = std::shared_ptr<GstCaps>;

/// Caps of one media format, as an icesink sends them; everything else is refused with a reason. GStreamer's parser
/// sees only text that needs nothing of it but plain values, nested little.
ice::Result<SharedCaps> parse_remote_caps(const std::string& text);

}  // namespace gstice
