// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fuzz/agent_script.h"

#include <vector>

#include "ice-core/candidates/description.h"
#include "tests/fuzz/peer_messages.h"
#include "tests/fuzz/turn_answers.h"

namespace fuzz {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMostDeeds = 600;

enum class Deed {
  // the application
  add_component,
  remove_component,
  gather,
  set_addresses,
  set_role,
  set_pacing,
  set_local_credentials,
  describe,
  describe_in_text,
  remote_credentials,
  candidate,
  end_of_candidates,
  new_generation,
  close,
  look_in,
  // the driver
  open_one,
  open_all,
  fail_to_open,
  break_transport,
  pass_milliseconds,
  pass_seconds,
  next_timeout,
  oversleep,
  // the peer and strangers
  check,
  answer,
  answer_all,
  replay,
  indication,
  media,
  raw_bytes,
  // servers
  add_stun_server,
  add_turn_server,
  resolve,
  server_answer,
  server_answers_all,
  relayed_check,
  server_bytes,
  kCount,
};
/// Room for deeds to come, without giving the bytes of a corpus another meaning.
constexpr std::size_t kDeeds = 64;

class Script {
 public:
  explicit Script(Input input) : input_(input), watch_(config(input_)) {}

  void run() {
    for (int deeds = 0; deeds < kMostDeeds && !input_.empty(); ++deeds) {
      do_one(static_cast<Deed>(input_.below(kDeeds)));
    }
    watch_.finish();
  }

 private:
  static ice::AgentConfig config(Input& input) {
    const unsigned what = input.u8();
    ice::AgentConfig config;
    config.role = (what & 1) != 0 ? ice::Role::controlled : ice::Role::controlling;
    config.trickle = (what & 2) == 0;
    config.pacing = milliseconds(what >> 3);
    config.software = (what & 4) != 0 ? "fuzz" : "";
    config.trace = true;
    return config;
  }

  void do_one(Deed deed) {
    switch (deed) {
      case Deed::add_component:
      case Deed::remove_component:
        return change_component(deed == Deed::add_component);
      case Deed::gather:
        return watch_.call([](ice::Agent& agent, ice::TimePoint now) { agent.gather(now); });
      case Deed::set_addresses:
        return set_addresses();
      case Deed::set_role:
      case Deed::set_pacing:
      case Deed::set_local_credentials:
        return set(deed);
      case Deed::describe:
        return describe(remote_description(input_));
      case Deed::describe_in_text:
        if (const auto parsed = ice::parse_description(text_of(input_.bytes(input_.u16() % 1024)))) {
          describe(parsed->description);
        }
        return;
      case Deed::remote_credentials:
        return tell_credentials();
      case Deed::candidate:
        return tell_candidate();
      case Deed::end_of_candidates:
        return watch_.call([stream = ice::StreamId(input_.u8())](ice::Agent& agent, ice::TimePoint now) {
          agent.end_remote_candidates(now, stream);
        });
      case Deed::new_generation:
        watch_.told_new_generation();
        return watch_.call([](ice::Agent& agent, ice::TimePoint now) { agent.new_generation(now); });
      case Deed::close:
        if ((input_.u8() & 7) == 0) watch_.close();  // rarely, or nothing else would ever be tried
        return;
      case Deed::look_in:
        return watch_.call([](ice::Agent& agent, ice::TimePoint) {
          FUZZ_CHECK(!agent.explain().empty() || agent.snapshot().local_candidates.empty(), "it can explain itself");
          static_cast<void>(agent.local_description());
        });
      case Deed::open_one:
        return open(input_.u8());
      case Deed::open_all:
        while (!watch_.asked().empty()) open(0);
        return;
      case Deed::fail_to_open:
        if (const auto asked = watch_.take_asked(input_.u8())) {
          watch_.call([&](ice::Agent& agent, ice::TimePoint now) { agent.transport_failed(now, asked->id, "in use"); });
        }
        return;
      case Deed::break_transport:
        if (const auto id = watch_.transport(input_.u8())) {
          watch_.call([&](ice::Agent& agent, ice::TimePoint now) { agent.transport_failed(now, *id, "unplugged"); });
        }
        return;
      case Deed::pass_milliseconds:
        return watch_.pass(milliseconds(input_.u8()));
      case Deed::pass_seconds:
        return watch_.pass(milliseconds(250) * input_.u8());
      case Deed::next_timeout:
        return watch_.pass(milliseconds(5));
      case Deed::oversleep:
        return watch_.oversleep(milliseconds(100) * input_.u8());
      case Deed::check:
      case Deed::indication:
      case Deed::media:
      case Deed::raw_bytes:
        return receive(deed);
      case Deed::answer:
        return answer();
      case Deed::answer_all:
        return answer_all(input_.below(kRemoteCredentials));
      case Deed::replay:
        return replay();
      case Deed::add_stun_server:
      case Deed::add_turn_server:
        return add_server(deed == Deed::add_turn_server);
      case Deed::resolve:
        return resolve();
      case Deed::server_answer:
        return server_answer();
      case Deed::server_answers_all:
        return server_answers_all((input_.u8() & 1) != 0);
      case Deed::relayed_check:
        return relayed_check();
      case Deed::server_bytes:
        return server_bytes();
      case Deed::kCount:
        return;
    }
  }

  // ---- the application ----

  void change_component(bool add) {
    const unsigned which = input_.u8();
    const ice::StreamId stream((which & 0x80) != 0 ? 1000U : which & 3);
    const ice::ComponentId component(static_cast<std::uint16_t>((which & 0x40) != 0 ? 0 : 1 + (which >> 2 & 1)));
    watch_.call([&](ice::Agent& agent, ice::TimePoint now) {
      if (add) {
        static_cast<void>(agent.add_component(now, stream, component).ok());
      } else {
        agent.remove_component(now, stream, component);
      }
    });
  }

  void set_addresses() {
    const unsigned which = input_.u8();
    std::vector<ice::GatheringAddress> addresses;
    const auto add = [&](unsigned bit, const char* ip) {
      if ((which >> bit & 1) == 0) return;
      ice::GatheringAddress address;
      address.local.interface = "eth" + std::to_string(bit);
      address.local.interface_index = bit + 1;
      address.local.address = *ice::Address::parse(ip);
      address.local_preference = static_cast<std::uint16_t>(65535 - bit);
      addresses.push_back(address);
    };
    add(0, "10.0.1.1");
    add(1, "10.0.1.2");
    add(2, "2001:db8::1");
    add(3, "fe80::1");
    add(4, "127.0.0.1");
    add(5, "10.0.1.3");
    watch_.call([&](ice::Agent& agent, ice::TimePoint) { agent.set_local_addresses(addresses); });
  }

  void set(Deed deed) {
    const unsigned what = input_.u8();
    watch_.call([&](ice::Agent& agent, ice::TimePoint) {
      if (deed == Deed::set_role) {
        static_cast<void>(agent.set_role((what & 1) != 0 ? ice::Role::controlled : ice::Role::controlling).ok());
      } else if (deed == Deed::set_pacing) {
        static_cast<void>(agent.set_pacing(milliseconds(what)).ok());
      } else {
        static_cast<void>(agent.set_local_credentials({"ufrag", std::string(what, 'p')}).ok());
      }
    });
  }

  void describe(const ice::Description& description) {
    if (description.credentials) watch_.told_credentials(*description.credentials);
    for (const auto& stream : description.streams) {
      if (stream.credentials) watch_.told_credentials(*stream.credentials);
      for (const auto& candidate : stream.candidates) watch_.told_address(candidate.address);
    }
    watch_.call([&](ice::Agent& agent, ice::TimePoint now) {
      static_cast<void>(agent.set_remote_description(now, description).ok());
    });
  }

  void tell_credentials() {
    const ice::Credentials credentials = fuzz::remote_credentials(input_.u8());
    watch_.told_credentials(credentials);
    watch_.call([&](ice::Agent& agent, ice::TimePoint now) {
      static_cast<void>(agent.set_remote_credentials(now, credentials).ok());
    });
  }

  void tell_candidate() {
    const ice::StreamId stream(input_.u8() & 3);
    const ice::Candidate candidate = remote_candidate(input_);
    watch_.told_address(candidate.address);
    watch_.call([&](ice::Agent& agent, ice::TimePoint now) {
      static_cast<void>(agent.add_remote_candidate(now, stream, candidate).ok());
    });
  }

  // ---- the driver ----

  void open(std::size_t which) {
    const auto asked = watch_.take_asked(which);
    if (!asked) return;
    watch_.opened(*asked);
    const auto port = static_cast<std::uint16_t>(50000 + asked->id.value % 1000);
    watch_.call([&](ice::Agent& agent, ice::TimePoint now) {
      agent.transport_ready(now, asked->id, asked->local.address.with_port(port));
    });
  }

  // ---- the peer and strangers ----

  void receive(Deed deed) {
    const auto transport = watch_.transport(input_.u8());
    const ice::Address source = remote_address(input_.u8());
    ice::Bytes bytes;
    if (deed == Deed::check) {
      bytes = check_request(input_, watch_.agent().local_credentials());
    } else if (deed == Deed::indication) {
      bytes = ice::StunBuilder(ice::StunClass::indication, ice::StunMethod::binding, {}).fingerprint().build();
    } else {
      const ice::ByteView raw = input_.bytes(input_.u8());
      bytes.assign(raw.begin(), raw.end());
      if (deed == Deed::media && !bytes.empty()) bytes[0] |= std::byte{0x80};
    }
    if (!transport) return;
    heard({*transport, source, {}}, std::move(bytes));
  }

  void heard(const Way& way, ice::Bytes bytes) {
    watch_.deliver(way, bytes);
    recorded_.push_back({way, std::move(bytes)});
    if (recorded_.size() > 32) recorded_.erase(recorded_.begin());
  }

  /// How the peer sees the agent.
  ice::Address mapped(const Way& way) {
    for (const auto& [stream, candidate] : watch_.agent().snapshot().local_candidates) {
      const bool relayed = candidate.type == ice::CandidateType::relayed;
      if (relayed != way.server.has_value()) continue;
      if (relayed || candidate.address.port() == 50000 + way.transport.value % 1000) return candidate.address;
    }
    return remote_address(0);
  }

  void answer() {
    const std::size_t which = input_.u8();
    const unsigned where = input_.u8();
    if (watch_.requests().empty()) return;
    const SentRequest request = watch_.requests()[which % watch_.requests().size()];
    ice::Bytes bytes = check_answer(input_, request, mapped(request.way));
    const bool elsewhere = (where & 0x80) != 0;
    const auto transport = (where & 0x40) != 0 ? watch_.transport(where) : std::optional(request.way.transport);
    if (!transport || !is_open(*transport)) return;
    heard({*transport, elsewhere ? remote_address(where) : request.way.remote, request.way.server}, std::move(bytes));
  }

  void answer_all(std::size_t generation) {
    for (const SentRequest& request : watch_.take_requests()) {
      if (!is_open(request.way.transport)) continue;
      heard(request.way, good_answer(request, mapped(request.way), generation));
    }
  }

  void replay() {
    const std::size_t which = input_.u8();
    const unsigned how = input_.u8();
    const unsigned at = input_.u8();
    if (recorded_.empty()) return;
    Recorded again = recorded_[which % recorded_.size()];
    if ((how & 1) != 0 && !again.bytes.empty()) again.bytes[at % again.bytes.size()] ^= std::byte(1U << (how >> 5));
    if ((how & 2) != 0) again.way.remote = remote_address(how >> 3);
    if ((how & 4) != 0) again.bytes.resize(again.bytes.size() / 8 * 4);
    if (is_open(again.way.transport)) watch_.deliver(again.way, again.bytes);
  }

  // ---- servers ----

  static ice::Address server_address(std::size_t which) {
    const bool ipv6 = which % 4 == 3;
    return (ipv6 ? *ice::Address::parse("2001:db8::50") : ice::Address::v4({192, 0, 2, 50}, 0))
        .with_port(static_cast<std::uint16_t>(3478 + which % 4));
  }

  void add_server(bool turn) {
    const unsigned what = input_.u8();
    ice::ServerAddress at;
    at.id = ice::ServerId(what & 7);
    at.name = "a server";
    at.protocol = turn ? static_cast<ice::TransportProtocol>(what >> 3 & 3) : ice::TransportProtocol::udp;
    if ((what & 0x20) == 0) at.addresses.push_back(server_address(what));
    for (std::size_t i = 0; i < 4; ++i) watch_.told_server(server_address(i));
    watch_.call([&](ice::Agent& agent, ice::TimePoint now) {
      if (turn) {
        static_cast<void>(agent
                              .add_turn_server(now, {at, std::string(kTurnUser), std::string(kTurnPassword),
                                                     static_cast<ice::RelayFamilies>((what >> 6) % 3)})
                              .ok());
      } else {
        static_cast<void>(agent.add_stun_server(now, {at}).ok());
      }
    });
  }

  void resolve() {
    const unsigned what = input_.u8();
    watch_.call([&](ice::Agent& agent, ice::TimePoint now) {
      const ice::ServerId id(what & 7);
      if ((what & 0x80) != 0) {
        agent.server_failed(now, id, "no such name");
      } else {
        agent.server_resolved(now, id, {server_address(what >> 3), server_address(what >> 5)});
      }
    });
  }

  /// A Binding success, a TURN server's answer, or anything else to a request to a server.
  ice::Bytes answer_of_server(const SentRequest& request, bool good, bool sha256) {
    const auto asked = ice::StunMessage::parse(request.bytes);
    if (asked->method() == ice::StunMethod::binding && good) {
      return ice::StunBuilder(ice::StunClass::success, ice::StunMethod::binding, request.id)
          .xor_address(
              ice::StunAttribute::xor_mapped_address,
              ice::Address::v4({203, 0, 113, 7}, static_cast<std::uint16_t>(request.way.transport.value + 7000)))
          .build();
    }
    return good ? good_turn_answer(*asked, sha256).bytes : turn_answer(input_, *asked).bytes;
  }

  void server_answer() {
    const std::size_t which = input_.u8();
    if (watch_.server_requests().empty()) return;
    const SentRequest request = watch_.server_requests()[which % watch_.server_requests().size()];
    ice::Bytes bytes = answer_of_server(request, false, false);
    if (is_open(request.way.transport)) heard(request.way, std::move(bytes));
  }

  void server_answers_all(bool sha256) {
    for (const SentRequest& request : watch_.take_server_requests()) {
      if (is_open(request.way.transport)) watch_.deliver(request.way, answer_of_server(request, true, sha256));
    }
  }

  void relayed_check() {
    const auto transport = watch_.transport(input_.u8());
    const unsigned where = input_.u8();
    ice::Bytes bytes = check_request(input_, watch_.agent().local_credentials());
    if (transport) heard({*transport, remote_address(where), server_address(where >> 4)}, std::move(bytes));
  }

  void server_bytes() {
    const auto transport = watch_.transport(input_.u8());
    const ice::Address server = server_address(input_.u8());
    const ice::ByteView raw = input_.bytes(input_.u8());
    if (transport) heard({*transport, server, {}}, ice::Bytes(raw.begin(), raw.end()));
  }

  [[nodiscard]] bool is_open(ice::TransportId id) const { return watch_.is_open(id); }

  struct Recorded {
    Way way;
    ice::Bytes bytes;
  };
  Input input_;
  AgentWatch watch_;
  std::vector<Recorded> recorded_;
};

}  // namespace

void live_through(Input input) {
  Script(input).run();
}

}  // namespace fuzz
