# SPDX-License-Identifier: Apache-2.0
"""What OpenTelemetry SDKs send comes back by every API as it was sent."""

import json
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

import readback
import toolkits
from waybill_server import WaybillServer

SEND_SECONDS_MAX = 60
# What the senders put into the attribute text.long.
LONG_TEXT_BYTES = 5000


def setUpModule():
    Sdk.server = WaybillServer()
    unittest.addModuleCleanup(Sdk.server.stop)


def get(path, **parameters):
    """The JSON of an answer; anything but 200 is an error."""
    address = Sdk.server.web + path
    if parameters:
        address += "?" + urllib.parse.urlencode(parameters)
    try:
        with urllib.request.urlopen(address, timeout=20) as response:
            return json.load(response, parse_int=lambda text: -0.0 if text == "-0" else int(text))
    except urllib.error.HTTPError as error:
        with error:
            raise AssertionError(f"{address}: {error.code} {error.read()[:500]!r}") from None


class Sent:
    """What a sender says it sent, in the form of readback."""

    def __init__(self, output):
        self.spans = {span["spanId"]: readback.typed_span(span) for span in output["spans"]}
        trace_ids = {span["traceId"] for span in output["spans"]}
        if len(trace_ids) != 1 or len(self.spans) != len(output["spans"]):
            raise AssertionError(f"a sender makes one trace of different spans: {output}")
        self.trace_id, = trace_ids
        self.start = min(int(span["startUnixNano"]) for span in self.spans.values())
        self.end = max(int(span["endUnixNano"]) for span in self.spans.values())
        self.root, = (span for span in self.spans.values() if not span["parentSpanId"])
        self.service = dict(self.root["resource"]["attributes"])["service.name"][1]

    def operations(self):
        return {(span["name"], span["kind"]) for span in self.spans.values()}


class Sdk:
    """The tests of one SDK: a method for each protocol and compression, which are added below."""

    server = None
    toolkit = None
    command = None
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.command = cls.toolkit()

    def send(self, protocol, compression):
        listener = "otlp_grpc" if protocol == "grpc" else "otlp_http"
        command = [*self.command, protocol, compression, self.server.address(listener)]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False,
                              timeout=SEND_SECONDS_MAX, env=toolkits.sender_environment())
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertEqual(done.stderr.strip(), "", "the SDK complained")
        return Sent(json.loads(done.stdout))

    def received(self, protocol):
        """Requests and bytes of bodies, as they came, that the server counted for a protocol so far."""
        name = {"grpc": "otlp_grpc", "http/protobuf": "otlp_http_protobuf", "http/json": "otlp_http_json"}[protocol]
        with urllib.request.urlopen(self.server.web + "/metrics", timeout=20) as response:
            lines = response.read().decode().splitlines()
        counts = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return [int(counts[f'waybill_received_{what}_total{{protocol="{name}"}}']) for what in ("requests", "bytes")]

    def check(self, protocol, compression):
        requests_before, bytes_before = self.received(protocol)
        sent = self.send(protocol, compression)
        requests, total = self.received(protocol)
        # That it went the way it was told to: the longest text alone has more bytes than the whole of it compressed.
        self.assertEqual(requests, requests_before + 1)
        if compression == "gzip":
            self.assertLess(total - bytes_before, LONG_TEXT_BYTES)
        else:
            self.assertGreater(total - bytes_before, LONG_TEXT_BYTES)
        self.check_is_rich(sent)
        for name in ("otlp", "details", "v3", "jaeger", "searches", "v3_searches", "grafana"):
            with self.subTest(name):
                getattr(self, "check_" + name)(sent)

    def assert_spans(self, found, expected):
        """Span by span and field by field, so that a difference is named."""
        self.assertEqual(sorted(found), sorted(expected))
        for span_id, span in expected.items():
            for field, value in span.items():
                self.assertEqual(found[span_id][field], value, f"{field} of the span {span_id}")
            self.assertEqual(found[span_id], span)

    def check_is_rich(self, sent):
        """A sender that leaves something out would test nothing."""
        spans = sent.spans.values()
        self.assertEqual({span["kind"] for span in spans}, set(readback.KINDS) - {"unspecified"})
        self.assertEqual({span["status"]["code"] for span in spans}, set(readback.STATUSES))
        types = {value[0] for span in spans for _, value in span["attributes"]}
        self.assertLessEqual({"string", "bool", "int", "double", "array"}, types)
        for part in ("Attributes", "Events", "Links"):
            self.assertTrue(any(span[f"dropped{part}Count"] for span in spans), f"dropped{part}Count")
        self.assertTrue(any(event["droppedAttributesCount"] for span in spans for event in span["events"]))
        self.assertTrue(any(link["droppedAttributesCount"] for span in spans for link in span["links"]))
        self.assertTrue(any(event["name"] == "exception" for span in spans for event in span["events"]))
        self.assertTrue(any(span["traceState"] for span in spans))
        self.assertTrue(any(span["scope"]["version"] for span in spans))
        self.assertTrue(any(span["flags"] & 0x200 for span in spans), "a span with a remote parent")

    def check_otlp(self, sent):
        answer = get(f"/api/w1/traces/{sent.trace_id}")
        self.assert_spans(readback.otlp_spans(answer["resourceSpans"]), sent.spans)

    def check_details(self, sent):
        answer = get(f"/api/w1/traces/{sent.trace_id}/spans", ids=",".join(sent.spans))
        self.assertEqual([span["service"] for span in answer["spans"]], [sent.service] * len(sent.spans))
        found = {span["spanId"]: readback.typed_span(span) for span in answer["spans"]}
        self.assertEqual(len(answer["spans"]), len(found))
        self.assert_spans(found, sent.spans)

    def check_v3(self, sent):
        answer = get(f"/api/v3/traces/{sent.trace_id}")
        self.assert_spans(readback.otlp_spans(answer["result"]["resourceSpans"]), sent.spans)

    def assert_jaeger_trace(self, answer, sent):
        self.assertFalse(answer["errors"], answer["errors"])
        trace, = answer["data"]
        self.assertEqual(trace["traceID"], sent.trace_id)
        self.assertEqual({span["traceID"] for span in trace["spans"]}, {sent.trace_id})
        self.assertEqual(len(trace["spans"]), len(sent.spans))
        expected = {span_id: readback.jaeger_span_of(span, sent.trace_id) for span_id, span in sent.spans.items()}
        self.assertEqual(len(trace["processes"]), 1)
        self.assert_spans({span["spanID"]: readback.jaeger_span(span, trace["processes"], expected[span["spanID"]])
                           for span in trace["spans"]}, expected)

    def check_jaeger(self, sent):
        self.assert_jaeger_trace(get(f"/api/traces/{sent.trace_id}"), sent)
        self.assert_jaeger_trace(get(f"/api/traces/{sent.trace_id}", raw="true"), sent)

    def check_searches(self, sent):
        services = {one["name"]: one for one in get("/api/w1/services")["services"]}
        count = len(sent.spans)
        self.assertEqual(services[sent.service], {"name": sent.service, "spanCount": count, "errorCount": 1})
        path = urllib.parse.quote(sent.service, safe="")
        operations = get(f"/api/w1/services/{path}/operations")["operations"]
        self.assertEqual({(one["name"], one["kind"]) for one in operations}, sent.operations())
        of_service = f"resource.service.name = {json.dumps(sent.service)}"
        for query, matched in ((of_service, len(sent.spans)), (of_service + " && name = \"fails\" && status = error", 1),
                               (of_service + " && span.text = \"GET /cart\" && span.yes = true", 1),
                               (of_service + " && span.int.negative = -42 && span.double = 0.1", 1),
                               (of_service + " && kind = server", 1), (of_service + " && span.nowhere = 1", 0)):
            query = "{ " + query + " }"
            traces = get("/api/w1/search", q=query, **{"from": sent.start, "to": sent.end + 1})["traces"]
            if not matched:
                self.assertEqual(traces, [], query)
                continue
            self.assertEqual([one["traceId"] for one in traces], [sent.trace_id], query)
            summary = traces[0]
            wanted = {"rootService": sent.service, "rootOperation": sent.root["name"], "startUnixNano": str(sent.start),
                      "durationNano": str(sent.end - sent.start), "spanCount": len(sent.spans), "errorCount": 1,
                      "orphanCount": 0, "matchedCount": matched}
            self.assertEqual({name: summary[name] for name in wanted}, wanted, query)

    def check_v3_searches(self, sent):
        self.assertIn(sent.service, get("/api/v3/services")["services"])
        operations = get("/api/v3/operations", service=sent.service)["operations"]
        self.assertEqual({(one["name"], one["spanKind"]) for one in operations}, sent.operations())
        query = {"query.serviceName": sent.service, "query.startTimeMin": "2000-01-01T00:00:00Z",
                 "query.startTimeMax": "2200-01-01T00:00:00Z"}
        for more in ({}, {"query.operationName": "fails", "query.attributes": json.dumps({"error": "true"})}):
            answer = get("/api/v3/traces", **query, **more)
            self.assert_spans(readback.otlp_spans(answer["result"]["resourceSpans"]), sent.spans)
        summary, = get("/api/v3/trace-summaries", **query)["summaries"]
        wanted = {"traceId": sent.trace_id, "rootServiceName": sent.service, "rootOperationName": sent.root["name"],
                  "minStartTimeUnixNano": str(sent.start), "maxEndTimeUnixNano": str(sent.end),
                  "spanCount": len(sent.spans), "errorSpanCount": 1}
        self.assertEqual({name: summary.get(name) for name in wanted}, wanted)

    def check_grafana(self, sent):
        """The calls of Grafana's Jaeger data source, in its order: health, choices, search, trace, dependencies."""
        answer = get("/api/services")
        self.assertIn(sent.service, answer["data"])
        self.assertEqual(answer["total"], len(answer["data"]))
        answer = get("/api/services/" + urllib.parse.quote(sent.service, safe="") + "/operations")
        self.assertEqual(sorted(answer["data"]), sorted({name for name, _ in sent.operations()}))
        start, end = sent.start // 1000 - 1, sent.end // 1000 + 1
        choice = {"service": sent.service, "operation": "fails", "minDuration": "1ms", "maxDuration": "1h", "limit": 20}
        for tags in ({}, {"error": "true"}, {"otel.status_description": "boom ☠", "span.kind": "internal"}):
            for times in ({}, {"start": start, "end": end}):
                found = get("/api/traces", **choice, tags=json.dumps(tags), **times)
                self.assert_jaeger_trace(found, sent)
        self.assertEqual(get("/api/traces", **choice, tags=json.dumps({"error": "false"}))["data"], [])
        self.assert_jaeger_trace(get(f"/api/traces/{sent.trace_id}", start=start, end=end), sent)
        answer = get("/api/dependencies", endTs=sent.end // 1_000_000 + 1000, lookback=3_600_000)
        self.assertFalse(answer["errors"], answer["errors"])
        for edge in answer["data"]:
            self.assertEqual(set(edge), {"parent", "child", "callCount"})
        # With the feature flag: names with underscores, and times whose colons and plus are not encoded.
        self.assertIn(sent.service, get("/api/v3/services")["services"])
        get("/api/v3/operations", service=sent.service)
        path = (f"/api/v3/traces?query.service_name={urllib.parse.quote(sent.service, safe='')}&query.operation_name=fails"
                "&query.start_time_min=2000-01-01T00:00:00Z&query.start_time_max=2200-01-01T00:00:00.000000001Z"
                "&query.duration_min=1ms&query.duration_max=1h&query.search_depth=20")
        # A Grafana whose own zone is not UTC sends the offset, and its plus arrives as a blank.
        for given in (path, path.replace("00:00:00Z", "02:00:00+02:00", 1)):
            self.assert_spans(readback.otlp_spans(get(given)["result"]["resourceSpans"]), sent.spans)
        self.check_v3(sent)


def add_tests(case, protocols):
    def make(protocol, compression):
        return lambda self: self.check(protocol, compression)

    for protocol in protocols:
        for compression in ("none", "gzip"):
            name = f"test_{protocol.replace('/', '_')}_{compression}"
            setattr(case, name, make(protocol, compression))


class JavaScript(Sdk, unittest.TestCase):
    toolkit = staticmethod(toolkits.js)


class Python(Sdk, unittest.TestCase):
    toolkit = staticmethod(toolkits.python)


class Go(Sdk, unittest.TestCase):
    toolkit = staticmethod(toolkits.go)


class Java(Sdk, unittest.TestCase):
    toolkit = staticmethod(toolkits.java)


# Only this SDK has an exporter for JSON.
add_tests(JavaScript, ("grpc", "http/protobuf", "http/json"))
add_tests(Python, ("grpc", "http/protobuf"))
add_tests(Go, ("grpc", "http/protobuf"))
add_tests(Java, ("grpc", "http/protobuf"))


if __name__ == "__main__":
    unittest.main()
