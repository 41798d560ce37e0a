// SPDX-License-Identifier: LGPL-2.1-or-later
// STUN and ChannelData out of a stream of bytes (RFC 8656 12.5, RFC 8489 6.2.2): over TCP and TLS a message's own
// length says where it ends.
#pragma once

#include <cstddef>
#include <functional>

#include "ice-core/base/types.h"

namespace ice {

class StreamFraming {
 public:
  /// Takes the next bytes of the stream, in any pieces; calls `message` for each whole one, without the padding of
  /// ChannelData, during the call: with a view into `bytes` where the message is whole there. False when the stream is
  /// neither STUN nor ChannelData: nothing after that can be understood, so nothing is taken any more.
  bool take(ByteView bytes, const std::function<void(ByteView)>& message);

  /// Bytes of a message that is not whole yet; at most one message of 64 KiB.
  [[nodiscard]] std::size_t buffered() const { return rest_.size(); }

 private:
  Bytes rest_;
  bool broken_ = false;
};

}  // namespace ice
