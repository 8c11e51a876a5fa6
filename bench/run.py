#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks, prints tables and writes build/bench/results.json.

CPU time is that of the serving process (user and system, /proc/PID/stat or getrusage), never of the client: both share the
machine, so wall time says little. Every benchmark first proves that the answer is right: all spans are acknowledged, and the
server counts as many. Ratios are taken against floors of the same run.

    bench/run.py [--build build/release] [--spans N] [--rounds N] [--only local,b1,b3]
"""

import argparse
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
SPANS_A_REQUEST = 512
SPANS_A_SMALL_REQUEST = 20
# Threads, pools and memory are warm before anything is measured.
WARM_SPANS = 50_000
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 30
CLIENT_SECONDS_MAX = 600
SETTLE_SECONDS = 2
# Windows of the store: spans stay in memory, or are sealed as by default.
NEVER_SEALED = 4 * 1024 * 1024
SEALED = 128 * 1024


class BenchError(Exception):
    """A benchmark that can not be believed."""


def process_cpu_seconds(pid):
    """User and system time of a running process, all threads.

    The scheduler counts each living thread to the nanosecond; the process as a whole is counted in hundredths, but with the
    threads that have ended, so the greater of the two is the better one.
    """
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    coarse = (int(fields[11]) + int(fields[12])) / TICKS
    fine = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            fine += int((task / "schedstat").read_text().split()[0])
        except (OSError, IndexError):
            return coarse
    return fine / 1e9 if coarse - fine / 1e9 < 0.05 else coarse


def read_line(pipe):
    line = pipe.readline()
    if not line:
        raise BenchError("a server ended before it was ready")
    return line


class FloorServer:
    """A server that drops what it gets; it ends when its input does and tells its own CPU time."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(read_line(self.process.stdout))

    def finish(self):
        out, _ = self.process.communicate(timeout=STOP_SECONDS_MAX)
        return json.loads(out)


class Waybill:
    """The product, on free ports and a folder of its own."""

    def __init__(self, program, data, durability, window_spans):
        environment = dict(os.environ, WAYBILL_LOG_FORMAT="json", WAYBILL_LISTEN_OTLP_GRPC="127.0.0.1:0",
                           WAYBILL_LISTEN_OTLP_HTTP="127.0.0.1:0", WAYBILL_LISTEN_WEB="127.0.0.1:0",
                           WAYBILL_LIMITS_HEAD_BYTES="12GiB",
                           WAYBILL_STORE_WINDOW_SPANS=str(window_spans), WAYBILL_DURABILITY=durability)
        self.log = open(pathlib.Path(data) / "bench.log", "w+", encoding="utf-8")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen([program, "serve", "--data", str(pathlib.Path(data) / "store")], env=environment,
                                        stderr=self.log, stdout=self.log)
        self.ports = self._wait_until_ready()

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            text = pathlib.Path(self.log.name).read_text(encoding="utf-8")
            if re.search(r'"ready"', text):
                return {listener: int(port) for listener, port in
                        re.findall(r'"listener":"(\w+)","address":"[^"]*:(\d+)"', text)}
            if self.process.poll() is not None:
                raise BenchError(f"waybill ended at its start:\n{text}")
            time.sleep(0.05)
        raise BenchError("waybill was not ready in time")

    def cpu_seconds(self):
        return process_cpu_seconds(self.process.pid)

    def status(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['web']}/api/w1/status", timeout=60) as answer:
            return json.load(answer)

    def wait_until_sealed(self):
        """Until the memory of recent spans no longer shrinks: windows that are full have become blocks."""
        status = self.status()
        while True:
            time.sleep(SETTLE_SECONDS)
            now = self.status()
            if (now["headBytes"], now["blocks"]) == (status["headBytes"], status["blocks"]):
                return now
            status = now

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def finish(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


class Bench:
    def __init__(self, options):
        self.programs = ROOT / options.build / "bench"
        self.waybill = self._find_waybill(ROOT / options.build)
        self.spans = options.spans
        self.rounds = options.rounds

    @staticmethod
    def _find_waybill(build):
        for place in (build / "waybill", build / "src" / "cmd" / "waybill", build / "bin" / "waybill"):
            if place.is_file():
                return place
        return None

    def client(self, transport, port, spans, size, encoding, in_flight):
        done = subprocess.run([self.programs / "bench_client", transport, str(port), str(spans), str(size), encoding,
                               str(in_flight)], stdout=subprocess.PIPE, text=True, timeout=CLIENT_SECONDS_MAX, check=False)
        if done.returncode != 0:
            raise BenchError("the client did not get everything acknowledged")
        return json.loads(done.stdout)

    def local(self):
        with tempfile.TemporaryDirectory(prefix="waybill-bench-", dir=ROOT / "build") as folder:
            out = subprocess.run([self.programs / "bench_local", str(pathlib.Path(folder) / "append")], stdout=subprocess.PIPE,
                                 text=True, check=True).stdout
        return json.loads(out)

    def floor(self, name, command, transport, spans, size, in_flight, encoding="identity"):
        """CPU of a server that drops its requests; the best of the rounds."""
        best = None
        for _ in range(self.rounds):
            server = FloorServer(command)
            warm = self.client(transport, server.port, WARM_SPANS, size, encoding, in_flight)
            before = process_cpu_seconds(server.process.pid)
            sent = self.client(transport, server.port, spans, size, encoding, in_flight)
            cpu = process_cpu_seconds(server.process.pid) - before
            taken = server.finish()
            wanted = sent["requests"] + warm["requests"]
            if taken["requests"] != wanted:
                raise BenchError(f"{name}: {wanted} requests sent, {taken['requests']} taken")
            row = {"name": name, "requests": sent["requests"], "spans": sent["acked"], "cpu_seconds": cpu,
                   "cpu_ns_per_span": cpu * 1e9 / sent["acked"], "cpu_us_per_request": cpu * 1e6 / sent["requests"]}
            best = row if best is None or row["cpu_seconds"] < best["cpu_seconds"] else best
        return best

    def product(self, name, spans, size, in_flight, encoding="identity", durability="disk",  # pylint: disable=R0913
                window_spans=NEVER_SEALED):
        """CPU of `waybill serve` from the first request to every span acknowledged and counted, and full windows sealed."""
        best = None
        for _ in range(self.rounds):
            with tempfile.TemporaryDirectory(prefix="waybill-bench-", dir=ROOT / "build") as folder:
                server = Waybill(self.waybill, folder, durability, window_spans)
                try:
                    row = self._one_product_round(server, name, spans, size, in_flight, encoding)
                    row["blocks"] = server.status()["blocks"]
                finally:
                    server.finish()
            best = row if best is None or row["cpu_seconds"] < best["cpu_seconds"] else best
        return best

    def _one_product_round(self, server, name, spans, size, in_flight, encoding):
        warm = self.client("grpc", server.ports["otlp_grpc"], WARM_SPANS, size, encoding, in_flight)
        before = server.cpu_seconds()
        sent = self.client("grpc", server.ports["otlp_grpc"], spans, size, encoding, in_flight)
        status = server.wait_until_sealed()
        cpu = server.cpu_seconds() - before
        wanted = sent["acked"] + warm["acked"]
        if status["spans"] != wanted:
            raise BenchError(f"{name}: {wanted} spans acknowledged, {status['spans']} can be queried")
        return {"name": name, "requests": sent["requests"], "spans": sent["acked"], "cpu_seconds": cpu,
                "cpu_ns_per_span": cpu * 1e9 / sent["acked"], "cpu_us_per_request": cpu * 1e6 / sent["requests"],
                "spans_per_core_second": sent["acked"] / cpu if cpu else None, "p50_us": sent["p50_us"],
                "p99_us": sent["p99_us"], "bytes_sent": sent["bytes_sent"], "bytes_raw": sent["bytes_raw"],
                "resident_bytes": server.resident_bytes(), "retries": sent["retries"]}

    def floors(self, spans, size, in_flight):
        rows = [self.floor("bare epoll, dropped", [self.programs / "bench_server", "epoll"], "raw", spans, size, in_flight),
                self.floor("net gRPC, dropped", [self.programs / "bench_server", "net"], "grpc", spans, size, in_flight)]
        grpcpp = self.programs / "bench_grpcpp"
        if grpcpp.is_file():
            rows.append(self.floor("grpc++ callback, dropped", [grpcpp], "grpc", spans, size, in_flight))
        else:
            print("bench: grpc++ is left out, libgrpc++-dev is missing", file=sys.stderr)
        return rows

    def b1(self):
        rows = self.floors(self.spans, SPANS_A_REQUEST, 16)
        if self.waybill:
            rows.append(self.product("waybill, raw", self.spans, SPANS_A_REQUEST, 16))
            rows.append(self.product("waybill, gzip", self.spans, SPANS_A_REQUEST, 16, "gzip"))
            # The same without waiting for the disk, which tells what of it is the disk's.
            rows.append(self.product("waybill, raw, durability process", self.spans, SPANS_A_REQUEST, 16,
                                     durability="process"))
            # B2: the same through to sealed blocks.
            rows.append(self.product("waybill, raw, sealed into blocks", self.spans, SPANS_A_REQUEST, 16, window_spans=SEALED))
        return rows

    def b3(self):
        rows = []
        spans = max(SPANS_A_SMALL_REQUEST * 1000, self.spans // 4)
        for in_flight in (64, 1):
            part = self.floors(spans, SPANS_A_SMALL_REQUEST, in_flight)
            if self.waybill:
                part.append(self.product("waybill, raw", spans, SPANS_A_SMALL_REQUEST, in_flight))
                part.append(self.product("waybill, durability process", spans, SPANS_A_SMALL_REQUEST, in_flight,
                                         durability="process"))
            for row in part:
                row["name"] += f", {in_flight} in flight"
            rows += part
        return rows


def print_rows(title, rows, unit):
    print(f"\n{title}")
    floor = rows[0][unit]
    for row in rows:
        ratio = row[unit] / floor if floor else float("nan")
        rate = f"{row['spans'] / row['cpu_seconds'] / 1e6:6.2f} M spans/s/core" if row["cpu_seconds"] else ""
        tail = f"  p50 {row['p50_us']:.0f} us, p99 {row['p99_us']:.0f} us" if "p50_us" in row else ""
        cost = f"{row['cpu_ns_per_span']:8.0f} ns/span {row['cpu_us_per_request']:8.1f} us/request"
        print(f"  {row['name']:<42} {cost} {ratio:6.2f} x floor {rate}{tail}")


def print_local(local):
    print(f"\nOne core, {local['spans']:.0f} spans of {local['bytes_per_span']} bytes, ns/span")
    for name in ("memcpy", "append", "append_fresh", "decode", "gunzip", "protobuf_arena", "generate"):
        if name in local:
            print(f"  {name:<42} {local[name]:8.1f} {local[name] / local['memcpy']:8.1f} x memcpy")


def commit():
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout.strip()


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"cpu": cpu[1] if cpu else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--spans", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="local,b1,b3")
    options = parser.parse_args()
    bench = Bench(options)
    if bench.waybill is None:
        print("bench: there is no program `waybill` in the build folder; only floors are measured", file=sys.stderr)
    results = {"machine": machine(), "commit": commit(), "seed": 1, "options": vars(options)}
    wanted = options.only.split(",")
    if "local" in wanted:
        results["local"] = bench.local()
        print_local(results["local"])
    if "b1" in wanted:
        results["b1"] = bench.b1()
        print_rows("B1: OTLP/gRPC, 512 spans a request, CPU of the server", results["b1"], "cpu_ns_per_span")
    if "b3" in wanted:
        results["b3"] = bench.b3()
        for in_flight in (64, 1):
            rows = [row for row in results["b3"] if row["name"].endswith(f", {in_flight} in flight")]
            print_rows(f"B3: 20 spans a request, {in_flight} in flight, CPU of the server", rows, "cpu_us_per_request")
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nwritten to {folder / 'results.json'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
