# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034  # the PACKAGES_ lists are read by name
# Set-up: installs what Debian says is missing, and nothing else. Never asks a question.
# docs/dependencies.md says what each library is for.

PACKAGES_build="g++ cmake ninja-build ccache pkg-config libboost1.81-dev libnghttp2-dev libsimdjson-dev libfmt-dev
  libyaml-cpp-dev libcli11-dev libdeflate-dev libzstd-dev libxxhash-dev libre2-dev libgtest-dev"
PACKAGES_test="python3 chromium"
PACKAGES_lint="python3 clang-19 clang-tidy-19 clang-format-19"
PACKAGES_format="clang-format-19"
PACKAGES_fuzz="clang-19 libclang-rt-19-dev"
PACKAGES_bench="python3 libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc"
# npm talks TLS and Debian only recommends the certificates, so they are named.
PACKAGES_ui="nodejs npm ca-certificates"

# The web UI's tools need Node 20.19 or 22.12 at least; Debian 12 has 18.20.
NODE_PINNED=22.23.3
NPM_PINNED=10.9.9

# Whether something other than the Debian package of that name does the same job. Debian's npm conflicts with a nodejs
# from elsewhere, so a node or npm on PATH is enough; the same goes for plain programs.
provided_otherwise() {
  case "$1" in
    nodejs) command -v node >/dev/null ;;
    npm | python3 | chromium | ccache | cmake) command -v "$1" >/dev/null ;;
    ninja-build) command -v ninja >/dev/null ;;
    pkg-config) command -v pkg-config >/dev/null ;;
    ca-certificates) [ -s /etc/ssl/certs/ca-certificates.crt ] ;;
    *) return 1 ;;
  esac
}

# Prints the packages of the list that are neither installed nor provided otherwise.
missing_packages() {
  local installed package
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p' | tr '\n' ' ') " || true
  for package in "$@"; do
    case "$installed" in *" $package "*) continue ;; esac
    provided_otherwise "$package" || printf '%s\n' "$package"
  done
}

# Every package of the list has a candidate in the package lists of this machine.
candidates_known() {
  local package
  for package in "$@"; do
    [ -n "$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^  Candidate: \([^(].*\)/\1/p')" ] || return 1
  done
}

# ensure_packages PURPOSE...: after this call the packages of these purposes are there.
ensure_packages() {
  [ "${WAYBILL_SETUP:-}" = skip ] && return 0
  local purpose list wanted=() missing=() as_root=()
  for purpose in "$@"; do
    list="PACKAGES_$purpose"
    read -r -d '' -a wanted < <(printf '%s %s\0' "${wanted[*]-}" "${!list}") || true
  done
  mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | sort -u)
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    die "this is not Debian. Install the equivalents of: ${wanted[*]} - then run again with WAYBILL_SETUP=skip"
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  [ ${#missing[@]} -gt 0 ] || return 0

  say "installing what is missing to $(join_words "$@"): ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      die "this needs root, and sudo does not work without a password here. Please type:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
    fi
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get) updated=no log="$ROOT/build/setup.log"
  mkdir -p "$ROOT/build"
  if ! candidates_known "${missing[@]}"; then
    say "refreshing the package lists (apt-get update)"
    "${apt[@]}" update -qq
    updated=yes
  fi
  local install=("${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}")
  if ! "${install[@]}" </dev/null >"$log" 2>&1 && [ "$updated" = no ]; then
    # The usual reason is a list that is older than what the mirror still has.
    say "that failed; refreshing the package lists and trying once more"
    "${apt[@]}" update -qq
    "${install[@]}" </dev/null >"$log" 2>&1 || true
  fi
  mapfile -t missing < <(missing_packages "${missing[@]}")
  if [ ${#missing[@]} -gt 0 ]; then
    tail -n 30 "$log" >&2
    die "apt-get could not install: ${missing[*]} (all of its words are in build/setup.log)"
  fi
}

join_words() {
  local text=$1 word
  shift
  for word in "$@"; do text+=" and $word"; done
  printf '%s' "$text"
}

# Whether the `node` on PATH can run the web UI's tools.
node_is_new_enough() {
  local version major minor
  version=$(node --version 2>/dev/null) || return 1
  IFS=. read -r major minor _ <<<"${version#v}"
  [ "$major" -eq 20 ] && [ "$minor" -ge 19 ] && return 0
  [ "$major" -eq 22 ] && [ "$minor" -ge 12 ] && return 0
  [ "$major" -gt 22 ]
}

# After this call `node` and `npm` on PATH can build the web UI. An older Node than needed fetches a newer one for this
# tree only, as an npm package that holds the program; npm comes along, because Debian's own runs on Debian's node only.
ensure_node() {
  ensure_packages ui
  local folder="$ROOT/build/tools/node" bin stamp architecture
  bin="$folder/node_modules/.bin"
  stamp="node $NODE_PINNED npm $NPM_PINNED"
  if [ "${WAYBILL_SETUP:-}" = skip ] || node_is_new_enough; then
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
      die "the web UI needs node and npm; without them, use --no-ui"
    fi
    return 0
  fi
  case "$(uname -m)" in
    x86_64) architecture=x64 ;;
    aarch64) architecture=arm64 ;;
    *) die "node $(node --version) is too old for the web UI and there is no newer one for $(uname -m); use --no-ui" ;;
  esac
  if ! stamp_is "$folder/stamp" "$stamp"; then
    say "node $(node --version 2>/dev/null) is too old for the web UI: fetching $NODE_PINNED into build/tools/node"
    rm -rf "$folder"
    mkdir -p "$folder"
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --no-save --loglevel=error \
      "node-linux-$architecture@$NODE_PINNED" "npm@$NPM_PINNED"
    write_stamp "$folder/stamp" "$stamp"
  fi
  PATH="$bin:$PATH"
  hash -r
  node_is_new_enough || die "build/tools/node holds node $(node --version), which is still too old"
}
