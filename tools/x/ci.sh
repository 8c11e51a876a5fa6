# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What continuous integration runs: the tests and the quick linters. The C++ tests under sanitizers are './x sanitize': two
# more builds of everything take longer than the rest together. Everything is tried, also after a failure; the last line is
# the sum.

# The checkers of the source tree run once, in the dev build; a sanitizer run has nothing to add to them.
readonly CHECKER_TESTS='^(tools|tidy|check_floors|floors)'

# GCC 12's ThreadSanitizer does not know the larger address space randomisation of newer kernels, so it is switched off
# where the machine allows that.
without_randomisation() {
  if setarch "$(uname -m)" -R true 2>/dev/null; then printf 'setarch %s -R' "$(uname -m)"; fi
}

# sanitizer_build PRESET
sanitizer_build() {
  local preset=$1
  configure "$preset"
  say "building build/$preset"
  "${LAUNCHER[@]}" cmake --build "build/$preset" -j "$(cores)"
}

# sanitizer_run PRESET
sanitizer_run() {
  local preset=$1
  LAUNCHER=()
  if [ "$preset" = tsan ]; then read -r -a LAUNCHER < <(without_randomisation && echo); fi
  attempt_step "$preset build" sanitizer_build "$preset"
  if [ -f "build/$preset/CTestTestfile.cmake" ]; then
    attempt "$preset" run_ctest "$preset" "$preset" -E "$CHECKER_TESTS"
  fi
  LAUNCHER=()
}

cmd_ci() {
  [ $# -eq 0 ] || die "ci takes no options"
  results_start
  ensure_packages build test lint
  run_all_tests yes
  run_quick_lints
  say "how long each step took:"
  sort -t "$(printf '\t')" -k2,2nr "$RESULTS/times.tsv" |
    while IFS="$(printf '\t')" read -r runner seconds _; do printf '    %5d s  %s\n' "$seconds" "$runner"; done
  results_finish
}

# cmd_sanitize [asan|tsan]: the C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer, and under ThreadSanitizer.
cmd_sanitize() {
  export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}"
  export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}"
  export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}"
  local preset
  for preset in "$@"; do
    case "$preset" in asan | tsan) ;; *) die "sanitize: '$preset' is no preset; one of asan, tsan" ;; esac
  done
  [ $# -gt 0 ] || set -- asan tsan
  results_start
  ensure_packages build test
  for preset in "$@"; do sanitizer_run "$preset"; done
  results_finish
}
