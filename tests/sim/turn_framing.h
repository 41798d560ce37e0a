// SPDX-License-Identifier: LGPL-2.1-or-later
// ChannelData, and where one message ends and the next begins on a stream (RFC 8656 12.4, 12.5). The simulator's own.
#pragma once

#include <cstdint>
#include <optional>

#include "ice-core/base/types.h"

namespace sim {

/// The first two bits are 01 (RFC 8656 12.4); numbers are 0x4000 to 0x4FFF.
bool is_channel_data(ice::ByteView bytes);
std::uint16_t channel_number(ice::ByteView bytes);
/// Nothing when it is cut off.
std::optional<ice::ByteView> channel_payload(ice::ByteView bytes);
/// Padded to four bytes over streams only.
ice::Bytes frame_channel_data(std::uint16_t number, ice::ByteView payload, bool stream);
/// The size of the first whole message; nothing while it is incomplete; 0 when it can be none.
std::optional<std::size_t> first_frame(ice::ByteView bytes);

}  // namespace sim
