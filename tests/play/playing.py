# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of this folder share: processes, each watched by play_trace.cpp, their server, and TAP.

All run inside a network of the test's own (own_network.enter()), whose PID namespace ends with the test.
"""
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import own_network  # noqa: E402

LOGGED = "iceagent:4,icesrc:4,icesink:4,iceurisrc:4"


class Failure(Exception):
    pass


@dataclass
class Event:
    time: float  # seconds of CLOCK_MONOTONIC, as time.monotonic() gives
    kind: str
    element: str
    fields: list[str]


class Process:
    """A command whose output is kept; a GStreamer program's trace too."""

    def __init__(self, folder: str, name: str, line: str | list[str]) -> None:
        self.name = name
        self.line = line if isinstance(line, str) else shlex.join(line)
        self.log_path = os.path.join(folder, f"{name}.log")
        self.trace_path = os.path.join(folder, f"{name}.trace")
        environment = {**os.environ, "GST_DEBUG": os.environ.get("GST_DEBUG", LOGGED), "GST_DEBUG_NO_COLOR": "1",
                       "GST_TRACERS": "iceplay", "ICE_PLAY_TRACE": self.trace_path}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(shlex.split(line) if isinstance(line, str) else line, stdout=log,
                                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment,
                                            start_new_session=True)
        self.started = time.monotonic()
        self.ended: float | None = None

    def said(self) -> str:
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def events(self, *kinds: str) -> list[Event]:
        try:
            with open(self.trace_path, encoding="utf-8", errors="replace") as trace:
                text = trace.read()
        except FileNotFoundError:
            return []
        found = []
        for line in text[:text.rfind("\n") + 1].splitlines():
            moment, kind, element, *fields = line.split("\t")
            if not kinds or kind in kinds:
                found.append(Event(int(moment) / 1e9, kind, element, fields))
        return found

    def first(self, kind: str, *fields: str) -> Event | None:
        """The first event of a kind whose fields begin with these."""
        return next((event for event in self.events(kind) if tuple(event.fields[:len(fields)]) == fields), None)

    def running(self) -> bool:
        if self.process.poll() is None:
            return True
        if self.ended is None:
            self.ended = time.monotonic()
        return False

    def wait_until(self, what: str, seconds: float, condition) -> object:
        """Looks at the condition until it holds; raises when it does not in time, or the process has ended before."""
        deadline = time.monotonic() + seconds
        while True:
            running = self.running()
            if result := condition():
                return result
            if not running:
                raise Failure(f"the {self.name} ended with status {self.process.returncode} before it {what}")
            if time.monotonic() > deadline:
                raise Failure(f"the {self.name} never {what} within {seconds:.0f} s")
            time.sleep(0.02)

    def wait_for(self, pattern: str, seconds: float) -> re.Match:
        return self.wait_until(f"said “{pattern}”", seconds, lambda: re.search(pattern, self.said(), re.MULTILINE))

    def wait_event(self, seconds: float, kind: str, *fields: str) -> Event:
        return self.wait_until(f"came to “{' '.join((kind, *fields))}”", seconds, lambda: self.first(kind, *fields))

    def connected(self) -> float | None:
        """When its first ICE element said so."""
        return next((event.time for event in self.events("connection")
                     if event.fields[0] in ("connected", "completed")), None)

    def wait_connected(self, seconds: float) -> float:
        return self.wait_until("was connected", seconds, self.connected)

    def wait_in_room(self, seconds: float) -> None:
        self.wait_for("in the room, ", seconds)

    def wait_playing(self, seconds: float) -> Event:
        """Until an ICE element is in PLAYING. The pipeline is there only when its sinks had a first buffer."""
        return self.wait_until("played", seconds, lambda: next(
            (event for event in self.events("state")
             if event.fields[0] == "PLAYING" and event.fields[1].startswith("GstIce")), None))

    def interrupt(self) -> float:
        """What Ctrl-C does; returns when."""
        moment = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        return moment

    def kill(self) -> float:
        """kill -9; returns when."""
        moment = time.monotonic()
        self.process.kill()
        self.process.wait()
        return moment

    def ends(self, seconds: float, status: int | None = 0) -> float:
        """Waits for its end; returns when that was. `status` None: any."""
        try:
            self.process.wait(timeout=max(0.0, seconds))
        except subprocess.TimeoutExpired:
            raise Failure(f"the {self.name} does not end within {seconds:.0f} s") from None
        if self.ended is None:
            self.ended = time.monotonic()
        if status is not None and self.process.returncode != status:
            raise Failure(f"the {self.name} ended with status {self.process.returncode}")
        return self.ended


class Call:
    """The processes of one case. Whatever still runs at its end is killed; what they said is kept for a failure."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="play-")
        self.processes: list[Process] = []

    def __enter__(self) -> "Call":
        return self

    def __exit__(self, *_) -> None:
        for process in self.processes:
            if process.process.poll() is None:
                process.process.kill()
                process.process.wait()
        self.folder.cleanup()

    def path(self, name: str) -> str:
        return os.path.join(self.folder.name, name)

    def start(self, name: str, line: str | list[str]) -> Process:
        process = Process(self.folder.name, name, line)
        self.processes.append(process)
        return process

    def told(self, lines: int = 30) -> str:
        """The end of what each said, as TAP comments."""
        text = []
        for process in self.processes:
            text.append(f"# {process.name}: {process.line}")
            text += [f"# {process.name}: {line[:400]}" for line in process.said().splitlines()[-lines:]]
            text += [f"# {process.name} trace: {event.time - process.started:.3f} {event.kind} {event.element} "
                     f"{' '.join(event.fields)}"[:300]
                     for event in process.events("connection", "state", "message", "eos", "keyunit", "counted")[-lines:]]
        return "\n".join(text)


class Server:
    """The rendezvous server of a whole test, on loopback."""

    def __init__(self, command: str) -> None:
        self.call = Call()
        process = self.call.start("server", [command, "--port", "0"])
        self.port = int(process.wait_for(r"listens on port (\d+)", 10).group(1))

    def ws(self, room: str, port: int | None = None) -> str:
        return f"ws://127.0.0.1:{port or self.port}/{room}"

    def ice(self, room: str) -> str:
        return f"ice://127.0.0.1:{self.port}/{room}"


def warm_up() -> None:
    """Makes the registry of plugins, lest the first process pay for it."""
    subprocess.run(["gst-inspect-1.0", "--exists", "icesrc"], check=False, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def has_element(name: str) -> bool:
    return subprocess.run(["gst-inspect-1.0", "--exists", name], check=False).returncode == 0


class Tap:
    def __init__(self, planned: int) -> None:
        self.number = 0
        self.failed = 0
        print(f"1..{planned}", flush=True)

    def case(self, name: str, problem: str | None, comment: str = "", told: str = "") -> None:
        self.number += 1
        print(f"{'not ok' if problem else 'ok'} {self.number} - {name}", flush=True)
        for line in filter(None, (problem, comment)):
            print(f"# {line}", flush=True)
        if problem:
            self.failed += 1
            if told:
                print(told, flush=True)

    def skip(self, name: str, reason: str) -> None:
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {reason}", flush=True)


def enter(server: str) -> None:
    """Into a network of its own, whose only way is loopback. Run by hand, it takes the plugins that lie by the server."""
    built = os.path.abspath(os.path.join(os.path.dirname(server), "..", ".."))
    os.environ.setdefault("GST_PLUGIN_PATH", os.pathsep.join(os.path.join(built, *folder) for folder in
                                                             (("gst", "elements"), ("tests", "play"))))
    os.environ.setdefault("GST_REGISTRY", os.path.join(built, "tests", "play", "gst-registry.bin"))
    own_network.enter()
    # Where it is ignored (a shell's background job) our children would inherit that, and Ctrl-C be nothing to them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warm_up()
