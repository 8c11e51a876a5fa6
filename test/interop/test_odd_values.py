# SPDX-License-Identifier: Apache-2.0
"""Values that programs come by without meaning to: no request is lost for them, whatever the protocol."""

import json
import subprocess
import unittest
import urllib.request

import readback
import toolkits
from waybill_server import WaybillServer

SEND_SECONDS_MAX = 60
HALF_CHARACTER = {"half a character": ("string", "x\ufffd"), "cut text": ("string", "0123456789012345678\ufffd")}
WHOLE_BEYOND_64_BITS = {"whole beyond 64 bits": ("double", "1e+21"),
                        "two to the 63": ("double", "9.223372036854776e+18")}
# JSON has neither; the SDK writes null.
NO_NUMBER_JSON = {"nan": ("empty", None), "infinity": ("empty", None)}
NO_NUMBER = {"nan": ("double", "nan"), "infinity": ("double", "-inf")}


class OddValues(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node, cls.script = toolkits.js()
        cls.server = WaybillServer()
        cls.addClassCleanup(cls.server.stop)

    def check(self, protocol, expected):
        listener = "otlp_grpc" if protocol == "grpc" else "otlp_http"
        command = [self.node, self.script.replace("send.mjs", "odd_values.mjs"), protocol, self.server.address(listener)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SEND_SECONDS_MAX,
                              env=toolkits.sender_environment())
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        outcomes = json.loads(done.stdout)
        self.assertEqual({name: outcomes[name]["error"] for name in expected}, dict.fromkeys(expected, ""))
        found = {}
        for name in expected:
            with urllib.request.urlopen(f"{self.server.web}/api/w1/traces/{outcomes[name]['traceId']}") as response:
                span, = readback.otlp_spans(json.load(response)["resourceSpans"]).values()
            found[name] = dict(span["attributes"])["key"]
        self.assertEqual(found, expected)

    def test_grpc(self):
        self.check("grpc", NO_NUMBER | HALF_CHARACTER | WHOLE_BEYOND_64_BITS)

    def test_http_protobuf(self):
        self.check("http/protobuf", NO_NUMBER | HALF_CHARACTER | WHOLE_BEYOND_64_BITS)

    def test_http_json_no_number(self):
        self.check("http/json", NO_NUMBER_JSON)

    # Half of a surrogate pair (\ud83d without its other half): the SDK makes one itself where its limit for text cuts
    # within a character.
    def test_http_json_half_character(self):
        self.check("http/json", HALF_CHARACTER)

    # The SDK writes whole numbers as intValue, also those of 2^63 and more.
    def test_http_json_whole_beyond_64_bits(self):
        self.check("http/json", WHOLE_BEYOND_64_BITS)


if __name__ == "__main__":
    unittest.main()
