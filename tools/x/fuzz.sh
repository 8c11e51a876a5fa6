# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Runs libFuzzer targets. A target is a program named fuzz_NAME in build/fuzz; its inputs are kept in test/fuzz/corpus/NAME.

fuzz_targets() { find build/fuzz -type f -executable -name 'fuzz_*' | sort; }

# fuzz_one PROGRAM SECONDS: new inputs go to build/fuzz/corpus, crashing ones to build/fuzz/crashes.
fuzz_one() {
  local program=$1 seconds=$2 name
  name=$(basename "$program")
  name=${name#fuzz_}
  local found="build/fuzz/corpus/$name" crashes="build/fuzz/crashes/$name" kept="test/fuzz/corpus/$name"
  mkdir -p "$found" "$crashes"
  local folders=("$found")
  if [ -d "$kept" ]; then folders+=("$kept"); fi
  say "fuzzing $name for $seconds s"
  "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$crashes/" "${folders[@]}" ||
    {
      warn "$name found something; run it again with: $program $crashes/<the newest file>"
      warn "then add that file to $kept and fix the cause: the corpus is replayed by ./x test"
      return 1
    }
}

cmd_fuzz() {
  local target="" seconds=60 program failed=() programs=()
  while [ $# -gt 0 ]; do
    case "$1" in
      --seconds)
        seconds=$(option_value "$@")
        shift
        ;;
      -*) die "fuzz: unknown option '$1'" ;;
      *) target=$1 ;;
    esac
    shift
  done
  [[ "$seconds" =~ ^[0-9]+$ ]] || die "fuzz: --seconds needs a number, not '$seconds'"
  ensure_packages build fuzz
  build_preset fuzz no
  mapfile -t programs < <(fuzz_targets)
  [ ${#programs[@]} -gt 0 ] || die "build/fuzz holds no program named fuzz_*"
  if [ -n "$target" ]; then
    target=fuzz_${target#fuzz_}
    mapfile -t programs < <(fuzz_targets | grep -E "/$target\$" || true)
    [ ${#programs[@]} -gt 0 ] || die "there is no fuzz target '$target'; one of: $(fuzz_targets | xargs -n 1 basename |
      tr '\n' ' ')"
  fi
  for program in "${programs[@]}"; do fuzz_one "$program" "$seconds" || failed+=("$(basename "$program")"); done
  [ ${#failed[@]} -eq 0 ] || die "these targets found something: ${failed[*]}"
  say "done: ${#programs[@]} targets found nothing"
}
