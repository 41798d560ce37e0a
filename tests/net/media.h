// SPDX-License-Identifier: LGPL-2.1-or-later
// Media for tests: datagrams that say who they are.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "gst/agent/media_path.h"
#include "ice-core/base/types.h"

namespace gstice::test {

/// `length` bytes (8 at least) that only this number gives.
inline ice::Bytes media(std::uint64_t number, std::size_t length = 1200) {
  ice::Bytes bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::byte>((number * 7 + i * 13) & 0xff);
  std::memcpy(bytes.data(), &number, sizeof number);
  bytes[7] = std::byte{0x80};  // so that it never looks like STUN, whose length would not fit anyway
  return bytes;
}

/// A list of datagrams in the form that MediaSender takes.
class MediaList {
 public:
  explicit MediaList(std::vector<ice::Bytes> datagrams) : datagrams_(std::move(datagrams)) {
    vectors_.reserve(datagrams_.size());
    for (ice::Bytes& datagram : datagrams_) {
      vectors_.push_back({datagram.data(), datagram.size()});
      outbound_.push_back({{&vectors_.back(), 1}, datagram.size()});
    }
  }
  MediaList(const MediaList&) = delete;
  MediaList& operator=(const MediaList&) = delete;

  operator std::span<const OutboundDatagram>() const { return outbound_; }  // NOLINT(google-explicit-constructor)
  const std::vector<ice::Bytes>& datagrams() const { return datagrams_; }

 private:
  std::vector<ice::Bytes> datagrams_;
  std::vector<iovec> vectors_;
  std::vector<OutboundDatagram> outbound_;
};

inline std::vector<ice::Bytes> media_from(std::uint64_t first, std::size_t count, std::size_t length = 1200) {
  std::vector<ice::Bytes> datagrams;
  for (std::size_t i = 0; i < count; ++i) datagrams.push_back(media(first + i, length));
  return datagrams;
}

/// Pops until `count` datagrams came, or until nothing comes for long.
inline std::vector<ice::Bytes> receive(MediaReceiver& receiver, std::size_t count) {
  std::vector<InboundDatagram> got;
  while (got.size() < count) {
    if (receiver.pop(got, count - got.size(), std::chrono::seconds(20)) != MediaReceiver::Outcome::data) break;
  }
  std::vector<ice::Bytes> bytes;
  for (const InboundDatagram& each : got) bytes.emplace_back(each.bytes().begin(), each.bytes().end());
  return bytes;
}

}  // namespace gstice::test
