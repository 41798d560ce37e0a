#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of results.py: what it counts is what the programs said."""
import unittest

import results

GTEST = """[==========] Running 3 tests from 1 test suite.
[ RUN      ] Frame.IsSent
[       OK ] Frame.IsSent (0 ms)
[ RUN      ] Frame.IsLost
frame_test.cpp:7: Failure
[  FAILED  ] Frame.IsLost (1 ms)
[ RUN      ] Frame.IsLarge
frame_test.cpp:9: Skipped
no large frames here

[  SKIPPED ] Frame.IsLarge (0 ms)
[==========] 3 tests from 1 test suite ran. (1 ms total)
[  PASSED  ] 1 test.
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Frame.IsLost

 1 FAILED TEST
"""


def entry(result="OK", stdout="", name="program", **more):
    return {"name": name, "result": result, "stdout": stdout, "returncode": 0, **more}


class Counting(unittest.TestCase):
    def assert_counts(self, tally, passed, failed, skipped):
        self.assertEqual((tally.passed, tally.failed, tally.skipped), (passed, failed, skipped))

    def test_every_googletest_case_counts_once_and_a_skip_says_why(self):
        self.assert_counts(results.count_program(entry("FAIL", GTEST)), 1, ["program: Frame.IsLost"],
                           ["program: Frame.IsLarge: no large frames here"])

    def test_libcheck_cases_count_by_the_summary_of_each_suite(self):
        output = "50%: Checks: 2, Failures: 1, Errors: 0\nsink.c:9:F:general:loses_frames:0: why\n"
        self.assert_counts(results.count_program(entry("FAIL", output)), 1, ["program: general: loses_frames"], [])

    def test_tap_cases_count_with_their_skips(self):
        output = "1..3\nok 1 - echoes\nnot ok 2 - connects\nok 3 - crosses # SKIP no namespaces\n"
        self.assert_counts(results.count_program(entry("FAIL", output)), 1, ["program: connects"],
                           ["program: crosses: no namespaces"])

    def test_a_program_without_counts_is_one_case(self):
        self.assert_counts(results.count_program(entry()), 1, [], [])

    def test_a_crash_after_passed_cases_is_a_failure(self):
        crashed = entry("FAIL", GTEST.split("[ RUN      ] Frame.IsLost")[0], returncode=-11)
        self.assert_counts(results.count_program(crashed), 1, ["program: fail (exit status -11)"], [])

    def test_a_skipped_program_says_why_in_its_last_line(self):
        self.assert_counts(results.count_program(entry("SKIP", "looking\nneeds root\n")), 0, [],
                           ["program: needs root"])


if __name__ == "__main__":
    unittest.main()
