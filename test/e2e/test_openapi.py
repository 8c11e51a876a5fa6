# SPDX-License-Identifier: Apache-2.0
"""Holds the OpenAPI document against the running server: every path answers, in its described shape."""

import json
import unittest
import urllib.parse

from harness import Server
from http_json import call, send_otlp
from schema_check import faults, resolve

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
ATTRIBUTES = [
    {"key": "s", "value": {"stringValue": "GET"}},
    {"key": "i", "value": {"intValue": "7"}},
    {"key": "d", "value": {"doubleValue": 0.5}},
    {"key": "b", "value": {"boolValue": True}},
    {"key": "y", "value": {"bytesValue": "AQI="}},
    {"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}},
    {"key": "k", "value": {"kvlistValue": {"values": [{"key": "x", "value": {"intValue": "1"}}]}}},
    {"key": "e", "value": {}},
]
SPAN = {
    "traceId": TRACE_ID,
    "spanId": "b7ad6b7169203331",
    "name": "GET /cart",
    "kind": 2,
    "startTimeUnixNano": "1700000000000000000",
    "endTimeUnixNano": "1700000000120000000",
    "attributes": ATTRIBUTES,
    "events": [{"name": "e", "timeUnixNano": "1700000000000000001", "attributes": ATTRIBUTES}],
    "links": [{"traceId": TRACE_ID, "spanId": "00f067aa0ba902b7", "attributes": ATTRIBUTES}],
    "status": {"code": 2, "message": "boom"},
}
OTLP = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "cart"}}]},
            "scopeSpans": [{"scope": {"name": "lib", "version": "1"}, "spans": [SPAN]}],
        }
    ]
}
PATH_VALUES = {"service": "cart", "traceId": TRACE_ID}


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.web = f"http://127.0.0.1:{cls.server.ports['web']}"
        send_otlp(f"http://127.0.0.1:{cls.server.ports['otlp_http']}", OTLP)
        cls.document = call(cls.web, "/api/w1/openapi.json").json()

    def target(self, path, operation):
        """The path with its variables filled in and the parameters that have an example."""
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                value = urllib.parse.quote(PATH_VALUES[parameter["name"]], safe="")
                path = path.replace("{" + parameter["name"] + "}", value)
        query = {p["name"]: p["example"] for p in operation["parameters"] if "example" in p}
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def check(self, answer, content):
        kind = answer.headers["content-type"].split(";")[0]
        self.assertIn(kind, content)
        if kind == "application/json":
            found = faults(self.document, content[kind]["schema"], answer.json())
            self.assertEqual(found, [])
        self.assertTrue(answer.headers["x-request-id"])

    def test_every_path_answers_as_described(self):
        self.assertGreater(len(self.document["paths"]), 8)
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                with self.subTest(f"{method} {path}"):
                    answer = call(self.web, self.target(path, operation), method.upper())
                    self.assertEqual(answer.status, 200, answer.body[:500])
                    self.check(answer, operation["responses"]["200"]["content"])

    def test_faults_look_as_described(self):
        trace = f"/api/w1/traces/{TRACE_ID}"
        for status, path in [
            (400, "/api/w1/search?limit=-1"),
            (400, "/api/w1/search?limit=1000000000"),
            (400, "/api/w1/search?q=%7B%20nonsense"),
            (400, "/api/w1/search?from=2&to=1"),
            (400, "/api/w1/search?q=%ff"),
            (400, "/api/w1/traces/" + "1" * 33),
            (400, "/api/w1/traces/a%2Fb"),
            (400, trace + "/spans"),
            (400, trace + "/spans?rows=1"),
            (404, trace + "/spans?ids=1"),
            (400, trace + "/find"),
            (404, "/api/w1/traces/1"),
            (404, "/api/w1/nothing"),
        ]:
            with self.subTest(path):
                answer = call(self.web, path)
                self.assertEqual(answer.status, status, answer.body[:500])
                found = faults(self.document, {"$ref": "#/components/schemas/Error"}, answer.json())
                self.assertEqual(found, [])

    def test_every_schema_is_used(self):
        text = json.dumps(self.document)
        for name in self.document["components"]["schemas"]:
            self.assertIn(f"#/components/schemas/{name}\"", text)
            resolve(self.document, {"$ref": f"#/components/schemas/{name}"})


if __name__ == "__main__":
    unittest.main()
