# SPDX-License-Identifier: Apache-2.0
"""The commands as a user meets them: what they print, where, and with which exit code."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from harness import Server, clean_environment, program, run

COMMANDS = ("serve", "generate", "import", "search", "trace", "config", "version")
NOBODY = "http://127.0.0.1:1"
SPANS = 3000


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="waybill-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fails(self, code, wanted, *arguments, settings=None):
        """The command ends with this code and says what is wrong on standard error."""
        result = run(*arguments, settings=settings)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, wanted)

    def test_version(self):
        for arguments in (["version"], ["--version"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertRegex(result.stdout, r"^waybill \d+\.\d+\.\d+\S*\n$")

    def test_help(self):
        text = run("--help").stdout
        for command in COMMANDS:
            self.assertIn(command, text)
            result = run(command, "--help")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn(f"Usage: waybill {command}", result.stdout)

    def test_wrong_usage(self):
        self.fails(2, "subcommand")
        self.fails(2, "file", "import")
        self.fails(2, "id", "trace")
        self.fails(2, "no duration", "generate", "--duration", "soon")
        self.fails(2, "kind is none of slow", "generate", "--spans", "10", "--fault", "bad")
        self.fails(2, r"\.jsonl", "generate", "--spans", "10", "--output", str(self.folder / "a.txt"))
        self.fails(2, "limit", "search", "--limit", "0")

    def test_unknown_commands_and_options_name_the_nearest_and_the_list(self):
        self.fails(2, "no command 'serch'; did you mean 'search'\\? 'waybill --help' lists the commands", "serch")
        self.fails(2, "no command 'generat'; did you mean 'generate'", "generat", "--rate", "5")
        self.fails(2, "waybill: there is no option '--versoin'; did you mean '--version'", "--versoin")
        self.fails(2, "waybill: there is no option '--dat'", "--dat", "x", "serve")
        for command, option, meant in [
            ("serve", "--dta=x", "data"), ("config", "--confg", "config"), ("search", "--min-durations", "min-duration"),
            ("generate", "--rates", "rate"), ("import", "--endpoints", "endpoint"), ("trace", "--acsii", "ascii"),
        ]:
            positional = {"import": ["a.jsonl"], "trace": ["1"]}.get(command, [])
            wanted = f"waybill {command}: there is no option '{option.split('=')[0]}'; did you mean '--{meant}'\\?"
            self.fails(2, f"{wanted} 'waybill {command} --help'", command, *positional, option)
        self.fails(2, "waybill trace: '2' is one argument too many; 'waybill trace --help'", "trace", "1", "2")
        self.fails(2, "waybill version: there is no option '--short'", "version", "--short")

    def test_generate_gives_up_without_a_server(self):
        for protocol in ("grpc", "http"):
            self.fails(1, "gave up: no span got through to 127.0.0.1:1 for 200 ms .*'waybill serve'.*--endpoint",
                       "generate", "--endpoint", NOBODY, "--protocol", protocol, "--spans", "100000", "--timeout", "200ms")
        self.fails(2, "no duration", "generate", "--spans", "10", "--timeout", "0s")
        self.assertRegex(run("generate", "--help").stdout, "--timeout [^-]*Give up")

    def test_faults_of_the_configuration_name_the_line_and_the_remedy(self):
        for text, wanted in [
            ('listen:\n  web: "x"\n', r":2: listen\.web: 'x' is no address; write host:port"),
            ("data: d\nlimits:\n  head_bytes: lots\n", r":3: limits\.head_bytes: 'lots' is no size.*write .*2GiB"),
            ("data: d\nlimts: 1\n", r":2: unknown setting limts"),
            ("durability: disc\n", r":1: durability: .*disk"),
            ("limits:\n  log_bytes: 32MiB\n", r":2: limits\.log_bytes: '32MiB' is no size of at least 64MiB; write .*512MiB"),
            ("durability: disk\ndurability: disk\n", r":2: durability is set twice"),
            ("data: [\n", r":\d+: this is no YAML"),
        ]:
            with self.subTest(text):
                path = self.folder / "waybill.yaml"
                path.write_bytes(text.encode("latin-1"))
                for command in ("config", "serve"):
                    self.fails(1, wanted, command, "--config", path, "--data", self.folder / "data")
        self.fails(1, "none.yaml", "config", "--config", self.folder / "none.yaml")
        lots = {"WAYBILL_LIMITS_HEAD_BYTES": "lots"}
        self.fails(1, "environment: WAYBILL_LIMITS_HEAD_BYTES: 'lots'", "config", settings=lots)
        self.fails(1, "did you mean WAYBILL_DURABILITY", "config", settings={"WAYBILL_DURABILTY": "disk"})

    def test_open_quote_in_the_configuration(self):
        path = self.folder / "waybill.yaml"
        path.write_text('data: "abc\nlimits:\n  head_bytes: 1GiB\n')
        self.assertEqual(run("config", "--config", path).returncode, 1)

    def test_printed_configuration_can_be_read_again(self):
        settings = {"WAYBILL_LIMITS_HEAD_BYTES": "512MiB", "WAYBILL_LISTEN_WEB": "127.0.0.1:0", "WAYBILL_DURABILITY": "process"}
        printed = run("config", settings=settings).stdout
        self.assertIn("head_bytes: 512MiB", printed)
        path = self.folder / "waybill.yaml"
        path.write_text(printed)
        again = run("config", "--config", path)
        self.assertEqual((again.returncode, again.stdout), (0, printed), again.stderr)

    def test_every_command_knows_the_variables_of_the_others(self):
        self.assertEqual(run("config", settings={"WAYBILL_SERVER_URL": NOBODY}).returncode, 0)

    def test_nobody_there(self):
        path = self.folder / "a.jsonl"
        self.assertEqual(run("generate", "--spans", 10, "--output", path).returncode, 0)
        self.fails(1, "waybill serve", "search", "--server", NOBODY)
        self.fails(1, "waybill serve", "trace", "--server", NOBODY, "1")
        self.fails(1, "waybill serve", "search", settings={"WAYBILL_SERVER_URL": NOBODY})
        self.fails(1, "Connection refused", "import", "--endpoint", NOBODY, path)
        self.fails(1, "can not be read", "import", self.folder / "none.jsonl")

    def test_port_in_use(self):
        with Server() as server:
            settings = server.settings | {"WAYBILL_LISTEN_WEB": f"127.0.0.1:{server.ports['web']}"}
            result = subprocess.run([program(), "serve", "--data", str(self.folder / "data")], capture_output=True, text=True,
                                    env=clean_environment(settings), timeout=20, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn(str(server.ports["web"]), result.stderr)
            self.assertIn("in use", result.stderr)
            self.assertIn("WAYBILL_LISTEN_WEB", result.stderr)


class GeneratedTraces(unittest.TestCase):
    """`waybill generate` tells what it made: import, search and trace must give the same."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="waybill-e2e-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def generate(self, *arguments):
        truth = self.folder / "truth.json"
        result = run("generate", "--spans", SPANS, "--fault", "missing-parent:cart", "--truth", truth, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(truth.read_text())

    def check(self, server, truth):
        status = server.status()
        self.assertEqual((status["spans"], status["traces"], status["services"]),
                         (truth["spans"], truth["traces"], len(truth["services"])))
        self.assertEqual(int(status["oldestUnixNano"]), int(truth["firstStartUnixNano"]))
        self.assertEqual(int(status["newestUnixNano"]), int(truth["lastEndUnixNano"]))

        def counts(of):
            """Each with its kind, where it has one, and its counts."""
            return {key: of[key] for key in ("name", "kind", "spanCount", "errorCount") if key in of}

        self.assertEqual(server.get("/api/w1/services")["services"],
                         sorted(map(counts, truth["services"]), key=lambda s: s["name"]))
        for service in truth["services"]:
            found = server.get(f"/api/w1/services/{service['name']}/operations")["operations"]
            self.assertEqual(found, sorted(map(counts, service["operations"]), key=lambda o: (o["name"], o["kind"])))

    def test_files(self):
        for suffix in (".jsonl", ".jsonl.gz", ".pb", ".pb.gz"):
            with self.subTest(suffix), Server() as server:
                path = self.folder / ("shop" + suffix)
                truth = self.generate("--output", path)
                result = run("import", "--endpoint", server.otlp, path)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn(f"{truth['spans']} spans imported from 1 of 1 files", result.stdout)
                self.check(server, truth)

    def test_sending(self):
        for protocol, compression in (("grpc", "none"), ("grpc", "gzip"), ("http", "zstd")):
            with self.subTest(protocol, compression=compression), Server() as server:
                endpoint = server.grpc if protocol == "grpc" else server.otlp
                truth = self.generate("--endpoint", endpoint, "--protocol", protocol, "--compression", compression)
                self.check(server, truth)
                taken = {k: v for k, v in server.metrics().items() if k.startswith("waybill_received_spans_total") and v}
                self.assertEqual(taken, {f'waybill_received_spans_total{{protocol="otlp_{protocol}'
                                         + ("_protobuf" if protocol == "http" else "") + '"}': truth["spans"]})

    def test_search_and_trace(self):
        with Server() as server:
            truth = self.generate("--output", self.folder / "shop.jsonl")
            self.assertEqual(run("import", "--endpoint", server.otlp, self.folder / "shop.jsonl").returncode, 0)

            def search(*arguments):
                result = run("search", "--server", server.web, "--limit", 100_000, "--json", *arguments)
                self.assertEqual(result.returncode, 0, result.stderr)
                return [trace for line in result.stdout.splitlines() for trace in json.loads(line)["traces"]]

            everything = search()
            self.assertEqual(len(everything), truth["traces"])
            self.assertEqual(sum(t["spanCount"] for t in everything), truth["spans"])
            self.assertEqual(sum(t["errorCount"] for t in everything), truth["failedSpans"])
            self.assertEqual({t["traceId"] for t in search("--error")}, {t["traceId"] for t in everything if t["errorCount"]})
            self.assertEqual({t["traceId"] for t in search("--service", "cart")},
                             {t["traceId"] for t in everything if "cart" in [s["name"] for s in t["services"]]})
            self.assertEqual(search("--service", "nobody"), [])
            self.assertEqual(search("--min-duration", "1h"), [])
            bound = everything[len(everything) // 2]["startUnixNano"]
            later = search("--from", bound)
            self.assertTrue(0 < len(later) < len(everything))
            both = {t["traceId"] for t in later} | {t["traceId"] for t in search("--to", bound)}
            self.assertEqual(len(both), len(everything))

            shown = run("search", "--server", server.web, "--limit", 5)
            self.assertEqual(shown.returncode, 0)
            for trace in everything[:5]:
                self.assertIn(trace["traceId"], shown.stdout)
            fault = run("search", "--server", server.web, "{ status = eror }")
            self.assertEqual((fault.returncode, fault.stderr), (
                2, "waybill search: unknown status 'eror'; one of unset, ok, error\n"
                   "  { status = eror }\n"
                   "             ^\n"))
            fault = run("search", "--server", server.web, "--min-duration", "long", "--error")
            self.assertEqual(fault.stderr.splitlines()[1:], ["  { duration >= long && status = error }",
                                                             "                ^"])

            trace_id, count = everything[0]["traceId"], everything[0]["spanCount"]
            shown = run("trace", "--server", server.web, "--ascii", "--width", 100, trace_id)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 100)
            self.assertGreaterEqual(len(shown.stdout.splitlines()), count)
            self.assertTrue(everything[0]["rootOperation"] in shown.stdout)
            as_json = run("trace", "--server", server.web, "--json", trace_id)
            self.assertGreaterEqual(as_json.stdout.count('"spanId"'), count)
            as_json = json.loads(as_json.stdout)
            self.assertTrue(as_json["resourceSpans"])
            self.assertEqual(run("trace", "--server", server.web, "f" * 32).returncode, 1)
            self.assertEqual(run("trace", "--server", server.web, "zz").returncode, 1)

    def test_ascii_only(self):
        with Server() as server:
            self.generate("--output", self.folder / "shop.jsonl")
            self.assertEqual(run("import", "--endpoint", server.otlp, self.folder / "shop.jsonl").returncode, 0)
            trace_id = server.get("/api/w1/search?limit=1")["traces"][0]["traceId"]
            shown = run("trace", "--server", server.web, "--ascii", "--width", 100, trace_id)
            self.assertEqual(shown.returncode, 0)
            self.assertTrue(shown.stdout.isascii())
