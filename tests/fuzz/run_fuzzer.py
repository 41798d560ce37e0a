#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one libFuzzer target for a while: run_fuzzer.py PROGRAM NAME CORPUS

FUZZ_SECONDS in the environment says for how long (60). What it finds new stays beside the program, in
corpus-NAME, and is where the next run goes on; an input that breaks something is kept in crashes-NAME and named.
"""
import os
import re
import subprocess
import sys
from pathlib import Path

# Enough for the whole of a call, or of a description that is meant to be long.
LONGEST = {"agent": 1024, "stun-message": 2048, "candidate-line": 2200, "description": 8192, "rendezvous-message": 8192}


def main() -> int:
    program, name, corpus = Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3]).resolve()
    seconds = os.environ.get("FUZZ_SECONDS", "60")
    found = program.parent / f"corpus-{name}"
    crashes = program.parent / f"crashes-{name}"
    found.mkdir(exist_ok=True)
    crashes.mkdir(exist_ok=True)
    # -entropic=0: with as many features as the agent has, libFuzzer's own bookkeeping would take four fifths of the time.
    command = [program, "-entropic=0", f"-max_total_time={seconds}", f"-max_len={LONGEST.get(name, 4096)}", "-timeout=10",
               "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={crashes}/"]
    dictionary = corpus.parent.parent / "dictionaries" / f"{name}.dict"
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    done = subprocess.run([*command, found, corpus], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    runs = re.search(r"number_of_executed_units: *(\d+)", done.stdout)
    covered = re.findall(r"cov: (\d+)", done.stdout)
    print(f"{name}: {runs.group(1) if runs else 'no'} runs in {seconds} s, {covered[-1] if covered else 'no'} edges")
    if done.returncode != 0:
        print(done.stdout[-6000:])
        print(f"an input that breaks it is in {crashes}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
