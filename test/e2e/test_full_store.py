# SPDX-License-Identifier: Apache-2.0
"""No room left: senders are asked to come back, questions go on, and what was acknowledged stays."""

import unittest

from harness import Server
from http_json import call
from otlp import attribute, pb_fields, pb_request, pb_span, post, post_protobuf, request, span


def fill(server, pad, requests_max):
    """Sends traces of ten spans until one is refused; gives how many were taken, and the refusal."""
    for number in range(1, requests_max):
        answer = post(server, request([span(number, i + 1, attributes=[attribute("pad", pad)]) for i in range(10)]))
        if answer.status != 200:
            return number - 1, answer
    raise AssertionError(f"{requests_max} requests were taken, and none refused")


class FullStore(unittest.TestCase):
    def check_refusal(self, answer):
        self.assertEqual(answer.status, 503)
        self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        status = answer.json()
        self.assertEqual(status["code"], 14)
        self.assertTrue(status["message"])
        self.assertEqual(status["details"][0]["@type"], "type.googleapis.com/google.rpc.RetryInfo")
        self.assertTrue(status["details"][0]["retryDelay"].endswith("s"))

    def check_all_there(self, server, taken):
        status = server.status()
        self.assertEqual((status["traces"], status["spans"]), (taken, taken * 10))
        for number in (1, taken // 2 + 1, taken):
            self.assertEqual(len(server.spans(f"{number:032x}")), 10)
        self.assertEqual(server.spans(f"{taken + 1:032x}"), [])
        services = server.get("/api/w1/services")["services"]
        self.assertEqual(services, [{"name": "e2e", "spanCount": taken * 10, "errorCount": 0}])

    def test_memory(self):
        with Server({"WAYBILL_LIMITS_HEAD_BYTES": "1MiB"}) as server:
            taken, answer = fill(server, "x" * 100, 2000)
            self.check_refusal(answer)
            self.assertGreater(taken, 20)
            again = post_protobuf(server, pb_request([pb_span(b"t" * 16, b"s" * 8)] * 3000))
            self.assertEqual(again.status, 503)
            self.assertEqual(again.headers["content-type"], "application/x-protobuf")
            self.assertEqual(dict(pb_fields(again.body))[1], 14)
            self.assertEqual(server.metrics()['waybill_refused_requests_total{reason="store_full"}'], 2)
            status = server.status()
            self.assertLessEqual(status["headBytes"], status["headBytesMax"])
            self.assertEqual(call(server.web, "/healthz").status, 200)
            self.check_all_there(server, taken)
            server.restart()
            self.check_all_there(server, taken)
            server.kill()
            server.start()
            self.check_all_there(server, taken)
            # with more room it goes on by itself
            server.settings["WAYBILL_LIMITS_HEAD_BYTES"] = "64MiB"
            server.restart()
            self.check_all_there(server, taken)
            self.assertEqual(post(server, request([span(taken + 1, i + 1) for i in range(10)])).status, 200)
            self.assertEqual(server.status()["traces"], taken + 1)

    def test_log(self):
        with Server({"WAYBILL_LIMITS_LOG_BYTES": "100MiB"}) as server:
            taken, answer = fill(server, "x" * 200_000, 60)
            self.check_refusal(answer)
            self.assertGreater(taken, 10)
            self.assertGreater(server.metrics()['waybill_log_append_failures_total{reason="no_space"}'], 0)
            self.check_all_there(server, taken)
            server.restart()
            self.check_all_there(server, taken)

    def test_disk(self):
        with Server({"WAYBILL_LIMITS_FREE_DISK_BYTES": "900TiB"}) as server:
            answer = post(server, request([span(1, 1)]))
            self.check_refusal(answer)
            self.assertIn("free", answer.json()["message"])
            self.assertEqual(server.status()["spans"], 0)
            self.assertIn("error", server.log())
            server.settings["WAYBILL_LIMITS_FREE_DISK_BYTES"] = "1MiB"
            server.restart()
            self.assertEqual(server.status()["spans"], 0)
            self.assertEqual(post(server, request([span(1, 1)])).status, 200)
