# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is media and what is not, and from whom (DESIGN 4: one decision in the receive path)."""
import socket

import stun
from rules import Stage, rule, table, watch


def delivered(stage: Stage, payload: bytes):
    agent, peer = stage.connected()
    peer.send(payload)
    agent.wait_media(payload)


HEADER = bytes.fromhex("000100002112a442")
table("{} from a validated address is media", [
    ("a datagram that begins with 0x00", "RFC 7983 7; RFC 9443", b"\x00 anything"),
    ("a transport stream's 0x47", "RFC 7983 7", b"\x47" + bytes(187)),
    ("what looks like ChannelData without a TURN server", "RFC 7983 7; RFC 8656 12", b"\x40\x00\x00\x04abcd"),
    ("RTP", "RFC 7983 7", b"\x80" + bytes(11)),
    ("a datagram of one byte", "RFC 7983 7", b"\x2a"),
    ("what has the cookie but a length that does not fit", "RFC 8489 5; RFC 7983 7", HEADER + bytes(20)),
    ("what has the cookie and the length but two bits set", "RFC 8489 5; RFC 7983 7",
     b"\xc0" + HEADER[1:] + bytes(12)),
    ("what has the length but another cookie", "RFC 8489 5", b"\x00\x01\x00\x00\x21\x12\xa4\x43" + bytes(12)),
    ("a datagram of 1472 bytes", "RFC 8445 5", bytes(range(256)) * 5 + bytes(192)),
], delivered)


@rule("RFC 7983 7; RFC 8489 5")
def stun_is_never_media_even_when_it_means_nothing(stage):
    agent, peer = stage.connected()
    for kind in (0x0001, 0x0011, 0x0101, 0x0111, 0x3FFF):
        peer.send(stun.build(kind, stun.new_tid(), []))
    peer.send(b"the end")
    agent.wait_media(b"the end")
    assert agent.media == [b"the end"]


@rule("RFC 8445 12.2; STANDARDS trap 20")
def a_strangers_media_is_dropped(stage):
    agent, peer = stage.connected(sockets=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"\x80 from a stranger", agent.address())
    peer.send(b"from the peer")
    agent.wait_media(b"from the peer")
    assert agent.media == [b"from the peer"]


@rule("RFC 8445 12.2; DESIGN 4")
def media_is_accepted_as_soon_as_the_peer_has_authenticated_itself(stage):
    agent, peer = stage.pair("controlled", answers=False)
    peer.response(peer.check())
    peer.send(b"sent before its check was answered")
    agent.wait_media(b"sent before its check was answered")


@rule("RFC 8445 12.2")
def media_is_not_accepted_before_that(stage):
    agent, peer = stage.pair("controlled", answers=False)
    agent.hear(peer.describe())
    peer.wait_requests(1)
    peer.send(b"too early")
    peer.response(peer.check())
    peer.send(b"now")
    agent.wait_media(b"now")
    assert agent.media == [b"now"]


@rule("RFC 8445 12.1; ELEMENTS icesink")
def a_buffer_goes_out_as_one_datagram_unchanged(stage):
    agent, peer = stage.connected()
    payloads = [bytes([7]) * size for size in (1, 20, 188, 1200, 1472)]
    for payload in payloads:
        agent.send(payload)
    peer.wait(lambda h: h.raw == payloads[-1], "the last buffer")
    assert peer.media() == payloads


@rule("RFC 8445 12.1; RFC 7675 5.1")
def nothing_is_sent_before_a_check_was_answered(stage):
    agent, peer = stage.pair(answers=False, wait_for_connection=False)
    agent.hear(peer.describe())
    peer.wait_requests(1)
    peer.response(peer.check())  # that the peer can reach us is no consent to send to it
    agent.send(b"too early")
    watch(0.2)
    assert not peer.media()


@rule("RFC 8445 4, 12.1")
def each_component_has_its_own_path(stage):
    agent, peer = stage.pair(sockets=2, components=(1, 2))
    agent.hear(peer.describe(peer.candidate(0, 1), peer.candidate(1, 2)))
    agent.wait_state("completed")
    agent.send(b"rtp", 1)
    agent.send(b"rtcp", 2)
    assert peer.wait(lambda h: h.raw == b"rtp", "component 1").sock == 0
    heard = peer.wait(lambda h: h.raw == b"rtcp", "component 2")
    assert heard.sock == 1 and heard.source == agent.address(2)
