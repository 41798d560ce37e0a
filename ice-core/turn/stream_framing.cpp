// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/stream_framing.h"

#include <algorithm>
#include <optional>

#include "ice-core/stun/wire.h"
#include "ice-core/turn/relay_path.h"

namespace ice {

namespace {

constexpr std::size_t kLengthKnown = 4;  // both kinds have their length in bytes 2 and 3

struct Frame {
  std::size_t message;  ///< without padding
  std::size_t whole;    ///< with it
};

/// Of the message that begins with these four bytes or more; nothing when none begins so.
std::optional<Frame> frame_of(ByteView begin) {
  const std::uint16_t first = wire::u16(begin, 0);
  const std::size_t length = wire::u16(begin, 2);
  if (first >= kFirstChannel && first <= kLastChannel) return Frame{4 + length, 4 + wire::padded(length)};
  if ((first & 0xC000U) != 0 || length % 4 != 0) return std::nullopt;
  return Frame{wire::kHeaderSize + length, wire::kHeaderSize + length};
}

}  // namespace

bool StreamFraming::take(ByteView bytes, const std::function<void(ByteView)>& message) {
  const auto grow_to = [&](std::size_t size) {
    const std::size_t count = std::min(size - std::min(size, rest_.size()), bytes.size());
    rest_.insert(rest_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    return rest_.size() >= size;
  };
  while (!broken_ && (!bytes.empty() || !rest_.empty())) {
    const bool pieced = !rest_.empty() || bytes.size() < kLengthKnown;
    if (pieced && !grow_to(kLengthKnown)) break;
    const auto frame = frame_of(pieced ? ByteView(rest_) : bytes);
    if (!frame) {
      broken_ = true;
      break;
    }
    if (!pieced && bytes.size() >= frame->whole) {
      message(bytes.first(frame->message));
      bytes = bytes.subspan(frame->whole);
      continue;
    }
    if (!grow_to(frame->whole)) break;
    // Moved out first: whoever is called may ask how much is buffered.
    Bytes whole;
    whole.swap(rest_);
    message(ByteView(whole).first(frame->message));
  }
  if (broken_) rest_.clear();
  return !broken_;
}

}  // namespace ice
