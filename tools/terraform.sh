#!/usr/bin/env bash
# Prints the path of the Terraform that tests and documentation run:
# TERRAFORM_BIN, or one on PATH. HashiCorp publishes programs, and no module
# that builds, so that one has to be installed.
set -euo pipefail

if [ -n "${TERRAFORM_BIN:-}" ]; then
  if ! found=$(command -v "$TERRAFORM_BIN"); then
    echo "TERRAFORM_BIN names $TERRAFORM_BIN, which is no program: correct it, or unset it" >&2
    exit 1
  fi
elif ! found=$(command -v terraform); then
  cat >&2 <<'END'
Terraform is missing, with which the provider is tested. Install 1.11 or later,
as developer.hashicorp.com/terraform/install says, or name one in TERRAFORM_BIN,
then run this again.
END
  exit 1
fi
case $found in
/*) echo "$found" ;;
*) echo "$PWD/$found" ;; # tests run in other directories
esac
