// SPDX-License-Identifier: LGPL-2.1-or-later
// The simulator's STUN and TURN servers by themselves, asked with messages put together by hand: that they are as
// strict as RFC 8489 and RFC 8656, before any agent meets them.
#include <functional>

#include "tests/sim/probe.h"
#include "tests/sim/scene.h"
#include "tests/sim/stun_server.h"
#include "tests/sim/turn_framing.h"
#include "tests/sim/turn_server.h"

namespace sim {
namespace {

using ice::StunClass;
using ice::StunMethod;
using enum ice::StunAttribute;

/// A client that a test plays by hand.
class Client final : public Node {
 public:
  Client(World& world, std::string name, NetworkId network, const ice::Address& address)
      : Node(world, std::move(name)), local(address), network_(network), random_(world.random(this->name())) {
    world.attach(network, address, *this);
  }
  void receive(NetworkId, const Datagram& datagram) override {
    if (datagram.wire == Wire::tcp_accept) connected = true;
    if (is_channel_data(datagram.bytes)) {
      channel_data.push_back(datagram);
    } else if (auto message = ice::StunMessage::parse(datagram.bytes)) {
      heard.push_back(std::move(message).value());
    }
  }
  void send(const ice::Address& to, ice::Bytes bytes) {
    world().send(*this, network_, {local, to, std::move(bytes), tcp ? Wire::tcp_data : Wire::udp});
  }
  void send(const ice::Address& to, Wire wire) { world().send(*this, network_, {local, to, {}, wire}); }

  using Fill = std::function<void(ice::StunBuilder&)>;
  /// Sends and waits for the answer; nothing when none comes.
  std::optional<ice::StunMessage> bare(const ice::Address& to, StunMethod method, const Fill& fill = {}) {
    return exchange(to, method, [&](ice::StunBuilder& builder) {
      if (fill) fill(builder);
    });
  }
  /// With credentials and the nonce that is known.
  std::optional<ice::StunMessage> ask(const ice::Address& to, StunMethod method, const Fill& fill = {}) {
    return exchange(to, method, [&](ice::StunBuilder& builder) {
      if (fill) fill(builder);
      builder.text(username, user)
          .text(ice::StunAttribute::realm, realm_text)
          .text(ice::StunAttribute::nonce, nonce_text);
      builder.message_integrity(long_term_key(user, realm_text, password, false));
    });
  }
  /// Is challenged, and takes the realm and the nonce.
  void learn_nonce(const ice::Address& server) {
    const auto answer = bare(server, StunMethod::allocate);
    ASSERT_TRUE(answer);
    take_nonce(*answer);
  }
  void take_nonce(const ice::StunMessage& answer) {
    realm_text = std::string(answer.realm().value_or(""));
    nonce_text = std::string(answer.nonce().value_or(""));
  }
  std::optional<ice::StunMessage> allocate(const ice::Address& server, const Fill& more = {}) {
    return ask(server, StunMethod::allocate, [&](ice::StunBuilder& builder) {
      builder.u32(requested_transport, 17U << 24);
      if (more) more(builder);
    });
  }
  std::optional<ice::StunMessage> permit(const ice::Address& server, const ice::Address& peer) {
    return ask(server, StunMethod::create_permission,
               [&](ice::StunBuilder& builder) { builder.xor_address(xor_peer_address, peer); });
  }
  std::optional<ice::StunMessage> bind(const ice::Address& server, std::uint16_t number, const ice::Address& peer) {
    return ask(server, StunMethod::channel_bind, [&](ice::StunBuilder& builder) {
      builder.u32(channel_number, static_cast<std::uint32_t>(number) << 16).xor_address(xor_peer_address, peer);
    });
  }
  void send_by_relay(const ice::Address& server, const ice::Address& peer, std::string_view text) {
    ice::StunBuilder builder(StunClass::indication, StunMethod::send, ice::TransactionId::random(random_));
    builder.xor_address(xor_peer_address, peer).raw(data, std::as_bytes(std::span(text.data(), text.size())));
    send(server, builder.build());
    world().run_for(1s);
  }

  ice::Address local;
  bool tcp = false;
  bool connected = false;
  std::string user = "user";
  std::string password = "pass";
  std::string realm_text;
  std::string nonce_text;
  std::optional<ice::TransactionId> next_id;  ///< of the next request, to repeat one
  ice::TransactionId last_id;
  std::vector<ice::StunMessage> heard;
  std::vector<Datagram> channel_data;

 private:
  std::optional<ice::StunMessage> exchange(const ice::Address& to, StunMethod method, const Fill& fill) {
    last_id = next_id.value_or(ice::TransactionId::random(random_));
    next_id.reset();
    const std::size_t before = heard.size();
    ice::StunBuilder builder(StunClass::request, method, last_id);
    fill(builder);
    send(to, builder.build());
    world().run_for(1s);
    for (std::size_t i = before; i < heard.size(); ++i) {
      if (heard[i].transaction_id() == last_id) return heard[i];
    }
    return std::nullopt;
  }

  NetworkId network_;
  SeededRandom random_;
};

int code_of(const std::optional<ice::StunMessage>& answer) {
  if (!answer) return -1;
  return answer->error_code() ? answer->error_code()->code : 0;
}

class Servers : public ::testing::Test {
 protected:
  Servers() { turn.options.quota = 10; }
  static TurnServerOptions turn_options() {
    TurnServerOptions options;
    options.addresses = {at("203.0.113.5", 3478)};
    options.relays = {at("203.0.113.5"), at("2001:db8:5::5")};
    return options;
  }
  void allocated() {
    client.learn_nonce(server);
    const auto answer = client.allocate(server);
    ASSERT_EQ(code_of(answer), 0);
    relayed = *answer->xor_relayed_address();
  }

  World world{1};
  NetworkId internet = world.add_network("internet");
  TurnServer& turn = world.add<TurnServer>("turn", internet, turn_options());
  Client& client = world.add<Client>("client", internet, at("198.51.100.1", 5000));
  Probe& peer = world.add<Probe>("peer", internet, std::vector{at("198.51.100.2"), at("2001:db8:6::6")});
  const ice::Address server = at("203.0.113.5", 3478);
  const ice::Address peer_address = at("198.51.100.2", 6000);
  ice::Address relayed;
};

// ---- STUN ----

TEST_F(Servers, StunTellsWhereTheClientWasSeen) {
  auto& stun = world.add<StunServer>("stun", internet, std::vector{at("203.0.113.1", 3478)});
  const auto answer = client.bare(at("203.0.113.1", 3478), StunMethod::binding);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->mapped_address(), client.local);
  stun.trouble = {.kind = Trouble::lying};
  EXPECT_NE(client.bare(at("203.0.113.1", 3478), StunMethod::binding)->mapped_address(), client.local);
  stun.trouble = {.kind = Trouble::refusing, .code = 500};
  EXPECT_EQ(code_of(client.bare(at("203.0.113.1", 3478), StunMethod::binding)), 500);
  stun.trouble = {.kind = Trouble::silent};
  EXPECT_FALSE(client.bare(at("203.0.113.1", 3478), StunMethod::binding));
  stun.trouble = {.kind = Trouble::slow, .delay = 3s};
  const std::size_t before = client.heard.size();
  EXPECT_FALSE(client.bare(at("203.0.113.1", 3478), StunMethod::binding));
  world.run_for(3s);
  EXPECT_EQ(client.heard.size(), before + 1);
}

// ---- long-term credentials (RFC 8489 9.2.4) ----

TEST_F(Servers, WhoHasNoCredentialsIsChallenged) {
  const auto answer = client.bare(server, StunMethod::allocate);
  EXPECT_EQ(code_of(answer), 401);
  EXPECT_EQ(answer->realm(), "sim.example");
  EXPECT_FALSE(answer->nonce()->empty());
  EXPECT_EQ(turn.active_allocations(), 0U);
}

TEST_F(Servers, AWrongPasswordOrUserIsChallengedAgain) {
  client.learn_nonce(server);
  client.password = "wrong";
  EXPECT_EQ(code_of(client.allocate(server)), 401);
  client.password = "pass";
  client.user = "nobody";
  EXPECT_EQ(code_of(client.allocate(server)), 401);
  EXPECT_EQ(turn.active_allocations(), 0U);
}

TEST_F(Servers, AStaleNonceIsAnsweredWith438AndANewOne) {
  client.learn_nonce(server);
  world.run_for(601s);
  const auto answer = client.allocate(server);
  ASSERT_EQ(code_of(answer), 438);
  EXPECT_NE(answer->nonce(), client.nonce_text);
  client.take_nonce(*answer);
  EXPECT_EQ(code_of(client.allocate(server)), 0);
}

TEST_F(Servers, AnswersAreSignedWithTheKeyOfTheUser) {
  client.learn_nonce(server);
  const auto answer = client.allocate(server);
  EXPECT_TRUE(answer->verify_integrity(long_term_key("user", "sim.example", "pass", false)));
}

TEST_F(Servers, Sha256AndUserhashAreTakenWhereTheyAreOffered) {
  TurnServerOptions options = turn_options();
  options.addresses = options.relays = {at("203.0.113.9", 3478)};
  options.users.offers_sha256 = options.users.offers_userhash = true;
  world.add<TurnServer>("modern", internet, options);
  const ice::Address modern = at("203.0.113.9", 3478);
  const auto challenge = client.bare(modern, StunMethod::allocate);
  ASSERT_EQ(code_of(challenge), 401);
  client.take_nonce(*challenge);
  EXPECT_EQ(client.nonce_text.substr(0, 13), "obMatJos2AAAD");
  const auto with = [&](unsigned algorithm, bool echo) {
    return client.bare(modern, StunMethod::allocate, [&](ice::StunBuilder& builder) {
      const std::string hash = user_hash("user", "sim.example");
      builder.u32(requested_transport, 17U << 24);
      builder.raw(userhash, std::as_bytes(std::span(hash)));
      builder.text(realm, client.realm_text).text(nonce, client.nonce_text);
      if (echo) builder.raw(password_algorithms, *challenge->raw(password_algorithms));
      builder.u32(password_algorithm, algorithm << 16);
      builder.message_integrity_sha256(long_term_key("user", "sim.example", "pass", algorithm == 2));
    });
  };
  EXPECT_EQ(code_of(with(2, false)), 400);  // a choice without the list: a bid-down (RFC 8489 9.2.4)
  EXPECT_EQ(code_of(with(3, true)), 400);
  EXPECT_EQ(code_of(with(2, true)), 0);
}

// ---- allocations (RFC 8656 7) ----

TEST_F(Servers, AnAllocationHasARelayedAndAMappedAddressAndALifetime) {
  client.learn_nonce(server);
  const auto answer = client.allocate(server);
  ASSERT_EQ(code_of(answer), 0);
  EXPECT_TRUE(answer->xor_relayed_address()->same_ip(server));
  EXPECT_EQ(answer->mapped_address(), client.local);
  EXPECT_EQ(answer->lifetime(), 600U);
  EXPECT_EQ(turn.active_allocations(), 1U);
}

TEST_F(Servers, ARetransmittedAllocateGetsTheSameAnswerAndAnotherOne437) {
  allocated();
  client.next_id = client.last_id;
  const auto again = client.allocate(server);
  ASSERT_EQ(code_of(again), 0);
  EXPECT_EQ(again->xor_relayed_address(), relayed);
  EXPECT_EQ(code_of(client.allocate(server)), 437);
  EXPECT_EQ(turn.active_allocations(), 1U);
}

TEST_F(Servers, AFamilyCanBeAskedForAloneOrBothAtOnce) {
  client.learn_nonce(server);
  auto& second = world.add<Client>("second", internet, at("198.51.100.3", 5000));
  second.learn_nonce(server);
  EXPECT_EQ(client.allocate(server, [](auto& builder) { builder.u32(requested_address_family, 2U << 24); })
                ->xor_relayed_address()
                ->family(),
            ice::Family::ipv6);
  ASSERT_EQ(code_of(second.allocate(server, [](auto& b) { b.u32(additional_address_family, 2U << 24); })), 0);
  turn.options.relays.pop_back();
  auto& third = world.add<Client>("third", internet, at("198.51.100.4", 5000));
  third.learn_nonce(server);
  EXPECT_EQ(code_of(third.allocate(server, [](auto& b) { b.u32(requested_address_family, 2U << 24); })), 440);
  const auto half = third.allocate(server, [](auto& b) { b.u32(additional_address_family, 2U << 24); });
  ASSERT_EQ(code_of(half), 0);
  EXPECT_TRUE(half->has(address_error_code));
}

TEST_F(Servers, OtherErrorsOfAllocateAreGivenWhereTheyAreDue) {
  client.learn_nonce(server);
  EXPECT_EQ(code_of(client.ask(server, StunMethod::allocate)), 400);
  EXPECT_EQ(code_of(client.ask(server, StunMethod::allocate, [](auto& b) { b.u32(requested_transport, 6U << 24); })),
            442);
  turn.options.quota = 0;
  EXPECT_EQ(code_of(client.allocate(server)), 486);
  turn.options.quota = 10;
  turn.options.capacity = 0;
  EXPECT_EQ(code_of(client.allocate(server)), 508);
  turn.options.alternate = at("203.0.113.6", 3478);
  const auto elsewhere = client.allocate(server);
  EXPECT_EQ(code_of(elsewhere), 300);
  EXPECT_EQ(elsewhere->alternate_server(), at("203.0.113.6", 3478));
  EXPECT_EQ(code_of(client.permit(server, peer_address)), 437);
}

TEST_F(Servers, AnAllocationEndsWithItsLifetimeOrByARefreshOfZero) {
  allocated();
  EXPECT_EQ(code_of(client.ask(server, StunMethod::refresh)), 0);
  world.run_for(598s);
  EXPECT_EQ(turn.active_allocations(), 1U);
  world.run_for(10s);
  EXPECT_EQ(turn.active_allocations(), 0U);
  EXPECT_EQ(turn.counts().expired, 1U);

  client.learn_nonce(server);
  ASSERT_EQ(code_of(client.allocate(server)), 0);
  EXPECT_EQ(code_of(client.ask(server, StunMethod::refresh, [](auto& b) { b.u32(lifetime, 0); })), 0);
  EXPECT_EQ(turn.active_allocations(), 0U);
  EXPECT_EQ(turn.counts().released, 1U);
}

TEST_F(Servers, AnotherUserMayNotTouchAnAllocation) {
  turn.options.users.passwords["other"] = "word";  // what authentication has is a copy: the user is unknown
  allocated();
  client.user = "other";
  client.password = "word";
  EXPECT_EQ(code_of(client.ask(server, StunMethod::refresh)), 401);
}

// ---- permissions, channels, data (RFC 8656 9 to 12) ----

TEST_F(Servers, DataFlowsBothWaysOnceThereIsAPermissionAndUntilItEnds) {
  allocated();
  peer.send(peer_address, relayed, "too early");
  world.run_for(1s);
  EXPECT_EQ(turn.counts().refused, 1U);
  ASSERT_EQ(code_of(client.permit(server, peer_address)), 0);
  client.send_by_relay(server, peer_address, "hello");
  EXPECT_EQ(peer.seen("hello"), relayed);
  peer.send(at("198.51.100.2", 6001), relayed, "any port of the IP");
  world.run_for(1s);
  ASSERT_EQ(client.heard.back().method(), StunMethod::data);
  EXPECT_EQ(client.heard.back().xor_peer_address(), at("198.51.100.2", 6001));
  world.run_for(300s);
  client.send_by_relay(server, peer_address, "too late");
  EXPECT_FALSE(peer.got("too late"));
  EXPECT_TRUE(turn.complaints().empty());
}

TEST_F(Servers, DataForWhomNoPermissionEverWasIsComplainedAbout) {
  allocated();
  client.send_by_relay(server, peer_address, "hello");
  EXPECT_FALSE(peer.got("hello"));
  EXPECT_EQ(turn.complaints().size(), 1U);
}

TEST_F(Servers, AForbiddenPeerOrFamilyIsRefused) {
  allocated();
  turn.options.forbidden = {peer_address};
  EXPECT_EQ(code_of(client.permit(server, peer_address)), 403);
  EXPECT_EQ(code_of(client.permit(server, at("2001:db8:6::6", 6000))), 443);
}

TEST_F(Servers, AChannelCarriesDataInFourBytesAndItsNumberBelongsToOnePeer) {
  allocated();
  ASSERT_EQ(code_of(client.bind(server, 0x4000, peer_address)), 0);
  const std::string_view text = "hi";
  const auto payload = std::as_bytes(std::span(text.data(), text.size()));
  client.send(server, frame_channel_data(0x4000, payload, false));
  world.run_for(1s);
  EXPECT_EQ(peer.seen("hi"), relayed);
  peer.send(peer_address, relayed, "back");
  world.run_for(1s);
  ASSERT_EQ(client.channel_data.size(), 1U);
  EXPECT_EQ(client.channel_data[0].bytes.size(), 8U);
  EXPECT_TRUE(turn.complaints().empty());

  EXPECT_EQ(code_of(client.bind(server, 0x4000, at("198.51.100.2", 7000))), 400);
  EXPECT_EQ(code_of(client.bind(server, 0x4001, peer_address)), 400);
  EXPECT_EQ(code_of(client.bind(server, 0x5000, at("198.51.100.2", 7000))), 400);
  client.send(server, frame_channel_data(0x4000, payload, true));  // padded over UDP
  client.send(server, frame_channel_data(0x4005, payload, false));
  world.run_for(1s);
  EXPECT_EQ(turn.complaints().size(), 5U);
}

TEST_F(Servers, AStreamIsTakenApartWhereverItIsCutAndItsEndReleases) {
  client.tcp = true;
  client.send(server, Wire::tcp_open);
  world.run_for(1s);
  ASSERT_TRUE(client.connected);
  allocated();
  ASSERT_EQ(code_of(client.bind(server, 0x4000, peer_address)), 0);
  const std::string_view text = "hello";
  const auto frame = frame_channel_data(0x4000, std::as_bytes(std::span(text.data(), text.size())), true);
  EXPECT_EQ(frame.size(), 12U);
  ice::Bytes two = frame;
  two.insert(two.end(), frame.begin(), frame.end());
  for (const std::byte each : two) client.send(server, ice::Bytes{each});
  world.run_for(1s);
  EXPECT_EQ(peer.heard.size(), 2U);
  client.send(server, Wire::tcp_close);
  world.run_for(1s);
  EXPECT_EQ(turn.active_allocations(), 0U);
  EXPECT_TRUE(turn.complaints().empty());
}

TEST_F(Servers, ARestartedServerKnowsNothingAnyMore) {
  allocated();
  turn.restart();
  EXPECT_EQ(code_of(client.ask(server, StunMethod::refresh)), 438);
  client.learn_nonce(server);
  EXPECT_EQ(code_of(client.ask(server, StunMethod::refresh)), 437);
}

TEST_F(Servers, ATurnServerInTroubleIsSilentSlowLyingOrRefuses) {
  client.learn_nonce(server);
  turn.trouble = {.kind = Trouble::silent};
  EXPECT_FALSE(client.allocate(server));
  turn.trouble = {.kind = Trouble::refusing, .code = 403};
  EXPECT_EQ(code_of(client.allocate(server)), 403);
  turn.trouble = {.kind = Trouble::slow, .delay = 3s};
  EXPECT_FALSE(client.allocate(server));
  world.run_for(3s);
  EXPECT_EQ(turn.active_allocations(), 1U);
  turn.restart();
  turn.trouble = {};
  client.learn_nonce(server);
  turn.trouble = {.kind = Trouble::lying};
  const auto lie = client.allocate(server);
  ASSERT_EQ(code_of(lie), 0);
  EXPECT_NE(lie->mapped_address(), client.local);
}

}  // namespace
}  // namespace sim
