// SPDX-License-Identifier: LGPL-2.1-or-later
// Alters, replays, spoofs.
#include "tests/sim/attacker.h"

#include "ice-core/stun/message.h"

namespace sim {

using std::chrono::milliseconds;

Attacker::Attacker(World& world, std::string name, NetworkId network)
    : Node(world, std::move(name)),
      network_(network),
      random_(world.random("attacker")),
      own_v4_(*ice::Address::parse("10.66.6.6", 6666)),
      own_v6_(*ice::Address::parse("2001:db8:666::6", 6666)) {
  world.attach(network, own_v4_, *this);
  world.attach(network, own_v6_, *this);
}

void Attacker::receive(NetworkId, const Datagram&) {}

void Attacker::sent(const Node& from, NetworkId, const Datagram& datagram, const Fate& fate) {
  if (&from == this || left_ == 0 || is_tcp(datagram.wire) || !ice::looks_like_stun(datagram.bytes)) return;
  if (fate.loss == Loss::unreachable) return;  // carried over, it would make him a relay that comes and goes
  if (recorded_.size() < 50) recorded_.push_back(datagram);
  if (!random_.chance(0.5)) return;
  --left_;
  // Now and later: an older message as often as this one.
  const Datagram seen = random_.chance(0.5) ? datagram : recorded_[random_.from_to(0, recorded_.size() - 1)];
  world().after(random_.from_to(ice::Duration::zero(), milliseconds(100)), [this, seen] { attack(seen); });
}

void Attacker::attack(const Datagram& seen) {
  Datagram forged = seen;
  // A copy of an answer from elsewhere, before the true one, fails a pair that is not valid yet: RFC 8445 7.2.5.2.1
  // wants it so. Everything else he may try.
  const bool answer = (std::to_integer<unsigned>(seen.bytes[0]) & 1U) != 0;
  if (!answer && random_.chance(0.3)) {
    forged.source = seen.source.family() == ice::Family::ipv4 ? own_v4_ : own_v6_;
  } else if (random_.chance(0.1)) {
    std::swap(forged.source, forged.destination);  // reflected to whoever sent it
  }
  if (random_.chance(0.6)) {
    forged.bytes[random_.from_to(0, forged.bytes.size() - 1)] ^= static_cast<std::byte>(1U << random_.from_to(0, 7));
  }
  if (random_.chance(0.2)) forged.bytes.resize(random_.from_to(0, forged.bytes.size()));
  world().send(*this, network_, std::move(forged));
}

}  // namespace sim
