# Applies the organisation's configuration: it carries statements to Vault that are
# signed elsewhere, and writes the secrets under prod/ that the configuration has. To
# found the organisation, once, takes the admin's; to read a secret, the reader's.
path "stillvault/org/log"         { capabilities = ["read", "update"] }
path "stillvault/mount"           { capabilities = ["read"] }
path "stillvault/status"          { capabilities = ["read"] }
# Who answered an invitation, and what a change would do to the secrets.
path "stillvault/enroll/*"        { capabilities = ["read", "list"] }
path "stillvault/preview"         { capabilities = ["update"] }
path "stillvault/sealed/prod/*"   { capabilities = ["create", "update", "read"] }
path "stillvault/secret/prod/*"   { capabilities = ["delete"] }
path "stillvault/metadata/prod/*" { capabilities = ["read", "delete"] }
# So that an entity's id that does not exist is refused.
path "identity/entity/id/*"       { capabilities = ["read"] }
