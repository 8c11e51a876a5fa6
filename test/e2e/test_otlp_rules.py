# SPDX-License-Identifier: Apache-2.0
"""The rules of OTLP/JSON: what is taken, what is refused, and that a refusal says so."""

import json

from harness import ServerCase, shared
from otlp import post, refused_spans, request, span


class OtlpRules(ServerCase):
    def test_reference_cases(self):
        cases = json.loads(shared("data", "vectors", "otlp-json-rules.json").read_text())["cases"]
        self.assertGreater(len(cases), 10)
        for case in cases:
            with self.subTest(case["name"]):
                # one server for all of them: what is stored is what was not there before
                before = self.server.status()["spans"]
                answer = self.send(case)
                self.assertIn(answer.status, case["status"], answer.body[:500])
                stored = self.server.status()["spans"] - before
                if case["stored"] is not None:
                    self.assertEqual(stored, case["stored"], answer.body[:500])
                if answer.status == 200:
                    self.assertEqual(refused_spans(answer), self.sent(case["body"]) - stored)
                else:
                    self.assertTrue(answer.json()["message"])

    def send(self, case):
        body = case["body"]
        if body is None:
            return post(self.server, b"{}", {"content-encoding": "br-x"})
        return post(self.server, body.encode() if isinstance(body, str) else self.unique(body))

    def unique(self, body):
        """The same spans in other traces for every case, so that none is a duplicate of another."""
        self.number = getattr(self, "number", 0) + 1
        text = json.dumps(body)
        for given in ("5b8efff7", "5B8EFFF7"):
            text = text.replace(given, f"{self.number:08x}")
        return json.loads(text)

    @staticmethod
    def sent(body):
        return sum(len(scope["spans"]) for resource in body.get("resourceSpans", [])
                   for scope in resource["scopeSpans"]) if isinstance(body, dict) else 0

    def test_ids_are_hex_in_either_case_and_shown_in_lower_case(self):
        self.send({"body": {"resourceSpans": [{"scopeSpans": [{"spans": [
            {"traceId": "ABCDEF" + "0" * 25 + "1", "spanId": "ABCDEF0000000001", "name": "n"}]}]}]}})
        found = self.server.spans("abcdef" + "0" * 25 + "1")
        self.assertEqual([span["spanId"] for span in found], ["abcdef0000000001"])

    def test_encoding_of_an_error_is_that_of_the_request(self):
        for kind in ("application/json", "application/x-protobuf"):
            answer = post(self.server, b"\xff\xff", kind=kind)
            self.assertEqual(answer.status, 400)
            self.assertEqual(answer.headers["content-type"].split(";")[0], kind)

    def test_a_span_that_is_sent_again_counts_again_and_is_answered_once(self):
        body = request([span(0x5EED, 1, name="again")], service="again")
        before = self.server.status()["spans"]
        for count in (1, 2):
            self.assertEqual(post(self.server, body).status, 200)
            self.assertEqual(self.server.status()["spans"], before + count)
            services = {one["name"]: one for one in self.server.get("/api/w1/services")["services"]}
            self.assertEqual((services["again"]["spanCount"], services["again"]["errorCount"]), (count, 0))
            operation = self.server.get("/api/w1/services/again/operations")["operations"][0]
            self.assertEqual((operation["name"], operation["spanCount"]), ("again", count))
            self.assertEqual(len(self.server.spans(f"{0x5EED:032x}")), 1)
