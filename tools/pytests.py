#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest suites found under the given folders and writes their totals for tools/results.py.

    pytests.py [--runner NAME] [--results FOLDER] [--only WORD] FOLDER...

A suite is a file named *_test.py or test_*.py. Each file is imported with its own folder on the path, so that suites can
have helper modules beside them. A test that takes longer than the time limit ends the whole run with a stack dump, which
then counts as a failure.
"""

import argparse
import faulthandler
import importlib.util
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import results  # pylint: disable=wrong-import-position

SECONDS_PER_TEST_MAX = 300


def find_suites(folders):
    found = set()
    for folder in folders:
        for pattern in ("*_test.py", "test_*.py"):
            found.update(path for path in pathlib.Path(folder).rglob(pattern) if "node_modules" not in path.parts)
    return sorted(found)


def load(path):
    """Imports one file; a file that cannot be imported becomes a failing test."""
    name = "_".join(path.with_suffix("").parts).replace("-", "_").strip("/.")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except Exception as error:  # pylint: disable=broad-exception-caught
        message = f"{path} cannot be imported: {type(error).__name__}: {error}"

        def fail(self):
            self.fail(message)

        case = type("Import", (unittest.TestCase,), {"test_" + name: fail})
        return unittest.defaultTestLoader.loadTestsFromTestCase(case)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


class Result(unittest.TestResult):
    """Counts each test once, however many of its subtests fail, and prints what is not plain success."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = []
        self.skipped_names = []
        self._started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        faulthandler.dump_traceback_later(SECONDS_PER_TEST_MAX, exit=True)

    def stopTest(self, test):
        faulthandler.cancel_dump_traceback_later()
        super().stopTest(test)
        seconds = time.monotonic() - self._started
        if seconds > 2:
            print(f"  {seconds:5.1f} s  {test.id()}")

    def addSuccess(self, test):
        super().addSuccess(test)
        if test.id() not in self.failed:
            self.passed += 1

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.passed += 1

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._fail(test, "it passed, although it is marked as an expected failure")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(test, f"{subtest.id()}\n" + self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skipped_names.append(f"{test.id()}: {reason}")
        print(f"  SKIPPED {test.id()}: {reason}", flush=True)

    def _fail(self, test, text):
        if test.id() not in self.failed:
            self.failed.append(test.id())
        print(f"  FAILED {test.id()}\n{text}", flush=True)


def flatten(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flatten(test)
        else:
            yield test


def run(folders, only=""):
    suite = unittest.TestSuite()
    for path in find_suites(folders):
        suite.addTests(test for test in flatten(load(path)) if only in test.id())
    result = Result()
    suite.run(result)
    return result


def main(arguments):
    parser = argparse.ArgumentParser(description="Runs the unittest suites under the given folders.")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--runner", default="python", help="the name of this run in the summary")
    parser.add_argument("--results", help="the folder for the JSON file with the totals")
    parser.add_argument("--only", default="", help="run only tests whose name contains this")
    options = parser.parse_args(arguments)
    result = run(options.folders, options.only)
    if options.results:
        results.write(options.results, {"runner": options.runner, "passed": result.passed, "failed": result.failed,
                                        "skipped": result.skipped_names})
    totals = f"{result.passed} passed, {len(result.failed)} failed"
    print(totals + (f", {len(result.skipped_names)} skipped" if result.skipped_names else ""))
    return 1 if result.failed or not result.passed + len(result.skipped_names) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
