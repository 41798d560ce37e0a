# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TCP way to the rendezvous server that can die silently, as a cable that was pulled: the server goes on believing
in the connection until its pings have gone unanswered for long enough."""
import contextlib
import socket
import threading


class GhostlyWay:
    """Forwards TCP connections to a port on loopback until `vanish()`; then it holds them open and carries nothing."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._vanished = threading.Event()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, server]
                for source, to in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(source, to), daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (octets := source.recv(65536)) and not self._vanished.is_set():
                to.sendall(octets)
            if not self._vanished.is_set():
                to.shutdown(socket.SHUT_WR)

    def vanish(self) -> None:
        self._vanished.set()

    def close(self) -> None:
        for open_socket in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()
