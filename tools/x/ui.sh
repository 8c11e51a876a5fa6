# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The web UI: ui/ is built by npm into ui/dist, which CMake embeds into the program.

UI_STAMP="$ROOT/build/stamps/ui-dist"

# Prints yes or no: ui_wanted yes|no, where no is what --no-ui asks for.
ui_wanted() {
  if [ "$1" = yes ] && [ ! -f ui/package.json ]; then
    warn "there is no ui/package.json: building without the web UI"
    printf no
  else
    printf '%s' "$1"
  fi
}

# A digest of everything the built UI depends on.
ui_digest() {
  {
    node --version
    tracked_files 'ui/*' | sort -z | xargs -0 -r sha256sum
  } | digest
}

# npm ci, only if the lock file or Node changed since the last one.
ui_install() {
  ensure_node
  local wanted stamp=ui/node_modules/.waybill-stamp
  [ -f ui/package-lock.json ] || die "ui/package-lock.json is missing; run 'npm install' in ui/ and commit it"
  wanted="$(digest <ui/package-lock.json) node $(node --version)"
  if stamp_is "$stamp" "$wanted"; then return 0; fi
  say "installing the packages of the web UI (npm ci)"
  # Without scripts: no package may run code at installation; the tools in use work without.
  (cd ui && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  write_stamp "$stamp" "$wanted"
}

ui_build() {
  ui_install
  local wanted
  wanted=$(ui_digest)
  if [ -f ui/dist/index.html ] && stamp_is "$UI_STAMP" "$wanted"; then return 0; fi
  say "building the web UI"
  rm -f "$UI_STAMP"
  (cd ui && npm run --silent build) || die "the build of the web UI failed"
  [ -f ui/dist/index.html ] || die "the build of the web UI left no ui/dist/index.html"
  write_stamp "$UI_STAMP" "$wanted"
}

# ui_test KIND (unit or browser): the npm script prints its own 'N passed, N failed' as its last line. The browser tests start
# build/dev/waybill themselves, on free ports and over folders of their own, and keep its logs where one fails.
ui_test() {
  local kind=$1 log="$RESULTS/ui-$1.log" status=0
  say "running the $kind tests of the web UI"
  (cd ui && WAYBILL_BIN="$ROOT/build/dev/waybill" npm run --silent "test:$kind") 2>&1 | tee "$log" || status=$?
  python3 tools/results.py last-line "$RESULTS" "ui $kind" "$log"
  return "$status"
}

# Runs the test suites of the web UI as runners of their own.
ui_tests() {
  if [ ! -f ui/package.json ]; then
    skip_runner "ui unit" "there is no ui/package.json"
    skip_runner "ui browser" "there is no ui/package.json"
    return 0
  fi
  attempt "ui unit" ui_test unit
  if [ -x build/dev/waybill ]; then
    attempt "ui browser" ui_test browser
  else
    skip_runner "ui browser" "there is no build/dev/waybill"
  fi
}

cmd_ui() {
  local what=${1:-dev}
  [ $# -gt 0 ] && shift
  [ -f ui/package.json ] || die "there is no ui/package.json"
  case "$what" in
    dev)
      ui_install
      say "starting the development server; it expects a running './x run' for its data. Stop it with Ctrl-C"
      cd ui && exec npm run dev -- "$@"
      ;;
    build)
      ui_build
      say "done: ui/dist"
      ;;
    test)
      ensure_packages build test
      ui_build
      results_start
      attempt_step "build" build_preset dev yes
      ui_tests
      results_finish
      ;;
    *) die "ui: unknown word '$what'; one of dev, build, test" ;;
  esac
}
