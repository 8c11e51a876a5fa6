#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-19 as a second reader over the C++ files of a build, and remembers which were clean.

    clang_checks.py clang-tidy|thread-safety|fix-includes --build FOLDER [--jobs N] [--changed] [--seconds N] [FILE...]

A file is read again only if its text after preprocessing, its compile command, the configuration or the tool has changed.
What was clean is remembered in the user's cache folder, so that a fresh checkout profits too. Without FILE, all files of
compile_commands.json that belong to this tree are read; with --changed, those that differ from the main branch, or include
a header that does. With --seconds, files that there is no time for are named and left. The word fix-includes checks
nothing: it adds the includes that a file lacks and removes those that it does not use.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLANG = "clang++-19"
CLANG_TIDY = "clang-tidy-19"
# GCC options that clang does not know, and those that name outputs.
NOT_FOR_CLANG = re.compile(r"^(-c|-M[DMP]?|-fno-semantic-interposition|-fconcepts.*|-Werror)$")
WITH_VALUE = {"-o", "-MF", "-MT", "-MQ"}
# Checks that tests are spared: an empty optional ends the test that expects a value, which is what it is to do, and a test
# need not save allocations.
NOT_FOR_TESTS = "-bugprone-unchecked-optional-access,-performance-inefficient-vector-operation"


def clang_arguments(command):
    """The options of a compile command that matter to clang: no compiler, no outputs, no file."""
    arguments, words = [], iter(command)
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not NOT_FOR_CLANG.match(word):
            arguments.append(word)
    # The launcher (ccache) and the compiler come first, the source file last or anywhere.
    while arguments and not arguments[0].startswith("-"):
        arguments.pop(0)
    return [word for word in arguments if not re.search(r"\.(cc|cpp|cxx|c)$", word)]


def entries_of(build, root=ROOT):
    """{path: clang arguments} for the files of this tree."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if path.is_relative_to(root) and not path.is_relative_to(root / "build") and path.exists():
            command = entry.get("arguments") or shlex.split(entry["command"])
            entries.setdefault(path, clang_arguments(command))
    return entries


def git_lines(*arguments):
    try:
        result = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return []
    return result.stdout.split("\n")


def changed_names():
    """Files that differ from the point where this branch left the main one, committed or not."""
    base = next((line for name in ("origin/main", "main") for line in git_lines("merge-base", "HEAD", name) if line), "HEAD")
    names = git_lines("diff", "--name-only", base) + git_lines("ls-files", "--others", "--exclude-standard")
    return {name for name in names if name}


def only_changed(paths, names):
    """The paths that changed or that include a changed header directly."""
    headers = {re.sub(r"^(src|include)/", "", name) for name in names if name.endswith(".h")}
    chosen = []
    for path in paths:
        if path.relative_to(ROOT).as_posix() in names:
            chosen.append(path)
        elif headers & set(re.findall(r'#include ["<]([^">]+)[">]', path.read_text(encoding="utf-8"))):
            chosen.append(path)
    return chosen


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base) / "waybill" / "clang-checks"


class Checker:
    """Runs one check; its key says everything that the outcome depends on."""

    def __init__(self, check, build):
        self.check = check
        self.build = build
        tool = CLANG if check == "thread-safety" else CLANG_TIDY
        version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
        self.constant = check + version
        if check == "clang-tidy":
            self.constant += NOT_FOR_TESTS
            self.constant += "".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("**/.clang-tidy"))
                                     if "build" not in path.parts and "node_modules" not in path.parts)

    def key(self, path, arguments):
        """What the outcome depends on; nothing for a file that must be run in any case."""
        if self.check == "fix-includes":
            return None
        # With comments, because they may hold NOLINT; without this tree's place on the disk.
        text = subprocess.run([CLANG, *arguments, "-Wno-everything", "-E", "-C", str(path)], capture_output=True, check=False)
        if text.returncode != 0:
            return None
        data = text.stdout.replace(str(ROOT).encode(), b"")
        options = " ".join(arguments).replace(str(ROOT), "")
        return hashlib.sha256(self.constant.encode() + options.encode() + data).hexdigest()

    def run(self, path, arguments):
        """Returns what the tool has to say; empty if the file is clean."""
        # The build's -Werror is for GCC. For clang it would turn warnings about libstdc++ into errors, which end the reading.
        tidy = [CLANG_TIDY, "--quiet", "-p", str(self.build), "--extra-arg=-Wno-error",
                "--extra-arg=-Wno-unknown-warning-option", str(path)]
        if self.check == "fix-includes":
            command = [*tidy, "--checks=-*,misc-include-cleaner", "--fix"]
        elif self.check == "clang-tidy":
            is_test = path.name.endswith("_test.cc") or "testing" in path.parts
            spared = [f"--checks={NOT_FOR_TESTS}"] if is_test else []
            command = [*tidy, *spared, "--warnings-as-errors=*"]
        else:
            command = [CLANG, *arguments, "-fsyntax-only", "-w", "-Wthread-safety", "-Werror=thread-safety", str(path)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        mended = self.check == "fix-includes" and "clang-diagnostic-error" not in result.stdout
        if result.returncode == 0 or mended:
            return ""
        errors = [line for line in result.stderr.split("\n") if not re.match(r"^(\d+ warnings?|Suppressed|Use -)", line)]
        return (result.stdout + "\n".join(errors)).strip() or f"{command[0]} failed with status {result.returncode}"


FINDING = re.compile(r"^(\S+:\d+:\d+): (?:error|warning): ")


def not_seen(said, seen):
    """The findings in the words of a tool, without those that an earlier file had too because both include a header."""
    kept, keep = [], True
    for line in said.split("\n"):
        if FINDING.match(line):
            keep = line not in seen
            seen.add(line)
        if keep:
            kept.append(line)
    return "\n".join(kept)


def check_file(checker, path, arguments, deadline):
    """Returns (path, outcome), where the outcome is 'clean', 'known', 'late' or what is wrong."""
    key = checker.key(path, arguments)
    mark = cache_folder() / key[:2] / key if key else None
    if mark and mark.exists():
        os.utime(mark)
        return path, "known"
    if time.monotonic() > deadline:
        return path, "late"
    said = checker.run(path, arguments)
    if said:
        return path, said
    if mark:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return path, "clean"


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("check", choices=("clang-tidy", "thread-safety", "fix-includes"))
    parser.add_argument("--build", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("files", nargs="*")
    return parser.parse_intermixed_args(arguments)


def main(arguments):
    options = parse(arguments)
    build = pathlib.Path(options.build).resolve()
    entries = entries_of(build)
    paths = sorted(entries)
    if options.files:
        paths = [path for path in map(lambda name: pathlib.Path(name).resolve(), options.files) if path in entries]
    else:
        changed = only_changed(paths, changed_names())
        # What changed comes first, in case that there is no time for all.
        paths = changed + ([] if options.changed else sorted(set(paths) - set(changed)))
    deadline = time.monotonic() + options.seconds
    checker = Checker(options.check, build)
    counts = {"clean": 0, "known": 0}
    late, wrong, seen = [], 0, set()
    with concurrent.futures.ThreadPoolExecutor(max_workers=options.jobs) as pool:
        tasks = [pool.submit(check_file, checker, path, entries[path], deadline) for path in paths]
        for task in concurrent.futures.as_completed(tasks):
            path, outcome = task.result()
            if outcome in counts:
                counts[outcome] += 1
            elif outcome == "late":
                late.append(path.relative_to(ROOT).as_posix())
            else:
                wrong += 1
                print(not_seen(outcome.replace(str(ROOT) + "/", ""), seen), flush=True)
    print(f"{options.check}: {counts['clean']} files clean, {counts['known']} clean as before, {wrong} with findings")
    if late:
        print(f"{options.check}: NOT CHECKED for lack of time, {len(late)} files: " + " ".join(sorted(late)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
