#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""That an end is an end, and a newcomer is one: counted streams over the rendezvous, many times. Prints TAP.

    ending.py RENDEZVOUS_SERVER [--sample] [--only WORD]... [--jobs N] [--runs N] [--newcomers N]
A paced file goes from `filesrc ! icesink` to `icesrc ! filesink`, in two gst-launch-1.0. Every datagram that was sent
must have been received and written, EOS must leave the far icesrc within 1 s, and both must exit with status 0. After
kill -9 of the sender the receiver ends within 30 s, or (disconnect-action=wait) goes on with a newcomer, while the
dead one's connection still holds its place in the room. Runs go in parallel; the kernel must have dropped nothing.
--sample: what CI runs. --runs: of each way to end (200), --newcomers: of each way to come back and of kill -9 (50).
"""
import argparse
import concurrent.futures
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import ghost
import playing
from playing import Failure

PACKET = 1200
PACKETS = 1500
PACE = 500  # us between datagrams: what no socket's buffer overflows at
CONNECTING = 20.0  # s
EOS_BOUND = 1.0  # s
CONSENT_BOUND = 30.0 + 0.1  # s; the tenth is for a timer on a busy machine
NEWCOMER = 17.0 + 8.0  # s: a ghost's place is free after 15 s, a newcomer asks for 17 s


class Run:
    """One call with its files."""

    def __init__(self, server: playing.Server, room: str, seed: int) -> None:
        self.server, self.room = server, room
        self.random = random.Random(seed)
        self.call = playing.Call()
        self.measured: float | None = None  # s, what the case measures

    def file(self, name: str) -> str:
        path = self.call.path(name)
        with open(path, "wb") as file:
            file.write(self.random.randbytes(PACKET * PACKETS))
        return path

    def sender(self, sent: str, name: str = "sender", *, port: int | None = None, options: str = "-e",
               action: str = "eos", pace: int = PACE) -> playing.Process:
        return self.call.start(name, f"gst-launch-1.0 {options} filesrc location={sent} blocksize={PACKET} "
                               f"! identity sleep-time={pace} ! icesink rendezvous={self.server.ws(self.room, port)} "
                               f"disconnect-action={action}")

    def receiver(self, received: str, name: str = "receiver", *, port: int | None = None,
                 action: str = "eos") -> playing.Process:
        return self.call.start(name, f"gst-launch-1.0 icesrc rendezvous={self.server.ws(self.room, port)} "
                               f"disconnect-action={action} ! filesink buffer-mode=unbuffered location={received}")

    def pair(self, sent: str, received: str, options: str = "-e") -> tuple[playing.Process, playing.Process]:
        """Both, either one first."""
        if self.random.random() < 0.5:
            sender = self.sender(sent, options=options)
            sender.wait_in_room(CONNECTING)
            return sender, self.receiver(received)
        receiver = self.receiver(received)
        receiver.wait_in_room(CONNECTING)
        return self.sender(sent, options=options), receiver


def content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def counted(process: playing.Process, column: int) -> int:
    event = process.first("counted")
    if event is None:
        raise Failure(f"the {process.name} did not count")
    return int(event.fields[column])


def wait_for_bytes(receiver: playing.Process, path: str, wanted: int) -> None:
    receiver.wait_until(f"wrote {wanted} bytes", CONNECTING, lambda: size(path) >= wanted)


def nothing_lost(sender: playing.Process, receiver: playing.Process, sent: str, received: str) -> int:
    """Every datagram that the sender counts is in the file; returns how many those are."""
    packets, arrived = counted(sender, 2), counted(receiver, 3)
    wanted, got = content(sent), content(received)
    if packets != arrived:
        raise Failure(f"{packets} datagrams were sent and {arrived} received")
    if got != wanted[:packets * PACKET]:
        raise Failure(f"{packets} datagrams were sent and received, and {len(got) / PACKET:.2f} written")
    return packets


def not_what_was_sent(got: bytes, wanted: bytes) -> str:
    """Where the received goes on at another place of the sent."""
    at, places = 0, []
    while at < len(got) and len(places) < 8:
        place = wanted.find(got[at:at + PACKET])
        run = 0
        while place >= 0 and at < len(got) and got[at:at + PACKET] == wanted[place + run:place + run + PACKET]:
            at, run = at + PACKET, run + PACKET
        places.append(f"{place // PACKET} to {(place + run) // PACKET}" if run else f"nothing known at {at // PACKET}")
        if not run:
            break
    return f"what was written is not what was sent: of its datagrams {', '.join(places) or 'none'}"


def eos_after(moment: float, receiver: playing.Process) -> float:
    event = receiver.first("eos")
    if event is None:
        raise Failure("the receiver ended without EOS")
    return event.time - moment


def within(measured: float, bound: float, what: str) -> None:
    if measured > bound:
        raise Failure(f"{what} after {measured:.2f} s")


# ---- the cases ----------------------------------------------------------------------------------------------------

def by_eos(run: Run) -> None:
    sent, received = run.file("sent"), run.call.path("received")
    sender, receiver = run.pair(sent, received)
    sender.wait_event(CONNECTING, "eos")
    sender.ends(5)
    receiver.ends(5)
    if nothing_lost(sender, receiver, sent, received) != PACKETS:
        raise Failure(f"only {counted(sender, 2)} of {PACKETS} datagrams were sent")
    run.measured = eos_after(sender.first("eos").time, receiver)
    within(run.measured, EOS_BOUND, "EOS came")


def by_interrupt(run: Run, options: str) -> None:
    sent, received = run.file("sent"), run.call.path("received")
    sender, receiver = run.pair(sent, received, options)
    wait_for_bytes(receiver, received, PACKET * run.random.randrange(1, PACKETS // 2))
    moment = sender.interrupt()
    sender.ends(5)
    receiver.ends(5)
    nothing_lost(sender, receiver, sent, received)
    run.measured = eos_after(moment, receiver)
    within(run.measured, EOS_BOUND, "EOS came")


def by_the_receiver(run: Run) -> None:
    sent, received = run.file("sent"), run.call.path("received")
    sender, receiver = run.pair(sent, received, run.random.choice(("", "-e")))
    wait_for_bytes(receiver, received, PACKET * run.random.randrange(1, PACKETS // 2))
    moment = receiver.interrupt()
    receiver.ends(5)
    run.measured = sender.ends(5) - moment
    got = content(received)
    if got != content(sent)[:len(got)]:
        raise Failure(not_what_was_sent(got, content(sent)))
    within(run.measured, EOS_BOUND, "the sender ended")


def killed(run: Run) -> None:
    """kill -9 of the sender: consent ends the receiver."""
    sent, received = run.file("sent"), run.call.path("received")
    sender, receiver = run.pair(sent, received)
    wait_for_bytes(receiver, received, PACKET * 10)
    # Media may come before the receiver's own check was answered; who is killed then was never connected.
    receiver.wait_connected(CONNECTING)
    sender.kill()
    moment = time.monotonic()  # until it was dead it may have answered
    receiver.ends(CONSENT_BOUND + 5)
    run.measured = eos_after(moment, receiver)
    within(run.measured, CONSENT_BOUND, "EOS came")
    got = content(received)
    if not got or got != content(sent)[:len(got)]:
        raise Failure(not_what_was_sent(got, content(sent)))


def new_sender(run: Run, is_ghost: bool) -> None:
    """The receiver waits, and goes on with whoever takes the dead sender's place: it gets all that this one sends."""
    first, second, received = run.file("first"), run.file("second"), run.call.path("received")
    way = ghost.GhostlyWay(run.server.port) if is_ghost else None
    try:
        receiver = run.receiver(received, action="wait")
        receiver.wait_in_room(CONNECTING)
        sender = run.sender(first, port=way.port if way else None)
        wait_for_bytes(receiver, received, PACKET * run.random.randrange(1, PACKETS // 2))
        if way:
            way.vanish()
        moment = sender.kill()
        newcomer = run.sender(second, "newcomer")
        run.measured = newcomer.wait_connected(NEWCOMER) - moment
        newcomer.wait_event(CONNECTING, "eos")
        newcomer.ends(5)
        time.sleep(0.3)  # what an EOS would take: it must not come
        if receiver.first("eos") or not receiver.running():
            raise Failure("the receiver ended, though it was to wait")
        receiver.interrupt()
        receiver.ends(5)
        got = content(received)
        before, after = got[:-PACKET * PACKETS], got[-PACKET * PACKETS:]
        if after != content(second):
            raise Failure(f"of the newcomer's {PACKETS} datagrams not all came, or not in order; "
                          f"{len(got) / PACKET:.2f} in all")
        if before != content(first)[:len(before)]:
            raise Failure("what came before is not what the first sent")
    finally:
        if way:
            way.close()


def new_receiver(run: Run, is_ghost: bool) -> None:
    """The sender waits, and goes on with whoever takes the dead receiver's place."""
    sent, first, second = run.file("sent"), run.call.path("first"), run.call.path("second")
    way = ghost.GhostlyWay(run.server.port) if is_ghost else None
    try:
        # Slow enough to last until the ghost has gone: what is sent to the dead meanwhile is lost.
        sender = run.sender(sent, action="wait", pace=PACE * 40)
        sender.wait_in_room(CONNECTING)
        receiver = run.receiver(first, port=way.port if way else None)
        wait_for_bytes(receiver, first, PACKET)
        if way:
            way.vanish()
        moment = receiver.kill()
        newcomer = run.receiver(second, "newcomer")
        run.measured = newcomer.wait_connected(NEWCOMER) - moment
        wait_for_bytes(newcomer, second, PACKET * run.random.randrange(1, 50))
        interrupted = sender.interrupt()
        sender.ends(5)
        newcomer.ends(5)
        got, packets = content(second), counted(sender, 2)
        if not content(sent)[:packets * PACKET].endswith(got):
            raise Failure(f"the newcomer's {len(got) / PACKET:.2f} datagrams are not the last of the {packets} "
                          "that were sent")
        within(eos_after(interrupted, newcomer), EOS_BOUND, "EOS came")
    finally:
        if way:
            way.close()


@dataclass(frozen=True)
class Case:
    name: str
    measures: str
    run: Callable[[Run], None]
    sample: int  # how many in CI
    ends: bool = True  # one of the many ways to end, or else a kill -9


CASES = (
    Case("the stream ends: EOS", "EOS at the far side", by_eos, 4),
    Case("Ctrl-C on the sender, which sends EOS first (-e)", "EOS at the far side",
         lambda run: by_interrupt(run, "-e"), 3),
    Case("Ctrl-C on the sender, which stops at once", "EOS at the far side", lambda run: by_interrupt(run, ""), 3),
    Case("Ctrl-C on the receiver ends the sender", "the sender's end", by_the_receiver, 2),
    Case("kill -9 of the sender ends the receiver by consent", "EOS", killed, 2, False),
    Case("kill -9 of the sender, a new one at once, no ghost", "connected",
         lambda run: new_sender(run, False), 1, False),
    Case("kill -9 of the sender, a new one at once, a ghost in the room", "connected",
         lambda run: new_sender(run, True), 3, False),
    Case("kill -9 of the receiver, a new one at once, no ghost", "connected",
         lambda run: new_receiver(run, False), 1, False),
    Case("kill -9 of the receiver, a new one at once, a ghost in the room", "connected",
         lambda run: new_receiver(run, True), 1, False),
)


def attempt(server: playing.Server, case: Case, room: str, seed: int) -> tuple[float | None, str | None, str]:
    run = Run(server, room, seed)
    with run.call:
        try:
            case.run(run)
            return run.measured, None, ""
        except Failure as failure:
            return run.measured, str(failure), run.call.told()


def dropped_by_kernel() -> int:
    """Datagrams that found a full socket buffer, in this network."""
    with open("/proc/net/snmp", encoding="ascii") as table:
        names, values = [line.split() for line in table if line.startswith("Udp:")]
    return int(values[names.index("RcvbufErrors")]) + int(values[names.index("SndbufErrors")])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--newcomers", type=int, default=50)
    arguments = parser.parse_args()
    playing.enter(arguments.server)
    cases = [case for case in CASES if all(word.lower() in case.name.lower() for word in arguments.only)]
    if not cases:
        parser.error("no case has such a name")
    tap = playing.Tap(len(cases) + 1)
    server = playing.Server(os.path.abspath(arguments.server))
    # A run with a kill -9 does little but wait.
    pools = {True: concurrent.futures.ThreadPoolExecutor(arguments.jobs),
             False: concurrent.futures.ThreadPoolExecutor(4 * arguments.jobs)}
    futures = {}
    for number, case in enumerate(cases):
        count = case.sample if arguments.sample else arguments.runs if case.ends else arguments.newcomers
        pool = pools[case.ends]
        futures[case] = [pool.submit(attempt, server, case, f"ending-{number}-{index}", 1000 * number + index)
                         for index in range(count)]
    for case in cases:
        results = [future.result() for future in futures[case]]
        bad = [(problem, told) for _, problem, told in results if problem]
        times = [measured for measured, _, _ in results if measured is not None]
        comment = f"{len(results) - len(bad)} of {len(results)} runs"
        if times:
            comment += (f"; {case.measures} after {statistics.median(times) * 1000:.0f} ms (median), "
                        f"{max(times) * 1000:.0f} ms at most")
        for problem, _ in bad[1:]:
            comment += f"\n# also: {problem}"
        tap.case(case.name, bad[0][0] if bad else None, comment,
                 "\n".join(f"# ---- {problem}\n{told}" for problem, told in bad[:5]))
    dropped = dropped_by_kernel()
    tap.case("the kernel dropped nothing, so that what was lost was lost by us",
             f"{dropped} datagrams found a full buffer" if dropped else None)
    server.call.__exit__()
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
