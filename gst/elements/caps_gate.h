// SPDX-License-Identifier: LGPL-2.1-or-later
// Under which caps icesrc hands on what arrives, when the peer is to say it: held until it does, but not for ever.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "gst/agent/offer.h"
#include "gst/net/packet.h"

namespace gstice {

/// Not thread-safe; no clock of its own.
class CapsGate {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The longest that media is held, since the first of it came, and the most.
  static constexpr std::chrono::milliseconds kLongestHold{1000};
  static constexpr std::size_t kMaxHeldBytes = 4u << 20;
  static constexpr std::size_t kMaxHeldDatagrams = 8192;

  /// A new life of the element: nothing was handed on yet.
  void reset() { applied_.reset(); }
  /// What the peer said. Repeating it changes nothing.
  void hear(const PeerCaps& caps, TimePoint now);

  struct Verdict {
    enum class What {
      pass,     ///< so many of the datagrams may go downstream now, from the first, under `caps` when there are any
      hold,     ///< none of them before `until`, unless more comes, or the peer speaks
      give_up,  ///< neither time nor room is left, and the peer said nothing: all may go as they are
    };
    What what = What::pass;
    std::size_t datagrams = 0;
    SharedCaps caps;  ///< to be set anew; null: as it is
    TimePoint until;
  };
  /// `waiting`: not empty, in the order of arrival.
  [[nodiscard]] Verdict judge(std::span<const InboundDatagram> waiting, TimePoint now) const;
  /// So it was done, until the peer speaks.
  void give_up() { given_up_ = true; }
  /// These are downstream now.
  void applied(SharedCaps caps) { applied_ = std::move(caps); }
  /// What downstream has of the peer, or null.
  [[nodiscard]] const SharedCaps& applied() const { return applied_; }

 private:
  PeerCaps latest_;
  TimePoint unknown_since_{};  ///< what came before it was an earlier peer's
  bool given_up_ = false;
  SharedCaps applied_;
};

}  // namespace gstice
