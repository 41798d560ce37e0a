#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what ninja has to build for some suites of tests: test_targets.py BUILDDIR SUITE..."""
import json
import os
import subprocess
import sys


def introspect(folder: str, what: str):
    return json.loads(subprocess.run(["meson", "introspect", folder, what], capture_output=True, check=True).stdout)


def main() -> None:
    folder, suites = sys.argv[1], set(sys.argv[2:])
    files = {target["id"]: target["filename"] for target in introspect(folder, "--targets")}
    wanted = set()
    for test in introspect(folder, "--tests"):
        # meson calls a suite PROJECT:SUITE.
        if suites & {suite.split(":")[-1] for suite in test["suite"]}:
            for target in test["depends"]:
                wanted.update(os.path.relpath(file, os.path.abspath(folder)) for file in files[target])
    print("\n".join(sorted(wanted)))


main()
