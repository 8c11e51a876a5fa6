#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house style that no compiler and no clang-tidy knows. CONTRIBUTING.md says them in words.

    tidy.py [ROOT]

Prints one line a finding: `file:line: rule: what, and what to write instead`, and exits with 1 if there are any. Looks at
the files that git knows or would add; outside a git tree, at all files but build output.

A finding that is right as it is goes into tools/tidy_allow.txt: rule, file, reason. An entry that no finding needs any more
is a finding itself.

The rules: C++ in tidy_cxx.py; layout, text and documents in tidy_text.py. Each has its own test in tidy_test.py.
"""

import fnmatch
import os
import pathlib
import subprocess
import sys
from typing import NamedTuple

ALLOW_FILE = "tools/tidy_allow.txt"
NOT_SEARCHED = {".git", "build", "node_modules", "dist", "__pycache__", ".cache"}


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class Tree:
    """The files of a source tree, read once. Paths are relative to the root, with slashes."""

    def __init__(self, root, paths=None):
        self.root = pathlib.Path(root)
        self.paths = sorted(paths if paths is not None else list_files(self.root))
        self._known = set(self.paths)
        self._texts = {}

    def matching(self, *patterns, under=("",)):
        """Paths whose name matches one of the patterns and that lie in one of the folders."""
        for path in self.paths:
            name = path.rsplit("/", 1)[-1]
            if path.startswith(tuple(under)) and any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                yield path

    def size(self, path):
        return (self.root / path).stat().st_size

    def text(self, path):
        """The text of a file; empty for one that is not UTF-8 text."""
        if path not in self._texts:
            data = (self.root / path).read_bytes()
            try:
                self._texts[path] = "" if b"\0" in data else data.decode("utf-8")
            except UnicodeDecodeError:
                self._texts[path] = ""
        return self._texts[path]

    def lines(self, path):
        """Pairs of line number and line."""
        return list(enumerate(self.text(path).split("\n"), 1))

    def exists(self, path):
        return path in self._known or (self.root / path).exists()


def list_files(root):
    """What git tracks or would add; without git, every file outside the folders of build output."""
    try:
        git = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, check=True)
        names = [name for name in git.stdout.decode("utf-8", "surrogateescape").split("\0") if name]
        return [name for name in names if (root / name).is_file() and not (root / name).is_symlink()]
    except (FileNotFoundError, subprocess.CalledProcessError):
        pass  # No git here, or no git tree.
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_SEARCHED]
        found += [(pathlib.Path(folder) / name).relative_to(root).as_posix() for name in files]
    return found


class Allowance(NamedTuple):
    line: int
    rule: str
    path: str
    reason: str


def read_allowances(text):
    """Returns the entries and the findings about the file itself."""
    entries, findings = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        fields = line.split(None, 2)
        if len(fields) < 3:
            findings.append(Finding(ALLOW_FILE, number, "allow", "an entry is: rule, file, reason"))
        else:
            entries.append(Allowance(number, *fields))
    return entries, findings


def apply_allowances(entries, findings):
    """Takes out what is allowed, and adds a finding for each entry that allowed nothing."""
    used, left = set(), []
    for finding in findings:
        matching = [entry for entry in entries
                    if entry.rule == finding.rule and fnmatch.fnmatch(finding.path, entry.path)]
        used.update(matching)
        if not matching:
            left.append(finding)
    for entry in entries:
        if entry not in used:
            left.append(Finding(ALLOW_FILE, entry.line, "allow",
                                f"nothing in {entry.path} needs leave for '{entry.rule}' any more; remove the entry"))
    return left


def all_rules():
    # Imported here, because the rule modules import Finding from this one.
    import tidy_cxx  # pylint: disable=import-outside-toplevel
    import tidy_text  # pylint: disable=import-outside-toplevel
    return [*tidy_cxx.RULES, *tidy_text.RULES]


def check(tree):
    findings = [finding for rule in all_rules() for finding in rule(tree)]
    if ALLOW_FILE in tree.paths:
        entries, faults = read_allowances(tree.text(ALLOW_FILE))
        findings = apply_allowances(entries, findings) + faults
    return sorted(set(findings))


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent).resolve()
    tree = Tree(root)
    findings = check(tree)
    for finding in findings:
        print(finding)
    print(f"tidy: {len(tree.paths)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    # The rule modules import this file by name; let them get this very module.
    sys.modules["tidy"] = sys.modules["__main__"]
    sys.exit(main(sys.argv[1:]))
