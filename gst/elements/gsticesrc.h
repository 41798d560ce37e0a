// SPDX-License-Identifier: LGPL-2.1-or-later
// icesrc: hands on what an ICE session receives.
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS
#define GST_TYPE_ICE_SRC (gst_ice_src_get_type())
G_DECLARE_FINAL_TYPE(GstIceSrc, gst_ice_src, GST, ICE_SRC, GstPushSrc)
GST_ELEMENT_REGISTER_DECLARE(icesrc)
G_END_DECLS
