# SPDX-License-Identifier: Apache-2.0
"""Rules of tidy.py about C++: what may be named where.

The tables at the top are the rules; the code below only applies them.
"""

import re
from typing import NamedTuple

from tidy import Finding

CXX = ("*.h", "*.cc")
CXX_FOLDERS = ("src/", "include/", "test/", "bench/", "examples/")

# Third-party headers, by the start of the include path, and the only places that adapt them. docs/dependencies.md has the
# same table in words. A place is the start of a path.
THIRD_PARTY = {
    "boost/": ("src/net/",),
    "nghttp2/": ("src/net/",),
    "simdjson": ("src/wire/json/", "src/wire/"),
    "zstd": ("src/compress/",),
    "libdeflate": ("src/compress/",),
    "zlib": (),
    "yaml-cpp/": ("src/server/",),
    "CLI/": ("src/cmd/",),
    "re2/": ("src/storage/",),
    "xxhash": ("src/base/",),
    "gtest/": ("src/", "test/"),
    "gmock/": (),
    "google/protobuf/": ("bench/", "test/interop/"),
    "grpc": ("bench/", "test/interop/"),
    "openssl/": (),
    "absl/": (),
    "nlohmann/": (),
}

# Headers through which a program asks the operating system. Only src/os/ includes them.
SYSTEM_HEADERS = re.compile(
    r"^(sys|netinet|arpa|net|linux|asm)/|"
    r"^(unistd|fcntl|netdb|poll|signal|dirent|pthread|sched|dlfcn|pwd|grp|spawn|termios|ucontext|execinfo|time|semaphore)\.h$|"
    r"^c(signal|time)$|^(fstream|filesystem|thread_pool)$")


class Ban(NamedTuple):
    rule: str
    pattern: str
    instead: str
    # Starts of paths where the token is at home.
    allowed: tuple = ()
    # Whether tests and fakes are held to it too.
    in_tests: bool = True


BANS = [
    Ban("new-delete", r"(?<!operator )(?<!\w)new\b(?!\s*>)",
        "'new': write std::make_unique or a value, or std::construct_at in an arena"),
    Ban("new-delete", r"(?<!operator )(?<!\w)delete\b", "'delete': let a unique_ptr or a value own it"),
    Ban("new-delete", r"\boperator\s+(new|delete)\b", "own operator new or delete: write base/arena or a value"),
    Ban("shared-from-this", r"\b(enable_)?shared_from_this\b", "shared_from_this: hand over ownership, or borrow by reference"),
    Ban("mutex", r"\bstd::((recursive_|shared_|timed_|recursive_timed_|shared_timed_)?mutex|lock_guard|unique_lock|scoped_lock|"
        r"shared_lock|condition_variable(_any)?)\b",
        "write Mutex, MutexLock and CondVar of base/mutex.h, so that clang checks GUARDED_BY", ("src/base/mutex.",)),
    Ban("atomic", r"\bstd::(atomic\w*|memory_order\w*)\b",
        "atomics live in src/base/, each with its ordering argued; use a type from there or a Mutex", ("src/base/",)),
    Ban("sleep", r"\bstd::this_thread::sleep_\w+|(?<![\w:.>])(::)?(usleep|nanosleep|sleep)\s*\(",
        "nothing sleeps: wait for an event, a condition variable or a fake Clock", ("src/os/",)),
    Ban("clock", r"\b(system|steady|high_resolution|utc)_clock::now\b|"
        r"(?<![\w.>])(std::|::)?(gettimeofday|clock_gettime|localtime(_r)?|gmtime(_r)?)\s*\(|"
        r"(?<![\w.>:])(std::|::)?time\s*\(\s*(nullptr|NULL|0|&)",
        "take the time from a Clock (base/clock.h) that the constructor is given", ("src/os/", "src/base/clock.")),
    Ban("random", r"\bstd::(random_device|mt19937\w*|minstd_rand\w*|default_random_engine)\b|"
        r"(?<![\w.>:])(std::|::)?(s?rand|arc4random\w*|getrandom|getentropy)\s*\(|(?<!\w)::random\s*\(",
        "take randomness from a Random (base/random.h) that the constructor is given", ("src/os/", "src/base/random.")),
    Ban("environment", r"(?<![\w.>])(std::|::)?(secure_)?(getenv|setenv|putenv|unsetenv)\s*\(",
        "only server/config reads the environment; take an option", ("src/os/", "src/server/config")),
    Ban("system-call", r"(?<![\w:>.)])::(open|openat|read|write|pread|pwrite|close|fsync|fdatasync|rename|unlink|mmap|munmap|"
        r"ioctl|fcntl|socket|bind|listen|accept4?|connect|send(to|msg)?|recv(from|msg)?|poll|epoll_\w+|fork|exec\w+|kill|"
        r"getpid|mkdir|stat|fstat)\s*\(|(?<![\w.>:])(std::)?(system|popen|fopen|freopen)\s*\(",
        "only src/os/ asks the system; use FileSystem or another interface of os", ("src/os/",)),
]


def is_test(path):
    name = path.rsplit("/", 1)[-1]
    return path.startswith("test/") or "/testing/" in path or re.search(r"_test(_slow)?\.cc$", name) is not None


LITERALS = re.compile(
    r"""(?P<comment>//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/)"""
    r"""|(?:\b(?:u8|u|U|L))?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)\""""
    r"""|"(?:[^"\\\n]|\\.|\\\n)*\""""
    # A quote between digits is a digit separator, not the start of a character.
    r"""|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'""",
    re.DOTALL)
NOT_NEWLINE = re.compile(r"[^\n]")


def blanked(text, keep_comments=False):
    """The text with comments and the contents of literals blanked out, so that line and column stay."""
    def blank(match):
        whole = match[0]
        if match["comment"] is not None:
            return whole if keep_comments else NOT_NEWLINE.sub(" ", whole)
        return whole[0] + NOT_NEWLINE.sub(" ", whole[1:-1]) + whole[-1]
    return LITERALS.sub(blank, text)


INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>")
PREPROCESSOR = re.compile(r"^\s*#\s*(include|error|pragma)\b")
DELETED = re.compile(r"=\s*delete\b")


def banned_tokens(tree):
    for path in tree.matching(*CXX, under=CXX_FOLDERS):
        applying = [(ban, re.compile(ban.pattern)) for ban in BANS
                    if not path.startswith(ban.allowed or ("\0",)) and (ban.in_tests or not is_test(path))]
        for number, line in enumerate(blanked(tree.text(path)).split("\n"), 1):
            if PREPROCESSOR.match(line):
                continue
            line = DELETED.sub("", line)
            for ban, pattern in applying:
                if pattern.search(line):
                    yield Finding(path, number, ban.rule, ban.instead)


def third_party(tree):
    for path in tree.matching(*CXX, under=CXX_FOLDERS):
        for number, line in tree.lines(path):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match[1]
            for start, places in THIRD_PARTY.items():
                if included.startswith(start) and not path.startswith(places or ("\0",)):
                    where = " or ".join(places) or "no folder (it is not a dependency; see docs/dependencies.md)"
                    yield Finding(path, number, "third-party",
                                  f"<{included}> belongs in {where}; include the adapter's header")
            if included.startswith("gtest/") and path.startswith("src/") and not is_test(path):
                yield Finding(path, number, "third-party", f"<{included}> in product code; only tests include it")
            if included.startswith("fmt/") and path.endswith(".h"):
                yield Finding(path, number, "third-party",
                              f"<{included}> in a header costs 0.4 s in each file; use it in the .cc")


def system_headers(tree):
    for path in tree.matching(*CXX, under=("src/", "include/")):
        if path.startswith("src/os/") or is_test(path):
            continue
        for number, line in tree.lines(path):
            match = INCLUDE.match(line)
            if match and SYSTEM_HEADERS.search(match[1]):
                yield Finding(path, number, "system-call", f"<{match[1]}> outside src/os/; use an interface of os")


def pragma_once(tree):
    for path in tree.matching("*.h", under=CXX_FOLDERS):
        lines = tree.text(path).split("\n")
        if len(lines) < 2 or lines[1] != "#pragma once":
            yield Finding(path, 2, "pragma-once", "the second line of a header is '#pragma once'")
        for number, line in tree.lines(path)[2:]:
            if line.startswith("#pragma once"):
                yield Finding(path, number, "pragma-once", "'#pragma once' belongs in line 2, once")


def cmake_sources(tree):
    """Every .cc of src/, test/ and bench/ is named in the CMakeLists.txt nearest above it; a forgotten one is never built."""
    for path in tree.matching("*.cc", under=("src/", "test/", "bench/", "examples/")):
        folder, name = path.rsplit("/", 1)
        relative = name
        while folder and f"{folder}/CMakeLists.txt" not in tree.paths:
            relative = folder.rsplit("/", 1)[-1] + "/" + relative
            folder = folder.rpartition("/")[0]
        if not folder:
            yield Finding(path, 1, "cmake", "there is no CMakeLists.txt in its folder or above; add one that names it")
            continue
        text = re.sub(r"#[^\n]*", "", tree.text(f"{folder}/CMakeLists.txt"))
        # A list of names without endings (`foreach(name a b)` and `${name}.cc`) names the file too.
        stem = relative[:-len(".cc")]
        if not re.search(rf"(?<![\w/]){re.escape(stem)}(\.cc)?(?![\w.])", text):
            yield Finding(path, 1, "cmake", f"it is not named in {folder}/CMakeLists.txt; add {relative}")


RULES = [banned_tokens, third_party, system_headers, pragma_once, cmake_sources]
