#!/usr/bin/env bash
# Usage: tools/progress.sh LABEL go build -v …
#
# Shows how a long build gets on: the packages that `go build -v` names and the
# modules that it downloads become one line that counts, rewritten in place on
# a terminal and printed every 15 seconds elsewhere. Everything else, such as a
# compile error, passes through. Exits as the command does.
set -euo pipefail

label=$1
shift

count() {
  local packages=0 modules=0 next=15 line status
  SECONDS=0
  echo "$label …"
  while true; do
    status=0
    IFS= read -r -t 5 line || status=$?
    if ((status > 128)); then
      : # nothing said for a while, as while linking
    elif ((status != 0)); then
      break
    elif [[ $line == "go: downloading "* ]]; then
      ((++modules))
    elif [[ $line =~ ^[A-Za-z0-9._~/-]+$ ]]; then
      ((++packages))
    else
      [[ -t 1 ]] && printf '\r\e[K'
      printf '%s\n' "$line"
    fi
    if [[ -t 1 ]]; then
      printf '\r\e[K  %d packages compiled, %d modules downloaded, %d s' "$packages" "$modules" "$SECONDS"
    elif ((SECONDS >= next)); then
      printf '  %d packages compiled, %d modules downloaded, %d s\n' "$packages" "$modules" "$SECONDS"
      next=$((SECONDS + 15))
    fi
  done
  [[ -t 1 ]] && printf '\r\e[K'
  printf '  ended after %d s\n' "$SECONDS"
}

"$@" 2>&1 | count
