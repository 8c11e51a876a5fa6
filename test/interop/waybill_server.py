# SPDX-License-Identifier: Apache-2.0
"""Starts the program under test on free ports, with a folder of its own, and stops it."""

import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20
LISTENING = re.compile(r"\blistening listener=(\w+) address=127\.0\.0\.1:(\d+)")


class WaybillServer:
    """`ports` has otlp_grpc, otlp_http and web. Settings are given as the environment names them."""

    def __init__(self, **settings):
        program = os.environ.get("WAYBILL_BIN", str(ROOT / "build/dev/waybill"))
        self._folder = tempfile.TemporaryDirectory(prefix="waybill-interop-")
        environment = {name: text for name, text in os.environ.items() if not name.startswith("WAYBILL_")}
        environment["WAYBILL_DATA"] = str(pathlib.Path(self._folder.name) / "data")
        for listener in ("OTLP_GRPC", "OTLP_HTTP", "WEB"):
            environment[f"WAYBILL_LISTEN_{listener}"] = "127.0.0.1:0"
        environment.update(settings)
        self.ports = {}
        self.log = []
        self._process = subprocess.Popen([program, "serve"], env=environment, cwd=self._folder.name, text=True,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _read_log(self):
        for line in self._process.stderr:
            self.log.append(line)
            found = LISTENING.search(line)
            if found:
                self.ports[found[1]] = int(found[2])

    def _wait_until_ready(self):
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and self._process.poll() is None:
            if {"otlp_grpc", "otlp_http", "web"} <= self.ports.keys():
                try:
                    with urllib.request.urlopen(f"{self.web}/readyz", timeout=5):
                        return
                except (urllib.error.URLError, OSError):
                    pass
            time.sleep(0.02)
        raise RuntimeError("the server did not become ready:\n" + "".join(self.log[-20:]))

    @property
    def web(self):
        return f"http://127.0.0.1:{self.ports['web']}"

    def address(self, listener):
        return f"127.0.0.1:{self.ports[listener]}"

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        self._process.stderr.close()
        self._folder.cleanup()
