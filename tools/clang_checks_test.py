# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/clang_checks.py."""

import json
import pathlib
import tempfile
import unittest
import unittest.mock

import clang_checks


class ClangChecksTest(unittest.TestCase):
    def test_keeps_the_options_that_matter_to_clang(self):
        command = ("/usr/bin/ccache /usr/bin/g++ -DX=1 -I/r/src -std=c++20 -Wall -Werror -MD -MT a.o -MF a.o.d -o a.o "
                   "-c /r/src/a.cc").split()
        self.assertEqual(clang_checks.clang_arguments(command), ["-DX=1", "-I/r/src", "-std=c++20", "-Wall"])

    def test_reads_the_files_of_this_tree_only(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            build = root / "build"
            for name in ("src/a.cc", "build/made.cc"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text("int a;\n", encoding="utf-8")
            entries = [{"directory": str(build), "file": str(root / name), "command": f"g++ -DA -c {name}"}
                       for name in ("src/a.cc", "build/made.cc", "src/gone.cc")]
            (build / "compile_commands.json").write_text(json.dumps(entries), encoding="utf-8")
            self.assertEqual(clang_checks.entries_of(build, root), {root / "src/a.cc": ["-DA"]})

    def test_a_finding_in_a_header_is_printed_once(self):
        seen = set()
        said = "src/a.h:1:2: error: bad\n  1 | x\nsrc/a.cc:3:4: error: worse\n  3 | y"
        self.assertEqual(clang_checks.not_seen(said, seen), said)
        other = said.replace("a.cc", "b.cc")
        self.assertEqual(clang_checks.not_seen(other, seen), "src/b.cc:3:4: error: worse\n  3 | y")

    def test_a_changed_header_chooses_the_files_that_include_it(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            path = root / "a.cc"
            path.write_text('#include "base/bytes.h"\n', encoding="utf-8")
            with unittest.mock.patch.object(clang_checks, "ROOT", root):
                self.assertEqual(clang_checks.only_changed([path], {"src/base/bytes.h"}), [path])
                self.assertEqual(clang_checks.only_changed([path], {"src/base/other.h"}), [])
                self.assertEqual(clang_checks.only_changed([path], {"a.cc"}), [path])


if __name__ == "__main__":
    unittest.main()
