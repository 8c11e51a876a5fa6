# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds the benchmarks beside the release program and runs bench/run.py, which knows them.

cmd_bench() {
  [ -f bench/run.py ] || die "there is no bench/run.py"
  ensure_packages build bench
  WITH_BENCH=ON build_preset release no
  say "running the benchmarks; other work on this machine spoils the numbers"
  exec python3 bench/run.py "$@"
}
