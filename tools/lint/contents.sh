#!/usr/bin/env bash
# Fails on text that this repository must not contain, wherever it stands.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

failed=0

# refuse WHY PATTERN PATHSPEC... prints what matches and remembers it.
refuse() {
  local why=$1 pattern=$2 found
  shift 2
  if found=$(git grep --untracked -nIE -e "$pattern" -- "$@" ':!tools/lint/contents.sh' ':!*go.sum'); then
    printf '%s:\n%s\n\n' "$why" "$found"
    failed=1
  fi
}

refuse "unfinished work; finish it, or open an issue" \
  '\b(TODO|FIXME|XXX|HACK)\b' '*'

refuse "prints whole values, and a secret may be in one; print the fields you mean" \
  '%[+#]v' '*.go' ':!*_test.go'

refuse "a password, token or private key; make one at run time" \
  'hvs\.[A-Za-z0-9]{20,}|BEGIN [A-Z ]*PRIVATE KEY|gh[ps]_[A-Za-z0-9]{30,}' '*'

# Paths of one machine: where this checkout lies, its parent, and home
# directories. A parent of one letter or so would match everything.
top=$(pwd)
for path in "$top" "$(dirname "$top")" "${HOME:-}"; do
  if ((${#path} > 4)); then
    refuse "a path of one machine" "(^|[^A-Za-z0-9_.-])$(sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$path")/" '*'
  fi
done
refuse "a path of one machine" '(^|[^A-Za-z0-9_./-])/(home|Users)/[a-z]' '*'

# Where a machine gets packages from is that machine's own affair. The two hosts
# that may be named are part of what a Terraform provider is called.
if found=$(git grep --untracked -nIoE '\b(registry|proxy|sum)\.([a-z0-9-]+\.)+[a-z]{2,}\b' -- '*' ':!*go.sum' |
  grep -vE ':registry\.(terraform\.io|opentofu\.org)$'); then
  printf 'the host of a package registry:\n%s\n\n' "$found"
  failed=1
fi

exit "$failed"
