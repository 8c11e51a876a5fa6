# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/check_floors.py."""

import pathlib
import tempfile
import unittest

import check_floors

FLOORS = "# lowest first\nbase\nos compress  # neighbours\nmodel\nsdk\nserver\n"


class CheckFloorsTest(unittest.TestCase):
    def faults(self, files, floors=FLOORS):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"src/floors.txt": floors, **files}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return check_floors.check(root)

    def assert_fault(self, files, words, floors=FLOORS):
        faults = self.faults(files, floors)
        self.assertEqual(len(faults), 1, faults)
        self.assertIn(words, faults[0])

    def test_accepts_itself_and_lower_floors(self):
        text = '#include "model/span.h"\n\n#include <vector>\n\n#include "base/bytes.h"\n#include "os/file.h"\n'
        self.assertEqual(self.faults({"src/model/span.cc": text}), [])

    def test_accepts_subfolders_of_itself(self):
        self.assertEqual(self.faults({"src/model/deep/a.cc": '#include "model/b.h"\n'}), [])

    def test_rejects_a_higher_floor(self):
        self.assert_fault({"src/base/a.cc": '\n#include "model/span.h"\n'},
                          "src/base/a.cc:2: floors: base (floor 0) includes model (floor 2), which is on a higher floor")

    def test_rejects_a_neighbour(self):
        self.assert_fault({"src/os/a.cc": '#include "compress/zstd.h"\n'}, "on the same floor")

    def test_rejects_an_unknown_folder(self):
        self.assert_fault({"src/os/a.cc": '#include "common/zstd.h"\n'}, "unknown folder 'common'")

    def test_rejects_a_path_that_does_not_start_at_src(self):
        self.assert_fault({"src/os/a.cc": '#include "file.h"\n'}, 'write "os/file.h"')
        self.assert_fault({"src/os/a.cc": '#include "../base/x.h"\n'}, "does not start at src/")

    def test_rejects_an_own_header_in_angle_brackets(self):
        self.assert_fault({"src/os/a.cc": "#include <base/x.h>\n"}, 'write "base/x.h"')

    def test_sees_includes_with_odd_spacing(self):
        self.assert_fault({"src/base/a.cc": '  #  include   "os/file.h"\n'}, "higher floor")

    def test_rejects_a_folder_that_is_on_no_floor(self):
        self.assert_fault({"src/extra/a.cc": "\n"}, "'extra' is not in src/floors.txt")

    def test_rejects_a_file_directly_in_src(self):
        self.assert_fault({"src/a.cc": "\n"}, "directly in src/")

    def test_rejects_a_folder_on_two_floors(self):
        self.assert_fault({}, "src/floors.txt:2: floors: folder 'base' stands on two floors", "base\nbase\n")

    def test_reports_a_missing_floors_file(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIn("no such file", check_floors.check(pathlib.Path(folder))[0])

    def test_lets_only_tests_include_fakes(self):
        include = '#include "os/testing/fake.h"\n'
        self.assertEqual(self.faults({"src/model/a_test.cc": include, "src/model/testing/b.h": include}), [])
        self.assert_fault({"src/model/a.cc": include}, "only tests may")

    def test_public_headers_include_std_and_themselves_only(self):
        self.assertEqual(self.faults({"include/waybill/a.h": "#include <string>\n#include <waybill/b.h>\n"}), [])
        self.assert_fault({"include/waybill/a.h": '#include "base/bytes.h"\n'}, "public header includes")
        self.assert_fault({"include/waybill/a.h": "#include <fmt/format.h>\n"}, "public header includes")

    def test_public_headers_are_for_sdk_and_above(self):
        include = "#include <waybill/tracer.h>\n"
        self.assertEqual(self.faults({"src/sdk/a.cc": include, "src/server/a.cc": include}), [])
        self.assert_fault({"src/model/a.cc": include}, "model is below")
        self.assert_fault({"src/sdk/a.cc": '#include "waybill/tracer.h"\n'}, "write <waybill/tracer.h>")


if __name__ == "__main__":
    unittest.main()
