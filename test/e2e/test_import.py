# SPDX-License-Identifier: Apache-2.0
"""`waybill import` of recorded traces: what the server then tells of them is what was counted from the files."""

import collections
import gzip
import json
import re
import unittest

from harness import Server, ServerCase, run, shared

SETS = ("nezha-online-boutique-2022-08-22", "nezha-train-ticket-2023-01-29")
ALL_TIME = "endTs=4000000000000&lookback=4000000000000"
_IDS = re.compile(rb'"traceId":"([0-9a-f]{32})","spanId":"([0-9a-f]{16})"')


def import_files(server, *paths):
    result = run("import", "--endpoint", server.otlp, *paths, seconds=280)
    if result.returncode != 0:
        raise AssertionError(f"import ended with {result.returncode}: {result.stderr[-2000:]}")
    return result.stdout


def edges(spans):
    """Calls between services in {(trace id, span id): (parent's span id, service)}."""
    found = collections.Counter()
    for (trace_id, _), (parent, service) in spans.items():
        caller = spans.get((trace_id, parent), (None, service))[1]
        if caller != service:
            found[(caller, service)] += 1
    return found


def spans_of(lines, trace_ids):
    """The spans of these traces in OTLP/JSON lines, as edges() takes them."""
    found = {}
    for resource in (r for line in lines for r in json.loads(line)["resourceSpans"]):
        service = next(a["value"]["stringValue"] for a in resource["resource"]["attributes"] if a["key"] == "service.name")
        for span in (s for scope in resource["scopeSpans"] for s in scope["spans"]):
            if span["traceId"].encode() in trace_ids:
                found[(span["traceId"], span["spanId"])] = (span.get("parentSpanId", ""), service)
    return found


class RecordedTraces(unittest.TestCase):
    """All recorded sets in one server: it is imported to once, and asked by every test.

    The facts were counted file by file. Some traces have spans in two files, and some of those are the same span, which the
    server takes twice and shows once: `twice` of them, with `edges_twice` calls.
    """

    @classmethod
    def setUpClass(cls):
        folders = [shared("data", "traces", name) for name in SETS]
        cls.facts, cls.paths = [], []
        for folder in folders:
            for entry in json.loads((folder / "facts.json").read_text()):
                cls.facts.append(entry["facts"])
                cls.paths.append(folder / entry["file"])
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.output = import_files(cls.server, *cls.paths)
        cls.count_what_is_there_twice()

    @classmethod
    def count_what_is_there_twice(cls):
        texts = [gzip.decompress(path.read_bytes()) for path in cls.paths]
        ids = [set(_IDS.findall(text)) for text in texts]
        cls.twice = sum(map(len, ids)) - len(set().union(*ids))
        files_of = collections.Counter(trace for spans in ids for trace in {trace for trace, _ in spans})
        cls.traces = len(files_of)
        crossing = {trace for trace, files in files_of.items() if files > 1}
        merged, cls.edges_twice = {}, collections.Counter()
        for text, spans in zip(texts, ids):
            if crossing & {trace for trace, _ in spans}:
                lines = (line for line in text.splitlines() if any(trace in line for trace in crossing))
                found = spans_of(lines, crossing)
                cls.edges_twice.update(edges(found))
                merged.update(found)
        cls.edges_twice.subtract(edges(merged))

    def sums(self, give):
        total = collections.Counter()
        for facts in self.facts:
            total.update(give(facts))
        return dict(total)

    def check_held(self, held, sent):
        """A span that was sent twice is held twice until it is sealed."""
        self.assertLessEqual(held, sent)
        self.assertGreaterEqual(held, sent - self.twice)

    def test_every_span_is_counted(self):
        spans = sum(facts["spans"] for facts in self.facts)
        self.assertIn(f"{spans} spans imported", self.output)
        status = self.server.status()
        self.check_held(status["spans"], spans)
        self.assertEqual(int(status["oldestUnixNano"]), min(f["min_start_ns"] for f in self.facts))
        self.assertEqual(int(status["newestUnixNano"]), max(f["max_end_ns"] for f in self.facts))
        metrics = self.server.metrics()
        self.assertEqual(metrics["waybill_stored_spans_total"], spans)
        self.assertEqual(metrics["waybill_dropped_spans_total"], 0)

    def test_traces_are_put_together_over_files(self):
        # one that lies in several blocks counts in each
        blocks = self.server.status()["blocks"]
        self.assertIn(self.server.status()["traces"], range(self.traces, self.traces + blocks * 100))

    def test_services(self):
        wanted = self.sums(lambda f: {name: v["spans"] for name, v in f["per_service"].items()})
        found = self.server.get("/api/w1/services")["services"]
        self.assertEqual({s["name"] for s in found}, set(wanted))
        self.check_held(sum(s["spanCount"] for s in found), sum(wanted.values()))
        for service in found:
            self.check_held(service["spanCount"], wanted[service["name"]])
        self.assertEqual(self.server.status()["services"], len(wanted))
        self.assertEqual([s["name"] for s in found], sorted(wanted))
        self.check_held(sum(s["errorCount"] for s in found), sum(f["error_spans"] for f in self.facts))

    def test_calls_between_services(self):
        wanted = collections.Counter(self.sums(lambda f: {(e["caller"], e["callee"]): e["calls"] for e in f["edges"]}))
        wanted.subtract(self.edges_twice)
        found = self.server.get("/api/dependencies?" + ALL_TIME)["data"]
        self.assertEqual({(e["parent"], e["child"]): e["callCount"] for e in found}, dict(wanted))

    def test_exemplars(self):
        checked = 0
        for facts in self.facts:
            for exemplar in facts.get("exemplars", []):
                trace_id = exemplar["trace"]
                spans = self.server.spans(trace_id)
                # a trace that goes on in the next file has more
                self.assertGreaterEqual(len(spans), exemplar["spans"], trace_id)
                if len(spans) == exemplar["spans"]:
                    start = min(int(span["startTimeUnixNano"]) for span in spans)
                    end = max(int(span["endTimeUnixNano"]) for span in spans)
                    self.assertEqual((start, end - start), (exemplar["start_ns"], exemplar["trace_duration_ns"]))
                    checked += 1
        self.assertGreater(checked, 50)

    def test_every_trace_is_listed_once_newest_first(self):
        found, cursor = [], ""
        while cursor is not None:
            page = self.server.get("/api/w1/search?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            found += page["traces"]
            cursor = page["nextCursor"]
        self.assertEqual(len(found), self.traces)
        self.assertEqual(len({trace["traceId"] for trace in found}), len(found))
        self.assertEqual(sum(trace["spanCount"] for trace in found),
                         sum(facts["spans"] for facts in self.facts) - self.twice)
        starts = [int(trace["startUnixNano"]) for trace in found]
        self.assertEqual(starts, sorted(starts, reverse=True))
        largest = max(facts["max_spans_in_trace"] for facts in self.facts)
        self.assertGreaterEqual(max(trace["spanCount"] for trace in found), largest)


class RecordedTracesAgain(unittest.TestCase):
    def test_all_of_it_is_there_after_a_restart(self):
        folder = shared("data", "traces", SETS[1])
        with Server() as server:
            import_files(server, *sorted(folder.glob("*.jsonl.gz"))[:6])
            before = (server.status()["spans"], server.status()["traces"], server.get("/api/w1/services"),
                      server.get("/api/dependencies?" + ALL_TIME))
            server.restart()
            after = (server.status()["spans"], server.status()["traces"], server.get("/api/w1/services"),
                     server.get("/api/dependencies?" + ALL_TIME))
            self.assertEqual(after, before)


class SmallFiles(ServerCase):
    def test_facts(self):
        facts = json.loads(shared("data", "traces", "facts-small.json").read_text())
        names = [name for name in facts if "/otlp-examples/" in name or "/hotrod/" in name]
        self.assertGreaterEqual(len(names), 3)
        for name in names:
            for suffix in (".json", ".pb"):
                with self.subTest(name + suffix), Server() as server:
                    self.check(server, shared("data", name).with_suffix(suffix), facts[name]["facts"])

    def check(self, server, path, facts):
        import_files(server, path)
        status = server.status()
        self.assertEqual((status["spans"], status["traces"], status["services"]),
                         (facts["spans"], facts["traces"], facts["services"]))
        services = server.get("/api/w1/services")["services"]
        self.assertEqual({s["name"]: s["spanCount"] for s in services},
                         {name: v["spans"] for name, v in facts["per_service"].items()})
        self.assertEqual(sum(s["errorCount"] for s in services), facts["error_spans"])
        found = server.get("/api/dependencies?" + ALL_TIME)["data"]
        self.assertEqual({(e["parent"], e["child"]): e["callCount"] for e in found},
                         {(e["caller"], e["callee"]): e["calls"] for e in facts["edges"]})
        for exemplar in facts.get("exemplars", []):
            spans = server.spans(exemplar["trace"])
            self.assertEqual(len(spans), exemplar["spans"])
            self.assertEqual(sum(len(span.get("events", [])) for span in spans), facts["events"])

    def test_both_encodings_of_a_file_are_the_same_spans(self):
        for suffix in (".json", ".pb"):
            import_files(self.server, shared("data", "traces", "hotrod", "hotrod-v3-getTrace" + suffix))
        self.assertEqual(len(self.server.spans("2ea75461946a7dd10f2c15ab36a076cb")), 40)
