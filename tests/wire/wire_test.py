#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays the other agent by hand against icesrc and icesink, over loopback: wire_test.py [--list] [WORDS...]

Each case is a rule that shows on the wire and cites its place. With WORDS only those whose name or citation holds one of
them are run. Cases run side by side: most of their time is waiting for what the rules give their timers.
"""
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import rules

# Each registers its cases.
import answers_rules  # noqa: F401
import checks_rules  # noqa: F401
import consent_rules  # noqa: F401
import description_rules  # noqa: F401
import media_rules  # noqa: F401
import nomination_rules  # noqa: F401
import pacing_rules  # noqa: F401
import requests_rules  # noqa: F401
import roles_rules  # noqa: F401

SIDE_BY_SIDE = 16


def run(case: rules.Case) -> tuple[str | None, float]:
    began = time.monotonic()
    try:
        with rules.Stage() as stage:
            case.run(stage)
        return None, time.monotonic() - began
    except Exception:  # pylint: disable=broad-except
        return traceback.format_exc(), time.monotonic() - began


def main() -> int:
    words = [word.lower() for word in sys.argv[1:] if not word.startswith("-")]
    wanted = [case for case in rules.CASES
              if not words or any(word in f"{case.name} {case.cites}".lower() for word in words)]
    if "--list" in sys.argv:
        for case in wanted:
            print(f"{case.name}  [{case.cites}]")
        return 0
    slow = [case for case in wanted if case.slow]
    quick = [case for case in wanted if not case.slow]
    # Slow cases do nothing but wait, so they do not take the place of the others.
    with ThreadPoolExecutor(max(1, len(slow))) as waiting, ThreadPoolExecutor(SIDE_BY_SIDE) as working:
        done = {case.name: waiting.submit(run, case) for case in slow}
        done |= {case.name: working.submit(run, case) for case in quick}
        assert len(done) == len(wanted), "two cases have one name"
        print(f"1..{len(wanted)}")
        failed = 0
        for number, case in enumerate(quick + slow, 1):
            failure, seconds = done[case.name].result()
            failed += failure is not None
            print(f"{'ok' if failure is None else 'not ok'} {number} - {case.name} [{case.cites}]")
            for line in (failure or "").splitlines():
                print(f"# {line}")
            if "-v" in sys.argv or failure:
                print(f"# took {seconds:.2f} s")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
