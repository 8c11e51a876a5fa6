# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the other parts use to talk to the person at the terminal.

# One line of progress, with the seconds since ./x was started.
say() { printf '==> [%3ds] %s\n' "$SECONDS" "$*"; }

# A line that a reader must not overlook, on standard error.
warn() { printf '==> [%3ds] NOTE: %s\n' "$SECONDS" "$*" >&2; }

die() {
  printf '==> [%3ds] STOPPED: %s\n' "$SECONDS" "$*" >&2
  exit 1
}

# The value of an option that needs one: option_value --preset "$@".
option_value() {
  if [ $# -lt 2 ] || [ -z "$2" ]; then die "option $1 needs a value"; fi
  printf '%s' "$2"
}

cores() { nproc 2>/dev/null || echo 2; }

# The files of this tree that match one of the patterns, NUL-separated: what git tracks or would add, or, without git,
# all files outside build output.
tracked_files() {
  local file pattern names=()
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard -- "$@"
  else
    for pattern in "$@"; do names+=(-o -path "*$pattern"); done
    find . \( -name node_modules -o -name dist -o -name build -o -name .git \) -prune -o \
      -type f \( "${names[@]:1}" \) -print0
  fi | while IFS= read -r -d '' file; do if [ -f "$file" ]; then printf '%s\0' "$file"; fi; done
}

# A digest of whatever arrives on standard input.
digest() { sha256sum | cut -d ' ' -f 1; }

# Whether file $1 holds exactly the text $2. Stamps remember what has been done already, so that nothing is done twice.
stamp_is() { [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; }

write_stamp() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" >"$1"
}
