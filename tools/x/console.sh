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

# A digest of whatever arrives on standard input.
digest() { sha256sum | cut -d ' ' -f 1; }

# Whether file $1 holds exactly the text $2. Stamps remember what has been done already, so that nothing is done twice.
stamp_is() { [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; }

write_stamp() {
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" >"$1"
}
