# SPDX-License-Identifier: LGPL-2.1-or-later
"""The other agent, played by hand: sockets, what they heard and when (by the kernel's clock), and STUN to the letter."""
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

import stun

SO_TIMESTAMPNS = 35
PATIENCE = 10.0
PRFLX_PRIORITY = 110 << 24 | 65535 << 8 | 255
_SIZE = 64 * 1024


@dataclass
class Heard:
    at: float  # seconds, when the kernel received it
    sock: int  # which of the peer's sockets
    source: tuple[str, int]
    raw: bytes
    message: stun.Message | None  # None: no STUN

    @property
    def is_request(self) -> bool:
        return self.message is not None and self.message.kind == stun.REQUEST


class Peer:
    """Answers the agent's checks as a full agent does, unless `answers` is False or a function that does otherwise."""

    def __init__(self, agent, sockets=1, role=None, ip="127.0.0.1", answers=True, tie_breaker=1):
        self.agent = agent
        self.role = role or "controlled"
        self.tie_breaker = tie_breaker
        self.ufrag, self.pwd = "peer", "thePasswordOfThePeer1234"
        self.answers = answers
        self.heard: list[Heard] = []
        self._changed = threading.Condition()
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self.sockets = []
        for _ in range(sockets):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            sock.bind((ip, 0))
            self.sockets.append(sock)
        self._stop_read, self._stop_write = socket.socketpair()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop_write.send(b"x")
        self._thread.join()
        for sock in (*self.sockets, self._stop_read, self._stop_write):
            sock.close()

    def _read(self):
        poll = select.poll()
        by_fd = {sock.fileno(): index for index, sock in enumerate(self.sockets)}
        for fd in (*by_fd, self._stop_read.fileno()):
            poll.register(fd, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == self._stop_read.fileno():
                    return
                self._take(by_fd[fd])

    def _take(self, index: int):
        raw, ancillary, _, source = self.sockets[index].recvmsg(_SIZE, 128)
        at = time.time()
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("ll", data[:16])
                at = seconds + nanoseconds / 1e9
        message = stun.Message.parse(raw) if stun.looks_like(raw) else None
        heard = Heard(at, index, source[:2], raw, message)
        with self._changed:
            self.heard.append(heard)
            self._changed.notify_all()
        if heard.is_request:
            if callable(self.answers):
                self.answers(heard)
            elif self.answers:
                self.answer(heard)

    # ---- what it says of itself ----
    def address(self, sock=0) -> tuple[str, int]:
        return self.sockets[sock].getsockname()[:2]

    def candidate(self, sock=0, component=1, preference=None, foundation=None, kind="host", extra="") -> str:
        """The first socket's candidate has the highest priority."""
        ip, port = self.address(sock)
        preference = 65535 - sock if preference is None else preference
        priority = 126 << 24 | preference << 8 | (256 - component)
        return (f"candidate:{foundation or sock + 1} {component} UDP {priority} {ip} {port} typ {kind}{extra}")

    def describe(self, *candidates: str, pacing: int | None = 10, options="ice2 trickle", end=True, lines=()) -> str:
        """A description; without candidates named, those of all sockets for component 1."""
        text = [f"a=ice-options:{options}"] if options else []
        if pacing is not None:
            text.append(f"a=ice-pacing:{pacing}")
        text += lines
        text += [f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.pwd}", "m=audio 9 RTP/AVP 0", "a=mid:0"]
        for candidate in candidates or [self.candidate(sock) for sock in range(len(self.sockets))]:
            text.append(f"a={candidate}")
        if end:
            text.append("a=end-of-candidates")
        return "\r\n".join(text) + "\r\n"

    # ---- what it sends ----
    def send(self, raw: bytes, sock=0, component=1):
        self.sockets[sock].sendto(raw, self.agent.address(component))

    def request(self, *, tid=None, username=None, priority=PRFLX_PRIORITY, role=None, tie_breaker=None,
                use_candidate=False, more=(), key=None, signed=True, sha256=False, fingerprint=True, behind=(),
                kind=stun.REQUEST) -> bytes:
        """A check as a full agent sends it; each argument makes it another."""
        role = role or self.role
        attributes = []
        if username != "":
            text = username or f"{self.agent.ufrag}:{self.ufrag}"
            attributes.append(stun.attribute(stun.USERNAME, text.encode()))
        if priority is not None:
            attributes.append(stun.attribute(stun.PRIORITY, struct.pack("!I", priority)))
        of_role = stun.ICE_CONTROLLING if role == "controlling" else stun.ICE_CONTROLLED
        tie_breaker = self.tie_breaker if tie_breaker is None else tie_breaker
        attributes.append(stun.attribute(of_role, struct.pack("!Q", tie_breaker)))
        if use_candidate:
            attributes.append(stun.attribute(stun.USE_CANDIDATE))
        attributes += more
        return stun.build(kind, tid or stun.new_tid(), attributes, (key or self.agent.pwd) if signed else None,
                          sha256, fingerprint, behind)

    def check(self, sock=0, component=1, **how) -> bytes:
        """Sends a check; gives its transaction id."""
        raw = self.request(**how)
        self.send(raw, sock, component)
        return raw[8:20]

    def answer(self, request: Heard, *, code=None, mapped=True, more=(), key=None, signed=True, sha256=False,
               fingerprint=True, behind=(), sock=None, tid=None):
        """A success response to the request, or an error response with `code`."""
        tid = tid or request.message.tid
        attributes = []
        if code is not None:
            attributes.append(stun.attribute(stun.ERROR_CODE, struct.pack("!HBB", 0, code // 100, code % 100) + b"so"))
        elif mapped:
            attributes.append(stun.attribute(stun.XOR_MAPPED_ADDRESS,
                                             stun.xor_address(*(request.source if mapped is True else mapped), tid)))
        attributes += more
        raw = stun.build(stun.SUCCESS if code is None else stun.ERROR, tid, attributes,
                         (key or self.pwd) if signed else None, sha256, fingerprint, behind)
        self.sockets[request.sock if sock is None else sock].sendto(raw, request.source)

    # ---- what it heard ----
    def requests(self, sock=None) -> list[Heard]:
        with self._changed:
            return [h for h in self.heard if h.is_request and sock in (None, h.sock)]

    def new_requests(self, sock=None) -> list[Heard]:
        """The first of each transaction, in order."""
        seen: set[bytes] = set()
        return [h for h in self.requests(sock) if not (h.message.tid in seen or seen.add(h.message.tid))]

    def media(self) -> list[bytes]:
        with self._changed:
            return [h.raw for h in self.heard if h.message is None]

    def wait(self, holds, what: str, seconds: float = PATIENCE) -> Heard:
        """The first that was heard, by now or soon, of which `holds` is true."""
        found = []

        def look():
            found[:] = [h for h in self.heard if holds(h)][:1]
            return found

        with self._changed:
            if not self._changed.wait_for(look, seconds):
                raise AssertionError(f"waited {seconds} s for {what}")
        return found[0]

    def wait_requests(self, count: int, sock=None, seconds: float = PATIENCE) -> list[Heard]:
        """Until so many different checks were heard."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.new_requests(sock)) >= count, seconds):
                raise AssertionError(f"waited {seconds} s for {count} checks; {len(self.new_requests(sock))} came")
        return self.new_requests(sock)

    def response(self, tid: bytes, seconds: float = PATIENCE) -> stun.Message:
        return self.wait(lambda h: h.message is not None and h.message.tid == tid and not h.is_request,
                         "a response", seconds).message

    def no_response(self, tid: bytes):
        """Nothing answers `tid`: a good request that is sent after it is answered, and this one still is not."""
        self.response(self.check(role=self._harmless_role()))
        assert not any(h.message is not None and h.message.tid == tid and not h.is_request for h in self.heard), \
            "it was answered"

    def _harmless_role(self) -> str:
        return "controlled" if self.agent.get("controlling") else "controlling"

    def connect(self, **how):
        """The agent hears of the peer, and both settle on the first pair."""
        self.agent.hear(self.describe(**how))
        if self.role == "controlling":
            self.agent.wait_state("connected", "completed")
            self.check(use_candidate=True)
        self.agent.wait_state("completed")
