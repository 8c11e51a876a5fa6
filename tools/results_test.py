# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/results.py."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import results

JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="x" tests="5" failures="1" disabled="1" skipped="2">
  <testcase name="a" classname="a" time="0.1" status="run"><system-out>fine \x1b[32m</system-out></testcase>
  <testcase name="b" classname="b" time="0.1" status="fail"><failure message="x"/></testcase>
  <testcase name="c" classname="c" time="0.1" status="notrun">
    <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>
  <testcase name="d" classname="d" time="0.1" status="notrun">
    <skipped message="Unable to find executable"/></testcase>
  <testcase name="e" classname="e" time="0.1" status="disabled"><disabled message="Disabled"/></testcase>
</testsuite>
"""


class ResultsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def log(self, text):
        path = self.folder / "log"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def summed(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = results.main(["sum", str(self.folder)])
        return status, output.getvalue().rstrip("\n").split("\n")

    def test_reads_ctest_results(self):
        result = results.from_junit("C++", JUNIT)
        self.assertEqual(result["passed"], 1)
        self.assertEqual(result["failed"], ["b", "d: Unable to find executable"])
        self.assertEqual(result["skipped"], ["c", "e: disabled"])

    def test_reads_the_last_line_of_a_log(self):
        result = results.from_log("ui", "noise\nskipped: Safari\n\x1b[32m12 passed, 1 failed, 2 skipped\x1b[0m\n\n")
        self.assertEqual(result["passed"], 12)
        self.assertEqual(len(result["failed"]), 1)
        self.assertEqual(result["skipped"], ["Safari", "(named in the output above)"])

    def test_a_log_without_totals_is_a_failure(self):
        self.assertEqual(len(results.from_log("ui", "3 passed, 0 failed\ncrash\n")["failed"]), 1)
        self.assertEqual(len(results.from_log("ui", "")["failed"]), 1)

    def test_sums_all_runners_in_the_last_line(self):
        results.main(["last-line", str(self.folder), "one", self.log("3 passed, 0 failed\n")])
        results.main(["last-line", str(self.folder), "two", self.log("4 passed, 0 failed, 1 skipped\n")])
        status, lines = self.summed()
        self.assertEqual(lines[-1], "7 passed, 0 failed, 1 skipped")
        self.assertEqual(status, 0)

    def test_leaves_out_skipped_when_there_are_none(self):
        results.main(["last-line", str(self.folder), "one", self.log("3 passed, 0 failed\n")])
        self.assertEqual(self.summed()[1][-1], "3 passed, 0 failed")

    def test_names_what_was_skipped(self):
        results.main(["skip", str(self.folder), "ui", "there is no ui/package.json"])
        results.main(["check-status", str(self.folder), "lint", "0"])
        status, lines = self.summed()
        self.assertIn("  ui: (all of it) there is no ui/package.json", lines)
        self.assertEqual((status, lines[-1]), (0, "1 passed, 0 failed, 1 skipped"))

    def test_a_failing_status_counts_even_if_the_totals_look_well(self):
        results.main(["last-line", str(self.folder), "one", self.log("3 passed, 0 failed\n")])
        results.main(["check-status", str(self.folder), "one", "1"])
        status, lines = self.summed()
        self.assertEqual((status, lines[-1]), (1, "3 passed, 1 failed"))

    def test_a_failing_status_is_not_counted_twice(self):
        results.main(["last-line", str(self.folder), "one", self.log("3 passed, 2 failed\n")])
        results.main(["check-status", str(self.folder), "one", "1"])
        self.assertEqual(self.summed()[1][-1], "3 passed, 2 failed")

    def test_a_step_counts_only_if_it_fails(self):
        results.main(["check-status", str(self.folder), "lint", "0"])
        results.main(["step-status", str(self.folder), "build", "0"])
        self.assertEqual(self.summed()[1][-1], "1 passed, 0 failed")
        results.main(["step-status", str(self.folder), "build", "2"])
        self.assertEqual(self.summed()[1][-1], "1 passed, 1 failed")

    def test_a_missing_or_malformed_ctest_file_is_a_failure(self):
        results.main(["junit", str(self.folder), "C++", str(self.folder / "none.xml")])
        results.main(["junit", str(self.folder), "asan", self.log("<testsuite><")])
        status, lines = self.summed()
        self.assertEqual((status, lines[-1]), (1, "0 passed, 2 failed"))

    def test_a_run_without_any_test_has_failed(self):
        self.assertEqual(self.summed()[0], 1)


if __name__ == "__main__":
    unittest.main()
