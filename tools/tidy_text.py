# SPDX-License-Identifier: Apache-2.0
"""Rules of tidy.py about layout, text and documents."""

import itertools
import re

from tidy import Finding

CODE = ("*.h", "*.cc", "*.py", "*.sh", "x", "*.ts", "*.tsx", "*.js", "*.mjs", "*.css", "*.svelte", "*.vue")
TEXT = (*CODE, "*.md", "*.txt", "*.cmake", "*.json", "*.yaml", "*.yml", "*.html", "*.toml", "*.sql", "*.qtest", "run",
        ".clang-*", ".editorconfig", ".gitignore", "Dockerfile*", "*.service", "*.proto")
# Files that are bytes or other programs' words: they are as they are.
AS_THEY_CAME = ("test/golden/", "test/formats/", "test/fuzz/corpus/", "test/data/", "ui/test/data/", "LICENSE")
LOCK_FILES = ("package-lock.json",)

BANNED_FOLDERS = {"util", "utils", "common", "misc", "helper", "helpers", "impl"}
FILES_PER_FOLDER_MAX = 25
LINES_MAX = 800
TEST_LINES_MAX = 1200
SIZE_BYTES_MAX = 512 * 1024
CODE_WIDTH_MAX = 100
# Scripts and CMake read better a little wider: they have long messages and paths.
SCRIPT_WIDTH_MAX = 128
TEXT_WIDTH_MAX = 140
SPDX = "SPDX-License-Identifier: Apache-2.0"

# Words that speak of the place where the work was done, and not of the project. Written so that this file has none.
WORKPLACE = re.compile(
    r"/wor[k]/|\bsub-?agent[s]?\b|\bsession lo[g]s?\b|\bhelper sessio[n]|bash_job[s]|\.librar[y]/|\.\./share[d]/|"
    r"/share[d]/design|before-sto[p]|registry\.npmj[s]\.org|deb\.debia[n]\.org|proxy\.golan[g]\.org|"
    r"static\.crate[s]\.io|files\.pythonhoste[d]\.org|repo\.mave[n]\.apache\.org", re.IGNORECASE)
MARKER = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")
MARKER_WITH_ISSUE = re.compile(r"\bTOD[O]\(#\d+\)")


def in_scope(tree, patterns):
    return (path for path in tree.matching(*patterns)
            if not path.startswith(AS_THEY_CAME) and not path.endswith(LOCK_FILES))


def is_test(path):
    return path.startswith("test/") or re.search(r"([_.](test|spec)\.|/tests?/)", path) is not None


def folder_names(tree):
    reported = set()
    for path in tree.paths:
        folders = path.split("/")[:-1]
        for depth, name in enumerate(folders):
            folder = "/".join(folders[:depth + 1])
            if name.lower() in BANNED_FOLDERS and folder not in reported:
                reported.add(folder)
                yield Finding(folder, 1, "folder-name", f"'{name}' says nothing; name the folder after its concept")


def folder_sizes(tree):
    """Counts the .h and .cc files directly in a folder; tests (*_test.cc) stand beside their source and do not count."""
    counts = {}
    for path in tree.matching("*.h", "*.cc"):
        if not re.search(r"_test(_slow)?\.cc$", path):
            folder = path.rpartition("/")[0]
            counts[folder] = counts.get(folder, 0) + 1
    for folder, count in counts.items():
        if count > FILES_PER_FOLDER_MAX:
            yield Finding(folder, 1, "folder-size",
                          f"{count} source files, more than {FILES_PER_FOLDER_MAX}; split it by concept")


def file_lengths(tree):
    for path in in_scope(tree, CODE):
        count = tree.text(path).count("\n")
        limit = TEST_LINES_MAX if is_test(path) else LINES_MAX
        if count > limit:
            yield Finding(path, limit + 1, "file-length", f"{count} lines, more than {limit}; split it by concept")


def file_sizes(tree):
    for path in tree.paths:
        size = tree.size(path)
        if size > SIZE_BYTES_MAX:
            yield Finding(path, 1, "file-size",
                          f"{size // 1024} KiB, more than {SIZE_BYTES_MAX // 1024}; make it at build or test time")


def spdx_line(tree):
    for path in tree.matching("*.h", "*.cc", "*.py", "*.sh", "x"):
        lines = tree.text(path).split("\n", 2)
        cxx = path.endswith((".h", ".cc"))
        wanted = ("// " if cxx else "# ") + SPDX
        at = 1 if not cxx and lines[0].startswith("#!") else 0
        if len(lines) <= at or lines[at] != wanted:
            yield Finding(path, at + 1, "spdx", f"this line is '{wanted}'")


def whitespace(tree):
    for path in in_scope(tree, TEXT):
        text = tree.text(path)
        if text and not text.endswith("\n"):
            yield Finding(path, text.count("\n") + 1, "whitespace", "the last line has no line feed; add one")
        if text.endswith("\n\n"):
            yield Finding(path, text.count("\n"), "whitespace", "blank line at the end of the file; remove it")
        for number, line in tree.lines(path):
            if line.endswith("\r"):
                yield Finding(path, number, "whitespace", "carriage return; lines end with a line feed alone")
            elif line != line.rstrip():
                yield Finding(path, number, "whitespace", "white space at the end of the line; remove it")
            if "\t" in line and path.endswith((".h", ".cc", ".py", ".sh")):
                yield Finding(path, number, "whitespace", "tab; write spaces, or \\t in a string")


def width_limit(path):
    if path.endswith((".h", ".cc")):
        return CODE_WIDTH_MAX
    if path.endswith((".py", ".sh", "/x", ".cmake", "CMakeLists.txt")) or path == "x":
        return SCRIPT_WIDTH_MAX
    return TEXT_WIDTH_MAX


def line_widths(tree):
    """In Markdown, tables and code blocks are left alone: they cannot be broken. So are lines with a web address."""
    for path in in_scope(tree, ("*.h", "*.cc", "*.py", "*.sh", "x", "*.cmake", "CMakeLists.txt", "*.md")):
        limit = width_limit(path)
        fenced = False
        for number, line in tree.lines(path):
            if path.endswith(".md"):
                if line.lstrip().startswith("```"):
                    fenced = not fenced
                if fenced or line.lstrip().startswith("|"):
                    continue
            if len(line) > limit and "://" not in line and not line.startswith("#include"):
                yield Finding(path, number, "line-width", f"{len(line)} columns, more than {limit}; break the line")


def markers(tree):
    for path in in_scope(tree, (*CODE, "*.cmake", "CMakeLists.txt")):
        for number, line in tree.lines(path):
            match = MARKER.search(line)
            if match and not MARKER_WITH_ISSUE.search(line):
                yield Finding(path, number, "todo", f"'{match[0]}' without an issue; write TOD" "O(#123), or do it now")


def workplace(tree):
    for path in tree.paths:
        for number, line in tree.lines(path):
            match = WORKPLACE.search(line)
            if match:
                yield Finding(path, number, "workplace",
                              f"'{match[0]}' speaks of a workplace, not of the project; say what it is here")


CITED = re.compile(r"`((?:src|docs|tools|ui|test|include|bench|cmake|examples|packaging|changelog\.d)/[^`\s]*)`")
LINE_NUMBER = re.compile(r":\d+(-\d+)?$")
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
# Made by a build, so not in the tree.
MADE = ("ui/dist", "ui/node_modules")


def spelled_out(path):
    """`a.{h,cc}` is two files."""
    match = re.search(r"\{([^{}]*)\}", path)
    if not match:
        return [path]
    return list(itertools.chain.from_iterable(
        spelled_out(path[:match.start()] + choice + path[match.end():]) for choice in match[1].split(",")))


def cited_files(tree):
    """Files that documents name must exist: `src/...` in backticks, and the targets of relative links."""
    for path in in_scope(tree, ("*.md",)):
        if path == "CHANGELOG.md" or path.startswith("changelog.d/"):
            continue  # History may name what is gone.
        folder = path.rpartition("/")[0]
        fenced = False
        for number, line in tree.lines(path):
            fenced = fenced != line.lstrip().startswith("```")
            if fenced:
                continue
            for match in CITED.finditer(line):
                yield from cited_path(tree, path, number, match[1])
            for match in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
                target = match[1]
                if "://" in target or target.startswith("mailto:"):
                    continue
                if not (tree.root / folder / target).exists():
                    yield Finding(path, number, "cited-file", f"the link to {target} leads nowhere; correct it")


def cited_path(tree, document, number, cited):
    cited = cited.split("#", 1)[0]
    if LINE_NUMBER.search(cited):
        yield Finding(document, number, "cited-file", f"{cited} names a line number, which moves; name the file and the symbol")
        return
    if any(mark in cited for mark in ("<", "…", "...", "$", "N/", "NNNN")) or cited.startswith(MADE):
        return  # A pattern of names, not a name.
    for name in spelled_out(cited.rstrip("/.,:")):
        found = any(tree.root.glob(name)) if "*" in name else tree.exists(name)
        if not found:
            yield Finding(document, number, "cited-file", f"there is no {name}; correct the name or remove it")


RULES = [folder_names, folder_sizes, file_lengths, file_sizes, spdx_line, whitespace, line_widths, markers, workplace,
         cited_files]
