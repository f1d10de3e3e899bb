#!/bin/sh
# The steps of the pipeline, on a runner or here: plan, show the plan, apply it.
# usage: RELEASE=1.4.2 RUN=https://ci.example/runs/7 ./pipeline.sh
set -eu

# What the runner has to be given. Without these, it would believe what it is shown.
: "${VAULT_ADDR:?}" "${VAULT_TOKEN:?}" "${STILLVAULT_CONSUMER_KEY:?}"
: "${STILLVAULT_ORGANIZATION:?}" "${STILLVAULT_MINIMUM_HEAD:?}" "${STILLVAULT_MOUNT_ID:?}"

export TF_IN_AUTOMATION=1 TF_INPUT=0
export TF_VAR_release="${RELEASE:?}" TF_VAR_run="${RUN:?}"

terraform init
terraform plan -out=release.tfplan
terraform apply release.tfplan
