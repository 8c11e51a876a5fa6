# SPDX-License-Identifier: Apache-2.0
"""Runs the program under test as a user would: a process with its own data folder and free ports.

WAYBILL_BIN names the program. The reference data is looked for in $WAYBILL_SHARED, else in ../shared beside the checkout;
tests that need it are skipped by name where it is absent. WAYBILL_SLOW=1 asks for the long forms of the tests.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from http_json import call

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("WAYBILL_SHARED") or ROOT.parent / "shared")
SLOW = os.environ.get("WAYBILL_SLOW", "") not in ("", "0")
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 15
LOG_CHARACTERS_SHOWN = 8000
LISTENERS = ("otlp_grpc", "otlp_http", "web")
_LISTENING = re.compile(r"listening listener=(\w+) address=\S*:(\d+)$", re.MULTILINE)


def program():
    """The program under test."""
    named = os.environ.get("WAYBILL_BIN")
    if not named:
        raise AssertionError("WAYBILL_BIN does not name the program under test")
    return named


def shared(*parts):
    """A path in the reference data; skips the calling test where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        raise unittest.SkipTest(f"no reference data in {path}")
    return path


def clean_environment(settings=None):
    """The environment without what is set for the tests themselves, with these settings in place of it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYBILL_")}
    return environment | dict(settings or {})


def run(*arguments, settings=None, seconds=60, stdin=None):
    """Runs one of the program's commands to its end; standard output and error are text."""
    return subprocess.run([program(), *map(str, arguments)], env=clean_environment(settings), input=stdin,
                          capture_output=True, text=True, timeout=seconds, check=False)


def wait_until(condition, seconds, what):
    """Polls until the condition gives something true, and gives that back."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.005)


class Server:
    """A running `waybill serve`. It starts at once; use it as a context manager, or call stop().

    `settings` are environment variables such as {"WAYBILL_LIMITS_HEAD_BYTES": "1MiB"}. The data folder is temporary where
    none is given, and stays the same over restart().
    """

    def __init__(self, settings=None, data=None):
        self.settings = {f"WAYBILL_LISTEN_{name.upper()}": "127.0.0.1:0" for name in LISTENERS}
        self.settings.update(settings or {})
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="waybill-e2e-"))
        self.data = pathlib.Path(data) if data else self._folder / "data"
        self.process = None
        self.ports = {}
        self.start_seconds = 0.0
        self._starts = 0
        self._last_log = ""
        self._log_path = None
        try:
            self.start()
        except BaseException:
            self._remove()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
            return
        self.kill()
        self._remove()
        self.show_log()

    @property
    def web(self):
        return f"http://127.0.0.1:{self.ports['web']}"

    @property
    def otlp(self):
        return f"http://127.0.0.1:{self.ports['otlp_http']}"

    @property
    def grpc(self):
        return f"http://127.0.0.1:{self.ports['otlp_grpc']}"

    def log(self):
        """What the server has written to standard error since its last start."""
        if self._log_path and self._log_path.exists():
            self._last_log = self._log_path.read_text(errors="replace")
        return self._last_log

    def show_log(self):
        print(f"--- log of the server\n{self.log()[-LOG_CHARACTERS_SHOWN:]}---", file=sys.stderr, flush=True)

    def start(self):
        """Starts the program and returns when it says that it is ready."""
        self._starts += 1
        self._log_path = self._folder / f"stderr-{self._starts}.log"
        begin = time.monotonic()
        with open(self._log_path, "wb") as log:
            self.process = subprocess.Popen([program(), "serve", "--data", str(self.data)], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=clean_environment(self.settings), cwd=self._folder)
        try:
            wait_until(self._is_ready, START_SECONDS_MAX, "the server is ready")
        except AssertionError as fault:
            self.kill()
            raise AssertionError(f"{fault}\n{self.log()[-LOG_CHARACTERS_SHOWN:]}") from None
        self.start_seconds = time.monotonic() - begin

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode} before it was ready")
        self.ports = {name: int(port) for name, port in _LISTENING.findall(self.log())}
        if "web" not in self.ports:
            return False
        try:
            return call(self.web, "/readyz").status == 200 and set(LISTENERS) <= set(self.ports)
        except OSError:
            return False

    def terminate(self):
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {STOP_SECONDS_MAX} s of SIGTERM\n"
                                 f"{self.log()[-LOG_CHARACTERS_SHOWN:]}") from None

    def stop(self):
        """Stops the server as an operator does, which must succeed, and removes its temporary folder."""
        if self.process is None:
            return
        try:
            code = self.terminate()
            if code != 0:
                raise AssertionError(f"the server ended with {code}\n{self.log()[-LOG_CHARACTERS_SHOWN:]}")
        finally:
            self.process = None
            self._remove()

    def kill(self):
        """SIGKILL; nothing is removed, so that start() goes on with the same data."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def restart(self):
        """SIGTERM, which must succeed, and a start on the same data."""
        code = self.terminate()
        if code != 0:
            raise AssertionError(f"the server ended with {code}\n{self.log()[-LOG_CHARACTERS_SHOWN:]}")
        self.start()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def peak_memory_bytes(self):
        """The most memory that the process has had resident."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")

    def get(self, path, status=200):
        """JSON of an API call, which must have this status."""
        answer = call(self.web, path)
        if answer.status != status:
            raise AssertionError(f"{path}: {answer.status} instead of {status}: {answer.body[:500]!r}")
        return answer.json()

    def status(self):
        return self.get("/api/w1/status")

    def spans(self, trace_id):
        """The spans of a trace as stored; none where it is not known."""
        answer = call(self.web, f"/api/w1/traces/{trace_id}?format=otlp")
        if answer.status == 404:
            return []
        if answer.status != 200:
            raise AssertionError(f"trace {trace_id}: {answer.status} {answer.body[:500]!r}")
        return [span for resource in answer.json()["resourceSpans"]
                for scope in resource["scopeSpans"] for span in scope["spans"]]

    def metrics(self):
        """All values of /metrics by name with labels, such as 'waybill_cut_total{what="depth"}'."""
        values = {}
        for line in call(self.web, "/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
        return values

    def connect(self, listener):
        """A plain socket to one of the listeners, for what no client library would send."""
        return socket.create_connection(("127.0.0.1", self.ports[listener]), timeout=10)

    def _remove(self):
        self.log()
        shutil.rmtree(self._folder, ignore_errors=True)


class ServerCase(unittest.TestCase):
    """Tests of one server, started in setUp with SETTINGS; its log is shown where a test fails."""

    SETTINGS = {}

    def setUp(self):
        self.server = Server(self.SETTINGS)
        self.addCleanup(self.server.stop)

    def run(self, result=None):
        before = self._faults(result)
        super().run(result)
        if self._faults(result) > before and getattr(self, "server", None):
            self.server.show_log()

    @staticmethod
    def _faults(result):
        return len(result.failures) + len(result.errors) if result else 0
