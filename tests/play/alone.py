#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""With nobody else in the room every line plays, says what it waits for, and ends on Ctrl-C. Prints TAP.

    alone.py RENDEZVOUS_SERVER [--only WORD]...
The lines are those of start_table.py: senders of each kind of media, and each way to receive it.
"""
import argparse
import os
import sys

import lines
import playing
from playing import Failure

ENDING = 2.0  # s
PATIENCE = 10.0  # s
# GstProgressType
START, CONTINUE = "0", "1"


def cases(server: playing.Server) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Each line by its name, with the elements that it needs; equal lines once."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for media in lines.MEDIA.values():
        found[f"{media.name}: sender"] = (media.sender(server.ws("alone")), media.needs)
        for way, receive in lines.RECEIVERS.items():
            line = receive(media, server.ws("alone"), server.ice("alone"))
            if line not in [known for known, _ in found.values()]:
                found[f"{media.name}: {way}"] = (line, media.needs)
    return found


def waits_aloud(process: playing.Process) -> bool:
    """Is the latest word an open progress message that speaks of a peer?"""
    words = [event for event in process.events("message") if event.fields[0] == "progress"]
    return bool(words) and words[-1].fields[1] in (START, CONTINUE) and "peer" in words[-1].fields[3].lower()


def is_alone(call: playing.Call, line: str) -> None:
    process = call.start("program", line)
    process.wait_in_room(PATIENCE)
    process.wait_playing(PATIENCE)
    process.wait_until("said that it waits for a peer", PATIENCE, lambda: waits_aloud(process))
    gst_launch = line.startswith("gst-launch")
    if gst_launch:
        process.wait_for(r"(?i)^Progress: .*peer", PATIENCE)
    process.interrupt()
    # gst-play-1.0 leaves Ctrl-C to the system, which ends it by the signal.
    process.ends(ENDING, 0 if gst_launch else None)
    if errors := [event for event in process.events("message") if event.fields[0] == "error"]:
        raise Failure(f"an error was posted: {errors[0].fields[1]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    arguments = parser.parse_args()
    playing.enter(arguments.server)
    server = playing.Server(os.path.abspath(arguments.server))
    chosen = {name: case for name, case in cases(server).items()
              if all(word.lower() in name.lower() for word in arguments.only)}
    if not chosen:
        parser.error("no case has such a name")
    tap = playing.Tap(len(chosen))
    for name, (line, needs) in chosen.items():
        if missing := [element for element in needs if not playing.has_element(element)]:
            tap.skip(name, f"no {missing[0]} here")
            continue
        with playing.Call() as call:
            try:
                is_alone(call, line)
                tap.case(name, None)
            except Failure as failure:
                tap.case(name, str(failure), told=call.told())
    server.call.__exit__()
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
