# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network of the test's own: the kernel takes it away with the last process in it, however that ends."""
import os
import subprocess
import sys

INSIDE = "GST_ICE_TEST_OWN_NETWORK"
SKIPPED = 77  # meson's exit status for a skipped test


def enter() -> None:
    """Runs this script anew inside a network namespace that holds nothing; returns there. Skips where that is denied."""
    if os.environ.get(INSIDE):
        ip("link set lo up")
        return
    ways = (["unshare", "--net", "--mount", "--pid", "--fork"],
            ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork"])
    for way in ways[0 if os.geteuid() == 0 else 1:]:
        probe = subprocess.run([*way, "ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1"],
                               capture_output=True, text=True, check=False)
        if probe.returncode == 0:
            os.environ[INSIDE] = "1"
            # --kill-child: with the process that meson knows dies the PID namespace, and all in it.
            os.execvp(way[0], [*way, "--kill-child", sys.executable, *sys.argv])
    print("1..0 # SKIP no network namespace can be made here: " + (probe.stderr.strip() or "denied"))
    sys.exit(SKIPPED)


def ip(arguments: str) -> None:
    """One `ip` command; raises with its own words when it fails."""
    done = subprocess.run(["ip", *arguments.split()], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {arguments}: {done.stderr.strip()}")
