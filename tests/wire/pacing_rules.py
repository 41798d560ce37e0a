# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ta and the caps (STANDARDS Numbers, trap 20): how fast the agent may ask, and how often at most."""
from rules import JITTER, Stage, gaps, rule, table, watch


def paced(stage: Stage, ours: int, theirs: int | None, ta: float):
    agent, peer = stage.pair(sockets=12, answers=False, pacing=ours)
    agent.hear(peer.describe(pacing=theirs))
    between = gaps([h.at for h in peer.wait_requests(12)])
    assert min(between) >= ta - JITTER, f"new checks {min(between) * 1000:.1f} ms apart"
    # Nor slower than that, on the whole: a late timer costs its own time only.
    assert sorted(between)[len(between) // 2] < ta + 0.02, between


table("new checks are {} apart", [
    ("10 ms with a peer that proposes 10", "RFC 8445 14.2; RFC 8839 5.5; STANDARDS Numbers", 10, 10, 0.010),
    ("20 ms with a peer that proposes 20", "RFC 8445 14.2; RFC 8839 5.5; STANDARDS Numbers", 10, 20, 0.020),
    ("30 ms with a peer that proposes less than our 30", "RFC 8445 14.2; STANDARDS Numbers", 30, 5, 0.030),
    ("50 ms with a peer that says nothing", "RFC 8445 14.2; STANDARDS Numbers", 10, None, 0.050),
    ("5 ms where both propose less", "RFC 8445 14.2; STANDARDS Numbers", 5, 1, 0.005),
], paced)


@rule("RFC 8445 14.2; STANDARDS Numbers (Ta)")
def the_nominating_check_is_paced_too(stage):
    _, peer = stage.pair(pacing=50)
    peer.connect(pacing=50)
    first, nominating = peer.new_requests()[:2]
    assert nominating.at - first.at >= 0.050 - JITTER


@rule("RFC 8445 14.2; STANDARDS Numbers (Ta), trap 20")
def triggered_checks_are_paced_too(stage):
    agent, peer = stage.pair(sockets=9, answers=False)
    agent.hear(peer.describe(peer.candidate(0), pacing=20))
    for sock in range(1, 9):
        peer.check(sock=sock)
    assert min(gaps([h.at for h in peer.wait_requests(9)])) >= 0.020 - JITTER


@rule("RFC 8445 14.2; STANDARDS Numbers (Ta)")
def two_components_share_one_budget(stage):
    agent, peer = stage.pair(sockets=12, answers=False, components=(1, 2))
    agent.hear(peer.describe(*(peer.candidate(sock, 1 + sock % 2) for sock in range(12)), pacing=20))
    assert min(gaps([h.at for h in peer.wait_requests(12)])) >= 0.020 - JITTER


@rule("RFC 8445 6.1.2.5; STANDARDS trap 20, suffer 14")
def of_140_candidates_the_100_best_are_asked_and_no_other(stage):
    agent, peer = stage.pair(sockets=140, answers=False)
    agent.hear(peer.describe())
    peer.wait_requests(100)
    watch(0.3)
    assert sorted({h.sock for h in peer.requests()}) == list(range(100))


@rule("STANDARDS trap 20; RFC 8445 19.5.1; docs/architecture.md (a crowd of ports)")
def checks_from_150_ports_of_one_address_make_a_few_pairs_and_no_flood(stage):
    agent, peer = stage.pair(sockets=151, answers=False)
    agent.hear(peer.describe(peer.candidate(0)))
    for sock in range(1, 151):
        peer.check(sock=sock)
    assert peer.response(peer.check(sock=150)).mapped() == peer.address(150), "each of them is answered all the same"
    peer.wait_requests(9)
    watch(0.5)
    asked = peer.new_requests()
    assert len({h.sock for h in asked}) <= 9 and len(asked) <= 20, f"{len(asked)} checks"
    assert min(gaps([h.at for h in asked])) >= 0.010 - JITTER


@rule("RFC 8839 5.5; STANDARDS Numbers (pacing)")
def a_peer_cannot_stop_the_agent_by_a_monstrous_pacing(stage):
    agent, peer = stage.pair(sockets=2)
    agent.hear(peer.describe(pacing=4000000000))
    peer.wait_requests(1)
    agent.wait_state("connected")
