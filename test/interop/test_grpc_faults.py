# SPDX-License-Identifier: Apache-2.0
"""What the real gRPC client gets for wrong calls, and when there is no more room."""

import json
import subprocess
import unittest

import toolkits
from waybill_server import WaybillServer

CALLS_SECONDS_MAX = 120


def calls(test, what, **settings):
    server = WaybillServer(**settings)
    test.addCleanup(server.stop)
    command = [test.program, str(toolkits.FOLDER / "python/fault_calls.py"), what, server.address("otlp_grpc")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CALLS_SECONDS_MAX,
                          env=toolkits.sender_environment())
    test.assertEqual(done.returncode, 0, done.stderr[-2000:])
    return json.loads(done.stdout)


class GrpcFaultsPython(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.program = toolkits.python_program()

    def test_wrong_calls(self):
        outcomes = calls(self, "faults", WAYBILL_LIMITS_REQUEST_BYTES="1MiB")
        codes = {
            "good": "OK",
            "empty": "OK",
            "unknown method": "UNIMPLEMENTED",
            "unknown service": "UNIMPLEMENTED",
            "garbage": "INVALID_ARGUMENT",
            "cut": "INVALID_ARGUMENT",
            "too large": "RESOURCE_EXHAUSTED",
            "too large when inflated": "RESOURCE_EXHAUSTED",
            "deflate": "OK",
            "gzip": "OK",
            "zero trace id": "OK",
            "good after all": "OK",
            "good on another connection": "OK",
        }
        self.assertEqual({name: outcome["code"] for name, outcome in outcomes.items()}, codes, outcomes)
        for name, outcome in outcomes.items():
            with self.subTest(name):
                if outcome["code"] == "OK":
                    self.assertEqual(outcome["rejected"], 1 if name == "zero trace id" else 0)
                    self.assertEqual(bool(outcome["message"]), name == "zero trace id", outcome)
                else:
                    self.assertTrue(outcome["message"])
                    # It would ask the client to send the same again.
                    self.assertIsNone(outcome["retrySeconds"])

    def test_no_room(self):
        outcome = calls(self, "full", WAYBILL_LIMITS_HEAD_BYTES="8MiB", WAYBILL_OTLP_RETRY_DELAY="7s")["full"]
        self.assertEqual((outcome["code"], outcome["retrySeconds"]), ("UNAVAILABLE", 7), outcome)
        self.assertEqual(outcome["statusCode"], 14)
        self.assertGreater(outcome["accepted"], 0)


class GrpcFaultsGo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.command = toolkits.go()

    def test_unknown_compression(self):
        server = WaybillServer()
        self.addCleanup(server.stop)
        done = subprocess.run([*self.command, "grpc", "other", server.address("otlp_grpc")], capture_output=True,
                              text=True, check=False, timeout=CALLS_SECONDS_MAX, env=toolkits.sender_environment())
        self.assertEqual(done.returncode, 1)
        self.assertIn("code = Unimplemented", done.stderr)
        self.assertIn("other", done.stderr)


if __name__ == "__main__":
    unittest.main()
