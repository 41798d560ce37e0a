#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Line coverage of ice-core by its unit tests, its simulation and the fuzz corpora: coverage.py BUILDDIR [LEAST]

BUILDDIR is built by clang with -fprofile-instr-generate -fcoverage-mapping. Runs the suites unit and sim there, prints a
table of the files, and each line that nothing reached to BUILDDIR/coverage.txt. The exit status is 1 when a test failed or
less than LEAST per cent (95) of the lines were reached.
"""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SUITES = {"unit", "sim"}
TABLE = "{:<46} {:>7} {:>8} {:>8} {:>9}"


def output(*command) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_programs(build: Path) -> list[str]:
    """The programs of the suites; scripts have nothing to count."""
    tests = json.loads(output("meson", "introspect", "--tests", build))
    programs = {test["cmd"][0] for test in tests if SUITES & {suite.split(":")[-1] for suite in test["suite"]}}
    return sorted(program for program in programs if program.startswith(str(build.resolve())))


def run_tests(build: Path, profiles: Path) -> bool:
    shutil.rmtree(profiles, ignore_errors=True)
    # %m: programs that share code add to one file each, so that thousands of processes would leave no more.
    environment = os.environ | {"LLVM_PROFILE_FILE": f"{profiles}/%m.profraw"}
    arguments = [argument for suite in sorted(SUITES) for argument in ("--suite", suite)]
    done = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--logbase",
                           "testlog-coverage", "--timeout-multiplier", "4", *arguments], env=environment, check=False)
    return done.returncode == 0


def print_row(name: str, summary: dict) -> None:
    lines, branches = summary["lines"], summary["branches"]
    print(TABLE.format(name, lines["count"], lines["count"] - lines["covered"], f"{lines['percent']:.2f}%",
                       f"{branches['percent']:.1f}%" if branches["count"] else "-"))


def uncovered(show: str) -> dict[str, list[str]]:
    """Lines with a count of 0, by file, from `llvm-cov show`."""
    found: dict[str, list[str]] = {}
    file = ""
    for line in show.splitlines():
        if line.endswith(":") and line.startswith("/"):
            file = line[:-1]
        elif match := re.match(r"^ *(\d+)\| *0\|(.*)$", line):
            found.setdefault(file, []).append(f"{match.group(1):>5}  {match.group(2)}")
    return found


def main() -> int:
    build = Path(sys.argv[1])
    least = float(sys.argv[2]) if len(sys.argv) > 2 else 95.0
    root = Path(__file__).resolve().parents[2]
    profiles = build.resolve() / "profiles"
    passed = run_tests(build, profiles)

    merged = profiles / "all.profdata"
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-o", merged, *profiles.glob("*.profraw")], check=True)
    first, *others = test_programs(build)
    what = [first, *(f"-object={program}" for program in others), f"-instr-profile={merged}",
            r"-ignore-filename-regex=(/tests/|^/usr/)"]
    report = json.loads(output("llvm-cov", "export", "-summary-only", *what))["data"][0]
    missed = uncovered(output("llvm-cov", "show", "-show-instantiations=false", *what))

    print(TABLE.format("file", "lines", "missed", "covered", "branches"))
    for file in sorted(report["files"], key=lambda each: each["filename"]):
        print_row(os.path.relpath(file["filename"], root), file["summary"])
    print_row("all of ice-core", report["totals"])
    listing = build / "coverage.txt"
    with listing.open("w", encoding="utf-8") as out:
        for name, lines in missed.items():
            print(os.path.relpath(name, root), *lines, "", sep="\n", file=out)
    print(f"The lines that nothing reached are in {listing}")
    percent = report["totals"]["lines"]["percent"]
    if percent < least:
        print(f"less than {least} % of the lines are covered")
    return 0 if passed and percent >= least else 1


if __name__ == "__main__":
    sys.exit(main())
