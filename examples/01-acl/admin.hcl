# Configures the mount, pushes the organisation's log, makes enrolment tickets.
# It opens no secret: nobody's Vault token does.
path "stillvault/config"    { capabilities = ["read", "update", "sudo"] }
path "stillvault/org/log"   { capabilities = ["read", "list", "update"] }
path "stillvault/enroll/*"  { capabilities = ["create", "read", "update", "delete"] }
path "stillvault/mount"     { capabilities = ["read"] }
path "stillvault/status"    { capabilities = ["read"] }
path "stillvault/approvers/*" { capabilities = ["read", "list"] }
path "stillvault/groups/*"    { capabilities = ["read", "list"] }
path "stillvault/policies/*"  { capabilities = ["read", "list"] }
path "stillvault/consumers/*" { capabilities = ["read", "list"] }
path "stillvault/requests/*"  { capabilities = ["read", "list", "delete"] }
path "stillvault/metadata/*"  { capabilities = ["read", "list", "delete"] }
# What a change would do to the secrets, how far re-shares are, and what to look into.
path "stillvault/preview"     { capabilities = ["update"] }
path "stillvault/reshares/*"  { capabilities = ["read", "list", "update", "delete"] }
path "stillvault/alarms/*"    { capabilities = ["read", "list", "update"] }
path "stillvault/reports/*"   { capabilities = ["read", "list", "update"] }
# For `receipts checkpoint`, which verifies them all first.
path "stillvault/receipts/*"  { capabilities = ["read", "list"] }
# So that `approver enroll --entity` can tell an id that exists from one that does not.
path "identity/entity/id/*"   { capabilities = ["read"] }
