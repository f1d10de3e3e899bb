#!/usr/bin/env bash
# Fails on Terraform configuration that `terraform fmt` would write otherwise.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

mapfile -t files < <(git ls-files -co --exclude-standard -- '*.tf' '*.tfvars' '*.tftest.hcl')
present=()
for file in "${files[@]}"; do
  if [ -e "$file" ]; then present+=("$file"); fi # else removed, and not committed yet
done
if ((${#present[@]} == 0)); then exit 0; fi

if ! terraform=$(tools/terraform.sh); then
  if [ "${CI:-}" = true ]; then exit 1; fi
  echo "NOT CHECKED: the form of ${#present[@]} files of Terraform configuration" >&2
  exit 0
fi
if ! TF_CLI_CONFIG_FILE=/dev/null "$terraform" fmt -check -diff "${present[@]}"; then
  echo "run terraform fmt on these files" >&2
  exit 1
fi
