# SPDX-License-Identifier: Apache-2.0
"""Jaeger's HTTP APIs against the known answers of other servers.

The reference data is looked for in $WAYBILL_SHARED, else in ../shared beside the checkout.
"""

import copy
import json
import os
import pathlib
import unittest
import urllib.parse
from datetime import datetime, timezone

from harness import Server
from http_json import call, send_otlp

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("WAYBILL_SHARED", ROOT.parent / "shared"))
VECTORS = SHARED / "data" / "vectors"
STORAGE = VECTORS / "jaeger-storage-integration"


def covers(given, wanted):
    """True where `given` has all that `wanted` has; lists without order; null equals empty."""
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(covers(given.get(k), v) for k, v in wanted.items())
    if isinstance(wanted, list):
        rest = list(given or [])
        for item in wanted:
            found = next((i for i, other in enumerate(rest) if covers(other, item)), None)
            if found is None:
                return False
            rest.pop(found)
        return not rest
    if wanted is None:
        return given is None or given == []
    return given == wanted


def micros(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    delta = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds


def tag_text(value):
    return json.dumps(value) if isinstance(value, (bool, int, float)) else value


def first_span(document):
    return document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]


class JaegerVectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not VECTORS.is_dir():
            raise unittest.SkipTest(f"no reference data in {VECTORS}")

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.web = f"http://127.0.0.1:{self.server.ports['web']}"
        self.otlp = f"http://127.0.0.1:{self.server.ports['otlp_http']}"

    def get(self, path, status=200):
        answer = call(self.web, path)
        self.assertEqual(answer.status, status, f"{path}: {answer.body[:500]!r}")
        return answer.json()

    def test_basic_calls(self):
        vector = json.loads((VECTORS / "jaeger-http-query-basic.json").read_text())
        for before in (True, False):
            if not before:
                send_otlp(self.otlp, vector["otlp"])
            for case in (c for c in vector["cases"] if c["before_ingest"] == before):
                with self.subTest(case["title"]):
                    answer = self.get(case["get"], case["status"])
                    self.assertTrue(covers(answer["data"], case["expect"]["data"]), answer)

    def test_transform(self):
        body = (VECTORS / "otlp-to-jaeger" / "otlp2jaeger-in.json").read_bytes()
        wanted = json.loads((VECTORS / "otlp-to-jaeger" / "otlp2jaeger-out.json").read_text())
        answer = call(self.web, "/api/transform", "POST", body)
        self.assertEqual(answer.status, 200)
        self.assertTrue(covers(answer.json(), wanted), answer.body)

    def load_fixtures(self):
        ids = {}
        for path in sorted((STORAGE / "traces").glob("*.json")):
            document = json.loads(path.read_text())
            send_otlp(self.otlp, document)
            ids[path.stem] = first_span(document)["traceId"]
        return ids

    def test_storage_queries(self):
        ids = self.load_fixtures()
        for case in json.loads((STORAGE / "queries.json").read_text()):
            query = case["Query"]
            wanted = {ids[name] for name in case["ExpectedFixtures"]}
            tags = json.dumps({k: tag_text(v) for k, v in (query["Tags"] or {}).items()})
            with self.subTest(case["Caption"]):
                found = self.get("/api/traces?" + urllib.parse.urlencode({
                    "service": query["ServiceName"],
                    "operation": query["OperationName"],
                    "start": micros(query["StartTimeMin"]),
                    "end": micros(query["StartTimeMax"]),
                    "minDuration": f"{query['DurationMin']}ns",
                    "maxDuration": f"{query['DurationMax']}ns",
                    "limit": query["NumTraces"],
                    "tags": tags,
                }))
                self.assertEqual({t["traceID"].zfill(32) for t in found["data"]}, wanted)
                found = self.get("/api/v3/trace-summaries?" + urllib.parse.urlencode({
                    "query.service_name": query["ServiceName"],
                    "query.operation_name": query["OperationName"],
                    "query.start_time_min": query["StartTimeMin"],
                    "query.start_time_max": query["StartTimeMax"],
                    "query.duration_min": f"{query['DurationMin']}ns",
                    "query.duration_max": f"{query['DurationMax']}ns",
                    "query.num_traces": query["NumTraces"],
                    "query.attributes": tags,
                }))
                self.assertEqual({s["traceId"] for s in found["summaries"]}, wanted)

    def test_services_and_summary_of_the_example(self):
        ids = self.load_fixtures()
        services = self.get("/api/services")["data"]
        for name in ("example-service-1", "example-service-2", "example-service-3"):
            self.assertIn(name, services)
        spans = self.get("/api/traces/" + ids["example_trace"])["data"][0]["spans"]
        found = self.get("/api/v3/trace-summaries?query.startTimeMin=1970-01-01T00:00:00Z"
                         "&query.startTimeMax=2030-01-01T00:00:00Z&query.searchDepth=1000")
        summary = next(s for s in found["summaries"] if s["traceId"] == ids["example_trace"])
        self.assertEqual(summary["spanCount"], len(spans))

    def send_copies(self, count, duplicate_every):
        """Copies of the example's first span: other ids and times; some keep the first one's id."""
        document = json.loads((STORAGE / "traces" / "example_trace.json").read_text())
        resource = copy.deepcopy(document["resourceSpans"][0])
        original = first_span(document)
        spans = []
        for i in range(count):
            span = copy.deepcopy(original)
            if not duplicate_every or i == 0 or i % duplicate_every:
                span["spanId"] = f"{i + 1:016x}"
            for field in ("startTimeUnixNano", "endTimeUnixNano"):
                span[field] = str(int(span[field]) + (i + 1) * 1_000_000_000)
            spans.append(span)
        resource["scopeSpans"] = [{"scope": {}, "spans": spans}]
        send_otlp(self.otlp, {"resourceSpans": [resource]})
        return original["traceId"]

    def test_large_trace(self):
        trace_id = self.send_copies(10_008, 0)
        self.assertEqual(len(self.get("/api/traces/" + trace_id)["data"][0]["spans"]), 10_008)

    def test_duplicate_span_ids_are_kept(self):
        trace_id = self.send_copies(200, 20)
        spans = self.get("/api/traces/" + trace_id)["data"][0]["spans"]
        self.assertEqual(len(spans), 200)
        self.assertLess(len({span["spanID"] for span in spans}), 200)

    def test_search_without_a_service(self):
        for number, service in enumerate(("cross-service-a", "cross-service-b"), 1):
            send_otlp(self.otlp, {"resourceSpans": [{
                "resource": {"attributes": [
                    {"key": "service.name", "value": {"stringValue": service}}]},
                "scopeSpans": [{"spans": [{
                    "traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": "op",
                    "startTimeUnixNano": "1700000000000000000",
                    "endTimeUnixNano": "1700000000000000001",
                    "attributes": [{"key": "rfc0013.cross.service",
                                    "value": {"stringValue": "yes"}}]}]}]}]})
        found = self.get("/api/v3/trace-summaries?" + urllib.parse.urlencode({
            "query.startTimeMin": "2023-11-14T00:00:00Z",
            "query.startTimeMax": "2023-11-15T00:00:00Z",
            "query.attributes": '{"rfc0013.cross.service": "yes"}'}))
        self.assertEqual(len(found["summaries"]), 2)


class JaegerV3Shapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not (VECTORS / "jaeger-api-v3").is_dir():
            raise unittest.SkipTest(f"no reference data in {VECTORS / 'jaeger-api-v3'}")
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.web = f"http://127.0.0.1:{cls.server.ports['web']}"
        otlp = f"http://127.0.0.1:{cls.server.ports['otlp_http']}"
        span = {"traceId": f"{1:032x}", "spanId": f"{2:016x}", "name": "foobar", "kind": 2,
                "startTimeUnixNano": "1000000000000", "endTimeUnixNano": "1001000000000",
                "status": {"code": 2}}
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "foo"}}]}
        send_otlp(otlp, {"resourceSpans": [
            {"resource": resource, "scopeSpans": [{"scope": {}, "spans": [span]}]}]})

    RANGE = "query.startTimeMin=1970-01-01T00:00:00Z&query.startTimeMax=1970-01-02T00:00:00Z"

    def same_shape(self, given, wanted, place="$"):
        """Every key of the reference is there, with a value of the same kind."""
        self.assertIs(type(given), type(wanted), place)
        if isinstance(wanted, dict):
            for key, value in wanted.items():
                self.assertIn(key, given, place)
                self.same_shape(given[key], value, f"{place}.{key}")
        elif isinstance(wanted, list) and wanted:
            self.assertTrue(given, place)
            self.same_shape(given[0], wanted[0], f"{place}[0]")

    def test_answers_have_the_reference_shapes(self):
        for name, path in [
            ("GetServices", "/api/v3/services"),
            ("GetOperations", "/api/v3/operations?service=foo"),
            ("GetTrace", "/api/v3/traces/1"),
            ("FindTraces", "/api/v3/traces?" + self.RANGE),
            ("FindTraceSummaries", "/api/v3/trace-summaries?" + self.RANGE),
        ]:
            with self.subTest(name):
                wanted = json.loads((VECTORS / "jaeger-api-v3" / f"{name}.json").read_text())
                answer = call(self.web, path)
                self.assertEqual(answer.status, 200, answer.body[:500])
                self.same_shape(answer.json(), wanted)


if __name__ == "__main__":
    unittest.main()
