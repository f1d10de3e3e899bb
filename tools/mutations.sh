#!/usr/bin/env bash
# Usage: tools/mutations.sh LEAST
#
# Runs the tests that change stored and transmitted bytes, with every bit of
# every byte flipped, and prints how many changed inputs they tried. Fails if
# one was accepted, or if there were fewer than LEAST.
set -euo pipefail

least=${1:?the least number of mutations, such as 1000000}
mutate=github.com/stillvault/stillvault/core/internal/mutate
mapfile -t packages < <(go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... |
  grep -F " $mutate" | cut -d ' ' -f 1)
if ((${#packages[@]} == 0)); then
  echo "no test uses $mutate" >&2
  exit 1
fi

STILLVAULT_MUTATIONS=all go test -v -timeout 40m "${packages[@]}" | awk -v least="$least" '
  /^ *--- FAIL|^FAIL|^panic|_test\.go:[0-9]+: / { print }
  /^mutations: / { all += $2 }
  END {
    printf "mutations: %d, at least %d wanted\n", all, least
    exit all < least
  }'
