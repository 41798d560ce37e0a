# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nomination from both sides, by regular and by aggressive peers (STANDARDS traps 7, 8, 18, suffer 1)."""
import stun
from rules import rule, watch


@rule("STANDARDS trap 7; RFC 8445 8.1.1, 7.1.2")
def a_controlling_agent_nominates_by_a_second_check_with_use_candidate(stage):
    agent, peer = stage.connected()
    first, second = peer.new_requests()
    assert not first.message.has(stun.USE_CANDIDATE)
    assert second.message.get(stun.USE_CANDIDATE) == b""
    assert second.message.offsets[stun.USE_CANDIDATE] < second.message.offsets[stun.MESSAGE_INTEGRITY]


@rule("RFC 8445 8.1.1; issue 10 (no waiting by the clock)")
def media_may_flow_before_the_nomination_is_answered(stage):
    agent, peer = stage.pair()
    peer.answers = lambda request: None if request.message.has(stun.USE_CANDIDATE) else peer.answer(request)
    agent.hear(peer.describe())
    agent.wait_state("connected")
    agent.send(b"media on a valid pair")
    peer.wait(lambda h: h.raw == b"media on a valid pair", "media")
    assert agent.state == "connected"


@rule("STANDARDS trap 7; RFC 8445 8.1.1, 7.3.1.5")
def a_controlled_agent_never_nominates_and_completes_when_it_is_nominated(stage):
    agent, peer = stage.pair("controlled")
    agent.hear(peer.describe())
    agent.wait_state("connected")
    watch(0.2)
    assert agent.state == "connected"
    peer.check(use_candidate=True)
    agent.wait_state("completed")
    assert not [h for h in peer.requests() if h.message.has(stun.USE_CANDIDATE)]


@rule("STANDARDS trap 8; RFC 8445 7.3.1.5")
def a_nomination_before_the_own_check_succeeded_counts_when_it_does(stage):
    agent, peer = stage.pair("controlled", answers=False)
    agent.hear(peer.describe())
    request = peer.wait_requests(1)[0]
    peer.response(peer.check(use_candidate=True))
    watch(0.1)
    assert agent.state == "checking"
    peer.answers = True
    peer.answer(request)
    agent.wait_state("completed")


@rule("STANDARDS traps 4, 8; RFC 8445 7.3, 7.3.1.5")
def a_nomination_before_the_description_counts_too(stage):
    agent, peer = stage.pair("controlled")
    peer.response(peer.check(use_candidate=True))
    agent.hear(peer.describe())
    agent.wait_state("completed")
    assert len(peer.new_requests()) == 1


@rule("STANDARDS trap 11, suffer 14; RFC 8489 14.5")
def use_candidate_behind_the_integrity_is_not_obeyed(stage):
    agent, peer = stage.pair("controlled")
    agent.hear(peer.describe())
    agent.wait_state("connected")
    response = peer.response(peer.check(behind=[stun.attribute(stun.USE_CANDIDATE)]))
    assert response.kind == stun.SUCCESS
    watch(0.1)
    assert agent.state == "connected"


@rule("RFC 8445 7.3.1.5, 8.1.1")
def use_candidate_from_a_controlled_peer_is_not_obeyed(stage):
    agent, peer = stage.pair(sockets=2)
    peer.answers = lambda request: None if request.message.has(stun.USE_CANDIDATE) else peer.answer(request)
    agent.hear(peer.describe())
    agent.wait_state("connected")
    peer.response(peer.check(role="controlled", use_candidate=True))
    watch(0.1)
    assert agent.state == "connected"


@rule("STANDARDS trap 7; RFC 5245 8.1.1.2")
def of_an_aggressive_peers_nominations_the_highest_wins(stage):
    agent, peer = stage.pair("controlled", sockets=3)
    agent.hear(peer.describe(options=""))
    for sock in (2, 0, 1):
        peer.check(sock=sock, use_candidate=True)
    agent.wait_state("completed")
    peer.wait_requests(1, sock=0)
    agent.wait_selected(lambda pair: pair.get_string("remote-candidate").split()[5] == str(peer.address(0)[1]))
    agent.send(b"to the highest")
    assert peer.wait(lambda h: h.raw == b"to the highest", "media").sock == 0


@rule("STANDARDS suffer 1, trap 7")
def late_and_repeated_nominations_change_nothing(stage):
    agent, peer = stage.connected("controlled")
    for _ in range(100):
        peer.check(use_candidate=True)
    peer.no_response(b"never asked.")
    assert agent.state == "completed" and agent.states.count("completed") == 1


@rule("STANDARDS trap 18; RFC 8445 8.1.2")
def after_the_nomination_no_pair_of_the_component_is_begun_or_asked_again(stage):
    # Few enough for an RTO of 500 ms. The third answers; two better ones are being asked by then, others are not begun.
    agent, peer = stage.pair(sockets=8)
    peer.answers = lambda request: peer.answer(request) if request.sock == 2 else None
    agent.hear(peer.describe(pacing=50))
    agent.wait_state("completed")
    watch(0.05)  # what was on its way has arrived
    asked = {h.sock for h in peer.requests()}
    count = len(peer.requests())
    assert {0, 1, 2} <= asked and len(asked) < 8
    watch(1.2)
    assert len(peer.requests()) == count, "a decided component is asked for no more"


@rule("RFC 8445 6.1.1, 8.1.1; RFC 5245")
def a_peer_without_ice2_is_nominated_regularly(stage):
    agent, peer = stage.pair()
    agent.hear(peer.describe(options=""))
    agent.wait_state("completed")
    assert [h.message.has(stun.USE_CANDIDATE) for h in peer.new_requests()] == [False, True]
