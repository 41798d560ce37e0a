// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/channels.h"

#include <algorithm>

namespace ice {

std::optional<std::uint16_t> Channels::free_number(TimePoint now) {
  for (unsigned tried = 0; tried <= kLastChannel - kFirstChannel; ++tried) {
    const std::uint16_t number = next_;
    next_ = next_ == kLastChannel ? kFirstChannel : static_cast<std::uint16_t>(next_ + 1);
    const auto used = entries_.find(number);
    if (used == entries_.end()) return number;
    const Entry& entry = used->second;
    if (!entry.asked && !wanted_.contains(entry.peer) && (!entry.free_at || now >= *entry.free_at)) {
      entries_.erase(used);
      return number;
    }
  }
  return std::nullopt;
}

std::optional<Channels::Binding> Channels::take_due(TimePoint now) {
  for (const Address& peer : wanted_) {
    // A peer keeps its number for as long as anybody remembers it.
    auto known =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& each) { return each.second.peer == peer; });
    if (known == entries_.end()) {
      const auto number = free_number(now);
      if (!number) return std::nullopt;
      known = entries_.emplace(*number, Entry{peer, false, std::nullopt, now, std::nullopt}).first;
    }
    Entry& entry = known->second;
    if (entry.asked || now < entry.due) continue;
    entry.asked = true;
    entry.free_at = now + kLifetime + kQuarantine;
    return Binding{known->first, peer};
  }
  return std::nullopt;
}

void Channels::bound(TimePoint now, std::uint16_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.asked = false;
  entry.ends = now + kLifetime;
  entry.due = now + kRenewAfter;
  entry.free_at = now + kLifetime + kQuarantine;
}

void Channels::refused(TimePoint now, std::uint16_t number) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  found->second.asked = false;
  found->second.due = now + kRetryAfter;
}

std::optional<std::uint16_t> Channels::number_of(const Address& peer, TimePoint now) const {
  for (const auto& [number, entry] : entries_) {
    if (entry.peer == peer && entry.ends && now < *entry.ends) return number;
  }
  return std::nullopt;
}

std::optional<Address> Channels::peer_of(std::uint16_t number) const {
  const auto found = entries_.find(number);
  return found == entries_.end() ? std::nullopt : std::optional(found->second.peer);
}

std::optional<TimePoint> Channels::next_timeout(TimePoint now) const {
  std::optional<TimePoint> next;
  const auto consider = [&](TimePoint time) { next = std::min(next.value_or(time), time); };
  for (const auto& [number, entry] : entries_) {
    if (!wanted_.contains(entry.peer)) continue;
    if (!entry.asked) consider(entry.due);
    if (entry.ends && *entry.ends > now) consider(*entry.ends);  // payload must go by Send indications again
  }
  return next;
}

}  // namespace ice
