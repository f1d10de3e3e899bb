#!/usr/bin/env bash
# Vets and checks what is built with C: the PKCS#11 signer, and nothing else.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

packages=./plugins/signer/pkcs11/...
if ! command -v "$(go env CC)" >/dev/null; then
  echo "NOT CHECKED: $packages, for want of a C compiler" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  exit 0
fi
# The tool itself is built as for the rest, then told what to look at.
staticcheck=$(go tool -n -modfile=tools/lint/go.mod staticcheck)
export CGO_ENABLED=1
go vet "$packages"
"$staticcheck" "$packages"
