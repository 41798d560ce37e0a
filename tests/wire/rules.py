# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a rule becomes a case: its citation stands over the function, its sentence is the function's name."""
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from element import Agent
from peer import Peer

JITTER = 0.004  # a timer may be a little early by the other clock; late is never wrong


@dataclass
class Case:
    name: str
    cites: str
    run: Callable[["Stage"], None]
    slow: bool = False


CASES: list[Case] = []


def rule(cites: str, slow: bool = False):
    """Registers a case. `slow`: it lives by real timeouts of many seconds."""
    def register(function):
        CASES.append(Case(function.__name__.replace("_", " "), cites, function, slow))
        return function
    return register


def table(sentence: str, rows: list[tuple], run: Callable):
    """One case for each row: what it is called, what it cites, and what `run` needs to know."""
    for name, cites, *rest in rows:
        CASES.append(Case(sentence.format(name), cites, lambda stage, rest=rest: run(stage, *rest)))


class Stage:
    """Makes agents and peers, and takes them away at the end of a case."""

    def __init__(self):
        self._stack = ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *about):
        self._stack.__exit__(*about)

    def agent(self, role="controlling", **properties) -> Agent:
        return self._stack.enter_context(Agent(role, **properties))

    def pair(self, role="controlling", sockets=1, ip="127.0.0.1", answers=True, tie_breaker=1,
             **properties) -> tuple[Agent, Peer]:
        """An agent of that role, gathered, and a peer of the other role that it has not heard of yet."""
        agent = self.agent(role, interfaces=ip, **properties)
        peer = Peer(agent, sockets, "controlled" if role == "controlling" else "controlling", ip, answers, tie_breaker)
        return agent, self._stack.enter_context(peer)

    def connected(self, role="controlling", **how) -> tuple[Agent, Peer]:
        agent, peer = self.pair(role, **how)
        peer.connect()
        return agent, peer


def watch(seconds: float):
    """Time in which something must not happen."""
    time.sleep(seconds)


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in zip(times, times[1:])]
