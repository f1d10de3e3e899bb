#!/usr/bin/env bash
# Prints the path of the Chromium that the browser tests drive: CHROMIUM_BIN, or
# one on PATH, or on Debian, as root, the one that this installs.
set -euo pipefail

find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    if command -v "$name"; then return; fi
  done
  return 1
}

if [ -n "${CHROMIUM_BIN:-}" ]; then
  if [ ! -x "$CHROMIUM_BIN" ]; then
    echo "CHROMIUM_BIN names $CHROMIUM_BIN, which is no program: correct it, or unset it" >&2
    exit 1
  fi
  echo "$CHROMIUM_BIN"
elif find_chromium; then
  :
elif command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "installing Chromium for the browser tests …" >&2
  # A font with it: without one the screens would be measured without letters.
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
  find_chromium
else
  cat >&2 <<'END'
Chromium is missing, which the browser tests drive. Install it:
  Debian            sudo apt-get install chromium
  Ubuntu            sudo snap install chromium
  Fedora            sudo dnf install chromium
  macOS             brew install --cask chromium
or name another Chromium or Chrome in CHROMIUM_BIN, then run this again.
END
  exit 1
fi
