#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every way to meet another implementation: it connects, roles are settled, and media comes back byte for byte.

    interop_test.py OURS OTHER     two peers that speak the commands of commands.h
Both run in a network of their own with one IPv4 and one IPv6 address; the test carries the signaling. Prints TAP.
"""
import os
import queue
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tools"))
import own_network  # noqa: E402

QUESTIONS = 300
PATIENCE = 20  # seconds for everything that a case waits for


class Failure(Exception):
    pass


class Peer:
    """One peer's process; its lines arrive in a queue that both peers share, as (peer, word, rest)."""

    def __init__(self, command: list[str], role: str, mode: str, said: queue.Queue) -> None:
        self.name = os.path.basename(command[-1])
        self.process = subprocess.Popen([*command, role, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1)
        threading.Thread(target=self.read, args=(said,), daemon=True).start()

    def read(self, said: queue.Queue) -> None:
        for line in self.process.stdout:
            word, _, rest = line.strip().partition(" ")
            said.put((self, word, rest))
        said.put((self, "gone", ""))

    def tell(self, line: str) -> None:
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its `gone` tells

    def end(self) -> None:
        self.tell("quit")
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"{self.name} does not end when told to") from None


class Call:
    """Two peers, and a signaling path that lets through addresses of one family only."""

    def __init__(self, commands: list[list[str]], roles: tuple[str, str], mode: str, family: str) -> None:
        self.said: queue.Queue = queue.Queue()
        self.peers = [Peer(command, role, mode, self.said) for command, role in zip(commands, roles)]
        self.begun = roles
        self.family = family
        self.deadline = time.monotonic() + PATIENCE
        self.connected: set[Peer] = set()
        self.echoed: set[Peer] = set()
        self.roles: dict[Peer, str] = {}

    def passes(self, line: str) -> bool:
        fields = line.split()
        return fields[2].lower() == "udp" and (":" in fields[4]) == (self.family == "IPv6")

    def handle(self, peer: Peer, word: str, rest: str) -> None:
        other = self.peers[1 - self.peers.index(peer)]
        if word in ("ufrag", "pwd", "end"):
            other.tell(f"{word} {rest}".strip())
        elif word == "candidate" and self.passes(rest):
            other.tell(f"candidate {rest}")
        elif word == "connected":
            self.connected.add(peer)
        elif word == "role":
            self.roles[peer] = rest
        elif word == "echoed":
            self.echoed.add(peer)
        elif word in ("error", "error:", "gone"):
            raise Failure(f"{peer.name}: {word} {rest}")

    def until(self, done, what: str) -> None:
        while not done():
            try:
                self.handle(*self.said.get(timeout=max(0.0, self.deadline - time.monotonic())))
            except queue.Empty:
                raise Failure(f"not {what} within {PATIENCE} s") from None

    def run(self) -> None:
        self.until(lambda: len(self.connected) == 2, "connected")
        for peer in self.peers:
            peer.tell(f"ask {QUESTIONS}")
        self.until(lambda: len(self.echoed) == 2, "echoed")
        # libnice never tells which role it has come to.
        self.until(lambda: self.peers[0] in self.roles, "nominated")
        if len(self.roles) == 2 and len(set(self.roles.values())) != 2:
            raise Failure(f"both sides are {self.roles[self.peers[0]]}")
        if self.begun[0] != self.begun[1] and self.roles[self.peers[0]] != self.begun[0]:
            raise Failure(f"we began as {self.begun[0]} and are {self.roles[self.peers[0]]}")

    def end(self) -> None:
        problems = []
        for peer in self.peers:
            try:
                peer.end()
            except Failure as failure:
                problems.append(str(failure))
        if problems:
            raise Failure("; ".join(problems))


def cases():
    """(name, our role, the other's role, mode, family)"""
    for mode in ("trickle", "whole"):
        how = "candidates one by one" if mode == "trickle" else "one description"
        for family in ("IPv4", "IPv6"):
            yield f"we control, {how}, {family}", "controlling", "controlled", mode, family
            yield f"we are controlled, {how}, {family}", "controlled", "controlling", mode, family
    yield "both begin as controlling", "controlling", "controlling", "trickle", "IPv4"
    yield "both begin as controlled", "controlled", "controlled", "trickle", "IPv4"


def main() -> int:
    own_network.enter()
    for command in ("link add v0 type veth peer name v1", "addr add 192.0.2.1/24 dev v0",
                    "-6 addr add 2001:db8::1/64 dev v0 nodad", "link set v0 up", "link set v1 up"):
        own_network.ip(command)
    commands = [argument.split() for argument in sys.argv[1:3]]
    listed = list(cases())
    print(f"1..{len(listed)}", flush=True)
    failed = False
    for number, (name, ours, others, mode, family) in enumerate(listed, 1):
        call = Call(commands, (ours, others), mode, family)
        problem = None
        try:
            call.run()
        except Failure as failure:
            problem = failure
        try:
            call.end()
        except Failure as failure:
            problem = problem or failure
        failed = failed or problem is not None
        print(f"{'not ok' if problem else 'ok'} {number} - {name}", flush=True)
        if problem:
            print(f"# {problem}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
