# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds and runs every test, and adds up what the runners say.

# run_ctest RUNNER PRESET [ctest options]
run_ctest() {
  local runner=$1 preset=$2 status=0 junit
  shift 2
  junit="$RESULTS/ctest-$preset.xml"
  rm -f "$junit"
  say "running the C++ tests of build/$preset"
  # The lines of tests that start and pass are left out; what fails is shown in full, and the whole log is kept.
  "${LAUNCHER[@]}" ctest --test-dir "build/$preset" -j "$(cores)" --output-on-failure --no-tests=error --timeout 300 \
    --output-junit "$junit" "$@" 2>&1 | tee "$RESULTS/ctest-$preset.log" |
    sed -E '/^ *[0-9]+\/[0-9]+ Test +#.* Passed /d; /^ *Start +[0-9]+: /d; /^Internal ctest|^Test project/d' || status=$?
  python3 tools/results.py junit "$RESULTS" "$runner" "$junit"
  return "$status"
}

# What the C++ tests are started through; `./x ci` sets it for ThreadSanitizer.
LAUNCHER=()

# run_pytests RUNNER FOLDER...
run_pytests() {
  local runner=$1
  shift
  say "running the Python tests in $*"
  WAYBILL_BIN="$ROOT/build/dev/waybill" python3 tools/pytests.py --runner "$runner" --results "$RESULTS" "$@"
}

# run_all_tests WITH_UI: every runner, each through attempt, so that all of them are tried.
run_all_tests() {
  local with_ui=$1
  ensure_packages build test
  with_ui=$(ui_wanted "$with_ui")
  if [ "$with_ui" = yes ]; then
    ensure_node
    attempt_step "ui build" ui_build
    [ -f ui/dist/index.html ] || with_ui=no
  fi
  attempt_step "build" build_preset dev "$with_ui"
  if [ -f build/dev/CTestTestfile.cmake ]; then
    attempt "C++" run_ctest "C++" dev
  else
    skip_runner "C++" "build/dev could not be configured"
  fi
  attempt "tools" run_pytests "tools" tools
  if [ ! -d test/e2e ]; then
    skip_runner "end to end" "there is no test/e2e"
  elif [ ! -x build/dev/waybill ]; then
    skip_runner "end to end" "there is no build/dev/waybill"
  else
    attempt "end to end" run_pytests "end to end" test/e2e
  fi
  if [ ! -x build/dev/waybill ]; then
    skip_runner "interop" "there is no build/dev/waybill"
  else
    attempt "interop" run_pytests "interop" test/interop
  fi
  if [ "$1" = yes ]; then
    ui_tests
  else
    skip_runner "ui unit" "--no-ui"
    skip_runner "ui browser" "--no-ui"
  fi
}

cmd_test() {
  local ui=yes
  while [ $# -gt 0 ]; do
    case "$1" in
      --no-ui) ui=no ;;
      --) shift && break ;;
      *) die "test: unknown option '$1'; options for ctest come after --" ;;
    esac
    shift
  done
  results_start
  if [ $# -gt 0 ]; then
    ensure_packages build test
    ui=$(ui_wanted "$ui")
    if [ "$ui" = yes ]; then ui_build; fi
    build_preset dev "$ui"
    attempt "C++" run_ctest "C++" dev "$@"
  else
    run_all_tests "$ui"
  fi
  results_finish
}
