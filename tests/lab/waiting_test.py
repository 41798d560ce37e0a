#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-launch-1.0 and gst-play-1.0 with nobody on the other side: they play, say what they wait for, and end on Ctrl-C.

    waiting_test.py RENDEZVOUS_SERVER
Everything runs in a network namespace of the test's own. Prints TAP.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "tools"))
import own_network  # noqa: E402

PATIENCE = 30  # seconds
PLAYING = "Setting pipeline to PLAYING"
WAITING = r"Progress: \(peer\) Waiting for a peer in the room"

SENDERS = {
    "a live sender": "videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay ! icesink {room}",
    "a sender that is not live": "filesrc location=/dev/zero blocksize=1000 ! icesink {room}",
    "a sender and receiver in one": "videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay ! icesink {room} "
                                    "icesrc ! fakesink",
}
RECEIVERS = {
    "a receiver": "icesrc {room} ! rtpjitterbuffer ! decodebin ! fakesink sync=true",
    "a receiver with caps": "icesrc {room} caps=application/x-rtp,media=video,clock-rate=90000,encoding-name=VP8 "
                            "! rtpjitterbuffer ! rtpvp8depay ! vp8dec ! fakesink sync=true",
}


class Failure(Exception):
    pass


class Process:
    """A process whose output is kept for when it is wanted."""

    def __init__(self, *command: str) -> None:
        self.log = tempfile.TemporaryFile(mode="w+")
        # An ignored SIGINT, as of a shell's background job, would be inherited.
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def wait_for(self, pattern: str) -> re.Match:
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.said())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"never said {pattern}")
            time.sleep(0.02)
        return found

    def ends_on_interrupt(self, *statuses: int) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure("does not end on Ctrl-C") from None
        if status not in statuses:
            raise Failure(f"ended with status {status}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def launch(line: str, *options: str) -> Process:
    return Process("gst-launch-1.0", *options, *line.split())


def waits_for_a_peer(process: Process) -> None:
    process.wait_for(PLAYING)
    process.wait_for(WAITING)
    process.ends_on_interrupt(0)


def follows_a_peer(receiver: Process, port: str) -> None:
    """A guest comes and goes: the receiver tells so, and waits again."""
    receiver.wait_for(WAITING)
    guest = launch(f"fakesrc is-live=true sizetype=fixed sizemax=100 ! identity sleep-time=20000 ! icesink {room(port)}")
    try:
        receiver.wait_for(r"\(peer\) A peer is there(.|\n)*\(connecting\) Connected: .* to ")
        guest.wait_for(r"\(connecting\) Connected: ")
        guest.ends_on_interrupt(0)
        receiver.wait_for(WAITING + r"(.|\n)*\(connecting\) Connected(.|\n)*" + WAITING)
    finally:
        guest.kill()
    receiver.ends_on_interrupt(0)


def names_what_is_not_there(process: Process) -> None:
    process.wait_for("connection refused")
    if process.process.wait(timeout=PATIENCE) == 0:
        raise Failure("ended with status 0")
    if re.search(WAITING, process.said()):
        raise Failure("waited for a peer in a room it never entered")


def plays_without_a_peer(process: Process) -> None:
    process.wait_for("(?i)waiting for a peer")
    # gst-play-1.0 leaves SIGINT to the system.
    process.ends_on_interrupt(0, -signal.SIGINT)


def room(port: str) -> str:
    return f"rendezvous=ws://127.0.0.1:{port}/waiting"


def cases(port: str) -> list:
    here = room(port)
    listed = [(name, lambda line=line: launch(line.format(room=here)), waits_for_a_peer)
              for name, line in (SENDERS | RECEIVERS).items()]
    listed.append(("a receiver that says EOS first", lambda: launch(f"icesrc {here} ! fakesink", "-e"), waits_for_a_peer))
    listed.append(("a receiver without a room", lambda: launch("icesrc ! fakesink"), lambda process: (
        process.wait_for(r"Progress: \(peer\) Waiting for the peer's description"), process.ends_on_interrupt(0))))
    listed.append(("a receiver that goes on after its peer", lambda: launch(
        f"icesrc {here} disconnect-action=wait ! fakesink"), lambda process: follows_a_peer(process, port)))
    listed.append(("a receiver whose server is not there", lambda: launch(
        "icesrc rendezvous=ws://127.0.0.1:9/waiting ! fakesink"), names_what_is_not_there))
    known = subprocess.run(["gst-inspect-1.0", "iceurisrc"], capture_output=True, check=False)
    if known.returncode == 0:
        address = f"ice://127.0.0.1:{port}/waiting"
        for name, line in (("playbin", f"playbin uri={address} video-sink=fakesink audio-sink=fakesink"),
                           ("uridecodebin", f"uridecodebin uri={address} ! fakesink")):
            listed.append((name, lambda line=line: launch(line), waits_for_a_peer))
        listed.append(("gst-play-1.0", lambda: Process("gst-play-1.0", "--no-interactive", "--videosink=fakesink",
                                                       "--audiosink=fakesink", address), plays_without_a_peer))
    return listed


def main() -> int:
    own_network.enter()
    server = Process(os.path.abspath(sys.argv[1]), "--port", "0", "--listen", "127.0.0.1")
    port = server.wait_for(r"listens on port (\d+)").group(1)
    listed = cases(port)
    print(f"1..{len(listed)}", flush=True)
    failed = 0
    for number, (name, start, check) in enumerate(listed, 1):
        process = start()
        problem = None
        try:
            check(process)
        except (Failure, subprocess.TimeoutExpired) as failure:
            problem = failure
        process.kill()
        print(f"{'not ok' if problem else 'ok'} {number} - {name}", flush=True)
        if problem:
            failed += 1
            print("\n".join(f"# {line}" for line in [str(problem), *process.said().splitlines()]), flush=True)
    server.kill()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
