# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the agent believes of an answer to its check: nothing unsigned, nothing that it does not understand."""
import stun
from rules import Stage, rule, table, watch


def not_believed(stage: Stage, how: dict):
    """The bad answer comes first and changes nothing; the good one after it still counts."""
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    request = peer.wait_requests(1)[0]
    peer.answer(request, **how)
    peer.no_response(b"never asked.")  # by now it was dealt with
    watch(0.1)  # and the event thread has said so
    assert agent.state == "checking", agent.state
    assert agent.get("controlling"), "a role was believed"
    peer.answers = True
    peer.answer(request)
    agent.wait_state("completed")


OTHER = "anotherPasswordThanOurs1"
UNKNOWN = [stun.attribute(0x7FF0, b"abcd")]
table("{} is not believed", [
    ("an unsigned success", "STANDARDS suffer 14; RFC 8489 9.1.4", {"signed": False}),
    ("a success signed with another password", "STANDARDS suffer 14; RFC 8489 9.1.4", {"key": OTHER}),
    ("a success signed with another password by SHA-256", "RFC 8489 14.6", {"key": OTHER, "sha256": True}),
    ("a success with a wrong transaction id", "RFC 8489 6.3.3", {"tid": b"some other.."}),
    ("a success with an unknown required attribute", "STANDARDS trap 12, suffer 14; RFC 8489 6.3.3", {"more": UNKNOWN}),
    ("an unsigned 487", "STANDARDS trap 3, suffer 14; RFC 8489 9.1.4", {"code": 487, "signed": False}),
    ("a 487 signed with another password", "STANDARDS trap 3; RFC 8489 9.1.4", {"code": 487, "key": OTHER}),
    ("a 487 with an unknown required attribute", "STANDARDS trap 12; RFC 8489 6.3.4", {"code": 487, "more": UNKNOWN}),
    ("an unsigned 400", "RFC 8489 9.1.4", {"code": 400, "signed": False}),
], not_believed)


def believed(stage: Stage, how: dict):
    agent, peer = stage.pair()
    peer.answers = lambda request: peer.answer(request, **how)
    agent.hear(peer.describe())
    agent.wait_state("completed")


table("a success {} is believed", [
    ("without FINGERPRINT", "RFC 8489 14.7", {"fingerprint": False}),
    ("with an unknown optional attribute", "RFC 8489 6.3.3", {"more": [stun.attribute(0xC001, b"q")]}),
    ("with an unknown required attribute behind the integrity", "STANDARDS trap 11; RFC 8489 14.5", {"behind": UNKNOWN}),
    ("signed with SHA-256", "RFC 8489 9.1.4, 14.6", {"sha256": True}),
], believed)


def ends_the_pair(stage: Stage, how: dict):
    agent, peer = stage.pair(answers=False)
    agent.hear(peer.describe())
    request = peer.wait_requests(1)[0]
    peer.answer(request, **how)
    watch(0.1)
    peer.answer(request)
    watch(0.6)
    assert agent.state == "checking" and len(peer.requests()) == 1, "it is neither valid nor asked again"


table("a pair that is answered {} has failed", [
    ("with 400", "RFC 8445 7.2.5.2.4", {"code": 400}),
    ("with 500", "RFC 8445 7.2.5.2.4", {"code": 500}),
    ("with success and no mapped address", "RFC 8445 7.2.5.3.1", {"mapped": False}),
], ends_the_pair)


@rule("RFC 8489 6.3.3; STANDARDS suffer 14")
def the_same_answer_twice_and_one_to_nothing_do_no_harm(stage):
    agent, peer = stage.pair()

    def thrice(request):
        for _ in range(3):
            peer.answer(request)
        peer.answer(request, tid=b"some other..")
        peer.answer(request, code=487, tid=b"some other..")
    peer.answers = thrice
    agent.hear(peer.describe())
    agent.wait_state("completed")
    assert agent.get("controlling")


@rule("STANDARDS trap 12; RFC 8489 6.3.2")
def indications_are_never_answered_and_change_nothing(stage):
    agent, peer = stage.connected()
    before = len(peer.heard)
    for more in ([], UNKNOWN, [stun.attribute(stun.USE_CANDIDATE)]):
        for key in (None, agent.pwd):
            peer.send(stun.build(stun.INDICATION, stun.new_tid(), more, key))
    peer.no_response(b"never asked.")
    assert len(peer.heard) == before + 1, "only the good check was answered"
    assert agent.state == "completed"
