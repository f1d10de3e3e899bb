#!/bin/sh
# Stands for your migration. It gets the credential in its environment, and this one
# only leaves a trace of who it would have been, and of which password it was given.
set -eu
printf '%s %s\n' "$PGUSER" "$(printf %s "$PGPASSWORD" | sha256sum | cut -c-16)" > migrated
