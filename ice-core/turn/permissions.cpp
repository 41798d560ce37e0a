// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ice-core/turn/permissions.h"

#include <algorithm>

namespace ice {

void Permissions::want(const std::set<Address>& ips) {
  for (auto& [ip, entry] : entries_) {
    if (!ips.contains(ip)) entry.wanted = false;
  }
  for (const Address& ip : ips) entries_[ip].wanted = true;
  // What is neither wanted nor known to the server need not be remembered.
  std::erase_if(entries_, [](const auto& each) {
    return !each.second.wanted && !each.second.asked && !each.second.ends && each.second.forbidden.empty();
  });
}

std::vector<Address> Permissions::take_due(TimePoint now) {
  std::vector<Address> batch;
  for (auto& [ip, entry] : entries_) {
    if (!entry.wanted || entry.asked || !entry.forbidden.empty() || now < entry.due) continue;
    if (entry.alone && !batch.empty()) continue;
    entry.asked = true;
    batch.push_back(ip);
    if (entry.alone || batch.size() == kMaxInRequest) break;
  }
  return batch;
}

void Permissions::granted(TimePoint now, const std::vector<Address>& ips) {
  for (const Address& ip : ips) {
    Entry& entry = entries_[ip];
    entry.asked = false;
    entry.alone = false;
    entry.ends = now + kLifetime;
    entry.due = now + kRenewAfter;
  }
}

void Permissions::refused(TimePoint now, const std::vector<Address>& ips, const std::string& why) {
  for (const Address& ip : ips) {
    Entry& entry = entries_[ip];
    entry.asked = false;
    if (ips.size() == 1) {
      entry.forbidden = why;
      entry.ends.reset();
    } else {
      entry.alone = true;
      entry.due = now;
    }
  }
}

void Permissions::timed_out(TimePoint now, const std::vector<Address>& ips, const std::string& why) {
  for (const Address& ip : ips) {
    Entry& entry = entries_[ip];
    entry.asked = false;
    entry.due = now;
    if (!has(ip, now)) {
      entry.forbidden = why;
      entry.ends.reset();
    }
  }
}

bool Permissions::has(const Address& ip, TimePoint now) const {
  const auto found = entries_.find(ip);
  return found != entries_.end() && found->second.ends && now < *found->second.ends;
}

const std::string* Permissions::forbidden(const Address& ip) const {
  const auto found = entries_.find(ip);
  return found == entries_.end() || found->second.forbidden.empty() ? nullptr : &found->second.forbidden;
}

std::optional<TimePoint> Permissions::next_timeout() const {
  std::optional<TimePoint> next;
  for (const auto& [ip, entry] : entries_) {
    if (!entry.wanted || entry.asked || !entry.forbidden.empty()) continue;
    next = std::min(next.value_or(entry.due), entry.due);
  }
  return next;
}

}  // namespace ice
