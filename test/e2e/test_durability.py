# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged is there after kills, stops and torn writes; what was not is there whole or not at all.

Senders keep a ledger: of every request it is known whether it was acknowledged, refused, or whether its answer never came.
The server is killed at random moments under load and started on the same data; then all it tells is held against the ledger.
"""

import http.client
import json
import random
import re
import signal
import subprocess
import threading
import time
import unittest

from harness import LISTENERS, SLOW, STOP_SECONDS_MAX, Server, clean_environment, program, wait_until
from otlp import BEGIN, PATH, attribute, field, pb_attribute, pb_request, pb_span, post, request, span

SENDERS = 4
KILLS = 20 if SLOW else 8
ROUNDS = 10 if SLOW else 1
DETAILS_MAX = 150


class Batch:
    """One request: a trace of its own, whose content follows from its number."""

    def __init__(self, number):
        generator = random.Random(number)
        self.number = number
        self.trace_id = f"{number:032x}"
        self.size = generator.choice((1, 3, 10, 60))
        self.pad = "p" * generator.choice((0, 50, 3000))
        self.is_json = generator.random() < 0.5

    def body(self):
        spans = range(1, self.size + 1)
        if self.is_json:
            made = [span(self.number, i, i - 1 or None, name=f"{self.number}/{i}", attributes=[attribute("pad", self.pad)])
                    for i in spans]
            return json.dumps(request(made, "ledger")).encode()
        more = field(9, pb_attribute("pad", self.pad))
        made = [pb_span(self.number.to_bytes(16, "big"), i.to_bytes(8, "big"), BEGIN, BEGIN + 1_000_000,
                        (i - 1).to_bytes(8, "big") if i > 1 else b"", f"{self.number}/{i}", more) for i in spans]
        return pb_request(made, "ledger")

    def kind(self):
        return "application/json" if self.is_json else "application/x-protobuf"

    def content(self):
        return sorted((f"{i:016x}", f"{self.number}/{i}", self.pad) for i in range(1, self.size + 1))


class Ledger:
    """Sends batches from several threads and knows what became of each."""

    def __init__(self, server):
        self.server = server
        self.acknowledged = {}
        self.unknown = {}
        self.resent_spans = 0
        self.faults = []
        self._number = 0
        self._lock = threading.Lock()
        self._go = threading.Event()
        self._end = False
        self._busy = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def run(self):
        self._go.set()

    def pause(self):
        """Returns when no request is on its way."""
        self._go.clear()
        wait_until(lambda: self._busy == 0, 30, "the senders have their answers")

    def end(self):
        self._end = True
        self._go.set()
        for thread in self._threads:
            thread.join(30)

    def _next(self):
        """A batch whose answer never came is sent again sometimes, as clients do; else a new one."""
        with self._lock:
            if self.unknown and random.random() < 0.01:
                batch = self.unknown.pop(random.choice(list(self.unknown)))
                self.resent_spans += batch.size
            else:
                self._number += 1
                batch = Batch(self._number)
            self._busy += 1
            return batch

    def _work(self):
        link = None
        while True:
            self._go.wait()
            if self._end:
                return
            batch = self._next()
            status = None
            try:
                if link is None:
                    link = http.client.HTTPConnection("127.0.0.1", self.server.ports["otlp_http"], timeout=20)
                link.request("POST", PATH, batch.body(), {"content-type": batch.kind()})
                answer = link.getresponse()
                body = answer.read()
                status = answer.status
                if status != 200 or body not in (b"", b"{}"):
                    self.faults.append((batch.number, status, body[:300]))
            except (OSError, http.client.HTTPException):
                link.close()
                link = None
            with self._lock:
                if status == 200:
                    self.acknowledged[batch.trace_id] = batch
                elif status is None:
                    self.unknown[batch.trace_id] = batch
                self._busy -= 1
            if status is None:
                self._go.wait(0.01)


class Durability(unittest.TestCase):
    def start(self, settings=None):
        self.server = Server(settings)
        self.addCleanup(self.server.stop)
        self.ledger = Ledger(self.server)
        self.addCleanup(self.ledger.end)
        self.generator = random.Random(seed := random.randrange(1 << 32))
        print(f"  {self.id().rpartition('.')[2]}: seed {seed}")

    def listed(self):
        """{trace id: spans} of all that a search lists, page by page."""
        found, cursor = {}, ""
        while cursor is not None:
            page = self.server.get("/api/w1/search?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
            for trace in page["traces"]:
                self.assertNotIn(trace["traceId"], found, "listed twice")
                found[trace["traceId"]] = trace["spanCount"]
            cursor = page["nextCursor"]
        return found

    def check(self):
        """Holds the server against the ledger."""
        ledger = self.ledger
        self.assertEqual(ledger.faults, [])
        found = self.listed()
        lost = [trace_id for trace_id in ledger.acknowledged if trace_id not in found]
        self.assertEqual(lost, [], f"acknowledged and lost; {len(ledger.acknowledged)} acknowledged\n{self.server.log()}")
        for trace_id, spans in found.items():
            batch = ledger.acknowledged.get(trace_id) or ledger.unknown.get(trace_id)
            self.assertIsNotNone(batch, f"{trace_id} was never sent")
            self.assertEqual(spans, batch.size, f"{trace_id} is there in part, or more than once")
        total = sum(found.values())
        status = self.server.status()
        # what was sent twice may lie in two blocks
        self.assertIn(status["traces"], range(len(found), len(found) + ledger.resent_spans + 1))
        self.assertGreaterEqual(status["spans"], total)
        self.assertLessEqual(status["spans"], total + ledger.resent_spans)
        self.assertEqual(sum(s["spanCount"] for s in self.server.get("/api/w1/services")["services"]), status["spans"])
        newest = list(ledger.acknowledged)[-DETAILS_MAX // 2:]
        some = self.generator.sample(list(ledger.acknowledged), min(len(ledger.acknowledged), DETAILS_MAX // 2))
        for trace_id in {*newest, *some, *(t for t in ledger.unknown if t in found)}:
            batch = ledger.acknowledged.get(trace_id) or ledger.unknown.get(trace_id)
            content = sorted((s["spanId"], s["name"], s["attributes"][0]["value"]["stringValue"])
                             for s in self.server.spans(trace_id))
            self.assertEqual(content, batch.content())

    def test_kill_under_load(self):
        self.start()
        self.kill_and_check()

    def test_kill_while_blocks_are_sealed_and_merged(self):
        self.start({"WAYBILL_STORE_WINDOW_SPANS": "300"})
        self.kill_and_check()
        self.assertGreater(self.server.status()["blocks"], 0)

    def kill_and_check(self):
        for _ in range(KILLS):
            self.ledger.run()
            time.sleep(self.generator.uniform(0.02, 0.9))
            self.server.kill()
            self.ledger.pause()
            self.server.settings["WAYBILL_DURABILITY"] = self.generator.choice(("disk", "process"))
            self.server.start()
            self.check()
        self.assertGreater(len(self.ledger.acknowledged), KILLS * 10)
        print(f"    {len(self.ledger.acknowledged)} requests acknowledged, {len(self.ledger.unknown)} unknown")

    def test_kill_when_the_log_has_several_segments(self):
        self.start()
        pad = "p" * 50_000
        for number in range(1, 100):  # 150 MB: two segments of 64 MiB and a part
            batch = [span(number << 64, i, attributes=[attribute("pad", pad)]) for i in range(1, 31)]
            self.assertEqual(post(self.server, request(batch)).status, 200)
            if number % 33 == 0:
                self.server.kill()
                self.server.start()
                self.assertEqual(set(self.listed().values()), {30})
                self.assertEqual((self.server.status()["traces"], self.server.status()["spans"]), (number, number * 30))
        self.assertGreater(len(list((self.server.data / "log").glob("*.log"))), 2)

    def test_kill_while_starting(self):
        self.start()
        self.ledger.run()
        time.sleep(0.7)
        self.server.kill()
        self.ledger.pause()
        for _ in range(5):
            with open(self.server.data / "start.log", "wb") as log:
                process = subprocess.Popen([program(), "serve", "--data", str(self.server.data)], stdout=log, stderr=log,
                                           env=clean_environment(self.server.settings))
            time.sleep(self.generator.uniform(0, 0.1))
            process.kill()
            process.wait()
        self.server.start()
        self.check()

    def test_stop_under_load(self):
        self.start()
        for _ in range(3):
            self.ledger.run()
            time.sleep(self.generator.uniform(0.1, 0.5))
            begin = time.monotonic()
            self.assertEqual(self.server.terminate(), 0, self.server.log())
            self.assertLess(time.monotonic() - begin, STOP_SECONDS_MAX)
            self.assertIn("stopped", self.server.log())
            self.ledger.pause()
            self.server.start()
            self.check()


class Stop(unittest.TestCase):
    def test_idle_connections_do_not_hold_it_up(self):
        with Server() as server:
            links = [server.connect(name) for name in LISTENERS for _ in range(10)]
            begin = time.monotonic()
            self.assertEqual(server.terminate(), 0)
            self.assertLess(time.monotonic() - begin, 5)
            for link in links:
                link.close()

    def test_request_that_never_ends_does_not_hold_it_up_for_long(self):
        with Server({"WAYBILL_DRAIN_TIME": "1s"}) as server:
            with server.connect("otlp_http") as link:
                link.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                             b"Content-Length: 100\r\n\r\n{")
                begin = time.monotonic()
                self.assertEqual(server.terminate(), 0)
                self.assertLess(time.monotonic() - begin, 8)

    def test_while_starting(self):
        with Server() as server:
            self.assertEqual(post(server, request([span(1, 1)])).status, 200)
            server.kill()
            for word in (signal.SIGTERM, signal.SIGINT):
                for wait in (0.05, 0.1, 0.2):
                    process = subprocess.Popen([program(), "serve", "--data", str(server.data)], stderr=subprocess.DEVNULL,
                                               env=clean_environment(server.settings))
                    time.sleep(wait)
                    process.send_signal(word)
                    # before the program is ready for signals it ends by them
                    self.assertIn(process.wait(STOP_SECONDS_MAX), (0, -word))
            server.start()
            self.assertEqual(len(server.spans(f"{1:032x}")), 1)


# rounds with a fresh server each: what is checked grows with all that was sent before
for _number in range(2, ROUNDS + 1):
    setattr(Durability, f"test_kill_under_load_{_number:02}", Durability.test_kill_under_load)


class Folder(unittest.TestCase):
    """Damage to the files of the log, as disks and people cause it."""

    TRACES = 40

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        for number in range(1, self.TRACES + 1):
            self.send(number)

    def send(self, number):
        self.assertEqual(post(self.server, request([span(number, i + 1, name=f"n{number}") for i in range(3)])).status, 200)

    def segment(self):
        """The newest segment, and where its last record ends."""
        path = max((self.server.data / "log").glob("*.log"))
        return path, len(path.read_bytes().rstrip(b"\0")) + 7 & ~7

    def there(self):
        return {number for number in range(1, self.TRACES + 3) if len(self.server.spans(f"{number:032x}")) == 3}

    def log_value(self, name):
        return int(re.search(rf"\b{name}=(\d+)", self.server.log()).group(1))

    def check_all(self, traces=None):
        self.assertEqual(self.there(), set(range(1, (traces or self.TRACES) + 1)))

    def test_second_process_is_told_who_has_the_data(self):
        result = subprocess.run([program(), "serve", "--data", str(self.server.data)], capture_output=True, text=True,
                                timeout=20, check=False, env=clean_environment(self.server.settings))
        self.assertEqual(result.returncode, 1)
        self.assertIn(str(self.server.process.pid), result.stderr)
        self.assertIn("lock", result.stderr)
        self.check_all()

    def test_torn_write_at_the_end(self):
        self.server.kill()
        path, end = self.segment()
        with open(path, "r+b") as file:
            file.seek(end)
            file.write(random.randbytes(5000))
        self.server.start()
        self.check_all()
        self.assertGreater(self.log_value("torn_bytes") + self.log_value("quarantined"), 0, self.server.log())
        self.send(self.TRACES + 1)
        self.server.kill()
        self.server.start()
        self.check_all(self.TRACES + 1)

    def test_record_written_in_part(self):
        """The head of a whole record again at the end: as if the machine had stopped in the midst of a write."""
        self.server.kill()
        path, end = self.segment()
        data = path.read_bytes()[:end]
        last = data.rindex(data[1024:1032])
        with open(path, "r+b") as file:
            file.seek(end)
            file.write(data[last:last + (end - last) // 2])
        self.server.start()
        self.check_all()

    def test_bytes_behind_the_file(self):
        self.server.kill()
        path, _ = self.segment()
        with open(path, "ab") as file:
            file.write(random.randbytes(10_000))
        self.server.start()
        self.check_all()

    def test_room_cut_off(self):
        self.server.kill()
        path, end = self.segment()
        with open(path, "r+b") as file:
            file.truncate(end)
        self.server.start()
        self.check_all()

    def test_last_record_cut_off(self):
        self.server.kill()
        path, end = self.segment()
        with open(path, "r+b") as file:
            file.truncate(end - 20)
        self.server.start()
        self.check_all(self.TRACES - 1)
        self.assertGreater(self.log_value("torn_bytes") + self.log_value("quarantined"), 0, self.server.log())

    def test_one_wrong_byte_costs_one_record_and_is_kept_aside(self):
        self.server.kill()
        path, end = self.segment()
        data = bytearray(path.read_bytes()[:end])
        place = data.index(b'"n20"')
        with open(path, "r+b") as file:
            file.seek(place)
            file.write(b"#")
        self.server.start()
        self.assertEqual(self.there(), set(range(1, self.TRACES + 1)) - {20})
        self.assertEqual(self.log_value("quarantined"), 1, self.server.log())
        self.assertRegex(self.server.log(), r"(?m) (warn|error) ")
        kept = list((self.server.data / "log").glob("*.damaged"))
        self.assertEqual(len(kept), 1)
        self.assertIn(b'#n20"', kept[0].read_bytes())
        self.server.restart()
        self.assertEqual(self.there(), set(range(1, self.TRACES + 1)) - {20})

    def test_foreign_files(self):
        self.server.kill()
        folder = self.server.data / "log"
        (folder / "notes.txt").write_text("mine")
        (folder / "000000000009.log.bak").write_text("mine")
        (folder / "a-folder").mkdir()
        (self.server.data / "something").write_text("mine")
        self.server.start()
        self.check_all()
        self.assertIn("notes.txt", self.server.log())
        self.assertEqual((folder / "notes.txt").read_text(), "mine")

    def test_empty_and_foreign_segments(self):
        self.server.kill()
        folder = self.server.data / "log"
        (folder / "000000000008.log").write_bytes(b"")
        (folder / "000000000009.log").write_bytes(b"not a segment" * 1000)
        self.server.start()
        self.check_all()
        self.assertRegex(self.server.log(), r"000000000009")
