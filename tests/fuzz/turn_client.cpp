// SPDX-License-Identifier: LGPL-2.1-or-later
// The TURN client: an allocation whose server, clock and owner do anything (RFC 8656, RFC 8489 9.2; STANDARDS traps 13,
// 14), the framing of its stream, and the wrapping of its payload.
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ice-core/base/text.h"
#include "ice-core/turn/relay_path.h"
#include "ice-core/turn/stream_framing.h"
#include "ice-core/turn/turn_allocation.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/turn_answers.h"
#include "tests/sim/seeded_random.h"

namespace {

using fuzz::Input;
using ice::TurnAllocation;
using std::chrono::milliseconds;
using std::chrono::seconds;
using State = TurnAllocation::State;

constexpr std::size_t kPeers = 12;

class Client {
 public:
  explicit Client(Input input) : input_(input), allocation_(config(input_), random_) {}

  void run() {
    for (int deeds = 0; deeds < 400 && !input_.empty(); ++deeds) do_one(input_.u8() % 10);
    allocation_.release(now_);
    drain();
    for (int i = 0; i < 60; ++i) pass(seconds(10));  // 79 times the longest RTO
    FUZZ_CHECK(allocation_.state() == State::over, "what is released ends in bounded time");
  }

 private:
  ice::TurnAllocationConfig config(Input& input) {
    const unsigned what = input.u8();
    stream_ = (what & 4) != 0;
    return {std::string(fuzz::kTurnUser), std::string(fuzz::kTurnPassword),
            static_cast<ice::RelayFamilies>(what & 3) <= ice::RelayFamilies::both
                ? static_cast<ice::RelayFamilies>(what & 3)
                : ice::RelayFamilies::both,
            stream_, (what & 8) != 0 ? "fuzz" : ""};
  }

  void do_one(unsigned deed) {
    switch (deed) {
      case 0:
        if (allocation_.wants_slot()) ++asked_;
        allocation_.ask(now_, milliseconds(500));
        drain();
        return;
      case 1:
        wanted_ips_ = some_peers(true);
        return allocation_.want_permissions(wanted_ips_);
      case 2:
        return allocation_.want_channels(some_peers(false));
      case 3:
        return pass(milliseconds(100) * input_.u8());
      case 4:
        return pass(seconds(4) * input_.u8());
      case 5:
        if ((input_.u8() & 7) == 0) allocation_.release(now_);
        drain();
        return;
      case 6:
        return answer(false);
      case 7:
        return answer(true);
      case 8: {
        const auto bytes = input_.bytes(input_.u8());
        if (const auto message = ice::StunMessage::parse(bytes)) hear(*message, false);
        return;
      }
      default:
        return look_in();
    }
  }

  std::set<ice::Address> some_peers(bool ips) {
    std::set<ice::Address> peers;
    const unsigned which = input_.u16();
    for (std::size_t i = 0; i < kPeers; ++i) {
      if ((which >> i & 1) != 0) peers.insert(ips ? fuzz::turn_peer(i).with_port(0) : fuzz::turn_peer(i));
    }
    return peers;
  }

  void answer(bool good) {
    if (requests_.empty()) return;
    const unsigned which = input_.u8();
    const std::size_t at = good ? 0 : which % requests_.size();
    const ice::StunMessage request = requests_[at];
    // One that a bad server answers stays, to be answered once more.
    if (good) requests_.pop_front();
    const fuzz::TurnAnswer said =
        good ? fuzz::good_turn_answer(request, (which & 1) != 0) : fuzz::turn_answer(input_, request);
    const auto message = ice::StunMessage::parse(said.bytes);
    FUZZ_CHECK(message.ok(), "the test's own messages are well-formed");
    hear(*message, request.has_integrity());
  }

  void hear(const ice::StunMessage& message, bool request_signed) {
    const State before = allocation_.state();
    const bool believed = allocation_.handle_response(now_, message);
    const std::size_t sent = drain();
    FUZZ_CHECK(sent <= 1, "an answer makes at most one request");
    if (!believed && !stream_) {
      FUZZ_CHECK(allocation_.state() == before && sent == 0, "what is not believed has no effect");
    }
    const bool success = message.message_class() == ice::StunClass::success;
    if (success && request_signed && !message.has_integrity()) {
      FUZZ_CHECK(!believed, "an unsigned success is not believed");
    }
    if (before != State::held && allocation_.state() == State::held) {
      FUZZ_CHECK(believed && success && message.method() == ice::StunMethod::allocate, "only a grant makes one hold");
    }
    check();
  }

  /// Takes what it sends, and looks at it.
  std::size_t drain() {
    const auto out = allocation_.take_outgoing();
    for (const ice::Bytes& bytes : out) {
      const auto message = ice::StunMessage::parse(bytes);
      FUZZ_CHECK(message.ok(), "it sends well-formed STUN");
      FUZZ_CHECK(fuzz::text_of(bytes).find(fuzz::kTurnPassword) == std::string_view::npos, "no password on the wire");
      if (message->message_class() == ice::StunClass::indication) continue;
      FUZZ_CHECK(message->message_class() == ice::StunClass::request, "a client sends requests and indications");
      const bool known = std::any_of(requests_.begin(), requests_.end(), [&](const ice::StunMessage& request) {
        return request.transaction_id() == message->transaction_id();
      });
      if (known) continue;
      if (message->method() == ice::StunMethod::allocate) ++allocates_;
      requests_.push_back(*message);
      if (requests_.size() > 32) requests_.pop_front();
    }
    return out.size();
  }

  void pass(ice::Duration time) {
    const ice::TimePoint until = now_ + time;
    for (int wakes = 0; wakes < 300; ++wakes) {
      const auto next = allocation_.next_timeout(now_);
      if (!next || *next > until) break;
      now_ = std::max(now_, *next);
      allocation_.advance(now_);
      drain();
      const auto after = allocation_.next_timeout(now_);
      FUZZ_CHECK(!after || *after > now_, "the timer moves on");
    }
    now_ = until;
    allocation_.advance(now_);
    drain();
    check();
  }

  void check() {
    FUZZ_CHECK(allocates_ <= asked_, "every Allocate was asked for: gathering is paced");
    FUZZ_CHECK(allocation_.why().find(fuzz::kTurnPassword) == std::string::npos, "no password in any message");
    FUZZ_CHECK(ice::printable(allocation_.why(), 1000) == allocation_.why(), "reasons are fit to be shown");
    if (allocation_.state() == State::over) {
      FUZZ_CHECK(!allocation_.next_timeout(now_), "what is over wants no timer");
      FUZZ_CHECK(!allocation_.wants_slot(), "nor a turn");
    }
    std::set<ice::Family> families;
    for (const ice::Address& relayed : allocation_.relayed()) {
      FUZZ_CHECK(families.insert(relayed.family()).second, "one relayed address of a family");
      FUZZ_CHECK(relayed.port() != 0 && !relayed.is_unspecified(), "and one that can be used");
    }
  }

  void look_in() {
    std::set<std::uint16_t> numbers;
    for (std::size_t i = 0; i < kPeers; ++i) {
      const ice::Address peer = fuzz::turn_peer(i);
      const auto channel = allocation_.channel_of(peer, now_);
      if (channel) {
        FUZZ_CHECK(*channel >= ice::kFirstChannel && *channel <= ice::kLastChannel, "channels are 0x4000 to 0x4FFF");
        FUZZ_CHECK(numbers.insert(*channel).second, "each peer has its own channel");
        FUZZ_CHECK(allocation_.peer_of(*channel) == peer, "and each channel its peer");
      }
      if (allocation_.permits(peer, now_)) {
        FUZZ_CHECK(allocation_.state() == State::held, "only what is held permits");
      }
      static_cast<void>(allocation_.forbidden(peer));
    }
    static_cast<void>(allocation_.take_unpaced_count());
  }

  Input input_;
  sim::SeededRandom random_{1};
  bool stream_ = false;
  TurnAllocation allocation_;
  ice::TimePoint now_ = ice::TimePoint(std::chrono::hours(1));
  std::deque<ice::StunMessage> requests_;
  std::set<ice::Address> wanted_ips_;
  std::size_t asked_ = 0;
  std::size_t allocates_ = 0;
};

/// A stream cut into pieces gives the same messages as in one piece.
void frame(Input input) {
  const std::size_t piece = 1U + input.u8();
  const ice::ByteView stream = input.rest();
  std::vector<ice::Bytes> whole;
  ice::StreamFraming at_once;
  const bool understood =
      at_once.take(stream, [&](ice::ByteView message) { whole.emplace_back(message.begin(), message.end()); });
  std::vector<ice::Bytes> pieces;
  ice::StreamFraming bit_by_bit;
  bool still = true;
  for (std::size_t begin = 0; begin < stream.size() && still; begin += piece) {
    still = bit_by_bit.take(stream.subspan(begin, std::min(piece, stream.size() - begin)),
                            [&](ice::ByteView message) { pieces.emplace_back(message.begin(), message.end()); });
    FUZZ_CHECK(bit_by_bit.buffered() <= (1U << 16) + 24, "at most one message is kept");
  }
  FUZZ_CHECK(still == understood && pieces == whole, "where a stream is cut does not matter");
}

/// What is wrapped is unwrapped, and nothing else is ever more than a part of its datagram.
void wrap(Input input) {
  const unsigned what = input.u8();
  ice::RelayPath path;
  path.server = fuzz::turn_peer(0);
  path.peer = fuzz::turn_peer(what);
  if ((what & 0x40) != 0) path.channel = static_cast<std::uint16_t>(ice::kFirstChannel + what);
  const ice::ByteView payload = input.rest();
  if (const auto found = ice::relay_unwrap(payload)) {
    FUZZ_CHECK(found->offset + found->length <= payload.size(), "a payload lies within its datagram");
    FUZZ_CHECK(found->channel.has_value() != found->peer.has_value(), "it comes by a channel or from a peer");
  }
  sim::SeededRandom random(1);
  const ice::Bytes wrapped = ice::relay_wrap(path, payload, random);
  if (!path.channel) {
    FUZZ_CHECK(ice::StunMessage::parse(wrapped).ok(), "a Send indication is STUN");
    return;
  }
  const auto back = ice::relay_unwrap(wrapped);
  FUZZ_CHECK(back && back->channel == path.channel && back->length == payload.size(), "ChannelData carries it whole");
  const auto carried = ice::ByteView(wrapped).subspan(back->offset, back->length);
  FUZZ_CHECK(std::equal(carried.begin(), carried.end(), payload.begin(), payload.end()), "and unchanged");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  switch (input.u8() & 7) {
    case 0:
      frame(input);
      break;
    case 1:
      wrap(input);
      break;
    default:
      Client(input).run();
      break;
  }
  return 0;
}
