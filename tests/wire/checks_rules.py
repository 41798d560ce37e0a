# SPDX-License-Identifier: LGPL-2.1-or-later
"""The checks that the agent sends: their bytes, their order, their retransmissions."""
import stun
from rules import JITTER, Stage, gaps, rule, watch


def first_check(stage: Stage, role: str):
    agent, peer = stage.pair(role, answers=False)
    agent.hear(peer.describe())
    return agent, peer, peer.wait_requests(1)[0].message


def check_bytes(stage: Stage, role: str):
    agent, peer, check = first_check(stage, role)
    assert check.get(stun.USERNAME) == f"{peer.ufrag}:{agent.ufrag}".encode()
    assert check.signed_by(peer.pwd), "the key is the peer's password"
    assert check.fingerprint_is_right()
    assert check.names()[-2:] == [stun.MESSAGE_INTEGRITY, stun.FINGERPRINT], "they close the message, in this order"
    # The priority of the peer-reflexive candidate that this check may make known: type 110, the base's preference.
    local = int(agent.candidates()[0][3])
    assert check.number(stun.PRIORITY) == 110 << 24 | local & 0xFFFFFF
    own, other = stun.ICE_CONTROLLING, stun.ICE_CONTROLLED
    if role == "controlled":
        own, other = other, own
    assert len(check.get(own)) == 8 and not check.has(other)
    assert not check.has(stun.USE_CANDIDATE), "nomination is regular: not in the first check"
    known = {stun.USERNAME, stun.PRIORITY, own, stun.MESSAGE_INTEGRITY, stun.FINGERPRINT, stun.SOFTWARE}
    assert set(check.names()) <= known and len(check.names()) == len(set(check.names()))


@rule("RFC 8445 7.1.1, 7.1.3, 7.2.2; STANDARDS Numbers, trap 7")
def a_controlling_agents_check_carries_all_that_is_demanded_and_nothing_else(stage):
    check_bytes(stage, "controlling")


@rule("RFC 8445 7.1.1, 7.1.3, 7.2.2; STANDARDS Numbers")
def a_controlled_agents_check_carries_all_that_is_demanded_and_nothing_else(stage):
    check_bytes(stage, "controlled")


@rule("RFC 8445 7.2.2")
def every_check_has_a_transaction_id_of_its_own_and_one_tie_breaker(stage):
    agent, peer = stage.pair(sockets=8, answers=False)
    agent.hear(peer.describe())
    checks = [h.message for h in peer.wait_requests(8)]
    assert len({check.tid for check in checks}) == 8
    assert len({check.get(stun.ICE_CONTROLLING) for check in checks}) == 1


@rule("RFC 8839 5.4; STANDARDS Numbers")
def a_peers_ufrag_of_256_characters_and_pwd_of_256_are_used(stage):
    agent, peer = stage.pair()
    peer.ufrag, peer.pwd = "u" * 256, "p" * 256
    peer.connect()
    check = peer.requests()[0].message
    assert check.get(stun.USERNAME) == f"{'u' * 256}:{agent.ufrag}".encode() and check.signed_by(peer.pwd)


@rule("RFC 8489 6.2.1; RFC 8445 14.3; STANDARDS Numbers (RTO)")
def a_lost_check_is_repeated_byte_by_byte_after_500_and_1000_more_milliseconds(stage):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    peer.wait(lambda h: len(peer.requests()) >= 3, "two retransmissions")
    sends = peer.requests()
    assert len({h.raw for h in sends}) == 1
    first, second = gaps([h.at for h in sends[:3]])
    assert 0.5 - JITTER <= first < 0.7 and 1.0 - JITTER <= second < 1.3, (first, second)


@rule("RFC 8489 6.2.1; RFC 8863 4; STANDARDS Numbers (Rc 7, Rm 16, PAC)", slow=True)
def a_silent_peer_gets_seven_sends_and_the_session_fails_after_a_whole_transaction(stage):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    first = peer.wait_requests(1)[0].at
    agent.wait_state("failed", seconds=45)
    sends = [h.at - first for h in peer.requests()]
    assert len(sends) == 7 and len(peer.new_requests()) == 1, sends
    for sent, due in zip(sends, (0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5)):
        assert due - JITTER <= sent < due + 1, sends
    # A failed agent is silent, to the peer that comes too late too.
    tid = peer.check(role="controlled")
    watch(0.3)
    assert len(peer.requests()) == 7 and not any(h.message.tid == tid for h in peer.heard)


@rule("RFC 8445 6.1.2.3, 6.1.2.6, 6.1.4.2")
def pairs_are_checked_in_the_order_of_their_priorities(stage):
    agent, peer = stage.pair(sockets=10, answers=False)
    order = [3, 7, 0, 9, 1, 8, 2, 6, 4, 5]
    agent.hear(peer.describe(*(peer.candidate(sock, preference=50000 - place) for place, sock in enumerate(order))))
    assert [h.sock for h in peer.wait_requests(10)] == order


@rule("RFC 8445 14.3; STANDARDS Numbers (RTO)")
def every_checks_first_packet_goes_out_before_any_retransmission(stage):
    agent, peer = stage.pair(sockets=30, answers=False)
    agent.hear(peer.describe(pacing=None))  # Ta is 50 ms: 30 checks take 1.5 s, three times the least RTO
    peer.wait_requests(30)
    first_sends = peer.requests()[:30]
    assert len({h.message.tid for h in first_sends}) == 30, "something was repeated before the last pair was tried"


@rule("STANDARDS trap 1; RFC 8445 7.2.5.2.1")
def an_answer_from_another_address_fails_the_pair(stage):
    agent, peer = stage.pair(sockets=2, answers=False)
    agent.hear(peer.describe(peer.candidate(0)))
    request = peer.wait_requests(1)[0]
    peer.answer(request, sock=1)
    watch(0.1)
    peer.answer(request)  # too late: that transaction is over
    watch(0.7)
    assert agent.state == "checking" and len(peer.requests()) == 1, "it is neither believed nor asked again"


@rule("STANDARDS trap 2; RFC 8445 7.2.5.3.1, 7.2.5.3.2")
def the_valid_pair_is_built_from_the_mapped_address(stage):
    agent, peer = stage.pair()
    peer.answers = lambda request: peer.answer(request, mapped=("203.0.113.9", 4321))
    peer.connect()
    local = agent.selected().get_string("local-candidate").split()
    check = peer.requests()[0].message
    assert local[4:8] == ["203.0.113.9", "4321", "typ", "prflx"], local
    assert int(local[3]) == check.number(stun.PRIORITY)
    related = dict(zip(local[8::2], local[9::2]))
    assert (related["raddr"], int(related["rport"])) == agent.address()


@rule("STANDARDS trap 4; RFC 8445 7.3")
def checks_before_the_description_are_answered_and_triggered_when_it_comes(stage):
    agent, peer = stage.pair(sockets=2)
    response = peer.response(peer.check(sock=1))
    assert response.kind == stun.SUCCESS and response.mapped() == peer.address(1)
    watch(0.1)
    assert not peer.requests(), "without credentials there is nothing to ask"
    # The early address is named by no candidate, and is asked before those that are.
    agent.hear(peer.describe(peer.candidate(0)))
    assert [h.sock for h in peer.wait_requests(2)][0] == 1


@rule("STANDARDS trap 5; RFC 8445 7.3.1.3; RFC 8838 11")
def a_peer_reflexive_candidate_has_the_checks_priority_and_becomes_the_signaled_one(stage):
    agent, peer = stage.pair(sockets=1)
    agent.hear(peer.describe(peer.candidate(0).replace(str(peer.address()[1]), "9"), end=False))
    peer.check(priority=1234567890)
    agent.wait_state("completed")
    remote = agent.selected().get_string("remote-candidate").split()
    assert remote[3] == "1234567890" and remote[7] == "prflx" and int(remote[5]) == peer.address()[1], remote
    agent.hear_candidate(peer.candidate(0))
    remote = agent.selected().get_string("remote-candidate").split()
    assert remote[3] == peer.candidate(0).split()[3] and remote[7] == "host", remote
    assert len([h for h in peer.new_requests() if not h.message.has(stun.USE_CANDIDATE)]) == 1, "and is not asked anew"


@rule("STANDARDS trap 6; RFC 8445 6.1.2.6, 7.2.5.3.3")
def a_foundation_is_frozen_until_its_first_pair_has_succeeded(stage):
    agent, peer = stage.pair(sockets=2, answers=False, components=(1, 2))
    agent.hear(peer.describe(peer.candidate(0, 1, foundation="f"), peer.candidate(1, 2, foundation="f")))
    first = peer.wait_requests(1)[0]
    watch(0.2)
    assert len(peer.new_requests()) == 1 and first.sock == 0, "two of one foundation were checked at once"
    peer.answers = True
    peer.answer(first)
    assert peer.wait_requests(1, sock=1)
    agent.wait_state("completed")


@rule("RFC 8445 6.1.2.6")
def different_foundations_are_checked_side_by_side(stage):
    agent, peer = stage.pair(sockets=2, answers=False, components=(1, 2))
    agent.hear(peer.describe(peer.candidate(0, 1), peer.candidate(1, 2)))
    assert {h.sock for h in peer.wait_requests(2)} == {0, 1}


@rule("STANDARDS trap 17; RFC 8445 6.1.2.4")
def a_candidate_that_is_told_twice_is_checked_once(stage):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    agent.hear(peer.describe())
    agent.hear_candidate(peer.candidate())
    peer.wait_requests(1)
    watch(0.3)
    assert len(peer.new_requests()) == 1


@rule("STANDARDS suffer 2; RFC 8445 7.3.1.4")
def a_flood_of_checks_makes_no_flood_of_checks(stage):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    peer.wait_requests(1)
    for _ in range(300):
        peer.check()
    peer.no_response(b"never asked.")  # all of them are dealt with by then
    watch(0.2)
    assert len(peer.new_requests()) <= 2, "the flood began new transactions"


@rule("STANDARDS Numbers (PAC); RFC 8863 4")
def a_session_whose_every_pair_failed_is_saved_by_a_peer_reflexive_candidate(stage):
    agent, peer = stage.pair(sockets=2)
    peer.answers = lambda request: peer.answer(request, code=400 if request.sock == 0 else None)
    agent.hear(peer.describe(peer.candidate(0)))
    peer.wait_requests(1)
    watch(0.3)
    assert agent.state == "checking" and len(peer.requests()) == 1, "the error ended the pair, not the session"
    peer.check(sock=1)
    agent.wait_state("completed")


@rule("RFC 8445 6.1.1; RFC 8839 5.1")
def a_call_over_ipv6(stage):
    agent, peer = stage.connected(ip="::1")
    assert agent.address()[0] == "::1"
    assert peer.response(peer.check()).mapped() == peer.address()
