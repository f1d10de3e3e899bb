#!/usr/bin/env bash
# Prints the path of SoftHSM's PKCS#11 library, which the tests of the PKCS#11
# signer use: SOFTHSM2_MODULE, or one that is installed, or on Debian, as root, the
# one that this installs, with the C compiler that the signer is built with. With
# the argument "find" it installs nothing.
set -euo pipefail

find_module() {
  local path
  for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so \
    /usr/lib64/pkcs11/libsofthsm2.so /usr/local/lib/softhsm/libsofthsm2.so \
    /opt/homebrew/lib/softhsm/libsofthsm2.so; do
    if [ -e "$path" ]; then
      echo "$path"
      return
    fi
  done
  return 1
}

can_compile() { command -v "${CC:-cc}" >/dev/null || command -v gcc >/dev/null; }

if [ -n "${SOFTHSM2_MODULE:-}" ]; then
  if [ ! -e "$SOFTHSM2_MODULE" ]; then
    echo "SOFTHSM2_MODULE names $SOFTHSM2_MODULE, which is not there: correct it, or unset it" >&2
    exit 1
  fi
  echo "$SOFTHSM2_MODULE"
elif can_compile && find_module; then
  :
elif [ "${1:-}" != find ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "installing SoftHSM and a C compiler for the tests of the PKCS#11 signer …" >&2
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends softhsm2 gcc libc6-dev >/dev/null
  find_module
else
  cat >&2 <<'END'
SoftHSM 2.6 or a C compiler is missing, which the tests of the PKCS#11 signer use.
Install both:
  Debian, Ubuntu    sudo apt-get install softhsm2 gcc libc6-dev
  Fedora            sudo dnf install softhsm gcc
  macOS             brew install softhsm, and Xcode's command line tools
or, on Debian, let tools/softhsm.sh do it as root; or name another libsofthsm2.so
in SOFTHSM2_MODULE. Then run this again.
END
  exit 1
fi
