# SPDX-License-Identifier: Apache-2.0
"""Broken, hostile and odd requests: each gets its documented answer, is counted with its reason, and harms nothing else."""

import gzip
import json
import random
import socket
import struct
import threading
import time
import unittest

from harness import ServerCase
from http_json import call
from otlp import (attribute, field, pb_attribute, pb_fields, pb_request, pb_span, post, post_protobuf, refused_spans, request,
                  span, varint)

REQUEST_BYTES_MAX = 4 << 20
NANOS_MAX = 2**64 - 1


def ident(number, size=16):
    return number.to_bytes(size, "big")


class BadInput(ServerCase):
    """Every test ends with the same question: does the server still take a good span and show it?"""

    SETTINGS = {"WAYBILL_LIMITS_REQUEST_BYTES": str(REQUEST_BYTES_MAX)}

    def tearDown(self):
        self.assertTrue(self.server.alive(), self.server.log())
        self.assertEqual(post(self.server, request([span(0xFEED, 1)])).status, 200)
        self.assertEqual(len(self.server.spans(f"{0xFEED:032x}")), 1)
        self.assertEqual(self.server.metrics()["waybill_dropped_spans_total"], 0)

    def trace(self, number):
        return self.server.spans(f"{number:032x}")

    def refused_requests(self, reason):
        return self.server.metrics().get(f'waybill_refused_requests_total{{reason="{reason}"}}', 0)

    def refused_spans(self, reason):
        return self.server.metrics()[f'waybill_refused_spans_total{{reason="{reason}"}}']

    def cut(self, what):
        return self.server.metrics()[f'waybill_cut_total{{what="{what}"}}']


class Bodies(BadInput):
    def test_request_cut_short_anywhere(self):
        spans = [pb_span(ident(1), ident(i + 1, 8), name="n" * 30, more=field(9, pb_attribute("key", "v" * 40)))
                 for i in range(200)]
        whole = pb_request(spans)
        refused = 0
        for length in range(1, len(whole), 97):
            answer = post_protobuf(self.server, whole[:length])
            self.assertEqual(answer.status, 400, f"cut at {length}")
            self.assertEqual(dict(pb_fields(answer.body))[1], 3, f"cut at {length}")
            refused += 1
        self.assertEqual(self.refused_requests("malformed"), refused)
        self.assertEqual(self.server.status()["spans"], 0)
        text = json.dumps(request([span(1, i + 1) for i in range(50)])).encode()
        for length in range(1, len(text), 97):
            self.assertEqual(post(self.server, text[:length]).status, 400, f"cut at {length}")
        self.assertEqual(self.server.status()["spans"], 0)

    def test_random_bytes(self):
        seed = random.randrange(1 << 32)
        print(f"  random bytes: seed {seed}")
        generator = random.Random(seed)
        for number in range(150):
            body = generator.randbytes(generator.randrange(1, 400))
            if number % 3 == 0:  # a right beginning, to get further in
                body = pb_request([pb_span(ident(1), ident(1, 8), more=body)])
            with self.subTest(seed=seed, number=number):
                self.assertIn(post_protobuf(self.server, body).status, (200, 400))
                self.assertEqual(post(self.server, b"{" + body).status, 400)

    def test_lengths_that_lie(self):
        for lie in (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x3f", b"\x0a" + b"\xff" * 10, b"\x0a\x80", b"\xff" * 30):
            self.assertEqual(post_protobuf(self.server, lie).status, 400, lie)
        self.assertLess(self.server.peak_memory_bytes(), 200 << 20)

    def test_empty_requests_are_right(self):
        self.assertEqual(post_protobuf(self.server, b"").status, 200)
        self.assertEqual(post(self.server, b"{}").status, 200)

    def test_too_large(self):
        # a sender may be cut off while it still sends: that is as good as the answer
        with self.server.connect("otlp_http") as link:
            link.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n" % (REQUEST_BYTES_MAX + 1))
            self.assertTrue(link.recv(4096).startswith(b"HTTP/1.1 413 "))
        just_right = b"{" + b" " * (REQUEST_BYTES_MAX - 2) + b"}"
        self.assertEqual(post(self.server, just_right).status, 200)
        metrics = self.server.metrics()
        self.assertEqual(metrics['waybill_http_refused_total{listener="otlp_http",reason="body_bytes"}'], 1)

    def test_bombs(self):
        gzip_bomb = gzip.compress(b" " * (1 << 28), 9)
        # 1 GB of blanks as zstd: a frame of blocks that repeat one byte
        block, last = ((0x20000 << 3 | 2 | end).to_bytes(3, "little") + b" " for end in (0, 1))
        zstd_bomb = b"\x28\xb5\x2f\xfd\x00\x58" + block * 8000 + last
        for encoding, bomb in (("gzip", gzip_bomb), ("zstd", zstd_bomb)):
            answer = post(self.server, bomb, {"content-encoding": encoding})
            self.assertEqual(answer.status, 413, answer.body[:300])
            self.assertIn(str(REQUEST_BYTES_MAX), answer.json()["message"])
        self.assertLess(self.server.peak_memory_bytes(), 200 << 20)
        self.assertEqual(self.refused_requests("too_large"), 2)

    def test_compression(self):
        good = json.dumps(request([span(1, 1)])).encode()
        packed = gzip.compress(good)
        zstd = (b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(good)) + (len(good) << 3 | 1).to_bytes(3, "little") + good)
        for encoding, body, status in [
            ("gzip", packed, 200),
            ("gzip", gzip.compress(good[:100]) + gzip.compress(good[100:]), 200),
            ("zstd", zstd, 200),
            ("identity", good, 200),
            ("gzip", good, 400),
            ("gzip", packed[:-4], 400),
            ("gzip", packed[:-8] + b"\0\0\0\0" + packed[-4:], 400),
            ("gzip", packed + b"more", 400),
            ("gzip", gzip.compress(packed), 400),
            ("zstd", packed, 400),
            ("zstd", zstd[:-1], 400),
            ("deflate", packed, 400),
            ("br", good, 400),
            ("gzip, gzip", packed, 400),
        ]:
            with self.subTest(encoding, body=body[:20]):
                answer = post(self.server, body, {"content-encoding": encoding})
                self.assertEqual(answer.status, status, answer.body[:300])
        self.assertEqual(self.refused_requests("unknown_encoding"), 2)
        self.assertEqual(self.refused_requests("bad_compression"), 7)

    def test_content_types(self):
        for kind, status in [("text/plain", 415), ("application/xml", 415), ("application/json; charset=utf-8", 200),
                             ("Application/JSON", 200), ("application/jsonx", 415), ("", 415)]:
            with self.subTest(kind):
                self.assertEqual(post(self.server, b"{}", kind=kind).status, status)
        self.assertEqual(self.refused_requests("content_type"), 4)

    def test_methods_and_paths(self):
        self.assertEqual(call(self.server.otlp, "/v1/traces").status, 405)
        self.assertEqual(call(self.server.otlp, "/v1/traces", "PUT", {}).status, 405)
        self.assertEqual(call(self.server.otlp, "/v1/nothing", "POST", {}).status, 404)

    def test_nesting(self):
        def nested(levels):
            return '{"arrayValue":{"values":[' * levels + '{"intValue":"1"}' + "]}}" * levels

        def json_body(trace, text):
            made = json.dumps(request([span(trace, 1, attributes=[attribute("deep", "@"), attribute("flat", "v")])]))
            return made.replace('{"stringValue": "@"}', text).encode()

        self.assertEqual(post(self.server, json_body(1, nested(100))).status, 200)
        value = field(3, 1)
        for _ in range(100):
            value = field(5, field(1, value))
        more = field(9, field(1, "deep") + field(2, value)) + field(9, pb_attribute("flat", "v"))
        self.assertEqual(post_protobuf(self.server, pb_request([pb_span(ident(2), ident(1, 8), more=more)])).status, 200)
        for number in (1, 2):
            attributes = self.trace(number)[0]["attributes"]
            self.assertEqual(str(attributes).count("arrayValue"), 64)
            self.assertEqual(attributes[1], attribute("flat", "v"))
        self.assertEqual(self.cut("depth"), 2)

    def test_nesting_without_end(self):
        levels = 200_000

        def with_unknown(trace, text):
            return json.dumps(request([span(trace, 1)])).replace('"kind"', '"unknown":' + text + ',"kind"').encode()

        body = with_unknown(1, '{"arrayValue":{"values":[' * levels)
        self.assertEqual(post(self.server, body[:REQUEST_BYTES_MAX]).status, 400)
        # What nobody knows is passed over, however deep; the span beside it is kept.
        answer = post(self.server, with_unknown(2, "[" * levels + "]" * levels))
        self.assertEqual((answer.status, refused_spans(answer)), (200, 0))
        self.assertEqual(len(self.trace(2)), 1)
        # built from the inside out, as lengths come first
        parts, size = [], 2
        for _ in range(levels):
            inner = b"\x0a" + varint(size)
            parts.append(b"\x2a" + varint(size + len(inner)) + inner)
            size += len(parts[-1])
        value = b"".join(reversed(parts)) + field(3, 1)
        more = field(9, field(1, "deep") + field(2, value))
        answer = post_protobuf(self.server, pb_request([pb_span(ident(1), ident(1, 8), more=more)]))
        self.assertIn(answer.status, (200, 400))
        if answer.status == 200:
            self.assertEqual(str(self.trace(1)).count("arrayValue"), 64)


class Spans(BadInput):
    def test_wrong_ids(self):
        good = [pb_span(ident(2), ident(7, 8)), pb_span(ident(2), ident(8, 8), parent=ident(7, 8))]
        bad = [pb_span(ident(2, 15), ident(1, 8)), pb_span(ident(2, 17), ident(2, 8)), pb_span(b"", ident(3, 8)),
               pb_span(ident(0), ident(4, 8)), pb_span(ident(2), ident(5, 7)), pb_span(ident(2), ident(0, 8)),
               pb_span(ident(2), ident(6, 8), parent=ident(1, 7))]
        answer = post_protobuf(self.server, pb_request(good[:1] + bad + good[1:]))
        self.assertEqual(answer.status, 200)
        partial = dict(pb_fields(dict(pb_fields(answer.body))[1]))
        self.assertEqual(partial[1], len(bad))
        for reason, count in [("trace_id_length", 3), ("trace_id_zero", 1), ("span_id_length", 1), ("span_id_zero", 1),
                              ("parent_id_length", 1)]:
            self.assertIn(f"{count} {reason}", partial[2].decode())
            self.assertEqual(self.refused_spans(reason), count)
        self.assertEqual(len(self.trace(2)), len(good))
        answer = post(self.server, request([span(3, 1), span(3, 2, traceId="abc"), span(3, 3, spanId="zz" * 8), span(0, 4)]))
        self.assertEqual(refused_spans(answer), 3)
        self.assertEqual(len(self.trace(3)), 1)

    def test_many_attributes(self):
        given = [attribute(f"k{i}", i) for i in range(10_000)]
        self.assertEqual(post(self.server, request([span(1, 1, attributes=given), span(1, 2)])).status, 200)
        stored = next(s for s in self.trace(1) if s["spanId"].endswith("1"))
        self.assertEqual(stored["attributes"], given[:1024])
        self.assertEqual(stored["droppedAttributesCount"], 10_000 - 1024)
        self.assertEqual(self.cut("attributes"), 10_000 - 1024)
        self.assertEqual(len(self.trace(1)), 2)

    def test_long_texts(self):
        million = "x" * 1_000_000
        answer = post(self.server, request([span(1, 1, name=million, attributes=[
            attribute("long", million), attribute(million, "long key")])]))
        self.assertEqual(answer.status, 200)
        stored = self.trace(1)[0]
        self.assertEqual(stored["name"], million[:65536])
        self.assertEqual(stored["attributes"], [attribute("long", million)])
        self.assertEqual(stored["droppedAttributesCount"], 1)
        self.assertEqual((self.cut("names"), self.cut("keys")), (1, 1))

    def test_bytes_that_are_no_text(self):
        more = field(9, pb_attribute(b"k\xfe", b"v\xed\xa0\x80"))
        body = pb_request([pb_span(ident(1), ident(1, 8), name=b"a\xff\xc0b", more=more)], service=b"svc\xff")
        self.assertEqual(post_protobuf(self.server, body).status, 200)
        stored = self.trace(1)[0]
        self.assertEqual(stored["name"], "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b")
        self.assertEqual(stored["attributes"][0]["key"], "k\N{REPLACEMENT CHARACTER}")
        for path in ("/api/w1/services", "/api/w1/search", "/api/services", f"/api/traces/{1:032x}"):
            call(self.server.web, path).body.decode("utf-8")
        self.assertEqual(post(self.server, b'{"resourceSpans":[{"schemaUrl":"\xff"}]}').status, 400)

    TIMES = [(0, 0), (5, 3), (1, 1), (10**18, 10**18 - 10**17), (4102444800 * 10**9, 4102444801 * 10**9), (2**63, 2**63 + 1),
             (0, NANOS_MAX), (NANOS_MAX - 1, NANOS_MAX)]

    def send_times(self, times):
        spans = [pb_span(ident(10 + i), ident(1, 8), begin, end) for i, (begin, end) in enumerate(times)]
        answer = post_protobuf(self.server, pb_request(spans))
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_times_are_kept_as_sent(self):
        self.send_times(self.TIMES)
        for number, (begin, end) in enumerate(self.TIMES, 10):
            with self.subTest(begin=begin, end=end):
                stored = self.trace(number)[0]
                self.assertEqual(int(stored.get("startTimeUnixNano", 0)), begin)
                self.assertEqual(int(stored.get("endTimeUnixNano", 0)), end)
        found = self.server.get("/api/w1/search?limit=100")["traces"]
        self.assertEqual({int(t["traceId"], 16): (int(t["startUnixNano"]), int(t["durationNano"])) for t in found},
                         {n: (begin, max(end - begin, 0)) for n, (begin, end) in enumerate(self.TIMES, 10)})

    def test_last_nanosecond(self):
        self.send_times([(NANOS_MAX, NANOS_MAX), (NANOS_MAX, 0)])
        self.assertEqual([len(self.trace(10)), len(self.trace(11))], [1, 1])

    def test_longest_duration(self):
        self.send_times([(0, NANOS_MAX)])
        found = self.server.get(f"/api/w1/traces/{10:032x}/spans?rows=0")["spans"]
        self.assertEqual(found[0]["durationNano"], str(NANOS_MAX))

    def test_duplicates(self):
        same = request([span(1, 1), span(1, 1)])
        for _ in range(2):
            self.assertEqual(post(self.server, same).status, 200)
        self.assertEqual(len(self.trace(1)), 1)
        post(self.server, request([span(2, 1, name="one"), span(2, 1, name="other")]))
        self.assertEqual({s["name"] for s in self.trace(2)}, {"one", "other"})
        counts = {int(t["traceId"], 16): t["spanCount"] for t in self.server.get("/api/w1/search")["traces"]}
        self.assertEqual(counts, {1: 1, 2: 2})

    def test_parents_in_a_circle(self):
        cycle = [span(1, i + 1, (i + 1) % 1000 + 1) for i in range(1000)]
        spans = cycle + [span(1, 5000, 5000), span(1, 5001, 9999), span(1, 5002, 5000)]
        self.assertEqual(post(self.server, request(spans)).status, 200)
        trace_id = f"{1:032x}"
        self.assertEqual(len(self.trace(1)), len(spans))
        self.assertEqual(self.server.get("/api/w1/search")["traces"][0]["spanCount"], len(spans))
        self.assertEqual(call(self.server.web, f"/api/w1/traces/{trace_id}?format=bin").status, 200)
        jaeger = self.server.get("/api/traces/" + trace_id)["data"][0]["spans"]
        self.assertEqual(len(jaeger), len(spans))
        self.assertTrue([s for s in jaeger if s.get("warnings")])

    def test_long_chain(self):
        spans = [span(1, i + 1, i or None) for i in range(15_000)]
        self.assertEqual(post(self.server, request(spans)).status, 200)
        trace_id = f"{1:032x}"
        self.assertEqual(self.server.get("/api/w1/search")["traces"][0]["spanCount"], len(spans))
        for path in (f"/api/w1/traces/{trace_id}?format=bin", f"/api/traces/{trace_id}",
                     "/api/dependencies?endTs=4000000000000"):
            self.assertEqual(call(self.server.web, path).status, 200, path)


class Transport(BadInput):
    HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

    def raw(self, listener, data):
        """The first line of the answer to plain bytes; the server must close the connection."""
        with self.server.connect(listener) as link:
            got = b""
            try:
                link.sendall(data)
                while block := link.recv(65536):
                    got += block
            except ConnectionError:
                pass
        return got.split(b"\r\n")[0].decode()

    def test_what_no_client_would_send(self):
        for status, data in [
            (400, self.HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
            (400, self.HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
            (400, self.HEAD + b"Transfer-Encoding: xchunked\r\n\r\n{}"),
            (400, self.HEAD + b"Content-Length: -1\r\n\r\n"),
            (400, self.HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n"),
            (413, self.HEAD + b"Content-Length: 999999999999\r\n\r\n"),
            (400, self.HEAD + b"Name : value\r\n\r\n"),
            (431, self.HEAD + b"X: " + b"a" * 70_000 + b"\r\n\r\n"),
            (431, self.HEAD + b"X: a\r\n" * 10_000 + b"\r\n"),
            (414, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            (400, b"\x16\x03\x01\x02\x00 hello\r\n\r\n"),
        ]:
            for listener in ("otlp_http", "web"):
                with self.subTest(listener, data=data[:120]):
                    self.assertEqual(self.raw(listener, data).split(" ")[1:2], [str(status)])
        metrics = self.server.metrics()
        for reason, count in (
            ("malformed", 7), ("body_bytes", 1), ("header_bytes", 1), ("header_count", 1), ("target_bytes", 1)):
            name = f'waybill_http_refused_total{{listener="otlp_http",reason="{reason}"}}'
            self.assertEqual(metrics[name], count, reason)
        self.assertEqual(self.server.status()["spans"], 0)

    def test_request_without_host(self):
        self.assertIn(" 400 ", self.raw("web", b"GET /readyz HTTP/1.1\r\nConnection: close\r\n\r\n"))
        self.assertIn(" 200 ", self.raw("web", b"GET /readyz HTTP/1.0\r\n\r\n"))

    def test_request_with_two_hosts(self):
        two = b"Host: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertIn(" 400 ", self.raw("web", b"GET /readyz HTTP/1.1\r\n" + two))

    def test_host_of_another_site(self):
        answer = self.raw("web", b"GET /api/w1/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        self.assertIn(" 421 ", answer)

    def test_slow_clients_do_not_hold_up_others(self):
        links = [self.server.connect("otlp_http") for _ in range(200)]
        try:
            for number, link in enumerate(links):
                link.sendall(self.HEAD if number % 2 else self.HEAD + b"Content-Length: 1000\r\n\r\n{")
            for _ in range(20):
                begin = time.monotonic()
                self.assertEqual(post(self.server, request([span(1, 1)])).status, 200)
                self.assertEqual(self.server.status()["ready"], True)
                self.assertLess(time.monotonic() - begin, 3)
        finally:
            for link in links:
                link.close()

    def test_body_in_tiny_chunks(self):
        body = json.dumps(request([span(1, 1)])).encode()
        with self.server.connect("otlp_http") as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.sendall(self.HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
            for byte in body:
                link.sendall(b"1\r\n%c\r\n" % byte)
            link.sendall(b"0\r\n\r\n")
            self.assertTrue(link.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(len(self.trace(1)), 1)

    def test_clients_that_go_away(self):
        body = json.dumps(request([span(1, i + 1) for i in range(500)])).encode()
        head = self.HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
        threads = []
        for number in range(60):
            def leave(number=number):
                with self.server.connect("otlp_http") as link:
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    link.sendall((head + body)[:(number + 1) * (len(head) + len(body)) // 60])
            threads.append(threading.Thread(target=leave))
            threads[-1].start()
        for thread in threads:
            thread.join()


class Questions(BadInput):
    def setUp(self):
        super().setUp()
        spans = [span(1, i + 1, name="a" * 60 + "b", attributes=[attribute("k", "a" * 500)]) for i in range(200)]
        self.assertEqual(post(self.server, request(spans)).status, 200)

    def fault(self, path, status=400):
        answer = call(self.server.web, path)
        self.assertEqual(answer.status, status, f"{path[:200]}: {answer.body[:300]!r}")
        return answer.json()

    def test_paths(self):
        for path in ("1" * 33, "a%2Fb", "a%2fb", "..", "%00", "zz", "-1", "0af7651916cd43dd-8448eb211c80319c"):
            with self.subTest(path):
                error = self.fault("/api/w1/traces/" + path)["error"]
                self.assertEqual(error["code"], "invalid_argument")
                self.assertTrue(error["message"])
        for path in ("/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc/passwd"):
            with self.subTest(path):
                self.assertIn(call(self.server.web, path).status, (400, 404))

    def test_parameters(self):
        for query in ("limit=-1", "limit=0", "limit=1000000000", "limit=x", "limit=1e3", "cursor=broken",
                      "cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "from=2&to=1", "from=yesterday",
                      "from=99999999999999999999999", "q=%00", "q=%ff"):
            with self.subTest(query):
                self.fault("/api/w1/search?" + query)
        for query in ("limit=-1", "limit=1000000000", "start=x", "tags=%7B", "minDuration=fast"):
            with self.subTest("jaeger " + query):
                self.fault("/api/traces?service=e2e&" + query)

    def test_cursor_of_another_question(self):
        post(self.server, request([span(n, 1) for n in range(2, 30)]))
        cursor = self.server.get("/api/w1/search?limit=2")["nextCursor"]
        self.assertTrue(cursor)
        other = call(self.server.web, f"/api/w1/search?limit=2&q=%7B%20name%20%3D%20%22op%22%20%7D&cursor={cursor}")
        self.assertIn(other.status, (200, 400))
        for place in range(0, len(cursor), 3):
            broken = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1:]
            self.assertIn(call(self.server.web, f"/api/w1/search?limit=2&cursor={broken}").status, (200, 400))

    def test_bad_filters_name_the_place(self):
        for text, position in [("{ name = }", 9), ("{ nonsense", 2), ('{ name =~ "(" }', 2)]:
            with self.subTest(text):
                error = self.fault("/api/w1/search?q=" + text.replace(" ", "%20").replace('"', "%22"))["error"]
                self.assertEqual(error["position"], position, error)

    def test_regular_expressions_take_linear_time(self):
        for pattern in ("(a%2B)%2B%24", "(a%7Caa)%2B%24", "(.*.*.*.*.*.*.*.*)x", "(a%3F){50}a{50}%24"):
            for name in ("name", "span.k"):
                begin = time.monotonic()
                answer = call(self.server.web, f"/api/w1/search?q=%7B%20{name}%20%3D~%20%22{pattern}%22%20%7D")
                self.assertIn(answer.status, (200, 400), pattern)
                self.assertLess(time.monotonic() - begin, 5, pattern)

    def test_deep_and_long_filters(self):
        for text in ("(" * 7000, "{" + "(" * 3000 + "name=%22a%22" + ")" * 3000 + "}", "{" + "!" * 7000 + "}",
                     "{name=%22a%22" + "||name=%22a%22" * 400 + "}", "{name=%22" + "x" * 7000 + "%22}"):
            with self.subTest(text[:40]):
                self.assertIn(call(self.server.web, "/api/w1/search?q=" + text).status, (200, 400, 414))

    def test_rows(self):
        base = f"/api/w1/traces/{1:032x}/spans?"
        for query in ("rows=-1", "rows=200", "rows=99999999999999999999", "rows=", "rows=1,,2", "rows=" + ",".join("0" * 501),
                      "ids=zz", "ids=" + "1" * 17, "rows=0&ids=1"):
            with self.subTest(query[:40]):
                self.fault(base + query)


del BadInput  # its tests are those of the classes above
