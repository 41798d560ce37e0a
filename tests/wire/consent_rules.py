# SPDX-License-Identifier: LGPL-2.1-or-later
"""Consent and keepalives (RFC 7675, RFC 8445 11): they live by real timeouts, so all of these cases wait long."""
import stun
from rules import JITTER, gaps, rule, watch


@rule("RFC 7675 5.1; RFC 8445 11; STANDARDS Numbers (consent, keepalive), suffer 12", slow=True)
def consent_is_asked_for_every_4_to_6_seconds_with_use_candidate_and_never_repeated(stage):
    agent, peer = stage.connected()
    settled = len(peer.requests())
    last = peer.requests()[-1].at
    watch(19)
    checks = peer.requests()[settled:]
    assert len({h.message.tid for h in checks}) == len(checks) >= 3
    between = gaps([last] + [h.at for h in checks])
    assert all(4 - JITTER <= gap <= 6.3 for gap in between), between
    assert len({round(gap, 2) for gap in between}) > 1, "the interval is not random"
    assert all(h.message.has(stun.USE_CANDIDATE) and h.message.signed_by(peer.pwd) for h in checks)
    assert agent.state == "completed"


@rule("RFC 7675 5.1; STANDARDS Numbers (consent)", slow=True)
def a_controlled_agent_asks_for_consent_without_use_candidate(stage):
    agent, peer = stage.connected("controlled")
    settled = len(peer.requests())
    watch(7)
    checks = peer.requests()[settled:]
    assert checks and not any(h.message.has(stun.USE_CANDIDATE) for h in checks)


@rule("RFC 7675 5.1; STANDARDS Numbers (consent), suffer 15", slow=True)
def thirty_seconds_after_the_last_answer_nothing_more_is_sent(stage):
    agent, peer = stage.connected()
    settled = len(peer.requests())
    last_answer = peer.requests()[-1].at
    peer.answers = False
    agent.send(b"before")
    peer.wait(lambda h: h.raw == b"before", "media")
    agent.wait_state("disconnected", seconds=20)
    agent.wait_state("failed", "checking", "new", seconds=35)
    checks = [h.at - last_answer for h in peer.requests()[settled:]]
    # Several fresh checks as the deadline nears: a lost one must not end the call.
    assert len([at for at in checks if at > 20]) >= 5 and max(checks) <= 30 + JITTER, checks
    heard = len(peer.heard)
    agent.send(b"after")
    # Nor is the peer's media believed in any more.
    peer.send(b"\x80 late media")
    watch(1.0)
    assert len(peer.heard) == heard and b"\x80 late media" not in agent.media


@rule("RFC 7675 5.1; STANDARDS suffer 14", slow=True)
def unsigned_and_wrongly_signed_answers_are_no_consent(stage):
    agent, peer = stage.connected()

    def badly(request):
        peer.answer(request, signed=False)
        peer.answer(request, key="anotherPasswordThanOurs1")
        peer.answer(request, tid=b"some other..")
    peer.answers = badly
    agent.wait_state("failed", seconds=40)


@rule("RFC 7675 5.1", slow=True)
def media_from_the_peer_is_no_consent(stage):
    agent, peer = stage.connected()
    peer.answers = False
    for _ in range(400):
        peer.send(b"\x80 media goes on")
        peer.check()
        watch(0.1)
        if agent.state == "failed":
            break
    assert agent.state == "failed"


@rule("RFC 7675 5.1; STANDARDS suffer 15", slow=True)
def one_answer_in_time_keeps_the_call_alive(stage):
    agent, peer = stage.connected()
    began = peer.requests()[-1].at

    def late(request):
        if request.at - began > 20:
            peer.answer(request)
    peer.answers = late
    agent.wait_state("disconnected", seconds=20)
    agent.wait_state("completed", seconds=15)
    watch(12)
    assert agent.state == "completed"
