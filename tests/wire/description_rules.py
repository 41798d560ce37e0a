# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the agent says of itself, and how it reads what a peer says (RFC 8839, RFC 8838, RFC 8840)."""
import re

from rules import Stage, rule, table, watch

ICE_CHARS = r"[A-Za-z0-9+/]"


@rule("RFC 8445 5.1.2.1, 5.3; RFC 8839 5; STANDARDS Numbers")
def the_description_has_what_a_peer_needs_in_its_form(stage):
    agent = stage.agent(components=(1, 2))
    assert re.fullmatch(f"{ICE_CHARS}{{4,32}}", agent.ufrag) and re.fullmatch(f"{ICE_CHARS}{{22,256}}", agent.pwd)
    assert {"ice2", "trickle"} <= set(agent.line("ice-options").split()) and agent.line("ice-pacing") == "10"
    lines = agent.candidates()
    assert [line[1] for line in lines] == ["1", "2"] and lines[0][0] == lines[1][0], "one base, one foundation"
    for line in lines:
        component, priority = int(line[1]), int(line[3])
        assert priority >> 24 == 126 and priority & 0xFF == 256 - component
        assert re.fullmatch(f"{ICE_CHARS}{{1,32}}", line[0]) and line[2].upper() == "UDP"
        assert line[6:8] == ["typ", "host"] and "%" not in line[4]
    assert agent.description.count("\r\n") == agent.description.count("\n")


@rule("RFC 8445 5.3; STANDARDS Numbers")
def credentials_are_random(stage):
    agents = [stage.agent() for _ in range(4)]
    assert len({agent.ufrag for agent in agents}) == len({agent.pwd for agent in agents}) == 4


@rule("RFC 8839 5.4; ELEMENTS local-ufrag")
def fixed_credentials_are_used_on_the_wire(stage):
    agent, peer = stage.pair(local_ufrag="fixedUfrag", local_pwd="fixedPasswordOf22Chars+")
    assert peer.response(peer.check(username="fixedUfrag:peer", key="fixedPasswordOf22Chars+")).signed_by(agent.pwd)


def still_connects(stage: Stage, make_description):
    agent, peer = stage.pair()
    agent.hear(make_description(peer))
    agent.wait_state("completed")


def with_line(line: str):
    return lambda peer: peer.describe(line, peer.candidate())


CITE = "STANDARDS trap 15; RFC 8839 5.1"
table("{} costs the other candidates nothing", [
    ("a candidate of an unknown transport", CITE, with_line("candidate:9 1 SCTP 99 192.0.2.9 9 typ host")),
    ("a candidate with a name that resolves to nothing", f"{CITE}; STANDARDS suffer 10",
     with_line("candidate:9 1 UDP 99 no-such-name.local 9 typ host")),
    ("a TCP candidate", f"{CITE}; RFC 6544 4.5",
     with_line("candidate:9 1 TCP 99 192.0.2.9 9 typ host tcptype active")),
    ("a candidate of an unknown type", CITE, with_line("candidate:9 1 UDP 99 192.0.2.9 9 typ carrier-pigeon")),
    ("a candidate for a component that we do not have", "RFC 8445 6.1.2.2",
     with_line("candidate:9 7 UDP 99 192.0.2.9 9 typ host")),
    ("a multicast candidate", "RFC 8445 19.5.1", with_line("candidate:9 1 UDP 2130706431 224.0.0.9 9 typ host")),
    ("an unspecified address", "RFC 8839 5.1", with_line("candidate:9 1 UDP 2130706431 0.0.0.0 9 typ host")),
    ("an IPv6 candidate with a scope", CITE, with_line("candidate:9 1 UDP 99 fe80::9%eth9 9 typ host")),
], still_connects)

table("{} is understood", [
    ("a candidate with unknown extensions", CITE,
     lambda peer: peer.describe(peer.candidate(extra=" generation 0 network-cost 999 x y"))),
    ("a reflexive candidate that hides its base", CITE,
     lambda peer: peer.describe(peer.candidate(kind="srflx", extra=" raddr 0.0.0.0 rport 9"))),
    ("a whole SDP", "RFC 8839 4", lambda peer: (
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
        f"m=audio 9 RTP/AVP 0\r\na=ice-ufrag:{peer.ufrag}\r\na=ice-pwd:{peer.pwd}\r\na={peer.candidate()}\r\n")),
    ("a fragment without m= lines", "RFC 8840 9", lambda peer: (
        f"a=ice-ufrag:{peer.ufrag}\r\na=ice-pwd:{peer.pwd}\r\na={peer.candidate()}\r\n")),
    ("a description with bare line feeds", "ELEMENTS remote-description",
     lambda peer: peer.describe().replace("\r\n", "\n")),
    ("a description whose line ends are written out", "ELEMENTS remote-description",
     lambda peer: peer.describe().replace("\r\n", "\\n")),
], still_connects)


@rule("RFC 8838 10, 11")
def candidates_may_come_before_and_after_the_credentials_in_any_order(stage):
    agent, peer = stage.pair(sockets=2)
    agent.hear_candidate(peer.candidate(1))
    watch(0.1)
    assert not peer.requests()
    agent.sink.set_property("remote-pwd", peer.pwd)
    agent.sink.set_property("remote-ufrag", peer.ufrag)
    peer.wait_requests(1, sock=1)
    agent.hear_candidate("a=" + peer.candidate(0))
    agent.hear_candidate("")
    agent.wait_state("completed")


@rule("ELEMENTS signals; RFC 8838 (ufrag)")
def a_trickled_candidate_of_another_generation_is_not_asked(stage):
    agent, peer = stage.pair(sockets=2)
    agent.hear(peer.describe(peer.candidate(0), end=False))
    agent.hear_candidate(peer.candidate(1, preference=65535, extra=" ufrag other"))
    agent.wait_state("completed")
    watch(0.1)
    assert not peer.requests(sock=1)


@rule("ELEMENTS signals; RFC 8838 (ufrag)")
def our_trickled_candidates_carry_their_ufrag(stage):
    agent = stage.agent()
    assert all(line[-2:] == ["ufrag", agent.ufrag] or "ufrag" not in line for line in agent.candidates())


@rule("RFC 8445 9; ELEMENTS remote-description; STANDARDS trap 9")
def new_credentials_of_the_peer_are_used_from_then_on(stage):
    agent, peer = stage.connected()
    old = len(peer.requests())
    peer.ufrag, peer.pwd = "peer2", "anotherPasswordOfThePeer"
    agent.hear(peer.describe())
    later = peer.wait(lambda h: h.is_request and h.message.signed_by(peer.pwd), "a check of the new generation")
    assert later.message.get(0x0006) == f"peer2:{agent.ufrag}".encode()
    agent.wait_state("completed")
    assert all(h.message.signed_by(peer.pwd) for h in peer.requests()[old + 1:] if h.at > later.at)
