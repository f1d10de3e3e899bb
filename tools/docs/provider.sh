#!/usr/bin/env bash
# Usage: tools/docs/provider.sh write    write terraform-provider/docs
#        tools/docs/provider.sh check    fail if it is not what would be written
#
# The pages come from the schema of the built provider, as the real Terraform
# reports it, from terraform-provider/templates and from the examples. Nothing is
# fetched: tfplugindocs gets the schema as a file.
set -euo pipefail
cd "$(dirname "$0")/../.."

case "${1:-}" in
write | check) ;;
*)
  sed -n '2,3s/^# //p' "$0" >&2
  exit 2
  ;;
esac

provider=terraform-provider
binary=$PWD/bin/terraform-provider-stillvault
terraform=$(tools/terraform.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The built provider stands in for the one of a registry. A configuration that
# names no source means the namespace hashicorp, which is also where tfplugindocs
# looks; the pages name the real one.
cat >"$work/terraform.rc" <<END
provider_installation {
  dev_overrides {
    "stillvault/stillvault" = "$(dirname "$binary")"
    "hashicorp/stillvault"  = "$(dirname "$binary")"
  }
  direct {}
}
END
export TF_CLI_CONFIG_FILE="$work/terraform.rc" CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1

schema() {
  mkdir "$work/schema"
  echo 'provider "stillvault" {}' >"$work/schema/main.tf"
  "$terraform" -chdir="$work/schema" providers schema -json >"$work/schema.json"
}

plugindocs() {
  local command=$1
  shift
  if ! go tool -modfile=tools/docs/go.mod tfplugindocs "$command" --provider-name stillvault \
    --provider-dir "$work/provider" --providers-schema "$work/schema.json" "$@" >"$work/said" 2>&1; then
    cat "$work/said" >&2
    exit 1
  fi
  grep -iE '^warn|does not exist' "$work/said" >&2 || true
}

# examples fails where a page has no example, nothing says how to import, or the
# provider would refuse what is shown.
examples() {
  local page name missing=0
  need() {
    if [ ! -e "$provider/examples/$1" ]; then
      echo "$provider/examples/$1 is missing: every page shows an example" >&2
      missing=1
    fi
  }
  need provider/provider.tf
  for page in "$work"/provider/docs/*/*.md; do
    name=$(basename "$page" .md)
    case $page in
    */docs/resources/*) need "resources/stillvault_$name/resource.tf" && need "resources/stillvault_$name/import.sh" ;;
    */docs/data-sources/*) need "data-sources/stillvault_$name/data-source.tf" ;;
    */docs/ephemeral-resources/*) need "ephemeral-resources/stillvault_$name/ephemeral-resource.tf" ;;
    */docs/functions/*) need "functions/$name/function.tf" ;;
    esac
  done
  for page in $(find "$provider/examples" -name '*.tf' -exec dirname {} + | sort -u); do
    if ! "$terraform" -chdir="$page" validate -no-color >"$work/said" 2>&1; then
      printf '%s is not valid:\n' "$page" >&2
      sed -n '/^Error: /,$p' "$work/said" >&2 # without the warning of the stand-in
      missing=1
    fi
  done
  return $missing
}

schema
mkdir "$work/provider"
cp -R "$provider/templates" "$provider/examples" "$work/provider/"
plugindocs generate --rendered-provider-name Stillvault
plugindocs validate
examples

if [ "$1" = write ]; then
  rm -rf "$provider/docs"
  cp -R "$work/provider/docs" "$provider/docs"
elif ! diff -ruN "$provider/docs" "$work/provider/docs"; then
  echo "$provider/docs is not what its templates, the examples and the schema give: run make provider-docs and commit it" >&2
  exit 1
fi
