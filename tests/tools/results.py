#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts test cases in the logs that `meson test` left: results.py LABEL=BUILDDIR/meson-logs/testlog.json...

One line of such a log is one test program. What it printed itself is counted where it is GoogleTest's, libcheck's or
TAP's; any other program is one case. The last line printed is `N passed, N failed, N skipped`; the exit status is 1
when anything failed or nothing ran.
"""
import json
import re
import sys
from dataclasses import dataclass, field


@dataclass
class Tally:
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


GTEST_CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] ([^\s,]+)(?:, .*)? \(\d+ ms\)$", re.MULTILINE)
GTEST_SKIP_REASON = re.compile(r"^(?:.*: )?Skipped\n(.*)$", re.MULTILINE)
CHECK_SUMMARY = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)
CHECK_FAILURE = re.compile(r"^\S+?:\d+:[FE]:([^:]+):([^:]+):", re.MULTILINE)
TAP_CASE = re.compile(r"^(ok|not ok)\b *\d* *-? *([^#\n]*?) *(?:# *(SKIP|TODO)\S* *(.*))?$", re.MULTILINE | re.IGNORECASE)


def count_gtest(name: str, output: str) -> Tally:
    tally = Tally()
    reasons = iter(GTEST_SKIP_REASON.findall(output))
    for outcome, case in GTEST_CASE.findall(output):
        if outcome == "OK":
            tally.passed += 1
        elif outcome == "FAILED":
            tally.failed.append(f"{name}: {case}")
        else:
            tally.skipped.append(f"{name}: {case}: {next(reasons, 'no reason given').strip()}")
    return tally


def count_check(name: str, output: str) -> Tally:
    tally = Tally()
    for checks, failures, errors in CHECK_SUMMARY.findall(output):
        bad = int(failures) + int(errors)
        tally.passed += int(checks) - bad
        named = [f"{name}: {suite}: {case}" for suite, case in CHECK_FAILURE.findall(output)]
        tally.failed += (named + [name] * bad)[:bad]
    return tally


def count_tap(name: str, output: str) -> Tally:
    tally = Tally()
    for verdict, case, directive, reason in TAP_CASE.findall(output):
        if directive.upper() == "SKIP":
            tally.skipped.append(f"{name}: {case}: {reason or 'no reason given'}")
        elif verdict == "ok":
            tally.passed += 1
        else:
            tally.failed.append(f"{name}: {case}")
    return tally


def count_program(entry: dict) -> Tally:
    """The cases of one test program, by what it printed; by its exit status where it printed no counts."""
    name, result = entry["name"], entry["result"]
    output = entry.get("stdout", "")
    if "[==========]" in output:
        tally = count_gtest(name, output)
    elif CHECK_SUMMARY.search(output):
        tally = count_check(name, output)
    elif re.search(r"^(1\.\.\d+|TAP version)", output, re.MULTILINE):
        tally = count_tap(name, output)
    else:
        tally = Tally()

    counted = tally.passed + len(tally.failed) + len(tally.skipped)
    if result in ("OK", "EXPECTEDFAIL"):
        if not counted:
            tally.passed = 1
    elif result == "SKIP":
        if not tally.skipped:
            lines = [line for line in (output + entry.get("stderr", "")).splitlines() if line.strip()]
            tally.skipped.append(f"{name}: {lines[-1].strip() if lines else 'no reason given'}")
    elif not tally.failed:
        # It crashed, timed out, or a sanitizer spoke after the last case.
        tally.failed.append(f"{name}: {result.lower()} (exit status {entry.get('returncode')})")
    return tally


def main() -> int:
    total = Tally()
    programs = 0
    for argument in sys.argv[1:]:
        label, _, path = argument.partition("=")
        try:
            with open(path, encoding="utf-8", errors="replace") as log:
                entries = [json.loads(line) for line in log if line.strip()]
        except FileNotFoundError:
            total.failed.append(f"{label}: left no log, so its tests did not run")
            continue
        part = Tally()
        for entry in entries:
            part.add(count_program(entry))
            programs += 1
        print(f"{label}: {part.passed} passed, {len(part.failed)} failed, {len(part.skipped)} skipped"
              f" in {len(entries)} programs")
        for names in (part.failed, part.skipped):
            names[:] = [f"{label}: {line}" for line in names]
        total.add(part)
    for line in total.skipped:
        print(f"skipped: {line}")
    for line in total.failed:
        print(f"FAILED: {line}")
    print(f"{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped")
    return 1 if total.failed or programs == 0 or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
