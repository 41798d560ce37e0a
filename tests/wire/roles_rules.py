# SPDX-License-Identifier: LGPL-2.1-or-later
"""Role conflicts, in every timing (STANDARDS trap 3, suffer 13)."""
import stun
from rules import rule, watch

LEAST, MOST = 0, 2 ** 64 - 1


def role_of(message: stun.Message) -> tuple[str, int]:
    if message.has(stun.ICE_CONTROLLING):
        return "controlling", message.number(stun.ICE_CONTROLLING)
    return "controlled", message.number(stun.ICE_CONTROLLED)


@rule("STANDARDS trap 3; RFC 8445 7.3.1.1")
def a_controlling_agent_with_the_larger_tie_breaker_answers_487_and_stays(stage):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    before = role_of(peer.wait_requests(1)[0].message)
    response = peer.response(peer.check(role="controlling", tie_breaker=LEAST))
    assert response.error() == 487 and response.signed_by(agent.pwd)
    peer.answers = True
    agent.wait_state("completed")
    assert {role_of(h.message) for h in peer.requests()} == {before}


@rule("STANDARDS trap 3; RFC 8445 7.3.1.1, 16.1")
def a_controlling_agent_with_the_smaller_tie_breaker_switches_and_keeps_it(stage):
    agent, peer = stage.pair(sockets=2, answers=False)
    agent.hear(peer.describe(peer.candidate(0)))
    _, tie_breaker = role_of(peer.wait_requests(1)[0].message)
    assert peer.response(peer.check(sock=1, role="controlling", tie_breaker=MOST)).kind == stun.SUCCESS
    triggered = peer.wait_requests(1, sock=1)[0].message
    assert role_of(triggered) == ("controlled", tie_breaker)
    assert not agent.get("controlling")


@rule("STANDARDS trap 3; RFC 8445 7.3.1.1")
def a_controlled_agent_with_the_smaller_tie_breaker_answers_487_and_stays(stage):
    agent, peer = stage.pair("controlled", answers=False)
    agent.hear(peer.describe())
    before = role_of(peer.wait_requests(1)[0].message)
    assert peer.response(peer.check(role="controlled", tie_breaker=MOST)).error() == 487
    watch(0.05)
    assert not agent.get("controlling") and {role_of(h.message) for h in peer.requests()} == {before}


@rule("STANDARDS trap 3; RFC 8445 7.3.1.1, 16.1")
def a_controlled_agent_with_the_larger_tie_breaker_switches_and_keeps_it(stage):
    agent, peer = stage.pair("controlled", sockets=2, answers=False)
    agent.hear(peer.describe(peer.candidate(0)))
    _, tie_breaker = role_of(peer.wait_requests(1)[0].message)
    assert peer.response(peer.check(sock=1, role="controlled", tie_breaker=LEAST)).kind == stun.SUCCESS
    assert role_of(peer.wait_requests(1, sock=1)[0].message) == ("controlling", tie_breaker)


@rule("STANDARDS trap 3; RFC 8445 7.2.5.1, 16.1")
def whoever_is_answered_487_switches_takes_a_new_tie_breaker_and_asks_again(stage):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    request = peer.wait_requests(1)[0]
    _, old = role_of(request.message)
    peer.answer(request, code=487)
    again = peer.wait_requests(2)[1].message
    role, new = role_of(again)
    assert role == "controlled" and new != old
    # The conflict is over, and the call goes on.
    peer.answers, peer.role = True, "controlling"
    peer.check(use_candidate=True, tie_breaker=LEAST)
    agent.wait_state("completed")


@rule("STANDARDS trap 3; RFC 8445 7.2.5.1")
def a_stale_487_changes_nothing(stage):
    agent, peer = stage.pair(sockets=2, answers=False)
    agent.hear(peer.describe())
    first, second = peer.wait_requests(2)
    peer.answer(first, code=487)
    wanted = peer.wait_requests(3)[2].message
    assert role_of(wanted)[0] == "controlled"
    # This one answers a check that was sent in the role that it has given up since.
    peer.answer(second, code=487)
    later = peer.wait_requests(4)[3].message
    assert role_of(later) == role_of(wanted)


@rule("STANDARDS suffer 13; RFC 8445 7.3.1.1")
def a_conflict_with_a_peer_that_drops_our_checks_and_our_487_is_resolved_by_its_requests(stage):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    peer.wait_requests(1)
    peer.role, peer.tie_breaker = "controlling", MOST
    peer.check()

    def of_the_other_role(request):
        if request.message.has(stun.ICE_CONTROLLED):
            peer.answer(request)
    peer.answers = of_the_other_role
    agent.wait_state("connected", "completed")
    peer.check(use_candidate=True)
    agent.wait_state("completed")


@rule("STANDARDS trap 3; RFC 8445 7.3.1.1")
def a_conflict_is_settled_before_anything_else_in_the_request_counts(stage):
    agent, peer = stage.pair("controlled", answers=False)
    agent.hear(peer.describe())
    peer.wait_requests(1)
    # A 487 goes out, so this USE-CANDIDATE from a peer that calls itself controlled nominates nothing.
    assert peer.response(peer.check(role="controlled", tie_breaker=MOST, use_candidate=True)).error() == 487
    peer.answers = True
    agent.wait_state("connected")
    watch(0.2)
    assert agent.state == "connected"


@rule("RFC 8445 7.2.5.1; STANDARDS trap 3")
def an_unending_487_does_not_keep_an_agent_asking_for_ever(stage):
    agent, peer = stage.pair()
    peer.answers = lambda request: peer.answer(request, code=487)
    agent.hear(peer.describe())
    peer.wait_requests(10)
    watch(1.0)
    count = len(peer.new_requests())
    watch(0.3)
    assert len(peer.new_requests()) == count <= 40
