#!/usr/bin/env bash
# Usage: tools/fuzz.sh seeds       run every seed corpus; fail if one is empty
#        tools/fuzz.sh run 30s     fuzz every target for that long
#
# Targets are found, not listed, so that a new one cannot be forgotten; none at
# all is a failure.
set -euo pipefail

mapfile -t packages < <(git grep -l --untracked '^func Fuzz' -- '*_test.go' ':!tools' | xargs -r -n 1 dirname | sort -u | sed 's|^|./|')
if ((${#packages[@]} == 0)); then
  echo "no fuzz target found" >&2
  exit 1
fi

seeds() {
  go test -run '^Fuzz' -v "${packages[@]}" | awk '
    /^=== RUN +Fuzz/ {
      split($3, name, "/")
      if (!(name[1] in seeds)) { seeds[name[1]] = 0; targets++ }
      if ($3 ~ /\//) { seeds[name[1]]++; all++ }
    }
    /^(---|    ---) FAIL|^FAIL|^panic/ { print }
    /^(ok|FAIL)[ \t]/ {
      for (target in seeds) if (!seeds[target]) { print $2 ": " target " has an empty seed corpus"; empty = 1 }
      split("", seeds)
    }
    END {
      printf "fuzz seeds: %d targets, %d seeds\n", targets, all
      exit empty || !targets
    }'
}

run() {
  local package target
  for package in "${packages[@]}"; do
    for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz'); do
      echo "$package $target, $1"
      # Sealing is random, so inputs look interesting that are not; by default
      # the time would go into making those smaller.
      go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 10x "$package"
    done
  done
}

case "${1:-}" in
seeds) seeds ;;
run) run "${2:?how long, such as 30s}" ;;
*)
  sed -n '2,3s/^# //p' "$0" >&2
  exit 2
  ;;
esac
