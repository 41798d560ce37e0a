// SPDX-License-Identifier: LGPL-2.1-or-later
// How long media of a peer that said goodbye is waited for: the goodbye takes another way and may come first.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gst/agent/media_path.h"

namespace gstice {

class Farewell {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Silence of this length means that nothing more comes, whatever was promised.
  static constexpr std::chrono::milliseconds kSilence{200};
  /// Who keeps sending after his goodbye keeps nobody for ever.
  static constexpr std::chrono::seconds kLongest{10};

  /// One flow that somebody listens to.
  struct Awaited {
    std::shared_ptr<MediaReceiver> receiver;
    std::optional<std::uint64_t> packets;  ///< its counter when everything is there; nothing: the peer did not say
  };

  Farewell(std::vector<Awaited> awaited, TimePoint now) : awaited_(std::move(awaited)), begun_(now) {}

  [[nodiscard]] const std::vector<Awaited>& awaited() const { return awaited_; }
  /// When to look again, at the latest; nothing: it is over.
  [[nodiscard]] std::optional<TimePoint> look(TimePoint now) const;

 private:
  std::vector<Awaited> awaited_;
  TimePoint begun_;
};

}  // namespace gstice
