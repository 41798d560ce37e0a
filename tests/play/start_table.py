#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How soon a picture is there, and whether it is of now: real gst-launch-1.0 and gst-play-1.0 on loopback. Prints TAP.

    start_table.py RENDEZVOUS_SERVER [--sample] [--only WORD]... [--table FILE]
Every way to receive × every kind of media × {receiver first, sender first, receiver late}. A cell holds when the first
frame (of each stream) is decoded within 1 s of the receiver's `connected`, what arrives in that second is no more than
1.2 s worth of the rate that follows, and frames go on being decoded. A cell that does not hold is tried again, up to
three times in all. --sample: what CI runs. --only: cells whose names contain all these words. --table: a table for docs/.
"""
import argparse
import os
import sys
import time

import lines
import playing
from playing import Failure

BOUND = 1.0  # s, to the first decoded frame
RATE_BOUND = 1.2  # times the live rate, in the first second
TRIES = 3
# The live rate is measured after things have settled: seconds since `connected`.
SETTLED, SEEN = 1.5, 3.5
ENDING = 5.0  # s for both to end after Ctrl-C on the sender

ORDERS = ("receiver first", "sender first", "receiver late")

# For CI: each order, each way and each kind of media, in few cells.
SAMPLE = (
    ("receiver first", "icesrc", "VP8"),
    ("receiver first", "playbin", "H.264"),
    ("receiver first", "gst-play-1.0", "MPEG-TS"),
    ("sender first", "gst-play-1.0", "VP8 and Opus"),
    ("sender first", "uridecodebin", "MPEG-TS in RTP"),
    ("receiver late", "icesrc", "H.264"),
    ("receiver late", "gst-play-1.0", "VP8"),
    ("receiver late", "uridecodebin", "VP8 and Opus"),
)


class Measured:
    """What the receiver's trace says about one run."""

    def __init__(self, receiver: playing.Process, media: lines.Media) -> None:
        self.connected = receiver.connected()
        self.first: dict[str, float | None] = {}
        frames = receiver.events("frame")
        for kind in ("video", "audio") if media.audio else ("video",):
            self.first[kind] = next((event.time - self.connected for event in frames if event.fields[0] == kind), None)
        self.steady_frames = sum(1 for event in frames if event.fields[0] == "video"
                                 and SETTLED <= event.time - self.connected < SEEN)
        self.flows: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
        for event in receiver.events("stats"):
            stream, component, packets, octets = event.fields
            self.flows.setdefault((stream, component), []).append(
                (event.time - self.connected, int(packets), int(octets)))

    def _arrived(self, at: float, column: int) -> float:
        """Datagrams (1) or bytes (2) of all flows that had arrived at a time, by line between two samples."""
        total = 0.0
        for samples in self.flows.values():
            before = max((sample for sample in samples if sample[0] <= at), default=(0.0, 0, 0))
            after = min((sample for sample in samples if sample[0] > at), default=None)
            total += before[column]
            if after is not None and after[0] > before[0]:
                total += (after[column] - before[column]) * (at - before[0]) / (after[0] - before[0])
        return total

    def burst(self) -> tuple[float, float]:
        """The first second against the live rate: in bytes, in datagrams."""
        ratios = []
        for column in (2, 1):
            live = (self._arrived(SEEN, column) - self._arrived(SETTLED, column)) / (SEEN - SETTLED)
            ratios.append(self._arrived(1.0, column) / live if live > 0 else float("inf"))
        return ratios[0], ratios[1]

    def live_rate(self) -> float:
        """kbit/s"""
        return (self._arrived(SEEN, 2) - self._arrived(SETTLED, 2)) / (SEEN - SETTLED) * 8 / 1000

    def problems(self) -> list[str]:
        found = []
        for kind, after in self.first.items():
            if after is None:
                found.append(f"no {kind} was decoded")
            elif after > BOUND:
                found.append(f"{kind} was decoded only after {after:.3f} s")
        if self.burst()[0] > RATE_BOUND:
            found.append(f"{self.burst()[0]:.2f} times the live rate arrived in the first second")
        wanted = 0.9 * lines.FRAME_RATE * (SEEN - SETTLED)
        if self.steady_frames < wanted:
            found.append(f"only {self.steady_frames} frames were decoded from {SETTLED} s to {SEEN} s")
        return found

    def __str__(self) -> str:
        firsts = ", ".join(f"{kind} {'never' if after is None else f'{after * 1000:.0f} ms'}"
                           for kind, after in self.first.items())
        octets, packets = self.burst()
        return (f"{firsts}; first second {octets:.2f} x in bytes, {packets:.2f} x in datagrams of "
                f"{self.live_rate():.0f} kbit/s; {self.steady_frames} frames decoded later")


def run_cell(server: playing.Server, cell: tuple[str, str, str], room: str, late: float) -> tuple[Measured | None, str | None, str]:
    """One run: what was measured, what is wrong, what the processes said."""
    order, way, name = cell
    media = lines.MEDIA[name]
    send = media.sender(server.ws(room))
    receive = lines.RECEIVERS[way](media, server.ws(room), server.ice(room))
    with playing.Call() as call:
        measured = None
        try:
            if order == "receiver first":
                receiver = call.start("receiver", receive)
                receiver.wait_in_room(10)
                receiver.wait_playing(10)
                sender = call.start("sender", send)
            else:
                sender = call.start("sender", send)
                sender.wait_in_room(10)
                sender.wait_playing(10)
                if order == "receiver late":
                    time.sleep(late)  # not for synchrony: this is the case
                receiver = call.start("receiver", receive)
            connected = receiver.wait_connected(15)
            receiver.wait_until("lived so long", SEEN + 5, lambda: time.monotonic() > connected + SEEN + 0.1)
            measured = Measured(receiver, media)
            problems = measured.problems()
            interrupted = sender.interrupt()
            for process in (sender, receiver):
                process.ends(interrupted + ENDING - time.monotonic())
            return measured, "; ".join(problems) or None, call.told()
        except Failure as failure:
            return measured, str(failure), call.told()


def cells_of(arguments: argparse.Namespace) -> list[tuple[str, str, str]]:
    every = SAMPLE if arguments.sample else [(order, way, media) for order in ORDERS for way in lines.RECEIVERS
                                             for media in lines.MEDIA]
    return [cell for cell in every if all(word.lower() in " ".join(cell).lower() for word in arguments.only)]


def table(results: dict[tuple[str, str, str], tuple[Measured | None, str | None, int]]) -> str:
    """Markdown: a row for each order and way, a column for each kind of media."""
    media = [name for name in lines.MEDIA if any(cell[2] == name for cell in results)]
    rows = [f"| | {' | '.join(media)} |", "|---" * (len(media) + 1) + "|"]
    for order, way in dict.fromkeys((order, way) for order, way, _ in results):
        row = []
        for name in media:
            if (order, way, name) not in results:
                row.append("")
                continue
            measured, problem, tries = results[(order, way, name)]
            if measured is None:
                row.append(f"**{problem}**")
                continue
            firsts = " / ".join("never" if after is None else f"{after * 1000:.0f}" for after in measured.first.values())
            text = f"{firsts} ms, {measured.burst()[0]:.2f} ×"
            if tries > 1:
                text += f" (try {tries})"
            row.append(f"**{text}**" if problem else text)
        rows.append(f"| {order}, {way} | {' | '.join(row)} |")
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    parser.add_argument("--table", metavar="FILE")
    parser.add_argument("--late", type=float, metavar="SECONDS")
    parser.add_argument("--tries", type=int, default=TRIES)
    arguments = parser.parse_args()
    playing.enter(arguments.server)
    late = arguments.late if arguments.late is not None else 3.0 if arguments.sample else 10.0
    cells = cells_of(arguments)
    if not cells:
        parser.error("no case has such a name")
    tap = playing.Tap(len(cells))
    server = playing.Server(os.path.abspath(arguments.server))
    results = {}
    for number, cell in enumerate(cells):
        title = ", ".join(cell)
        missing = [element for element in lines.MEDIA[cell[2]].needs if not playing.has_element(element)]
        if missing:
            tap.skip(title, f"no {missing[0]} here")
            continue
        for attempt in range(1, arguments.tries + 1):
            measured, problem, told = run_cell(server, cell, f"cell-{number}-{attempt}", late)
            if not problem:
                break
            print(f"# try {attempt} of {title}: {problem} ({measured})", flush=True)
        results[cell] = (measured, problem, attempt)
        tap.case(title, problem, str(measured) if measured else "", told)
    print("\n".join(f"# {row}" for row in table(results).splitlines()), flush=True)
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as file:
            file.write(table(results) + "\n")
    server.call.__exit__()
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
