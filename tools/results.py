#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up what the test runners say.

Each runner has one JSON file in a results folder:

    {"runner": "C++", "passed": 3, "failed": ["a.Test"], "skipped": ["b.Test: why"]}

Subcommands (FOLDER is the results folder):

    junit FOLDER RUNNER FILE        take the totals from a JUnit file as ctest writes it
    last-line FOLDER RUNNER FILE    take them from a log whose last line is 'N passed, N failed[, N skipped]'
    check-status FOLDER RUNNER N    record the exit status of a runner; one that named no test was a check of its own
    step-status FOLDER RUNNER N     the same for a step that only prepares, so that its success is not counted
    skip FOLDER RUNNER WHY          record a whole runner that could not run
    sum FOLDER                      print everything; the last line is 'N passed, N failed[, N skipped]'
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree

TOTALS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Bytes that XML does not allow and that a test may print all the same.
NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def path_of(folder, runner):
    return pathlib.Path(folder) / (re.sub(r"[^A-Za-z0-9]+", "-", runner) + ".json")


def read(folder, runner):
    path = path_of(folder, runner)
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"runner": runner, "passed": 0, "failed": [], "skipped": []}


def write(folder, result):
    path = path_of(folder, result["runner"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def from_junit(runner, text):
    """The result of a ctest run. A test that could not be started has failed, whatever ctest calls it."""
    result = {"runner": runner, "passed": 0, "failed": [], "skipped": []}
    root = xml.etree.ElementTree.fromstring(NOT_XML.sub("?", text))
    for case in root.iter("testcase"):
        name = case.get("name", "?")
        status = case.get("status", "run")
        skipped = case.find("skipped")
        reason = skipped.get("message", "") if skipped is not None else ""
        if case.find("failure") is not None or status == "fail":
            result["failed"].append(name)
        elif status == "disabled":
            result["skipped"].append(f"{name}: disabled")
        elif skipped is not None or status == "notrun":
            if re.search(r"SKIP_|skip", reason):
                result["skipped"].append(name)
            else:
                result["failed"].append(f"{name}: {reason or 'not run'}")
        else:
            result["passed"] += 1
    return result


def from_log(runner, text):
    """The result that a runner states in the last line of its log, or a failure if it states none."""
    result = {"runner": runner, "passed": 0, "failed": [], "skipped": []}
    lines = [COLOUR.sub("", line).strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    match = TOTALS.match(lines[-1]) if lines else None
    if not match:
        result["failed"].append("(the runner ended without its line 'N passed, N failed')")
        return result
    result["passed"] = int(match[1])
    # The runner has named the tests above; here only their number is known.
    result["failed"] = ["(named in the output above)"] * int(match[2])
    names = [line[len("skipped:"):].strip() for line in lines if line.startswith("skipped:")]
    count = int(match[3] or 0)
    result["skipped"] = (names + ["(named in the output above)"] * count)[:count]
    return result


def read_text(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def add_junit(folder, runner, path):
    text = read_text(path)
    if text is None:
        result = read(folder, runner)
        result["failed"].append("(ctest left no result file)")
    else:
        try:
            result = from_junit(runner, text)
        except xml.etree.ElementTree.ParseError as error:
            result = read(folder, runner)
            result["failed"].append(f"(ctest's result file is malformed: {error})")
    write(folder, result)


def add_status(folder, runner, status, counts):
    """A runner without a result file was one check: it passed or failed. One with a file must agree with its status."""
    result = read(folder, runner)
    if status != 0 and not result["failed"]:
        result["failed"].append(f"(exit status {status})")
    elif path_of(folder, runner).exists() or (status == 0 and not counts):
        return
    elif status == 0:
        result["passed"] = 1
    write(folder, result)


def summary(results):
    """The lines of the summary, and whether all is well."""
    lines = ["", "Runners:"]
    passed = failed = skipped = 0
    for result in results:
        count = len(result["failed"]), len(result["skipped"])
        passed, failed, skipped = passed + result["passed"], failed + count[0], skipped + count[1]
        lines.append(f"  {result['runner']:<16} {result['passed']:>6} passed {count[0]:>4} failed {count[1]:>4} skipped")
    for kind, number in (("skipped", skipped), ("failed", failed)):
        if number:
            lines += ["", f"{number} {kind.upper()}:"]
            lines += [f"  {result['runner']}: {name}" for result in results for name in result[kind]]
    totals = f"{passed} passed, {failed} failed"
    lines += ["", totals + (f", {skipped} skipped" if skipped else "")]
    return lines, failed == 0 and passed > 0


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    command, folder, *rest = arguments
    if command == "junit":
        add_junit(folder, rest[0], rest[1])
    elif command == "last-line":
        write(folder, from_log(rest[0], read_text(rest[1]) or ""))
    elif command in ("check-status", "step-status"):
        add_status(folder, rest[0], int(rest[1]), command == "check-status")
    elif command == "skip":
        write(folder, {"runner": rest[0], "passed": 0, "failed": [], "skipped": [f"(all of it) {rest[1]}"]})
    elif command == "sum":
        paths = sorted(pathlib.Path(folder).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        lines, well = summary([json.loads(path.read_text(encoding="utf-8")) for path in paths])
        print("\n".join(lines))
        return 0 if well else 1
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
