# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Configure and build the C++ program with one of the presets of CMakePresets.json.

# configure PRESET [-D...]: runs CMake, unless this tree is already configured in exactly this way. Ninja itself notices
# changed CMake files; what it cannot notice is a changed preset, option or web UI.
configure() {
  local preset=$1 stamp wanted
  shift
  mkdir -p build
  stamp="$ROOT/build/$preset/x-configured"
  wanted="$* presets $(digest <CMakePresets.json) ui $(cat "$UI_STAMP" 2>/dev/null || echo none)"
  if [ -f "$ROOT/build/$preset/build.ninja" ] && stamp_is "$stamp" "$wanted"; then return 0; fi
  say "configuring build/$preset${*:+ $*}"
  if ! cmake --preset "$preset" "$@" >"$ROOT/build/configure-$preset.log" 2>&1; then
    cat "$ROOT/build/configure-$preset.log" >&2
    die "cmake could not configure the preset $preset"
  fi
  write_stamp "$stamp" "$wanted"
}

# build_preset PRESET WITH_UI [cmake --build options]: WITH_UI is yes or no and matters for dev and release only; the
# other presets never carry the web UI.
build_preset() {
  local preset=$1 with_ui=$2 options=()
  shift 2
  case "$preset" in
    dev | release) if [ "$with_ui" = yes ]; then options=(-DWAYBILL_UI=ON); else options=(-DWAYBILL_UI=OFF); fi ;;
  esac
  if [ "$preset" = release ]; then options+=("-DWAYBILL_BENCH=${WITH_BENCH:-OFF}"); fi
  configure "$preset" "${options[@]}"
  say "building build/$preset"
  cmake --build "build/$preset" -j "$(cores)" "$@" || die "the build of the preset $preset failed"
}

cmd_build() {
  local preset=dev ui=yes target more=()
  while [ $# -gt 0 ]; do
    case "$1" in
      --preset)
        preset=$(option_value "$@")
        shift
        ;;
      --target)
        target=$(option_value "$@")
        more+=(--target "$target")
        shift
        ;;
      --no-ui) ui=no ;;
      *) die "build: unknown option '$1'" ;;
    esac
    shift
  done
  ensure_packages build
  case "$preset" in
    dev | release) ui=$(ui_wanted "$ui") ;;
    clang)
      ensure_packages lint
      ui=no
      ;;
    fuzz)
      ensure_packages fuzz
      ui=no
      ;;
    *) ui=no ;;
  esac
  if [ "$ui" = yes ]; then ui_build; fi
  build_preset "$preset" "$ui" "${more[@]}"
  say "done: build/$preset"
}
