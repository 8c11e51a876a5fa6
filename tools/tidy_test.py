# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/tidy.py and its rules: each rule finds what it is for, and leaves the rest alone."""

import pathlib
import tempfile
import unittest

import tidy
import tidy_cxx
import tidy_text

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


class TidyCase(unittest.TestCase):
    def findings(self, rule, files):
        """The findings of one rule in a tree of these files, as text."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, content in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
            return [str(finding) for finding in rule(tidy.Tree(root, list(files)))]

    def assert_clean(self, rule, files):
        self.assertEqual(self.findings(rule, files), [])

    def assert_finding(self, rule, files, start):
        """Exactly one finding, which begins with `file:line: rule`."""
        findings = self.findings(rule, files)
        self.assertEqual(len(findings), 1, findings)
        self.assertTrue(findings[0].startswith(start), findings[0])


class BlankedTest(unittest.TestCase):
    def test_blanks_comments_and_literals_and_keeps_lines(self):
        text = 'a("new"); // new\n/* new\n new */ b(\'n\');\nR"x(new\n)x" c'
        blanked = tidy_cxx.blanked(text)
        self.assertNotIn("new", blanked)
        self.assertEqual(blanked.count("\n"), text.count("\n"))
        self.assertEqual(len(blanked), len(text))
        for name in "abc":
            self.assertIn(name, blanked)

    def test_a_quote_between_digits_starts_no_literal(self):
        self.assertIn("new", tidy_cxx.blanked("x = 1'000; new T; y = 0xff'ff;"))

    def test_escaped_quotes_end_no_literal(self):
        self.assertNotIn("new", tidy_cxx.blanked(r'f("\" new", ' + r"'\'', " + r'"new")'))


class BannedTokensTest(TidyCase):
    def assert_ban(self, line, rule, path="src/model/a.cc"):
        self.assert_finding(tidy_cxx.banned_tokens, {path: "int a;\n" + line + "\n"}, f"{path}:2: {rule}: ")

    def assert_fine(self, line, path="src/model/a.cc"):
        self.assert_clean(tidy_cxx.banned_tokens, {path: line + "\n"})

    def test_new_and_delete(self):
        self.assert_ban("auto* p = new Span();", "new-delete")
        self.assert_ban("delete p;", "new-delete")
        self.assert_ban("void* operator new(std::size_t);", "new-delete")
        self.assert_fine("Span(const Span&) = delete;  // no new, no delete")
        self.assert_fine("#include <new>")
        self.assert_fine('say("a new delete");')
        self.assert_fine("int new_size = renew(deleted);")

    def test_shared_from_this(self):
        self.assert_ban("class A : std::enable_shared_from_this<A> {};", "shared-from-this")
        self.assert_ban("auto self = shared_from_this();", "shared-from-this")

    def test_mutex(self):
        for token in ("std::mutex m;", "std::scoped_lock lock(m);", "std::condition_variable c;"):
            self.assert_ban(token, "mutex")
        self.assert_fine("std::mutex m_;", "src/base/mutex.h")
        self.assert_fine("Mutex mutex_; MutexLock lock(mutex_);")

    def test_atomic(self):
        self.assert_ban("std::atomic<int> a;", "atomic")
        self.assert_ban("std::atomic_flag a;", "atomic")
        self.assert_fine("std::atomic<int> a;", "src/base/counter.h")

    def test_sleep(self):
        self.assert_ban("std::this_thread::sleep_for(1s);", "sleep")
        self.assert_ban("std::this_thread::sleep_for(1s);", "sleep", "src/model/a_test.cc")
        self.assert_ban("usleep(10);", "sleep")
        self.assert_fine("std::this_thread::yield();")
        self.assert_fine("clock.sleep(10);")

    def test_clock(self):
        self.assert_ban("auto t = std::chrono::steady_clock::now();", "clock")
        self.assert_ban("auto t = std::chrono::system_clock::now();", "clock", "src/model/a_test.cc")
        self.assert_ban("auto t = time(nullptr);", "clock")
        self.assert_fine("auto t = std::chrono::steady_clock::now();", "src/os/system_clock.cc")
        self.assert_fine("auto t = clock_.now(); time(x);")

    def test_random(self):
        self.assert_ban("std::random_device d;", "random")
        self.assert_ban("int x = rand();", "random")
        self.assert_ban("std::mt19937_64 engine(1);", "random", "src/model/a_test.cc")
        self.assert_fine("Random random(1); int strand(int);")
        self.assert_fine("std::random_device d;", "src/os/entropy.cc")

    def test_environment(self):
        self.assert_ban('auto* v = std::getenv("X");', "environment")
        self.assert_fine('auto* v = std::getenv("X");', "src/server/config.cc")

    def test_system_calls(self):
        self.assert_ban("auto fd = ::open(path, 0);", "system-call")
        self.assert_ban("auto* f = fopen(path, mode);", "system-call")
        self.assert_fine("auto fd = ::open(path, 0);", "src/os/file.cc")
        self.assert_fine("auto file = files_.open(path); Store::open(path); log->write(bytes);")


class ThirdPartyTest(TidyCase):
    def test_headers_stay_with_their_adapter(self):
        for header, home in (("boost/asio.hpp", "src/net/a.cc"), ("nghttp2/nghttp2.h", "src/net/a.cc"),
                             ("simdjson.h", "src/wire/json/a.cc"), ("zstd.h", "src/compress/a.cc"),
                             ("libdeflate.h", "src/compress/a.cc"), ("yaml-cpp/yaml.h", "src/server/a.cc"),
                             ("CLI/CLI.hpp", "src/cmd/a.cc"), ("grpcpp/grpcpp.h", "bench/a.cc")):
            with self.subTest(header):
                text = f"\n#include <{header}>\n"
                self.assert_clean(tidy_cxx.third_party, {home: text})
                self.assert_finding(tidy_cxx.third_party, {"src/query/a.cc": text}, "src/query/a.cc:2: third-party: ")

    def test_names_what_is_no_dependency(self):
        findings = self.findings(tidy_cxx.third_party, {"src/net/a.cc": "#include <nlohmann/json.hpp>\n"})
        self.assertIn("not a dependency", findings[0])

    def test_gtest_is_for_tests(self):
        text = "#include <gtest/gtest.h>\n"
        self.assert_clean(tidy_cxx.third_party, {"src/model/a_test.cc": text, "src/os/testing/fake.h": text})
        self.assert_finding(tidy_cxx.third_party, {"src/model/a.cc": text}, "src/model/a.cc:1: third-party: ")

    def test_fmt_is_for_sources(self):
        text = "#include <fmt/format.h>\n"
        self.assert_clean(tidy_cxx.third_party, {"src/model/a.cc": text})
        self.assert_finding(tidy_cxx.third_party, {"src/model/a.h": text}, "src/model/a.h:1: third-party: ")

    def test_system_headers_stay_in_os(self):
        for header in ("unistd.h", "sys/mman.h", "netinet/in.h", "csignal", "fstream"):
            with self.subTest(header):
                text = f"#include <{header}>\n"
                self.assert_clean(tidy_cxx.system_headers, {"src/os/a.cc": text, "src/model/a_test.cc": text})
                self.assert_finding(tidy_cxx.system_headers, {"src/model/a.cc": text}, "src/model/a.cc:1: system-call: ")
        self.assert_clean(tidy_cxx.system_headers, {"src/model/a.cc": "#include <string>\n#include <chrono>\n"})


class SourceShapeTest(TidyCase):
    def test_pragma_once_is_the_second_line(self):
        self.assert_clean(tidy_cxx.pragma_once, {"src/a/a.h": SPDX + "#pragma once\n"})
        self.assert_finding(tidy_cxx.pragma_once, {"src/a/a.h": SPDX + "\n// x\n"}, "src/a/a.h:2: pragma-once: ")

    def test_sources_are_named_in_cmake(self):
        cmake = "add_library(a one.cc wire/two.cc)\n"
        self.assert_clean(tidy_cxx.cmake_sources,
                          {"src/a/CMakeLists.txt": cmake, "src/a/one.cc": "", "src/a/wire/two.cc": ""})
        self.assert_finding(tidy_cxx.cmake_sources, {"src/a/CMakeLists.txt": cmake, "src/a/three.cc": ""},
                            "src/a/three.cc:1: cmake: it is not named in src/a/CMakeLists.txt")
        self.assert_finding(tidy_cxx.cmake_sources, {"src/a/CMakeLists.txt": cmake, "src/a/ne.cc": ""}, "src/a/ne.cc:1")
        self.assert_finding(tidy_cxx.cmake_sources, {"src/a/CMakeLists.txt": "# one.cc\n", "src/a/one.cc": ""},
                            "src/a/one.cc:1: cmake: it is not named")
        self.assert_finding(tidy_cxx.cmake_sources, {"src/a/one.cc": ""}, "src/a/one.cc:1: cmake: there is no CMakeLists.txt")

    def test_sources_are_named_in_a_loop_of_cmake(self):
        self.assert_clean(tidy_cxx.cmake_sources,
                          {"test/CMakeLists.txt": "foreach(name one two)\n", "test/one.cc": "", "test/two.cc": ""})

    def test_spdx_is_the_first_line(self):
        self.assert_clean(tidy_text.spdx_line, {
            "src/a/a.cc": SPDX, "tools/a.py": "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n",
            "tools/b.py": "# SPDX-License-Identifier: Apache-2.0\n", "README.md": "x\n"})
        self.assert_finding(tidy_text.spdx_line, {"src/a/a.cc": "\n" + SPDX}, "src/a/a.cc:1: spdx: ")
        self.assert_finding(tidy_text.spdx_line, {"tools/a.py": "#!/bin/x\nimport os\n"}, "tools/a.py:2: spdx: ")
        self.assert_finding(tidy_text.spdx_line, {"tools/a.sh": ""}, "tools/a.sh:1: spdx: ")


class LayoutTest(TidyCase):
    def test_folder_names_say_something(self):
        self.assert_clean(tidy_text.folder_names, {"src/base/common.cc": "", "src/implicit/a.cc": ""})
        for name in ("util", "utils", "common", "misc", "helpers", "impl"):
            self.assert_finding(tidy_text.folder_names, {f"src/{name}/a.cc": "", f"src/{name}/b/c.cc": ""}, f"src/{name}:1: ")

    def test_folders_are_small(self):
        files = {f"src/a/f{i}.{ending}": "" for i in range(12) for ending in ("h", "cc")}
        files |= {f"src/a/f{i}_test.cc": "" for i in range(12)} | {"src/a/CMakeLists.txt": "", "src/a/last.h": ""}
        self.assert_clean(tidy_text.folder_sizes, files)
        self.assert_finding(tidy_text.folder_sizes, files | {"src/a/more.h": ""}, "src/a:1: folder-size: 26 source files")

    def test_files_are_short(self):
        self.assert_clean(tidy_text.file_lengths, {"src/a/a.cc": "x\n" * 800, "src/a/a_test.cc": "x\n" * 1200})
        self.assert_finding(tidy_text.file_lengths, {"src/a/a.cc": "x\n" * 801}, "src/a/a.cc:801: file-length: 801 lines")
        self.assert_finding(tidy_text.file_lengths, {"src/a/a_test.cc": "x\n" * 1201}, "src/a/a_test.cc:1201: ")

    def test_files_are_not_large(self):
        self.assert_clean(tidy_text.file_sizes, {"a.bin": b"\0" * 512 * 1024})
        self.assert_finding(tidy_text.file_sizes, {"a.bin": b"\0" * (512 * 1024 + 1)}, "a.bin:1: file-size: ")


class TextTest(TidyCase):
    def test_white_space(self):
        self.assert_clean(tidy_text.whitespace, {"a.md": "a\n\nb\n", "test/golden/a.txt": "a \n", "a.bin": b"\0 \n"})
        self.assert_finding(tidy_text.whitespace, {"a.md": "a\nb \n"}, "a.md:2: whitespace: ")
        self.assert_finding(tidy_text.whitespace, {"a.md": "a"}, "a.md:1: whitespace: the last line")
        self.assert_finding(tidy_text.whitespace, {"a.md": "a\n\n"}, "a.md:2: whitespace: blank line")
        self.assert_finding(tidy_text.whitespace, {"a.md": "a\r\n"}, "a.md:1: whitespace: carriage")
        self.assert_finding(tidy_text.whitespace, {"src/a/a.cc": "\tint a;\n"}, "src/a/a.cc:1: whitespace: tab")

    def test_line_widths(self):
        self.assert_clean(tidy_text.line_widths, {"a.md": "x" * 140 + "\n| " + "x" * 200 + "\n```\n" + "x" * 200 + "\n```\n",
                                                  "a.cc": "x" * 100 + "\n// https://" + "x" * 100 + "\n"})
        self.assert_finding(tidy_text.line_widths, {"a.md": "x" * 141 + "\n"}, "a.md:1: line-width: ")
        self.assert_finding(tidy_text.line_widths, {"a.cc": "\n" + "x" * 101 + "\n"}, "a.cc:2: line-width: ")

    def test_line_widths_count_characters_and_not_bytes(self):
        self.assert_clean(tidy_text.line_widths, {"a.cc": "é" * 100 + "\n"})

    def test_markers_have_an_issue(self):
        word = "TO" + "DO"
        self.assert_clean(tidy_text.markers, {"src/a/a.cc": f"// {word}(#12): split\n", "a.md": word + "\n"})
        self.assert_finding(tidy_text.markers, {"src/a/a.cc": f"// {word}: split\n"}, "src/a/a.cc:1: todo: ")
        self.assert_finding(tidy_text.markers, {"tools/a.py": "# FIX" + "ME later\n"}, "tools/a.py:1: todo: ")

    def test_words_of_a_workplace(self):
        self.assert_clean(tidy_text.workplace, {"a.md": "the network/work and a session\n"})
        for words in ("/wo" + "rk/main", "a sub" + "agent", "the session l" + "og", "registry.npm" + "js.org"):
            self.assert_finding(tidy_text.workplace, {"a.md": f"x\n{words}\n"}, "a.md:2: workplace: ")


class CitedFilesTest(TidyCase):
    def document(self, text, *others):
        return {"docs/a.md": text, **{name: "x\n" for name in others}}

    def assert_cited(self, text, *others):
        self.assert_clean(tidy_text.cited_files, self.document(text, *others))

    def assert_wrong(self, text, words, *others):
        findings = self.findings(tidy_text.cited_files, self.document(text, *others))
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(words, findings[0])

    def test_cited_files_exist(self):
        self.assert_cited("See `src/a/b.h` and `src/a/`.\n", "src/a/b.h")
        self.assert_wrong("\nSee `src/a/c.h`.\n", "docs/a.md:2: cited-file: there is no src/a/c.h", "src/a/b.h")

    def test_braces_and_stars_are_spelled_out(self):
        self.assert_cited("`src/a/b.{h,cc}` `src/*/b.h`\n", "src/a/b.h", "src/a/b.cc")
        self.assert_wrong("`src/a/b.{h,cc}`\n", "src/a/b.cc", "src/a/b.h")
        self.assert_wrong("`src/a/*.py`\n", "src/a/*.py", "src/a/b.h")

    def test_patterns_of_names_and_what_is_built_are_left_alone(self):
        self.assert_cited("`test/golden/<format>/` `docs/adr/NNNN-*.md` `ui/dist` `tools/...`\n")
        self.assert_cited("```\n`src/no.h`\n```\n")

    def test_line_numbers_are_refused(self):
        self.assert_wrong("`src/a/b.h:12`\n", "line number", "src/a/b.h")

    def test_links_lead_somewhere(self):
        self.assert_cited("[b](b.md#part), [web](https://x.y/z), [here](#part)\n", "docs/b.md")
        self.assert_wrong("[b](c.md)\n", "leads nowhere", "docs/b.md")

    def test_history_may_name_what_is_gone(self):
        self.assert_clean(tidy_text.cited_files, {"CHANGELOG.md": "`src/gone.h`\n"})


class AllowanceTest(unittest.TestCase):
    FINDING = tidy.Finding("src/a/a.cc", 3, "atomic", "x")

    def test_an_entry_takes_its_findings_out(self):
        entries, faults = tidy.read_allowances("# why\n\natomic src/a/*.cc it counts\n")
        self.assertEqual((faults, tidy.apply_allowances(entries, [self.FINDING])), ([], []))

    def test_an_entry_is_for_its_rule_only(self):
        entries, _ = tidy.read_allowances("mutex src/a/a.cc it counts\n")
        self.assertIn(self.FINDING, tidy.apply_allowances(entries, [self.FINDING]))

    def test_an_entry_that_is_not_needed_is_a_finding(self):
        entries, _ = tidy.read_allowances("atomic src/b.cc it counts\n")
        self.assertEqual(tidy.apply_allowances(entries, [])[0].rule, "allow")

    def test_an_entry_needs_a_reason(self):
        entries, faults = tidy.read_allowances("atomic src/a/a.cc\n")
        self.assertEqual((entries, len(faults)), ([], 1))


class WholeTest(unittest.TestCase):
    def test_every_rule_says_file_line_rule_and_remedy(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "src").mkdir()
            (root / "src/a.cc").write_text("auto* p = new int;\n", encoding="utf-8")
            findings = [str(finding) for finding in tidy.check(tidy.Tree(root, ["src/a.cc"]))]
        wanted = "src/a.cc:1: new-delete: 'new': write std::make_unique"
        self.assertTrue(any(finding.startswith(wanted) for finding in findings), findings)

    def test_files_outside_git_are_found_without_build_output(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in ("a.md", "build/b.md", "ui/node_modules/c.md"):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text("x\n", encoding="utf-8")
            self.assertEqual(tidy.list_files(root), ["a.md"])


if __name__ == "__main__":
    unittest.main()
