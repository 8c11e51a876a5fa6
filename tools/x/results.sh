# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Every runner leaves one small JSON file in build/results; tools/results.py adds them up at the end.

RESULTS="$ROOT/build/results"

results_start() {
  rm -rf "$RESULTS"
  mkdir -p "$RESULTS"
}

# attempt RUNNER COMMAND...: runs the command and goes on after a failure. A runner that fails without having left a
# failed test in its result file counts as one failed test of its own, so that nothing is lost in the sum.
#
# Call it as a plain statement, never in a condition: bash ignores `set -e` inside conditions, and with it failures.
attempt() { attempt_as check "$@"; }

# The same for a step that only prepares: it counts if it fails, and not if it succeeds.
attempt_step() { attempt_as step "$@"; }

attempt_as() {
  local kind=$1 runner=$2 status started=$SECONDS
  shift 2
  set +e
  (
    set -e
    "$@"
  )
  status=$?
  set -e
  python3 tools/results.py "$kind-status" "$RESULTS" "$runner" "$status"
  printf '%s\t%s\t%s\n' "$runner" "$((SECONDS - started))" "$status" >>"$RESULTS/times.tsv"
  if [ "$status" -ne 0 ]; then warn "$runner failed (exit status $status)"; fi
}

# A whole runner that cannot run here, for a reason that is said aloud.
skip_runner() {
  warn "skipping $1: $2"
  python3 tools/results.py skip "$RESULTS" "$1" "$2"
}

# The end of a run: the skipped tests by name, the failed ones by name, and the sum as the last line.
results_finish() { python3 tools/results.py sum "$RESULTS"; }
