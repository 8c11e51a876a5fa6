# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Everything that reads the sources without running them.

CLANG_FORMAT=clang-format-19

# The C++ sources of this tree, NUL-separated, also those that are not committed yet.
cxx_sources() { tracked_files '*.h' '*.cc'; }

format_check() {
  say "checking the format of the C++ sources"
  if ! cxx_sources | xargs -0 -r -n 64 -P "$(cores)" "$CLANG_FORMAT" --dry-run --Werror; then
    warn "some files are not formatted; './x fmt' formats them"
    return 1
  fi
}

check_script() {
  say "running $1"
  python3 "$@"
}

# clang_check CHECK [options]: tools/clang_checks.py runs clang over the files of the dev build, two at a time, and
# remembers which files were clean.
clang_check() {
  local check=$1
  shift
  say "running clang ($check) over the C++ sources"
  python3 tools/clang_checks.py "$check" --build build/dev --jobs "$(cores)" "$@"
}

ui_lint() {
  ui_install
  say "running the linters of the web UI"
  (cd ui && npm run --silent lint)
}

# The linters that take seconds: what CI runs. clang-tidy reads every file with all its headers, which takes longer than
# all tests together on two cores, so it belongs to './x lint'.
run_quick_lints() {
  ensure_packages build lint
  attempt "floors" check_script tools/check_floors.py
  attempt "tidy" check_script tools/tidy.py
  attempt "format" format_check
  if [ -f ui/package.json ]; then
    attempt "ui lint" ui_lint
  else
    skip_runner "ui lint" "there is no ui/package.json"
  fi
}

# run_all_lints [options of tools/clang_checks.py]
run_all_lints() {
  run_quick_lints
  if [ ! -f build/dev/compile_commands.json ]; then
    attempt_step "configure" configure dev -DWAYBILL_UI=OFF
  fi
  if [ -f build/dev/compile_commands.json ]; then
    attempt "thread safety" clang_check thread-safety "$@"
    attempt "clang-tidy" clang_check clang-tidy "$@"
  fi
}

format_all() {
  say "formatting the C++ sources"
  cxx_sources | xargs -0 -r -n 64 -P "$(cores)" "$CLANG_FORMAT" -i
}

cmd_fmt() {
  case "${1:-}" in
    --check)
      ensure_packages format
      format_check
      ;;
    --includes)
      ensure_packages build lint
      [ -f build/dev/compile_commands.json ] || configure dev -DWAYBILL_UI=OFF
      shift
      clang_check fix-includes "$@" || warn "some files were not understood; build them first"
      format_all
      ;;
    "")
      ensure_packages format
      format_all
      ;;
    *) die "fmt: unknown option '$1'" ;;
  esac
  say "done"
}

cmd_lint() {
  local options=()
  case "${1:-}" in
    --changed) options=(--changed) ;;
    "") ;;
    *) die "lint: unknown option '$1'" ;;
  esac
  results_start
  run_all_lints "${options[@]}"
  results_finish
}
