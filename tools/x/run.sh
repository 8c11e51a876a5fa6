# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds the release program and starts it on its defaults.

readonly WEB_PORT=16686

# Asks the server on loopback whether it is ready, without needing curl.
is_ready() {
  local status
  exec 3<>"/dev/tcp/127.0.0.1/$WEB_PORT" || return 1
  printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
  read -r -t 2 status <&3 || status=""
  exec 3>&- 3<&-
  [[ "$status" == *" 200"* ]]
}

# Waits in the background until the server answers, then says what to do with it. Gives up when the server is gone.
greet_when_ready() {
  local server=$1 ui=$2 tries
  for ((tries = 0; tries < 600; tries++)); do
    kill -0 "$server" 2>/dev/null || return 0
    if (is_ready) 2>/dev/null; then
      greet "$ui"
      return 0
    fi
    sleep 0.1
  done
  warn "port $WEB_PORT has not answered within a minute; if it was moved in the configuration, that is as it should be"
}

greet() {
  say "Waybill is ready."
  if [ "$1" = yes ]; then printf '\n  Look here:                  http://localhost:%s/\n' "$WEB_PORT"; fi
  cat <<TEXT

  Send it your own traces:    export OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
  or make some, in another terminal:

      build/release/waybill generate --rate 100 --duration 10s
      build/release/waybill search
      build/release/waybill trace ID          with an ID that search has shown

  Ctrl-C here stops it.

TEXT
}

cmd_run() {
  local ui=yes
  while [ $# -gt 0 ]; do
    case "$1" in
      --no-ui) ui=no ;;
      --) shift && break ;;
      *) die "run: unknown option '$1'; arguments for 'waybill serve' come after --" ;;
    esac
    shift
  done
  ensure_packages build
  ui=$(ui_wanted "$ui")
  if [ "$ui" = yes ]; then ui_build; fi
  build_preset release "$ui"
  [ -x build/release/waybill ] || die "the build left no build/release/waybill"
  say "starting build/release/waybill serve $*"
  # The server takes over this process, so that Ctrl-C and the exit status are its own.
  greet_when_ready $$ "$ui" &
  exec build/release/waybill serve "$@"
}
