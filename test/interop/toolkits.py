# SPDX-License-Identifier: Apache-2.0
"""Gets the OpenTelemetry SDK of each language, once, and says how its sender is started.

Everything but node_modules goes to build/interop. A stamp holds what was installed, so that a second run installs nothing.
What is missing on this machine is told by unittest.SkipTest.
"""

import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
BUILD = FOLDER.parents[1] / "build/interop"
NODE_MIN = (20, 6)
# A registry may be far; tests call these functions in setUpClass, to which the runner's limit for a test does not apply.
INSTALL_SECONDS_MAX = 300


def _once(get):
    """Gets it the first time; later calls have the same outcome, also where that was a skip."""
    known = []

    @functools.wraps(get)
    def answer():
        if not known:
            try:
                known.append((get(), None))
            except unittest.SkipTest as skip:
                known.append((None, str(skip)))
        (found, missing), = known
        if missing is not None:
            raise unittest.SkipTest(missing)
        return found

    return answer


def sender_environment():
    """Senders do as they are told: no settings from outside, and no proxy."""
    kept = {name: text for name, text in os.environ.items()
            if not name.startswith(("OTEL_", "WAYBILL_")) and name not in ("JAVA_TOOL_OPTIONS", "NODE_OPTIONS")}
    return kept | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _program(name):
    path = shutil.which(name)
    if path is None:
        raise unittest.SkipTest(f"there is no {name} on PATH")
    return path


def _text_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return (done.stdout + done.stderr).strip()


def _run(what, command, folder):
    """An installation that fails is a skip: it needs a registry, which not every machine reaches."""
    print(f"  {what}", flush=True)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                              timeout=INSTALL_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise unittest.SkipTest(f"{what} took longer than {INSTALL_SECONDS_MAX} s") from None
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise unittest.SkipTest(f"{what} failed (is the registry in reach?): {' | '.join(lines[-3:])}")


def _is_stamped(stamp, wanted):
    return stamp.is_file() and stamp.read_text() == wanted


def _wanted(paths, *words):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return " ".join([digest.hexdigest(), *words])


@_once
def js():
    node, npm = _program("node"), _program("npm")
    version = _text_of([node, "--version"])
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < NODE_MIN:
        raise unittest.SkipTest(f"node {version} is older than {'.'.join(map(str, NODE_MIN))}")
    folder = FOLDER / "js"
    stamp = folder / "node_modules/.waybill-stamp"
    wanted = _wanted([folder / "package-lock.json"], version)
    if not _is_stamped(stamp, wanted):
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        _run("npm ci of the JavaScript SDK", [npm, "ci", *options], folder)
        stamp.write_text(wanted)
    return [node, str(folder / "send.mjs")]


@_once
def python_program():
    """The Python that has the SDK and grpcio."""
    folder = BUILD / "python"
    requirements = FOLDER / "python/requirements.txt"
    stamp = folder / "waybill-stamp"
    wanted = _wanted([requirements], sys.version)
    program = folder / "bin/python"
    if not _is_stamped(stamp, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run("python -m venv", [sys.executable, "-m", "venv", str(folder)], FOLDER)
        _run("pip install of the Python SDK",
             [str(program), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1",
              "--only-binary", ":all:", "--requirement", str(requirements)], FOLDER)
        stamp.write_text(wanted)
    return str(program)


@_once
def python():
    return [python_program(), str(FOLDER / "python/send.py")]


@_once
def go():
    program = _program("go")
    folder = FOLDER / "go"
    target = BUILD / "go/send"
    stamp = BUILD / "go/waybill-stamp"
    wanted = _wanted([folder / "go.mod", folder / "go.sum", folder / "main.go"], _text_of([program, "version"]))
    if not _is_stamped(stamp, wanted):
        target.parent.mkdir(parents=True, exist_ok=True)
        _run("go mod download of the Go SDK", [program, "mod", "download"], folder)
        print("  go build of the Go sender", flush=True)
        # Here a failure is one: everything it needs is there.
        subprocess.run([program, "build", "-mod=readonly", "-o", str(target), "."], cwd=folder, check=True,
                       timeout=INSTALL_SECONDS_MAX)
        stamp.write_text(wanted)
    return [str(target)]


@_once
def java():
    program, maven = _program("java"), _program("mvn")
    _program("javac")
    folder = FOLDER / "java"
    target = BUILD / "java"
    stamp = target / "waybill-stamp"
    source = folder / "src/main/java/Send.java"
    wanted = _wanted([folder / "pom.xml", source], _text_of([program, "-version"]))
    if not _is_stamped(stamp, wanted):
        shutil.rmtree(target, ignore_errors=True)
        _run("mvn: the Java SDK", [maven, "--quiet", "--batch-mode", "dependency:copy-dependencies",
                                   "-DincludeScope=runtime", f"-Dinterop.build={target}"], folder)
        print("  javac of the Java sender", flush=True)
        subprocess.run(["javac", "-encoding", "UTF-8", "-cp", f"{target}/dependency/*", "-d", str(target / "classes"),
                        str(source)], check=True, timeout=INSTALL_SECONDS_MAX)
        stamp.write_text(wanted)
    path = os.pathsep.join([str(target / "classes"), f"{target}/dependency/*"])
    return [program, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-cp", path, "Send"]
