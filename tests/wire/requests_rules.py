# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the agent does with a request: answers it byte by byte, refuses it with a reason, or says nothing at all."""
import struct

import stun
from rules import Stage, rule, table, watch


@rule("RFC 8445 7.3.1.2; RFC 8489 6.3.1.1, 14.2")
def a_good_check_is_answered_with_the_source_address_signed_as_the_request_was(stage):
    agent, peer = stage.connected()
    tid = peer.check()
    response = peer.response(tid)
    assert response.kind == stun.SUCCESS and response.tid == tid
    assert response.mapped() == peer.address()
    assert response.signed_by(agent.pwd) and response.fingerprint_is_right()
    assert response.names() == [stun.XOR_MAPPED_ADDRESS, stun.MESSAGE_INTEGRITY, stun.FINGERPRINT]


@rule("RFC 8489 9.1.4, 14.6")
def a_check_signed_with_sha256_only_is_answered_with_sha256_only(stage):
    agent, peer = stage.connected()
    response = peer.response(peer.check(sha256=True))
    assert response.names() == [stun.XOR_MAPPED_ADDRESS, stun.MESSAGE_INTEGRITY_SHA256, stun.FINGERPRINT]
    assert response.signed_by(agent.pwd)


@rule("RFC 8445 7.3; RFC 8489 6.3.1")
def the_answer_comes_from_the_address_that_was_asked_to_the_one_that_asked(stage):
    agent, peer = stage.pair(components=(1, 2), sockets=2)
    for component in (1, 2):
        for sock in (0, 1):
            tid = peer.check(sock=sock, component=component)
            heard = peer.wait(lambda h: h.message and h.message.tid == tid, "the answer")
            assert heard.sock == sock and heard.source == agent.address(component)
            assert heard.message.mapped() == peer.address(sock)


@rule("RFC 8489 6.3.1")
def a_repeated_request_is_answered_again(stage):
    _, peer = stage.connected()
    raw = peer.request()
    for count in (1, 2, 3):
        peer.send(raw)
        peer.wait(lambda h: sum(1 for o in peer.heard if o.message and o.message.tid == raw[8:20]) >= count, "an answer")
    answers = {h.raw for h in peer.heard if h.message and h.message.tid == raw[8:20]}
    assert len(answers) == 1


def refused(stage: Stage, code: int, unknown: list[int], how: dict):
    agent, peer = stage.connected()
    response = peer.response(peer.check(**how))
    assert response.kind == stun.ERROR and response.error() == code
    assert response.unknown() == unknown
    assert response.signed_by(agent.pwd) and response.fingerprint_is_right()


UNKNOWN = stun.attribute(0x7FF0, b"abcd")
table("a check {} is refused", [
    ("with an unknown comprehension-required attribute", "STANDARDS trap 12; RFC 8489 6.3.1", 420, [0x7FF0],
     {"more": [UNKNOWN]}),
    ("with three unknown attributes, one of them twice,", "STANDARDS trap 12; RFC 8489 6.3.1", 420,
     [0x7FF0, 0x0033, 0x7FFF],
     {"more": [UNKNOWN, stun.attribute(0x0033), UNKNOWN, stun.attribute(0x7FFF, b"x")]}),
    ("without PRIORITY", "RFC 8445 7.1.1, 7.3", 400, [], {"priority": None}),
    ("with a PRIORITY of 0", "RFC 8445 5.1.2", 400, [], {"priority": 0}),
], refused)


def still_answered(stage: Stage, how: dict):
    _, peer = stage.connected()
    assert peer.response(peer.check(**how)).kind == stun.SUCCESS


table("a check {} is answered", [
    ("with an unknown comprehension-optional attribute", "RFC 8489 6.3.1", {"more": [stun.attribute(0xC057, b"\0\0\0\1")]}),
    ("with SOFTWARE", "RFC 8489 14.14", {"more": [stun.attribute(stun.SOFTWARE, b"other agent")]}),
    ("without FINGERPRINT", "RFC 8489 14.7", {"fingerprint": False}),
    ("that gives a role twice over", "RFC 8489 14", {"more": [stun.attribute(stun.PRIORITY, b"\0\0\0\1")]}),
    ("with an unknown required attribute behind the integrity", "STANDARDS trap 11; RFC 8489 14.5",
     {"behind": [stun.attribute(0x7FF0, b"abcd")]}),
    ("with a PRIORITY of 0 behind the integrity", "STANDARDS trap 11; RFC 8489 14.5",
     {"behind": [stun.attribute(stun.PRIORITY, bytes(4))]}),
], still_answered)


def ignored(stage: Stage, how: dict):
    agent, peer = stage.pair(sockets=2, answers=False)
    tid = peer.check(sock=1, **how)
    peer.no_response(tid)
    # Nor was its address learned: only the candidate and what proved itself are ever asked.
    agent.hear(peer.describe(peer.candidate(0)))
    peer.wait_requests(1, sock=0)
    watch(0.1)
    assert not peer.requests(sock=1)


table("a check {} is ignored", [
    ("that is not signed", "STANDARDS suffer 14; RFC 8489 9.1.3", {"signed": False}),
    ("signed with another password", "STANDARDS suffer 14; RFC 8489 9.1.3", {"key": "anotherPasswordThanOurs1"}),
    ("signed with the peer's own password", "STANDARDS suffer 14; RFC 8445 7.2.2", {"key": "thePasswordOfThePeer1234"}),
    ("signed with another password by SHA-256", "RFC 8489 14.6", {"key": "anotherPasswordThanOurs1", "sha256": True}),
    ("for another ufrag", "RFC 8489 9.1.3; RFC 8445 7.3", {"username": "someone:peer"}),
    ("without USERNAME", "RFC 8489 9.1.3", {"username": ""}),
    ("whose USERNAME has no colon", "RFC 8445 7.2.2", {"username": "nobody"}),
], ignored)


def damaged(stage: Stage, damage):
    """A good check, but for one thing done to its bytes."""
    _, peer = stage.pair()
    raw = peer.request()
    broken = damage(bytearray(raw))
    peer.send(bytes(broken))
    peer.no_response(raw[8:20])


def flip(at: int):
    def damage(raw: bytearray) -> bytearray:
        raw[at] ^= 1
        return raw
    return damage


def without_cookie(raw: bytearray) -> bytearray:
    raw[4:8] = b"\0\0\0\0"
    return raw


def unfinger(raw: bytearray) -> bytearray:
    """Without its FINGERPRINT, so that only the integrity guards it."""
    del raw[-8:]
    struct.pack_into("!H", raw, 2, len(raw) - 20)
    return raw


table("a check {} is dropped", [
    ("with one bit of its USERNAME flipped", "STANDARDS trap 11; RFC 8489 14.7", flip(24)),
    ("with one bit of its USERNAME flipped and no fingerprint", "STANDARDS trap 11; RFC 8489 14.5",
     lambda raw: flip(24)(unfinger(raw))),
    ("with one bit of its integrity flipped and no fingerprint", "STANDARDS trap 11; RFC 8489 14.5",
     lambda raw: flip(-1)(unfinger(raw))),
    ("whose fingerprint is wrong", "RFC 8489 14.7", flip(-1)),
    ("without the magic cookie", "RFC 8489 5", without_cookie),
    ("whose length field says less than came", "RFC 8489 5", lambda raw: raw + bytes(4)),
    ("that is cut short", "RFC 8489 5", lambda raw: raw[:-4]),
    ("whose last attribute runs over the end", "RFC 8489 14", lambda raw: flip(-6)(raw)),
], damaged)


@rule("RFC 8489 5, 6.3.1; RFC 8445 7.3")
def a_signed_request_of_another_method_is_ignored(stage):
    _, peer = stage.pair()
    for kind in (0x0003, 0x0002, 0x0FEF & ~0x0110):
        peer.no_response(peer.check(kind=kind))


@rule("RFC 8445 7.3; STANDARDS trap 20")
def strangers_are_neither_answered_nor_asked(stage):
    agent, peer = stage.pair(sockets=4)
    for sock in (1, 2, 3):
        peer.check(sock=sock, signed=False)
        peer.send(b"\x80 not STUN at all", sock=sock)
        peer.send(stun.build(stun.INDICATION, stun.new_tid(), []), sock=sock)
    agent.hear(peer.describe(peer.candidate(0)))
    agent.wait_state("completed")
    assert not [h for h in peer.heard if h.sock != 0]


@rule("STANDARDS suffer 4")
def after_close_nothing_is_answered_or_sent(stage):
    agent, peer = stage.connected()
    address = agent.address()
    agent.__exit__()
    before = len(peer.heard)
    for _ in range(3):
        try:
            peer.sockets[0].sendto(peer.request(), address)
        except ConnectionRefusedError:
            pass  # the kernel says that nobody is there any more
    watch(0.2)
    assert len(peer.heard) == before
