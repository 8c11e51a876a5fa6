# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/pytests.py."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import pytests

SUITE = """
import unittest
class Sample(unittest.TestCase):
    def test_passes(self): pass
    def test_fails(self): self.fail("on purpose")
    def test_breaks(self): raise KeyError("x")
    @unittest.skip("needs a moon")
    def test_is_skipped(self): pass
    def test_has_failing_parts(self):
        for i in range(3):
            with self.subTest(i): self.assertEqual(i, 9)
"""


class PytestsTest(unittest.TestCase):
    def run_suites(self, files, *options):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
            status = pytests.main(["--runner", "sample", "--results", folder, *options, folder])
            result = json.loads((pathlib.Path(folder) / "sample.json").read_text(encoding="utf-8"))
        return status, result, output.getvalue()

    def test_counts_each_test_once(self):
        status, result, output = self.run_suites({"sample_test.py": SUITE})
        self.assertEqual(status, 1)
        self.assertEqual(result["passed"], 1)
        self.assertEqual(len(result["failed"]), 3)
        self.assertEqual(output.strip().split("\n")[-1], "1 passed, 3 failed, 1 skipped")

    def test_names_skipped_tests_with_their_reason(self):
        _, result, output = self.run_suites({"test_sample.py": SUITE})
        self.assertIn("test_is_skipped: needs a moon", result["skipped"][0])
        self.assertIn("SKIPPED", output)

    def test_a_suite_that_cannot_be_imported_fails(self):
        status, result, output = self.run_suites({"sample_test.py": "import no_such_module\n"})
        self.assertEqual((status, result["passed"], len(result["failed"])), (1, 0, 1))
        self.assertIn("no_such_module", output)

    def test_suites_find_modules_beside_them(self):
        status, _, _ = self.run_suites({
            "beside.py": "ANSWER = 42\n",
            "b_test.py": "import unittest, beside\nclass B(unittest.TestCase):\n  def test_b(self):\n"
                         "    self.assertEqual(beside.ANSWER, 42)\n"})
        self.assertEqual(status, 0)

    def test_runs_only_what_is_asked_for(self):
        status, result, _ = self.run_suites({"sample_test.py": SUITE}, "--only", "test_passes")
        self.assertEqual((status, result["passed"], result["failed"]), (0, 1, []))

    def test_no_test_at_all_is_a_failure(self):
        self.assertEqual(self.run_suites({})[0], 1)


if __name__ == "__main__":
    unittest.main()
