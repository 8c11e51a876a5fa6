#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds every include of the source tree against src/floors.txt.

    check_floors.py [ROOT]

- A folder of src/ includes itself and folders on lower floors; never a neighbour, never an upper floor.
- Own include paths are written with "..." and start at a folder of src/.
- Product code does not include the fakes in <folder>/testing/.
- include/waybill/ includes the standard library and itself only; <waybill/...> is included by sdk and the floors above it.
"""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]*)"|<([^>]*)>)')
STANDARD = re.compile(r"^[a-z_0-9]+$")
PUBLIC = "waybill"
PUBLIC_HOME = "sdk"


def read_floors(text):
    """Returns {folder: floor}, and the faults in the file itself."""
    floors, faults = {}, []
    floor = 0
    for number, line in enumerate(text.splitlines(), 1):
        names = line.split("#", 1)[0].split()
        if not names:
            continue
        for name in names:
            if name in floors:
                faults.append((number, f"folder '{name}' stands on two floors; keep one"))
            floors[name] = floor
        floor += 1
    return floors, faults


def is_test(path):
    """Tests and fakes may include fakes of their own folder and of lower floors."""
    return path.stem.endswith("_test") or "testing" in path.parts[:-1]


def includes_of(text):
    """Yields (line number, path, whether it is written with quotes)."""
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            quoted = match[1] is not None
            yield number, match[1] if quoted else match[2], quoted


def fault_of_include(path, included, quoted, floors):
    """Says what is wrong with one include in a file of src/ (path is relative to src/), or nothing."""
    own = path.parts[0]
    target = included.split("/")[0]
    if not quoted:
        if target in floors and "/" in included:
            return f'own header <{included}>; write "{included}"'
        if target == PUBLIC and floors[own] < floors.get(PUBLIC_HOME, 0):
            return f"<{included}> is for {PUBLIC_HOME} and the floors above it; {own} is below"
        return None
    if "/" not in included or included.startswith(".") or ".." in included.split("/"):
        return f'include path "{included}" does not start at src/; write "{own}/{pathlib.PurePosixPath(included).name}"'
    if target == PUBLIC:
        return f'public header "{included}"; write <{included}>'
    if target not in floors:
        return f"unknown folder '{target}'; add it to src/floors.txt or correct the path"
    if target != own and floors[target] >= floors[own]:
        where = "the same floor" if floors[target] == floors[own] else "a higher floor"
        return (f"{own} (floor {floors[own]}) includes {target} (floor {floors[target]}), which is on {where}; "
                f"define the small interface below and let the upper floor implement it")
    if "testing" in included.split("/")[:-1] and not is_test(path):
        return f"product code includes the fake {included}; only tests may"
    return None


def check_source(root, floors):
    faults = []
    source = root / "src"
    for path in sorted([*source.rglob("*.h"), *source.rglob("*.cc")]):
        relative = path.relative_to(source)
        if len(relative.parts) == 1:
            faults.append((path, 1, "file directly in src/; move it into a folder"))
            continue
        if relative.parts[0] not in floors:
            faults.append((path, 1, f"folder '{relative.parts[0]}' is not in src/floors.txt; add it to its floor"))
            continue
        for number, included, quoted in includes_of(path.read_text(encoding="utf-8")):
            fault = fault_of_include(relative, included, quoted, floors)
            if fault:
                faults.append((path, number, fault))
    return faults


def check_public(root):
    faults = []
    for path in sorted((root / "include").rglob("*.h")):
        for number, included, _ in includes_of(path.read_text(encoding="utf-8")):
            if not STANDARD.match(included) and not included.startswith(PUBLIC + "/"):
                faults.append((path, number, f"public header includes '{included}'; only the standard library and "
                                             f"<{PUBLIC}/...> are allowed, so that users need nothing else"))
    return faults


def check(root):
    """Returns the lines to print, `file:line: floors: what`, sorted."""
    file = root / "src" / "floors.txt"
    if not file.exists():
        return [f"{file.relative_to(root)}:1: floors: there is no such file"]
    floors, faults = read_floors(file.read_text(encoding="utf-8"))
    found = [(file, number, fault) for number, fault in faults]
    found += check_source(root, floors) + check_public(root)
    return [f"{path.relative_to(root)}:{number}: floors: {fault}" for path, number, fault in found]


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent).resolve()
    lines = check(root)
    print("\n".join(lines) if lines else "floors: every include points downward")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
