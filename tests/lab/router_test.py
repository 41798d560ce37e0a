#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two gst-launch-1.0 processes in two networks with a router between them; the bytes that come out are those that went in.

    router_test.py RENDEZVOUS_SERVER
Everything runs in network namespaces inside one of the test's own, which the kernel takes away with it. Prints TAP.
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

PATIENCE = 30  # seconds for a whole call
PACKET = 1200
PACKETS = 3000

#            the host's own address, the router's there
NETWORKS = {
    "alice": {"IPv4": ("10.1.0.2", "10.1.0.1"), "IPv6": ("fd01::2", "fd01::1")},
    "bob": {"IPv4": ("10.2.0.2", "10.2.0.1"), "IPv6": ("fd02::2", "fd02::1")},
}


class Failure(Exception):
    pass


def in_namespace(name: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", name, *command]


def build_network(family: str) -> None:
    """alice ── router ── bob, with addresses of one family."""
    ip = own_network.ip
    ip("netns add router")
    length, route = ("24", "-4") if family == "IPv4" else ("64", "-6")
    nodad = "" if family == "IPv4" else " nodad"
    for host, addresses in NETWORKS.items():
        own, routers = addresses[family]
        ip(f"netns add {host}")
        ip(f"link add uplink netns {host} type veth peer name to-{host} netns router")
        ip(f"-n {host} link set lo up")
        for namespace, device, address in ((host, "uplink", own), ("router", f"to-{host}", routers)):
            ip(f"-n {namespace} addr add {address}/{length} dev {device}{nodad}")
            ip(f"-n {namespace} link set {device} up")
        ip(f"-n {host} {route} route add default via {routers}")
    ip("-n router link set lo up")
    for key in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        subprocess.run(in_namespace("router", "sh", "-c", f"echo 1 > /proc/sys/net/{key}"), check=True)


def remove_network() -> None:
    for name in (*NETWORKS, "router"):
        own_network.ip(f"netns del {name}")


class Process:
    """A process in a namespace whose output is kept for when it is wanted."""

    running: list["Process"] = []

    def __init__(self, namespace: str, *command: str) -> None:
        self.name = f"{os.path.basename(command[0])} of {namespace}"
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(in_namespace(namespace, *command), stdout=self.log, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL)
        Process.running.append(self)

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def wait_for(self, pattern: str, deadline: float) -> re.Match:
        while not (found := re.search(pattern, self.said())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"{self.name} never said {pattern}")
            time.sleep(0.02)
        return found

    def ends_well(self, deadline: float) -> None:
        try:
            status = self.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} does not end") from None
        if status != 0:
            raise Failure(f"{self.name} ended with status {status}")

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    @classmethod
    def kill_all(cls) -> str:
        """Ends what still runs; returns what everything printed."""
        told = []
        for process in cls.running:
            process.process.kill()
            process.process.wait()
            told += [f"# {process.name}: {line}" for line in process.said().splitlines()]
            process.log.close()
        cls.running.clear()
        return "\n".join(told)


class Files:
    """What is sent, and where it is to arrive."""

    def __init__(self, folder: str) -> None:
        self.sent = os.path.join(folder, "sent")
        self.received = os.path.join(folder, "received")
        with open(self.sent, "wb") as file:
            file.write(os.urandom(PACKET * PACKETS))

    def compare(self) -> None:
        with open(self.sent, "rb") as sent, open(self.received, "rb") as received:
            wanted, got = sent.read(), received.read()
        if wanted == got:
            return
        same = next((at for at, (a, b) in enumerate(zip(wanted, got)) if a != b), min(len(wanted), len(got)))
        raise Failure(f"{len(wanted)} bytes were sent and {len(got)} received, equal up to byte {same}")


# A pace that no socket buffer overflows at: with UDP, a flood would measure the buffers.
def sender(files: Files, *sink: str) -> list[str]:
    return ["gst-launch-1.0", "-e", "filesrc", f"location={files.sent}", f"blocksize={PACKET}", "!",
            "identity", "sleep-time=300", "!", "icesink", *sink]


def receiver(files: Files, *source: str) -> list[str]:
    return ["gst-launch-1.0", "-e", "icesrc", *source, "!", "filesink", f"location={files.received}"]


def start_server(server: str, deadline: float) -> str:
    process = Process("router", server, "--port", "0")
    return process.wait_for(r"listens on port (\d+)", deadline).group(1)


def room(host: str, family: str, port: str) -> str:
    router = NETWORKS[host][family][1]
    return f"ws://[{router}]:{port}/lab" if family == "IPv6" else f"ws://{router}:{port}/lab"


def meet_at_the_rendezvous(server: str, family: str, files: Files, first: str) -> None:
    deadline = time.monotonic() + PATIENCE
    port = start_server(server, deadline)
    lines = {"alice": sender(files, f"rendezvous={room('alice', family, port)}"),
             "bob": receiver(files, f"rendezvous={room('bob', family, port)}")}
    # Who comes second is started when the first has long been waiting.
    order = ["alice", "bob"] if first == "alice" else ["bob", "alice"]
    processes = {}
    for host in order:
        processes[host] = Process(host, *lines[host])
        if host == order[0]:
            processes[host].wait_for("(PLAYING|PREROLLED|live)", deadline)
    processes["alice"].ends_well(deadline)
    processes["bob"].ends_well(deadline)
    files.compare()


def know_each_other_beforehand(files: Files) -> None:
    deadline = time.monotonic() + PATIENCE
    credentials = {"alice": ("alic", "a" * 22), "bob": ("bobb", "b" * 22)}

    def properties(host: str, other: str) -> list[str]:
        (own_ufrag, own_pwd), (ufrag, pwd) = credentials[host], credentials[other]
        address = NETWORKS[other]["IPv4"][0]
        return [f"local-ufrag={own_ufrag}", f"local-pwd={own_pwd}", "min-port=5000", "max-port=5000",
                f"controlling={'true' if host == 'alice' else 'false'}",
                # The parser of gst-launch-1.0 takes one backslash away.
                f"remote-description=a=ice-ufrag:{ufrag}\\\\na=ice-pwd:{pwd}\\\\n"
                f"a=candidate:1 1 udp 2130706431 {address} 5000 typ host\\\\na=end-of-candidates"]

    bob = Process("bob", *receiver(files, *properties("bob", "alice")))
    alice = Process("alice", *sender(files, *properties("alice", "bob")))
    alice.ends_well(deadline)
    # No server carries a goodbye: the receiver is interrupted once it has everything.
    while os.path.getsize(files.received) < PACKET * PACKETS and time.monotonic() < deadline:
        time.sleep(0.05)
    bob.interrupt()
    bob.ends_well(deadline)
    files.compare()


def one_side_leaves(server: str, files: Files, leaver: str) -> None:
    """Ctrl-C on either side ends both, and neither reports an error."""
    deadline = time.monotonic() + PATIENCE
    port = start_server(server, deadline)
    source = ["videotestsrc", "is-live=true", "!", "video/x-raw,width=16,height=16", "!", "icesink"]
    processes = {
        "alice": Process("alice", "gst-launch-1.0", "-e", *source, f"rendezvous={room('alice', 'IPv4', port)}"),
        "bob": Process("bob", *receiver(files, f"rendezvous={room('bob', 'IPv4', port)}")),
    }
    while not os.path.exists(files.received) or os.path.getsize(files.received) == 0:
        if time.monotonic() > deadline:
            raise Failure("no media arrived")
        time.sleep(0.02)
    processes[leaver].interrupt()
    for process in processes.values():
        process.ends_well(deadline)


def main() -> int:
    own_network.enter()
    # `ip netns` keeps its names here, and no one else sees them.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    server = os.path.abspath(sys.argv[1])
    cases = [
        ("the sender comes first, IPv4", "IPv4", lambda files: meet_at_the_rendezvous(server, "IPv4", files, "alice")),
        ("the receiver comes first, IPv6", "IPv6", lambda files: meet_at_the_rendezvous(server, "IPv6", files, "bob")),
        ("both know the other's description beforehand", "IPv4", know_each_other_beforehand),
        ("Ctrl-C on the sender ends both", "IPv4", lambda files: one_side_leaves(server, files, "alice")),
        ("Ctrl-C on the receiver ends both", "IPv4", lambda files: one_side_leaves(server, files, "bob")),
    ]
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, (name, family, case) in enumerate(cases, 1):
        problem = None
        build_network(family)
        try:
            with tempfile.TemporaryDirectory() as folder:
                case(Files(folder))
        except Failure as failure:
            problem = failure
        told = Process.kill_all()
        remove_network()
        print(f"{'not ok' if problem else 'ok'} {number} - {name}", flush=True)
        if problem:
            failed += 1
            print(f"# {problem}\n{told}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
