#!/usr/bin/env bash
# Fetches axe-core, the accessibility checks that the browser tests run, with
# npm into tools/bin/axe. A test-only tool: nothing of it goes into the app.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.14.1
sha256=e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745
dir=tools/bin/axe

if [ -f "$dir/$version" ]; then exit 0; fi

if ! command -v npm >/dev/null; then
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing npm, which fetches axe-core …" >&2
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends npm >&2
  else
    echo "npm is missing: install it (Debian: apt-get install npm) and run this again" >&2
    exit 1
  fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetching axe-core $version …" >&2
(cd "$work" && npm pack --silent --ignore-scripts "axe-core@$version" >/dev/null)
check=(sha256sum)
command -v sha256sum >/dev/null || check=(shasum -a 256) # macOS
if ! echo "$sha256  $work/axe-core-$version.tgz" | "${check[@]}" --check --status; then
  echo "axe-core $version is not the package that this repository names: its SHA-256 differs" >&2
  exit 1
fi
tar -xzf "$work/axe-core-$version.tgz" -C "$work" package/axe.min.js package/LICENSE
rm -rf "$dir"
mkdir -p "$dir"
mv "$work/package/axe.min.js" "$work/package/LICENSE" "$dir"
touch "$dir/$version"
