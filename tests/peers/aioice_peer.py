#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""aioice as the other side: aioice_peer.py controlling|controlled trickle|whole (commands: see commands.h)."""
import asyncio
import sys

import aioice

HEADER = 5  # 'Q' or 'A', then the question's number
LARGEST = 1200
IN_FLIGHT = 16


def say(line: str) -> None:
    print(line, flush=True)


def question(index: int) -> bytes:
    size = index * 7919 % (LARGEST - HEADER + 1)
    return b"Q" + index.to_bytes(4, "little") + bytes((index + at * 31) & 0xFF for at in range(size))


class Peer:
    def __init__(self, controlling: bool, trickle: bool) -> None:
        self.connection = aioice.Connection(ice_controlling=controlling, components=1)
        self.trickle = trickle
        self.connecting: asyncio.Task | None = None
        self.expected: dict[int, bytes] = {}
        self.count = self.asked = self.answers = 0

    async def start(self) -> None:
        await self.connection.gather_candidates()
        say(f"ufrag {self.connection.local_username}")
        say(f"pwd {self.connection.local_password}")
        for candidate in self.connection.local_candidates:
            say(f"candidate candidate:{candidate.to_sdp()}")
        say("end")

    async def connect(self) -> None:
        await self.connection.connect()
        say("connected")
        say("role controlling" if self.connection.ice_controlling else "role controlled")
        while True:
            await self.take(await self.connection.recv())

    async def take(self, datagram: bytes) -> None:
        if datagram[:1] == b"Q":
            await self.connection.send(b"A" + datagram[1:])
            return
        index = int.from_bytes(datagram[1:HEADER], "little")
        wanted = self.expected.pop(index, None)
        if wanted is None or wanted[1:] != datagram[1:]:
            say(f"error: answer {index} differs")
            return
        self.answers += 1
        if self.answers == self.count:
            say(f"echoed {self.count}")
        await self.ask_next()

    async def ask_next(self) -> None:
        while self.asked < self.count and len(self.expected) < IN_FLIGHT:
            self.expected[self.asked] = question(self.asked)
            self.asked += 1
            await self.connection.send(self.expected[self.asked - 1])

    def start_connecting(self) -> None:
        if self.connecting is None:
            self.connecting = asyncio.create_task(self.connect())
            self.connecting.add_done_callback(lambda task: task.cancelled() or say(f"error {task.exception()}"))

    async def command(self, word: str, rest: str) -> None:
        if word == "ufrag":
            self.connection.remote_username = rest
        elif word == "pwd":
            self.connection.remote_password = rest
        elif word == "candidate":
            candidate = aioice.Candidate.from_sdp(rest.removeprefix("candidate:"))
            await self.connection.add_remote_candidate(candidate)
            if self.trickle:
                self.start_connecting()
        elif word == "end":
            await self.connection.add_remote_candidate(None)
            self.start_connecting()
        elif word == "ask":
            self.count = int(rest)
            await self.ask_next()


async def main() -> None:
    peer = Peer(sys.argv[1] == "controlling", sys.argv[2] == "trickle")
    await peer.start()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        word, _, rest = line.partition(" ")
        if word == "quit":
            break
        await peer.command(word, rest)
    if peer.connecting is not None:
        peer.connecting.cancel()
    await peer.connection.close()


asyncio.run(main())
