# SPDX-License-Identifier: Apache-2.0
"""An unmodified Jaeger UI on top of Waybill, used in a browser by jaeger_ui/drive.mjs; a test for each of its checks."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
DRIVER = FOLDER / "jaeger_ui/drive.mjs"
SECONDS_MAX = 280
CHECK = re.compile(r"^  '([a-z][^']+)': ", re.MULTILINE)


class JaegerUi(unittest.TestCase):
    """WAYBILL_JAEGER_UI names the folder of a build of it (`packages/jaeger-ui/build`)."""

    outcome = {}
    end = ""

    @classmethod
    def setUpClass(cls):
        build = os.environ.get("WAYBILL_JAEGER_UI")
        if not build:
            raise unittest.SkipTest("WAYBILL_JAEGER_UI names no build of the Jaeger UI")
        node = shutil.which("node")
        if node is None or not (FOLDER.parents[1] / "ui/node_modules/playwright-core").is_dir():
            raise unittest.SkipTest("there is no node, or no ui/node_modules (npm ci in ui/)")
        done = subprocess.run([node, str(DRIVER), build], capture_output=True, text=True, check=False,
                              timeout=SECONDS_MAX)
        cls.end = f"the driver ended with {done.returncode}: {done.stderr[-2000:]}"
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                answer = json.loads(line)
                cls.outcome[answer["check"]] = answer["error"]

    def hold(self, check):
        self.assertIn(check, self.outcome, self.end)
        self.assertIsNone(self.outcome[check], self.outcome[check])


def _add_tests():
    checks = CHECK.findall(DRIVER.read_text(encoding="utf-8"))
    if not checks:
        raise RuntimeError(f"{DRIVER} has no checks")
    for check in checks:
        name = "test_" + re.sub(r"\W+", "_", check)
        setattr(JaegerUi, name, lambda self, check=check: self.hold(check))


_add_tests()
